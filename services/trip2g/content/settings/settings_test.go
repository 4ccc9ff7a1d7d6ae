package settings_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/content/markdown"
	"trip2g/services/trip2g/content/publish"
	"trip2g/services/trip2g/content/settings"
	"trip2g/services/trip2g/store/sqlite"
)

var stage = trip2g.Stage{Author: "user:1"}

type vault struct {
	t *testing.T
	*settings.Service
	publisher *publish.Service
}

func newVault(t *testing.T) *vault {
	t.Helper()
	db, err := sqlite.OpenLeader(t.Context(), filepath.Join(t.TempDir(), "data.sqlite3"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	publisher := publish.New(publish.Options{
		Vault: db, Assets: db, References: func(string, string) []string { return nil },
		Refresh: func(ctx context.Context) (trip2g.Position, error) {
			set, err := db.Changes(ctx, 0, 1)
			return set.Head, err
		},
	})
	return &vault{t, settings.New(settings.Options{Archive: db, Publisher: publisher, Parse: markdown.Parse, SetFields: markdown.SetFields}), publisher}
}

func (v *vault) push(content string) {
	v.t.Helper()
	if _, _, err := v.publisher.PushNotes(v.t.Context(), stage, []trip2g.NoteUpdate{{Path: trip2g.SettingsPath, Content: content}}, true); err != nil {
		v.t.Fatal(err)
	}
}

func (v *vault) get() trip2g.SettingsState {
	v.t.Helper()
	state, err := v.SiteSettings(v.t.Context())
	if err != nil {
		v.t.Fatal(err)
	}
	return state
}

// values returns the values that differ from those of a site without settings.
func values(state trip2g.SettingsState) string {
	var list []string
	for _, value := range state.Values {
		if value.Value != value.Default {
			list = append(list, value.Key+"="+value.Value)
		}
	}
	return strings.Join(list, " ")
}

func TestSettingsAreReadAndChangedInTheirNote(t *testing.T) {
	v := newVault(t)
	if state := v.get(); state.Exists || state.Hash != "" || values(state) != "" {
		t.Errorf("a vault without settings has %+v", state)
	}
	state, position, err := v.SaveSettings(t.Context(), stage, "", map[string]string{"title": " My site ", "graph": "false", "raw_html": "false"})
	if err != nil || position == 0 || !state.Exists || values(state) != "title=My site graph=false" {
		t.Fatalf("saved %q at %d, %v", values(state), position, err)
	}
	v.push("---\n# by hand\nnav: [a]\ntitle: Mine\nhard_breaks: yes\n---\nabout them\n")
	state, _, err = v.SaveSettings(t.Context(), stage, v.get().Hash, map[string]string{"title": "Yours", "hard_breaks": "false", "index": "false"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("---\n# by hand\nnav: [a]\ntitle: Yours\nindex: false\n---\nabout them\n", state.Content); diff != "" {
		t.Error(diff)
	}
}

func TestAChangeOfOldSettingsIsRefused(t *testing.T) {
	v := newVault(t)
	v.push("---\ntitle: one\n---\n")
	old := v.get().Hash
	v.push("---\ntitle: two\n---\n")
	if _, _, err := v.SaveSettings(t.Context(), stage, old, map[string]string{"title": "three"}); trip2g.ErrorCode(err) != trip2g.ECONFLICT {
		t.Error(err)
	}
	if got := values(v.get()); got != "title=two" {
		t.Errorf("the settings are %q", got)
	}
}

func TestWhatNoSettingCanBeIsRefused(t *testing.T) {
	v := newVault(t)
	for key, value := range map[string]string{"none": "x", "graph": "perhaps", "title": "two\nlines", "footer": strings.Repeat("x", 2001), "lang": "\xff"} {
		_, _, err := v.SaveSettings(t.Context(), stage, "", map[string]string{key: value})
		if fields := trip2g.ErrorFields(err); trip2g.ErrorCode(err) != trip2g.EINVALID || len(fields) != 1 || fields[0].Name != key {
			t.Errorf("%s: %v", key, err)
		}
	}
	v.push("---\n- no\n- keys\n---\n")
	if _, _, err := v.SaveSettings(t.Context(), stage, v.get().Hash, map[string]string{"title": "x"}); trip2g.ErrorCode(err) != trip2g.EINVALID {
		t.Error(err)
	}
}

func TestAHiddenNoteSetsNothing(t *testing.T) {
	v := newVault(t)
	v.push("---\ntitle: one\n---\n")
	if _, err := v.publisher.HideNotes(t.Context(), stage, []string{trip2g.SettingsPath}, true); err != nil {
		t.Fatal(err)
	}
	if state := v.get(); state.Exists || values(state) != "" {
		t.Errorf("%+v", state)
	}
	if state, _, err := v.SaveSettings(t.Context(), stage, "", map[string]string{"lang": "de"}); err != nil || values(state) != "lang=de" {
		t.Errorf("%+v, %v", state, err)
	}
}
