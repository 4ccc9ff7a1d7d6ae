package publish_test

import (
	"strings"
	"testing"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/content/markdown"
	"trip2g/services/trip2g/content/publish"
	"trip2g/services/trip2g/store/sqlite"
)

var (
	ownersStage = trip2g.Stage{Author: "user:1", Grant: trip2g.OwnerGrant}
	keysStage   = trip2g.Stage{Author: "key:1", Grant: trip2g.Grant{Scopes: trip2g.DefaultScopes}}
)

// guarded returns a service that publishes into a database as a leader does, with a stored default
// access.
func guarded(db *sqlite.DB, stored *trip2g.SiteAccess) *publish.Service {
	return service(db, func(o *publish.Options) {
		o.MaxNoteSize = 4096
		o.Address = markdown.Address
		o.Settings = func(content string) trip2g.Settings { return *markdown.Parse(trip2g.SettingsPath, content).Settings }
		o.StoredAccess = func() trip2g.SiteAccess { return *stored }
	})
}

func note(path, content string) []trip2g.NoteUpdate {
	return []trip2g.NoteUpdate{{Path: path, Content: content}}
}

// waysToPublish are all operations that can change or remove the text of the settings note.
var waysToPublish = map[string]func(t *testing.T, s *publish.Service, stage trip2g.Stage, before, content string) error{
	"push": func(t *testing.T, s *publish.Service, stage trip2g.Stage, _, content string) error {
		_, _, err := s.PushNotes(t.Context(), stage, note(trip2g.SettingsPath, content), true)
		return err
	},
	"staged push": func(t *testing.T, s *publish.Service, stage trip2g.Stage, _, content string) error {
		_, _, err := s.PushNotes(t.Context(), stage, note(trip2g.SettingsPath, content), false)
		if err == nil {
			_, _, err = s.Commit(t.Context(), stage)
		}
		return err
	},
	"upsert": func(t *testing.T, s *publish.Service, stage trip2g.Stage, _, content string) error {
		_, _, err := s.EditNotes(t.Context(), stage, []trip2g.NoteEdit{{Kind: trip2g.UpsertNote, Path: trip2g.SettingsPath, Content: content}})
		return err
	},
	"patch": func(t *testing.T, s *publish.Service, stage trip2g.Stage, before, content string) error {
		_, _, err := s.EditNotes(t.Context(), stage, []trip2g.NoteEdit{{Kind: trip2g.PatchNote, Path: trip2g.SettingsPath, Find: before, Replace: content}})
		return err
	},
}

// TestAKeyChangesWhatGivesPowerOnlyWithTheScopeSettings sets, changes and omits each privileged
// setting by each operation that publishes a note.
func TestAKeyChangesWhatGivesPowerOnlyWithTheScopeSettings(t *testing.T) {
	db, stored := open(t), trip2g.AccessNotChosen
	s := guarded(db, &stored)
	for name, tt := range map[string]struct {
		before, after string
		stored        trip2g.SiteAccess
		changed       string
	}{
		"raw HTML":                          {"", "raw_html: true", 0, "raw_html"},
		"a stylesheet":                      {"", "stylesheet: my.css", 0, "stylesheet"},
		"another stylesheet":                {"stylesheet: my.css", "stylesheet: theirs.css", 0, "stylesheet"},
		"a footer":                          {"footer: mine", "footer: theirs", 0, "footer"},
		"public by default":                 {"", "access: everyone", 0, "access"},
		"public instead of for members":     {"access: members", "access: everyone", 0, "access"},
		"for members instead of public":     {"access: everyone", "access: members", 0, "access"},
		"the override of the default gone":  {"access: members", "title: x", trip2g.AccessEveryone, "access"},
		"raw HTML gone":                     {"raw_html: true", "title: x", 0, "raw_html"},
		"all of them beside a new title":    {"title: a", "title: b\nraw_html: true\nfooter: x\nstylesheet: y.css\naccess: everyone", 0, "raw_html, stylesheet, footer, access"},
		"the only change of a longer note":  {"title: a\nicon: i.png", "title: a\nicon: i.png\nraw_html: yes", 0, "raw_html"},
		"the value that YAML 1.1 had as on": {"", "raw_html: on", 0, "raw_html"},
	} {
		for way, publishes := range waysToPublish {
			t.Run(name+" by "+way, func(t *testing.T) {
				stored = tt.stored
				before, after := "---\n"+tt.before+"\n---\n", "---\n"+tt.after+"\n---\n"
				if _, _, err := s.PushNotes(t.Context(), ownersStage, note(trip2g.SettingsPath, before), true); err != nil {
					t.Fatal(err)
				}
				err := publishes(t, s, keysStage, before, after)
				fields := trip2g.ErrorFields(err)
				if trip2g.ErrorCode(err) != trip2g.EFORBIDDEN || len(fields) != 1 || fields[0].Name != trip2g.SettingsPath {
					t.Fatalf("a key without the scope: %v, fields %v", err, fields)
				}
				for _, want := range []string{"would change " + tt.changed + ",", "trip2g keys update ID --scope read,publish,settings", "/_system/settings"} {
					if !strings.Contains(trip2g.ErrorMessage(err), want) {
						t.Errorf("%q lacks %q", trip2g.ErrorMessage(err), want)
					}
				}
				if readers := visible(t, db)[trip2g.SettingsPath]; readers != before {
					t.Errorf("readers have %q", readers)
				}
				allowed := keysStage
				allowed.Grant = trip2g.OwnerGrant
				if err := publishes(t, s, allowed, before, after); err != nil {
					t.Errorf("a key with the scope: %v", err)
				}
			})
		}
	}
}

