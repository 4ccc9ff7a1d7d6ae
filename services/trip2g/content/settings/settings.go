// Package settings is the leader's service for the site settings: it reads and changes the note
// trip2g.SettingsPath and keeps everything in it that it does not know.
package settings

import (
	"context"
	"fmt"
	"strings"

	"trip2g/services/trip2g"
)

// maxValue limits a value, in bytes.
const maxValue = 2000

// setting is a site setting and the field of a parsed note that has its value.
type setting struct {
	trip2g.SiteSetting
	of func(*trip2g.Settings) string
}

// all contains every setting in display order.
var all = []setting{
	{trip2g.SiteSetting{Key: "title", Title: "Title", Help: "The site's name. Without one it is the title of index.md, else the name of the folder that was published."}, func(s *trip2g.Settings) string { return s.Title }},
	{trip2g.SiteSetting{Key: "home", Title: "Home page", Help: "The path or title of a note, as Guides/Welcome. Without one it is index.md, Home.md, README.md or the note named like the folder."}, func(s *trip2g.Settings) string { return s.Home }},
	{trip2g.SiteSetting{Key: "description", Title: "Description", Help: "One sentence, for feeds and for pages that have none."}, func(s *trip2g.Settings) string { return s.Description }},
	{trip2g.SiteSetting{Key: "lang", Title: "Language", Help: "Of notes that name none, and of menus and notices if there are texts in it (English, German): en, de, uk, zh-Hans …"}, func(s *trip2g.Settings) string { return s.Lang }},
	{trip2g.SiteSetting{Key: "footer", Title: "Footer", Help: "A line of Markdown below every page."}, func(s *trip2g.Settings) string { return s.Footer }},
	{trip2g.SiteSetting{Key: "stylesheet", Kind: trip2g.FileSetting, Title: "Stylesheet", Help: "A CSS file of the vault, as _theme/site.css. It comes after the site's own."}, func(s *trip2g.Settings) string { return s.Stylesheet }},
	{trip2g.SiteSetting{Key: "icon", Kind: trip2g.FileSetting, Title: "Icon", Help: "A picture of the vault, shown beside the title of a browser's tab."}, func(s *trip2g.Settings) string { return s.Icon }},
	{trip2g.SiteSetting{Key: "image", Kind: trip2g.FileSetting, Title: "Preview picture", Help: "A picture of the vault, shown where others link to a page that names none of its own."}, func(s *trip2g.Settings) string { return s.Image }},
	{trip2g.SiteSetting{Key: "hard_breaks", Kind: trip2g.SwitchSetting, Default: "false", Title: "Keep line breaks", Help: "The end of a line in a note is the end of a line on the page."}, func(s *trip2g.Settings) string { return fmt.Sprint(s.HardBreaks) }},
	{trip2g.SiteSetting{Key: "raw_html", Kind: trip2g.SwitchSetting, Default: "false", Title: "Keep HTML as it is", Help: "HTML in notes is not cleaned. Only for a vault whose every author may do everything on this site."}, func(s *trip2g.Settings) string { return fmt.Sprint(s.RawHTML) }},
	{trip2g.SiteSetting{Key: "graph", Kind: trip2g.SwitchSetting, Default: "true", Title: "Graph", Help: "Pages show a graph of the notes around them."}, func(s *trip2g.Settings) string { return fmt.Sprint(!s.HideGraph) }},
	{trip2g.SiteSetting{Key: "index", Kind: trip2g.SwitchSetting, Default: "true", Title: "Search engines", Help: "They may list the site."}, func(s *trip2g.Settings) string { return fmt.Sprint(!s.NoIndex) }},
}

// Options configures a Service. All fields are required.
type Options struct {
	Archive   trip2g.NoteArchive
	Publisher trip2g.Publisher
	// Parse parses a note's text.
	Parse func(path, content string) *trip2g.Document
	// SetFields returns a note's text with changed frontmatter values. It keeps the rest.
	SetFields func(content string, fields []Field) (string, error)
}

// Field is a frontmatter key and its value: a string or a bool, nil to remove the key.
type Field = struct {
	Key   string
	Value any
}

// Service implements trip2g.SettingsService.
type Service struct{ Options }

