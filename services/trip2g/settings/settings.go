// Package settings is the leader's service for the settings of the whole site: it reads and changes the
// note that has them (trip2g.SettingsPath), and leaves alone in it what it does not know.
package settings

import (
	"context"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"trip2g/services/trip2g"
)

// maxValue bounds a value, in bytes.
const maxValue = 2000

// Kind is what a setting takes.
type Kind int

// Line is a line of text, File the path of a file in the vault, Switch "true" or "false".
const (
	Line Kind = iota
	File
	Switch
)

// Setting is one of the site's settings.
type Setting struct {
	Key     string // of the note's frontmatter
	Kind    Kind
	Title   string
	Help    string
	Default string // of a Switch
	of      func(*trip2g.Settings) string
}

// all is every setting, in the order in which they are shown.
var all = []Setting{
	{Key: "title", Title: "Title", Help: "The site's name. Without one it is the start page's title.", of: func(s *trip2g.Settings) string { return s.Title }},
	{Key: "description", Title: "Description", Help: "One sentence, for feeds and for pages that have none.", of: func(s *trip2g.Settings) string { return s.Description }},
	{Key: "lang", Title: "Language", Help: "Of notes that name none: en, de, uk, zh-Hans …", of: func(s *trip2g.Settings) string { return s.Lang }},
	{Key: "footer", Title: "Footer", Help: "A line of Markdown below every page.", of: func(s *trip2g.Settings) string { return s.Footer }},
	{Key: "stylesheet", Kind: File, Title: "Stylesheet", Help: "A CSS file of the vault, as _theme/site.css. It comes after the site's own.", of: func(s *trip2g.Settings) string { return s.Stylesheet }},
	{Key: "icon", Kind: File, Title: "Icon", Help: "A picture of the vault, shown beside the title of a browser's tab.", of: func(s *trip2g.Settings) string { return s.Icon }},
	{Key: "image", Kind: File, Title: "Preview picture", Help: "A picture of the vault, shown where others link to a page that names none of its own.", of: func(s *trip2g.Settings) string { return s.Image }},
	{Key: "hard_breaks", Kind: Switch, Default: "false", Title: "Keep line breaks", Help: "The end of a line in a note is the end of a line on the page.", of: func(s *trip2g.Settings) string { return fmt.Sprint(s.HardBreaks) }},
	{Key: "raw_html", Kind: Switch, Default: "false", Title: "Keep HTML as it is", Help: "HTML in notes is not cleaned. Only for a vault whose every author may do everything on this site.", of: func(s *trip2g.Settings) string { return fmt.Sprint(s.RawHTML) }},
	{Key: "graph", Kind: Switch, Default: "true", Title: "Graph", Help: "Pages show a graph of the notes around them.", of: func(s *trip2g.Settings) string { return fmt.Sprint(!s.HideGraph) }},
	{Key: "index", Kind: Switch, Default: "true", Title: "Search engines", Help: "They may list the site.", of: func(s *trip2g.Settings) string { return fmt.Sprint(!s.NoIndex) }},
}

// Options is what a Service is made of. All are needed.
type Options struct {
	Archive   trip2g.NoteArchive
	Publisher trip2g.Publisher
	// Parse understands a note's text.
	Parse func(path, content string) *trip2g.Document
	// SetFields gives a note's text with other values in its frontmatter. All else in it stays.
	SetFields func(content string, fields []Field) (string, error)
}

// Field is a key of the frontmatter with its value: a string or a bool, nil for a key that is to go.
type Field = struct {
	Key   string
	Value any
}

// Service is the service.
type Service struct{ Options }

// New makes one.
func New(o Options) *Service { return &Service{o} }

// State is the settings as they are.
type State struct {
	Exists   bool   // readers' pages are made with a note of settings
	Hash     string // of the note's text; "" without one
	Content  string
	Values   []Value
	Warnings []trip2g.Warning
}

// Value is what one setting is.
type Value struct {
	Setting
	Value string
}

// Get tells what the settings are.
func (s *Service) Get(ctx context.Context) (State, error) {
	note, err := s.Archive.ArchivedNote(ctx, trip2g.SettingsPath)
	if trip2g.ErrorCode(err) == trip2g.ENOTFOUND || err == nil && note.Hidden {
		return s.state(""), nil
	}
	if err != nil {
		return State{}, err
	}
	version, err := s.Archive.NoteVersion(ctx, note.VersionID)
	if err != nil {
		return State{}, err
	}
	state := s.state(version.Content)
	state.Exists, state.Hash = true, version.Hash
	return state, nil
}

func (s *Service) state(content string) State {
	doc := s.Parse(trip2g.SettingsPath, content)
	state := State{Content: content, Values: make([]Value, len(all)), Warnings: doc.Warnings}
	for i, setting := range all {
		state.Values[i] = Value{setting, setting.of(doc.Settings)}
	}
	return state
}

// Save changes settings by their keys and publishes the note. hash is the Hash of the State that was
// changed: ECONFLICT if it is another one by now. EINVALID for what a setting cannot be.
func (s *Service) Save(ctx context.Context, stage trip2g.Stage, hash string, changes map[string]string) (State, trip2g.Position, error) {
	if err := check(changes); err != nil {
		return State{}, 0, err
	}
	state, err := s.Get(ctx)
	if err != nil {
		return State{}, 0, err
	}
	if state.Hash != hash {
		return State{}, 0, trip2g.Errorf(trip2g.ECONFLICT, "the settings were changed meanwhile, and nothing was saved: load them again and repeat your change")
	}
	content, err := s.edit(state, changes)
	if err != nil {
		return State{}, 0, err
	}
	_, position, err := s.Publisher.PushNotes(ctx, stage, []trip2g.NoteUpdate{{Path: trip2g.SettingsPath, Content: content}}, true)
	if err != nil {
		return State{}, 0, err
	}
	state, err = s.Get(ctx)
	return state, position, err
}

// edit writes only what differs, so that a value which is the default stays out of the note.
func (s *Service) edit(state State, changes map[string]string) (string, error) {
	var fields []Field
	for _, old := range state.Values {
		value, given := changes[old.Key]
		value = strings.TrimSpace(value)
		if !given || value == old.Value {
			continue
		}
		fields = append(fields, Field{old.Key, old.field(value)})
	}
	return s.SetFields(state.Content, fields)
}

// field is a value as the frontmatter has it.
func (s *Setting) field(value string) any {
	switch {
	case value == s.Default:
		return nil
	case s.Kind == Switch:
		return value == "true"
	default:
		return value
	}
}

func check(changes map[string]string) error {
	known := make(map[string]Setting, len(all))
	for _, s := range all {
		known[s.Key] = s
	}
	fault := trip2g.Errorf(trip2g.EINVALID, "nothing was saved")
	for key, value := range changes {
		setting, ok := known[key]
		if text := setting.fault(ok, value); text != "" {
			fault.Fields = append(fault.Fields, trip2g.FieldError{Name: key, Value: text})
		}
	}
	if len(fault.Fields) > 0 {
		return fault
	}
	return nil
}

func (s *Setting) fault(known bool, value string) string {
	switch {
	case !known:
		return "is no setting of the site"
	case !utf8.ValidString(value) || strings.ContainsFunc(value, unicode.IsControl):
		return "must be one line of text"
	case len(value) > maxValue:
		return fmt.Sprintf("is longer than %d bytes", maxValue)
	case s.Kind == Switch && value != "true" && value != "false":
		return "must be true or false"
	}
	return ""
}