// TestSettingsThatGiveNoPowerAreOpenToEveryKey changes settings that people often push with a
// vault.
func TestSettingsThatGiveNoPowerAreOpenToEveryKey(t *testing.T) {
	db, stored := open(t), trip2g.AccessNotChosen
	s := guarded(db, &stored)
	for name, tt := range map[string]struct {
		before, after string
		stored        trip2g.SiteAccess
	}{
		"a title":                               {"title: a\nraw_html: true\nfooter: f", "title: b\nraw_html: true\nfooter: f", 0},
		"the first settings":                    {"", "title: a\nhome: x\ngraph: false\nindex: false\nicon: i.png\nhard_breaks: true", 0},
		"for members, as it is without":         {"", "access: members", 0},
		"for members, as it is stored":          {"access: members", "title: x", trip2g.AccessMembers},
		"public, as it is stored":               {"title: x", "title: x\naccess: everyone", trip2g.AccessEveryone},
		"the text below, and rules of the push": {"footer: f", "footer: f\nexclude: [x/]", 0},
	} {
		for way, publishes := range waysToPublish {
			t.Run(name+" by "+way, func(t *testing.T) {
				stored = tt.stored
				before, after := "---\n"+tt.before+"\n---\n", "---\n"+tt.after+"\n---\ntext"
				if _, _, err := s.PushNotes(t.Context(), ownersStage, note(trip2g.SettingsPath, before), true); err != nil {
					t.Fatal(err)
				}
				if err := publishes(t, s, keysStage, before, after); err != nil {
					t.Error(err)
				}
				if readers := visible(t, db)[trip2g.SettingsPath]; readers != after {
					t.Errorf("readers have %q", readers)
				}
			})
		}
	}
}

// Without the check, unpublishing would make a site public whose stored default is everyone.
func TestUnpublishingTheSettingsNeedsTheScopeToo(t *testing.T) {
	db, stored := open(t), trip2g.AccessEveryone
	s := guarded(db, &stored)
	if _, _, err := s.PushNotes(t.Context(), ownersStage, note(trip2g.SettingsPath, "---\naccess: members\n---\n"), true); err != nil {
		t.Fatal(err)
	}
	for name, hide := range map[string]func() error{
		"hide": func() error {
			_, err := s.HideNotes(t.Context(), keysStage, []string{"other.md", trip2g.SettingsPath}, true)
			return err
		},
		"staged": func() error {
			_, err := s.HideNotes(t.Context(), keysStage, []string{trip2g.SettingsPath}, false)
			return err
		},
		"edit": func() error {
			_, _, err := s.EditNotes(t.Context(), keysStage, []trip2g.NoteEdit{{Kind: trip2g.HideNote, Path: trip2g.SettingsPath}})
			return err
		},
	} {
		if err := hide(); trip2g.ErrorCode(err) != trip2g.EFORBIDDEN {
			t.Errorf("%s: %v", name, err)
		}
	}
	if visible(t, db)[trip2g.SettingsPath] == "" {
		t.Error("the settings are gone")
	}
	stored = trip2g.AccessMembers
	if _, err := s.HideNotes(t.Context(), keysStage, []string{trip2g.SettingsPath}, true); err != nil {
		t.Errorf("where nothing changes by it: %v", err)
	}
}

// A push with older settings waits while the owner changes them.
func TestSettingsThatWaitInAPushDoNotUndoWhatTheOwnerChangesMeanwhile(t *testing.T) {
	for name, staged := range map[string]func(t *testing.T, s *publish.Service) error{
		"other text": func(t *testing.T, s *publish.Service) error {
			_, _, err := s.PushNotes(t.Context(), keysStage, note(trip2g.SettingsPath, "---\nraw_html: true\n---\nother text"), false)
			return err
		},
		"the key in another place": func(t *testing.T, s *publish.Service) error {
			_, _, err := s.PushNotes(t.Context(), keysStage, note(trip2g.SettingsPath, "---\ntitle: x\nraw_html: true\n---\n"), false)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			db, stored := open(t), trip2g.AccessNotChosen
			s := guarded(db, &stored)
			if _, _, err := s.PushNotes(t.Context(), ownersStage, note(trip2g.SettingsPath, "---\nraw_html: true\n---\n"), true); err != nil {
				t.Fatal(err)
			}
			if err := staged(t, s); err != nil {
				t.Fatal(err)
			}
			if _, _, err := s.PushNotes(t.Context(), ownersStage, note(trip2g.SettingsPath, "safe again"), true); err != nil {
				t.Fatal(err)
			}
			if _, _, err := s.Commit(t.Context(), keysStage); trip2g.ErrorCode(err) != trip2g.EFORBIDDEN {
				t.Errorf("the commit: %v", err)
			}
			if readers := visible(t, db)[trip2g.SettingsPath]; readers != "safe again" {
				t.Errorf("readers have %q", readers)
			}
		})
	}
}

