package pull_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/sync/pull"
)

// server is a server with arbitrary answers.
type server struct {
	notes   map[string]string // content by path
	files   map[string]string // content by path, all of them of the first note
	before  func(path string) error
	history []trip2g.RemoteVersion // with the texts "version 1" and so on
	torn    bool                   // downloads return half, and then the whole on another attempt
}

func (s *server) Vault(context.Context) ([]trip2g.RemoteNote, error) {
	var notes []trip2g.RemoteNote
	for path, content := range s.notes {
		notes = append(notes, trip2g.RemoteNote{Path: path, Hash: trip2g.ContentHash(content)})
	}
	slices.SortFunc(notes, func(a, b trip2g.RemoteNote) int { return strings.Compare(a.Path, b.Path) })
	for path, content := range s.files {
		sum := sha256.Sum256([]byte(content))
		notes[0].Files = append(notes[0].Files, trip2g.RemoteFile{Path: path, Hash: hex.EncodeToString(sum[:])})
	}
	return notes, nil
}

func (s *server) NoteTexts(_ context.Context, paths []string, each func(path, content string) error) error {
	for _, path := range paths {
		if err := s.interfere(path); err != nil {
			return err
		}
		if err := each(path, s.notes[path]); err != nil {
			return err
		}
	}
	return nil
}

func (s *server) Download(_ context.Context, file trip2g.RemoteFile, create func() (io.Writer, error)) error {
	if err := s.interfere(file.Path); err != nil {
		return err
	}
	content := s.files[file.Path]
	parts := []string{content}
	if s.torn {
		parts = []string{content + content, content[:len(content)/2], content}
	}
	for _, part := range parts {
		w, err := create()
		if err != nil {
			return err
		}
		if _, err := io.WriteString(w, part); err != nil {
			return err
		}
	}
	return nil
}

// Had implements Server. This server never had anything else.
func (*server) Had(context.Context, string, string) (bool, error) { return false, nil }

func (s *server) History(context.Context) ([]trip2g.RemoteVersion, error) { return s.history, nil }

func (s *server) VersionText(_ context.Context, id int64) (string, error) {
	return fmt.Sprint("version ", id), nil
}

func (s *server) interfere(path string) error {
	if s.before == nil {
		return nil
	}
	return s.before(path)
}

type report struct{ warnings []string }

func (r *report) Warn(w trip2g.Warning)   { r.warnings = append(r.warnings, w.Path+": "+w.Text) }
func (*report) Begin(string, int64, bool) {}
func (*report) Add(int64)                 {}
func (*report) End()                      {}

func run(t *testing.T, dir string, s *server, change func(*pull.Options)) (pull.Summary, *report, error) {
	t.Helper()
	told := &report{}
	o := pull.Options{Server: s, Reporter: told, Text: func(raw []byte) string { return string(raw) }}
	if change != nil {
		change(&o)
	}
	summary, err := pull.Run(t.Context(), dir, o)
	return summary, told, err
}

// tree returns the contents of a folder, by path, without the state of pulls.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		inside, _ := filepath.Rel(dir, name)
		if strings.HasPrefix(inside, ".trip2g"+string(filepath.Separator)) {
			return nil
		}
		content, err := os.ReadFile(name)
		out[filepath.ToSlash(inside)] = string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestAHostileServerWritesNothingElsewhere has names that lead out of the folder, or to the
