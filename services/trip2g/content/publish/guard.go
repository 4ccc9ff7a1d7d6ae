package publish

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"trip2g/services/trip2g"
)

// exclusive is the whole weight of the semaphore, for an operation that excludes all others.
const exclusive = math.MaxInt32

// enter waits until an operation may begin and returns the function that ends it. An exclusive
// operation compares the live settings with those that it publishes, so nothing else is published
// meanwhile.
func (s *Service) enter(ctx context.Context, alone bool) (leave func(), err error) {
	weight := int64(1)
	if alone {
		weight = exclusive
	}
	if err := s.gate.Acquire(ctx, weight); err != nil {
		return nil, err
	}
	return func() { s.gate.Release(weight) }, nil
}

// mustCheckSettings reports whether paths include the settings note and the author may not change
// privileged settings.
func (s *Service) mustCheckSettings(stage trip2g.Stage, paths ...string) bool {
	return s.Settings != nil && !stage.Grant.Scopes.Has(trip2g.ScopeSettings) && slices.Contains(paths, trip2g.SettingsPath)
}

// checkSettings is compareSettings with the live settings.
func (s *Service) checkSettings(ctx context.Context, content *string) error {
	live, err := s.liveSettings(ctx)
	if err != nil {
		return err
	}
	return s.compareSettings(live, content)
}

// compareSettings returns EFORBIDDEN if a new text of the settings note, nil for none, would change
// privileged settings. Omitting a key sets it to its default.
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

// settingsFault returns an error about the settings note. Many clients show only its message.
func settingsFault(why string) error {
	why += "; readers keep the settings from before. To allow it, run `trip2g keys update ID --scope read,publish,settings` on the leader or change the key at /_system/keys; or change the setting at /_system/settings"
	return &trip2g.Error{
		Code: trip2g.EFORBIDDEN, Message: "nothing was written: " + trip2g.SettingsPath + ": " + why,
		Fields: []trip2g.FieldError{{Name: trip2g.SettingsPath, Value: why}},
	}
}

// liveSettings returns the published settings note, the zero value without one.
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

// stagedSettings reports whether a stage changes the settings note, and returns the staged text,
// nil if the stage hides the note.
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

// checkStylesheet returns EFORBIDDEN for a file that would replace the site's stylesheet.
func (s *Service) checkStylesheet(ctx context.Context, stage trip2g.Stage, upload trip2g.AssetUpload) error {
	if !s.mustCheckSettings(stage, trip2g.SettingsPath) {
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

// checkFolder returns EFORBIDDEN if updates or hidden paths are outside the folder of the author's
// key. A slug can also move a note outside it.
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