// TestAKeyWithoutTheScopeCannotPutAnotherFileInTheStylesheetsPlace uploads to the settings note.
func TestAKeyWithoutTheScopeCannotPutAnotherFileInTheStylesheetsPlace(t *testing.T) {
	db, stored := open(t), trip2g.AccessNotChosen
	s := guarded(db, &stored)
	notes, _, err := s.PushNotes(t.Context(), ownersStage, note(trip2g.SettingsPath, "---\nstylesheet: my.css\nicon: i.png\n---\n"), true)
	if err != nil {
		t.Fatal(err)
	}
	upload := func(stage trip2g.Stage, ref, content string) error {
		_, _, err := s.UploadAsset(t.Context(), stage, trip2g.AssetUpload{
			NoteID: notes[0].ID, Ref: ref, AbsolutePath: ref, Hash: hash(content), Body: strings.NewReader(content),
		}, true)
		return err
	}
	if err := upload(ownersStage, "my.css", "a {}"); err != nil {
		t.Fatal(err)
	}
	if err := upload(keysStage, "my.css", "b {}"); trip2g.ErrorCode(err) != trip2g.EFORBIDDEN || !strings.Contains(trip2g.ErrorMessage(err), "keys update") {
		t.Errorf("another stylesheet: %v", err)
	}
	for ref, content := range map[string]string{"my.css": "a {}", "i.png": "icon"} {
		if err := upload(keysStage, ref, content); err != nil {
			t.Errorf("%s: %v", ref, err)
		}
	}
}

// TestAKeyForAFolderPublishesBelowItAlone tries all other paths and URLs.
func TestAKeyForAFolderPublishesBelowItAlone(t *testing.T) {
	db, stored := open(t), trip2g.AccessNotChosen
	s := guarded(db, &stored)
	outside, _, err := s.PushNotes(t.Context(), ownersStage, note("Guides/start.md", "x"), true)
	if err != nil {
		t.Fatal(err)
	}
	stage := trip2g.Stage{Author: "key:1", Grant: trip2g.Grant{Scopes: trip2g.DefaultScopes, Folder: "Docs/My API"}}
	push := func(path, content string) error {
		_, _, err := s.PushNotes(t.Context(), stage, note(path, content), true)
		return err
	}
	for name, err := range map[string]error{
		"a note elsewhere":        push("Guides/new.md", "x"),
		"a note of a like folder": push("Docs/My API 2/new.md", "x"),
		"the folder's own name":   push("Docs/My API.md", "x"),
		"the settings":            push(trip2g.SettingsPath, "title: x"),
		"a slug out of it":        push("Docs/My API/a.md", "---\nslug: /guides/start\n---\n"),
		"a slug for the start":    push("Docs/My API/a.md", "---\nslug: /\n---\n"),
		"hiding elsewhere": func() error {
			_, err := s.HideNotes(t.Context(), stage, []string{"Guides/start.md"}, true)
			return err
		}(),
		"editing elsewhere": func() error {
			_, _, err := s.EditNotes(t.Context(), stage, []trip2g.NoteEdit{{Kind: trip2g.PatchNote, Path: "Guides/start.md", Find: "x", Replace: "y"}})
			return err
		}(),
		"a hiding edit elsewhere": func() error {
			_, _, err := s.EditNotes(t.Context(), stage, []trip2g.NoteEdit{{Kind: trip2g.HideNote, Path: "Guides/start.md"}})
			return err
		}(),
		"a file of a note elsewhere": func() error {
			_, _, err := s.UploadAsset(t.Context(), stage, trip2g.AssetUpload{NoteID: outside[0].ID, Ref: "a", AbsolutePath: "a", Hash: hash("x"), Body: strings.NewReader("x")}, true)
			return err
		}(),
	} {
		if trip2g.ErrorCode(err) != trip2g.EFORBIDDEN || !strings.Contains(trip2g.ErrorMessage(err), "outside of Docs/My API/, the folder of the API key") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for path, content := range map[string]string{"Docs/My API/a.md": "x", "Docs/My API/deep/b.md": "---\nslug: c\n---\n", "Docs/My API/index.md": "x", "Docs/My API/_draft.md": "x", "/Docs/My API/d.md": ""} {
		if err := push(strings.TrimPrefix(path, "/"), content); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
}
