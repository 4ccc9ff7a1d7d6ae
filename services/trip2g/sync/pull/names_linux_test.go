package pull_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/unicode/norm"

	"trip2g/services/trip2g/sync/pull"
)

// TestAnotherMachinesRenameInLetterCaseLosesNoNote pulls a rename of another machine to a Mac's
// folder and to one of Linux.
func TestAnotherMachinesRenameInLetterCaseLosesNoNote(t *testing.T) {
	for name, folder := range map[string]func(*testing.T) string{"a Mac": macFolder, "Linux": func(t *testing.T) string { return t.TempDir() }} {
		for _, remove := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				dir := folder(t)
				s := &server{notes: map[string]string{"Sub/Note.md": "one", "index.md": "index"}, files: map[string]string{"Sub/Pic.png": "pixels"}}
				if _, _, err := run(t, dir, s, nil); err != nil {
					t.Fatal(err)
				}
				withDelete := func(o *pull.Options) { o.Delete = remove }
				for _, step := range []struct {
					renamed      int
					notes, files map[string]string
				}{
					{2, map[string]string{"Sub/NOTE.md": "one", "index.md": "index"}, map[string]string{"Sub/PIC.png": "pixels"}},
					{1, map[string]string{"Sub/note.md": "two", "index.md": "index"}, map[string]string{"Sub/PIC.png": "pixels"}},
					{2, map[string]string{"SUB/Note.md": "two", "index.md": "index"}, map[string]string{"SUB/PIC.png": "other pixels"}},
				} {
					s.notes, s.files = step.notes, step.files
					summary, told, err := run(t, dir, s, withDelete)
					if err != nil {
						t.Fatal(err)
					}
					want := map[string]string{}
					for _, list := range []map[string]string{step.notes, step.files} {
						for path, content := range list {
							want[path] = content
						}
					}
					if diff := cmp.Diff(want, tree(t, dir)); diff != "" {
						t.Error(diff)
					}
					if len(summary.Renamed) != step.renamed || len(summary.Gone)+len(summary.Removed) != 0 || len(told.warnings) != 0 {
						t.Errorf("%+v, %q", summary, told.warnings)
					}
					if summary, _, err := run(t, dir, s, withDelete); err != nil || summary.Changed() || summary.Unchanged != 3 || len(summary.Gone) != 0 {
						t.Errorf("again: %+v, %v", summary, err)
					}
				}
			})
		}
	}
}

// A name that differs only in the folder must not make a pull write the note a second time.
func TestAMacsOwnLetterCaseIsBroughtToTheServers(t *testing.T) {
	dir := macFolder(t)
	if err := os.WriteFile(filepath.Join(dir, "note.md"), []byte("one"), 0o644); err != nil {
		t.Fatal(err)
	}
	s := &server{notes: map[string]string{"Note.md": "one"}}
	summary, _, err := run(t, dir, s, func(o *pull.Options) { o.DryRun = true })
	if err != nil || !slices.Equal(summary.Renamed, []string{"Note.md"}) {
		t.Errorf("a dry run: %+v, %v", summary, err)
	}
	if diff := cmp.Diff(map[string]string{"note.md": "one"}, tree(t, dir)); diff != "" {
		t.Error(diff)
	}
	if _, _, err := run(t, dir, s, nil); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"Note.md": "one"}, tree(t, dir)); diff != "" {
		t.Error(diff)
	}
}

// A folder copied from a Mac to Linux has names in another Unicode form than the server's.
func TestAFoldersOwnUnicodeFormIsKept(t *testing.T) {
	nfd := norm.NFD.String
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, nfd("Übung")), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{nfd("Café.md"): "coffee", nfd("Übung/Größe.md"): "size"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s := &server{notes: map[string]string{"Café.md": "coffee", "Übung/Größe.md": "size"}}
	if summary, _, err := run(t, dir, s, nil); err != nil || summary.Unchanged != 2 || summary.Changed() {
		t.Fatalf("%+v, %v", summary, err)
	}
	s.notes = map[string]string{"Café.md": "tea", "Übung/neu.md": "new"}
	summary, _, err := run(t, dir, s, func(o *pull.Options) { o.Delete = true })
	if err != nil || len(summary.Removed) != 1 || len(summary.Notes) != 2 {
		t.Fatalf("%+v, %v", summary, err)
	}
	if diff := cmp.Diff(map[string]string{nfd("Café.md"): "tea", nfd("Übung") + "/neu.md": "new"}, tree(t, dir)); diff != "" {
		t.Error(diff)
	}
}