var _ trip2g.SettingsService = (*Service)(nil)

// New returns a service.
func New(o Options) *Service { return &Service{o} }

// SiteSettings is trip2g.SettingsService's.
func (s *Service) SiteSettings(ctx context.Context) (trip2g.SettingsState, error) {
	note, err := s.Archive.ArchivedNote(ctx, trip2g.SettingsPath)
	if trip2g.ErrorCode(err) == trip2g.ENOTFOUND || err == nil && note.Hidden {
		return s.state(""), nil
	}
	if err != nil {
		return trip2g.SettingsState{}, err
	}
	version, err := s.Archive.NoteVersion(ctx, note.VersionID)
	if err != nil {
		return trip2g.SettingsState{}, err
	}
	state := s.state(version.Content)
	state.Exists, state.Hash = true, version.Hash
	return state, nil
}

func (s *Service) state(content string) trip2g.SettingsState {
	doc := s.Parse(trip2g.SettingsPath, content)
	state := trip2g.SettingsState{Content: content, Values: make([]trip2g.SiteSetting, len(all)), Warnings: doc.Warnings}
	for i, setting := range all {
		state.Values[i] = setting.SiteSetting
		state.Values[i].Value = setting.of(doc.Settings)
	}
	return state
}

// SaveSettings is trip2g.SettingsService's.
func (s *Service) SaveSettings(ctx context.Context, stage trip2g.Stage, hash string, changes map[string]string) (trip2g.SettingsState, trip2g.Position, error) {
	if err := check(changes); err != nil {
		return trip2g.SettingsState{}, 0, err
	}
	state, err := s.SiteSettings(ctx)
	if err != nil {
		return trip2g.SettingsState{}, 0, err
	}
	if state.Hash != hash {
		return trip2g.SettingsState{}, 0, trip2g.Errorf(trip2g.ECONFLICT, "the settings were changed meanwhile, and nothing was saved: load them again and repeat your change")
	}
	content, err := s.edit(state, changes)
	if err != nil {
		return trip2g.SettingsState{}, 0, err
	}
	_, position, err := s.Publisher.PushNotes(ctx, stage, []trip2g.NoteUpdate{{Path: trip2g.SettingsPath, Content: content}}, true)
	if err != nil {
		return trip2g.SettingsState{}, 0, err
	}
	state, err = s.SiteSettings(ctx)
	return state, position, err
}

// edit writes only changed values, so that defaults stay out of the note.
func (s *Service) edit(state trip2g.SettingsState, changes map[string]string) (string, error) {
	var fields []Field
	for _, old := range state.Values {
		value, given := changes[old.Key]
		value = strings.TrimSpace(value)
		if !given || value == old.Value {
			continue
		}
		fields = append(fields, Field{old.Key, fieldOf(old, value)})
	}
	return s.SetFields(state.Content, fields)
}

// fieldOf returns a value in its frontmatter type.
func fieldOf(s trip2g.SiteSetting, value string) any {
	switch {
	case value == s.Default:
		return nil
	case s.Kind == trip2g.SwitchSetting:
		return value == "true"
	default:
		return value
	}
}

func check(changes map[string]string) error {
	known := make(map[string]trip2g.SiteSetting, len(all))
	for _, s := range all {
		known[s.Key] = s.SiteSetting
	}
	fault := trip2g.Errorf(trip2g.EINVALID, "nothing was saved")
	for key, value := range changes {
		setting, ok := known[key]
		if text := faultOf(setting, ok, value); text != "" {
			fault.Fields = append(fault.Fields, trip2g.FieldError{Name: key, Value: text})
		}
	}
	if len(fault.Fields) > 0 {
		return fault
	}
	return nil
}

func faultOf(s trip2g.SiteSetting, known bool, value string) string {
	switch {
	case !known:
		return "is no setting of the site"
	case !trip2g.IsPlainText(value):
		return "must be one line of text"
	case len(value) > maxValue:
		return fmt.Sprintf("is longer than %d bytes", maxValue)
	case s.Kind == trip2g.SwitchSetting && value != "true" && value != "false":
		return "must be true or false"
	}
	return ""
}
