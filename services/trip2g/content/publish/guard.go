package publish

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"trip2g/services/trip2g"
)

// everyPlace is all places of the gate, for an operation that nothing else may come between.
const everyPlace = math.MaxInt32

// enter waits until an operation may begin and returns how it ends. One that is alone compares the settings
// that readers see with those that it will publish, and so nothing else is published meanwhile.
func (s *Service) enter(ctx context.Context, alone bool) (leave func(), err error) {
	places := int64(1)
	if alone {
		places = everyPlace
	}
	if err := s.gate.Acquire(ctx, places); err != nil {
		return nil, err
	}
	return func() { s.gate.Release(places) }, nil
}

// mustAsk reports whether a stage's author may change the settings note only as far as it gives no power.
func (s *Service) mustAsk(stage trip2g.Stage, paths ...string) bool {
	return s.Settings != nil && !stage.Grant.Scopes.Has(trip2g.ScopeSettings) && slices.Contains(paths, trip2g.SettingsPath)
}

// checkSettings is compareSettings with the settings that readers see now.
func (s *Service) checkSettings(ctx context.Context, content *string) error {
	live, err := s.liveSettings(ctx)
	if err != nil {
		return err
	}
	return s.compareSettings(live, content)
}

// compareSettings returns EFORBIDDEN if another text of the settings note, nil for none, would change what gives
// power over all pages. Leaving a key out changes it too: then the default counts.
func (s *Service) compareSettings(live trip2g.NotePath, content *string) error {
	stored := trip2g.AccessNotChosen
	if s.StoredAccess != nil {
		stored = s.StoredAccess()
	}
	after := trip2g.Settings{}
	if content != nil {
		after = s.Settings(*content)
	}
	changed := s.Settings(live.Content).Privileged(stored).Changed(after.Privileged(stored))
	if len(changed) == 0 {
		return nil
	}
	return settingsFault(fmt.Sprintf("it would change %s, which the API key may not", strings.Join(changed, ", ")))
}

// settingsFault names the settings note as what is at fault. Many clients show the message alone.
func settingsFault(why string) error {
	why += "; readers keep the settings from before. To allow it, run `trip2g keys update ID --scope read,publish,settings` on the leader or change the key at /_system/keys; or change the setting at /_system/settings"
	return &trip2g.Error{
		Code: trip2g.EFORBIDDEN, Message: "nothing was written: " + trip2g.SettingsPath + ": " + why,
		Fields: []trip2g.FieldError{{Name: trip2g.SettingsPath, Value: why}},
	}
}

// liveSettings returns the settings note as readers see it, the zero value without one.
func (s *Service) liveSettings(ctx context.Context) (trip2g.NotePath, error) {
	return s.settingsNote(ctx, trip2g.Stage{})
}

func (s *Service) settingsNote(ctx context.Context, stage trip2g.Stage) (trip2g.NotePath, error) {
	notes, err := s.Vault.NotePaths(ctx, stage, trip2g.NotePathFilter{Paths: []string{trip2g.SettingsPath}})
	if err != nil || len(notes) == 0 {
		return trip2g.NotePath{}, err
	}
	return notes[0], nil
}

// stagedSettings reports whether a stage has another settings note than readers see, and its text, nil if it
// hides the note.
func (s *Service) stagedSettings(ctx context.Context, stage trip2g.Stage) (content *string, differs bool, err error) {
	live, err := s.liveSettings(ctx)
	if err != nil {
		return nil, false, err
	}
	staged, err := s.settingsNote(ctx, stage)
	if err != nil || staged.Hash == live.Hash {
		return nil, false, err
	}
	if staged.ID == 0 {
		return nil, true, nil
	}
	return &staged.Content, true, nil
}

// checkStylesheet returns EFORBIDDEN for a file that would take the place of the site's stylesheet.
func (s *Service) checkStylesheet(ctx context.Context, stage trip2g.Stage, upload trip2g.AssetUpload) error {
	if !s.mustAsk(stage, trip2g.SettingsPath) {
		return nil
	}
	live, err := s.liveSettings(ctx)
	if err != nil || live.ID != upload.NoteID || upload.Ref != s.Settings(live.Content).Stylesheet {
		return err
	}
	for _, a := range live.Assets {
		if a.Ref == upload.Ref && a.Hash == upload.Hash {
			return nil
		}
	}
	return settingsFault("the file would change the stylesheet, which the API key may not")
}

// checkFolder returns EFORBIDDEN if notes that are to be published, or paths to hide, are outside of the folder
// that the author may publish below. A slug can lead a note out of it as well.
func checkFolder(grant trip2g.Grant, updates []trip2g.NoteUpdate, hidden []string) error {
	var f faults
	for _, u := range updates {
		switch {
		case !grant.Includes(u.Path):
			f.add(shorten(u.Path), "is outside of %s/, the folder of the API key", grant.Folder)
		case !grant.IncludesURL(u.URL):
			f.add(shorten(u.Path), "asks for the URL %s, which is outside of %s/, the folder of the API key", u.URL, grant.Folder)
		}
	}
	for _, path := range hidden {
		if !grant.Includes(path) {
			f.add(shorten(path), "is outside of %s/, the folder of the API key", grant.Folder)
		}
	}
	err := f.err()
	if failure, ok := err.(*trip2g.Error); ok {
		failure.Code = trip2g.EFORBIDDEN
	}
	return err
}

// contentOf returns the text of a note among updates, nil for none.
func contentOf(updates []trip2g.NoteUpdate, path string) *string {
	for i := range updates {
		if updates[i].Path == path {
			return &updates[i].Content
		}
	}
	return nil
}

func pathsOfUpdates(updates []trip2g.NoteUpdate) []string {
	paths := make([]string, len(updates))
	for i, u := range updates {
		paths[i] = u.Path
	}
	return paths
}