// configuration of other programs.
func TestAHostileServerWritesNothingElsewhere(t *testing.T) {
	outside := t.TempDir()
	dir := filepath.Join(outside, "in", "vault")
	s := &server{
		notes: map[string]string{
			"good.md": "good", "../up.md": "x", "/abs.md": "x", "a/../../up.md": "x", "a//b.md": "x", "./a.md": "x", "back\\slash.md": "x",
			"line\nbreak.md": "x", ".git/hooks.md": "x", "a/.obsidian/b.md": "x", "node_modules/a.md": "x", "no ending": "x", "": "x",
			strings.Repeat("n", 300) + ".md": "x", "bad\xff.md": "x",
		},
		files: map[string]string{"ok.png": "pixels", "../up.png": "x", "/etc/abs.png": "x", ".git/config": "x", ".trip2g/pulled.json": "x", "x/..": "x"},
	}
	for path := range s.notes {
		s.history = append(s.history, trip2g.RemoteVersion{ID: 7, Path: path, Size: 9, PublishedAt: time.Unix(0, 0)}, trip2g.RemoteVersion{ID: 8, Path: path, PublishedAt: time.Unix(0, 0)})
	}
	_, told, err := run(t, dir, s, func(o *pull.Options) { o.Force, o.Delete, o.History = true, true, true })
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"in/vault/good.md": "good", "in/vault/ok.png": "pixels",
		"in/vault/.history/good.md/1970-01-01T000000Z-7.md": "version 7", "in/vault/.history/good.md/1970-01-01T000000Z-8.md": "version 8",
		"in/vault/.trip2g/pulled.json": tree(t, outside)["in/vault/.trip2g/pulled.json"]}, tree(t, outside)); diff != "" {
		t.Error(diff)
	}
	if want := 2*(len(s.notes)-1) + len(s.files) - 1; len(told.warnings) != want {
		t.Errorf("%d warnings, want %d: %q", len(told.warnings), want, told.warnings)
	}
}

// TestAPullThatFailsAnywhereLeavesWholeFiles fails at each file in turn. Every file is the old or
// the new one, and the same pull, run again, completes the folder.
func TestAPullThatFailsAnywhereLeavesWholeFiles(t *testing.T) {
	old := &server{notes: map[string]string{"a.md": "old a", "b/c.md": "old c"}, files: map[string]string{"pic.png": "old pixels"}}
	now := &server{notes: map[string]string{"a.md": "new a", "b/c.md": "new c"}, files: map[string]string{"pic.png": "new pixels"}, torn: true}
	for _, failing := range []string{"a.md", "b/c.md", "pic.png"} {
		t.Run(failing, func(t *testing.T) {
			dir := t.TempDir()
			if _, _, err := run(t, dir, old, nil); err != nil {
				t.Fatal(err)
			}
			gone := errors.New("gone")
			now.before = func(path string) error {
				if path == failing {
					return gone
				}
				return nil
			}
			if _, _, err := run(t, dir, now, nil); !errors.Is(err, gone) {
				t.Fatal(err)
			}
			for path, content := range tree(t, dir) {
				if !strings.HasPrefix(content, "old ") && !strings.HasPrefix(content, "new ") || strings.Count(content, " ") != 1 {
					t.Errorf("%s has %q", path, content)
				}
			}
			now.before = nil
			if _, _, err := run(t, dir, now, nil); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(map[string]string{"a.md": "new a", "b/c.md": "new c", "pic.png": "new pixels"}, tree(t, dir)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestAFileThatIsSavedDuringThePullIsNotOverwritten saves a note after the pull has read it.
func TestAFileThatIsSavedDuringThePullIsNotOverwritten(t *testing.T) {
	for name, there := range map[string]bool{"changed": true, "new": false} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s := &server{notes: map[string]string{"b.md": "b"}}
			if there {
				s.notes["a.md"] = "old"
			}
			if _, _, err := run(t, dir, s, nil); err != nil {
				t.Fatal(err)
			}
			s.notes["a.md"], s.notes["b.md"] = "the server's", "better"
			s.before = func(path string) error {
				if path != "a.md" {
					return nil
				}
				return os.WriteFile(filepath.Join(dir, "a.md"), []byte("saved in the meantime"), 0o644)
			}
			summary, told, err := run(t, dir, s, nil)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(map[string]string{"a.md": "saved in the meantime", "b.md": "better"}, tree(t, dir)); diff != "" {
				t.Error(diff)
			}
			if len(told.warnings) != 1 || !strings.HasPrefix(told.warnings[0], "a.md: was not written") || !slices.Equal(summary.Notes, []string{"b.md"}) {
				t.Errorf("wrote %q; warnings %q", summary.Notes, told.warnings)
			}
		})
	}
}

// TestWhoIsRight tries each way in which a file, its last pull and the server's version can differ.
func TestWhoIsRight(t *testing.T) {
	const none = ""
	for _, tt := range []struct {
		pulled, here, there string // "": no such file
		remove              bool
		want                string // the folder's content afterwards
		conflict            bool
	}{
		{none, none, "s", false, "s", false},
		{none, "s", "s", false, "s", false},
		{none, "h", "s", false, "h", true},
		{none, "h", none, true, "h", false},
		{"p", "p", "p", false, "p", false},
		{"p", "p", "s", false, "s", false},
		{"p", none, "p", false, "p", false},
		{"p", none, "s", false, "s", false},
		{"p", "h", "p", false, "h", false},
		{"p", "h", "s", false, "h", true},
		{"p", "s", "s", false, "s", false},
		{"p", "p", none, false, "p", false},
		{"p", "p", none, true, none, false},
		{"p", "h", none, true, "h", true},
		{"p", "h", none, false, "h", false},
		{"p", none, none, true, none, false},
	} {
		for _, force := range []bool{false, true} {
			t.Run(fmt.Sprintf("pulled %q here %q there %q remove %v force %v", tt.pulled, tt.here, tt.there, tt.remove, force), func(t *testing.T) {
				dir, name := t.TempDir(), ""
				name = filepath.Join(dir, "deep", "a.md")
				s := &server{notes: map[string]string{"b.md": "b"}}
				set := func(content string) {
					if delete(s.notes, "deep/a.md"); content != none {
						s.notes["deep/a.md"] = content
					}
				}
				if set(tt.pulled); tt.pulled != none {
					if _, _, err := run(t, dir, s, nil); err != nil {
						t.Fatal(err)
					}
				}
				os.Remove(name)
				if tt.here != none {
					if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, []byte(tt.here), 0o644)); err != nil {
						t.Fatal(err)
					}
				}
				set(tt.there)
				_, _, err := run(t, dir, s, func(o *pull.Options) { o.Force, o.Delete = force, tt.remove })
				want := tt.want
				switch {
				case force && tt.there != none:
					want = tt.there
				case force && tt.conflict:
					want = none
				case tt.conflict && trip2g.ErrorCode(err) != trip2g.ECONFLICT:
					t.Errorf("no conflict: %v", err)
				case !tt.conflict && err != nil:
					t.Error(err)
				}
				if got := tree(t, dir)["deep/a.md"]; got != want {
					t.Errorf("then it is %q, want %q", got, want)
				}
			})
		}
	}
}

func TestWhatIsRememberedAndBrokenIsNamed(t *testing.T) {
	dir := t.TempDir()
	s := &server{notes: map[string]string{"a.md": "a"}}
	if _, _, err := run(t, dir, s, nil); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, ".trip2g", "pulled.json"), []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, _, err := run(t, dir, s, nil); err == nil || !strings.Contains(err.Error(), ".trip2g/pulled.json") {
		t.Error(err)
	}
}

// TestAFileKeepsItsMode pulls over a file whose mode was changed.
func TestAFileKeepsItsMode(t *testing.T) {
	dir := t.TempDir()
	s := &server{notes: map[string]string{"a.md": "a"}, files: map[string]string{"run.sh": "1"}}
	if _, _, err := run(t, dir, s, nil); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, "run.sh")
	if err := os.Chmod(name, 0o700); err != nil {
		t.Fatal(err)
	}
	s.files["run.sh"] = "2"
	if _, _, err := run(t, dir, s, nil); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o700 || tree(t, dir)["run.sh"] != "2" {
		t.Errorf("%v: %v", info.Mode(), err)
	}
}
