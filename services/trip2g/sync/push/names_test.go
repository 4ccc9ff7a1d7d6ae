package push_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/unicode/norm"

	"trip2g/services/trip2g"
)

// A folder that ignores letter case has one note here, and the server must not have two.
func TestANoteThatIsRenamedInLetterCaseIsOneNote(t *testing.T) {
	s := start(t)
	dir := folder(t, map[string]string{"Sub/Note.md": "---\nfree: true\n---\none", "index.md": "x"})
	s.mustPush(dir, nil)
	id := s.noteID("Sub/Note.md")
	if err := os.Rename(filepath.Join(dir, "Sub/Note.md"), filepath.Join(dir, "Sub/NOTE.md")); err != nil {
		t.Fatal(err)
	}
	summary, _ := s.mustPush(dir, nil)
	if !slices.Equal(summary.Sent, []string{"Sub/NOTE.md"}) || !slices.Equal(summary.Hidden, []string{"Sub/Note.md"}) || len(summary.Left) != 0 {
		t.Errorf("the push did %+v", summary)
	}
	notes, _, _ := s.published()
	if len(notes) != 2 || notes["Sub/NOTE.md"] == "" || s.noteID("Sub/NOTE.md") != id {
		t.Errorf("the server has %v, and the note is %d, not %d", notes, s.noteID("Sub/NOTE.md"), id)
	}
	if summary, _ := s.mustPush(dir, withDelete); summary.Changed() || summary.Unchanged != 2 {
		t.Errorf("again: %+v", summary)
	}
}

func (s *server) noteID(path string) int64 {
	s.t.Helper()
	n, err := s.db.ArchivedNote(s.t.Context(), path)
	if err != nil {
		s.t.Fatal(err)
	}
	return n.ID
}

// One vault is pushed from Linux, and then from a Mac, whose names are in another Unicode form.
func TestAVaultIsTheSameFromEachMachine(t *testing.T) {
	s := start(t)
	const open = "---\nfree: true\n---\n"
	vault := func(form norm.Form) string {
		files := make(map[string]string)
		for name, content := range map[string]string{
			"index.md":       open + "[[Café]] [[Übung/Größe]] [x](Übung/Gr%C3%B6%C3%9Fe.md) ![[Bild ä.png]] ![](Bild%20%C3%A4.png) [[가나다]]\n",
			"Café.md":        open + "back to [[index]]\n",
			"Übung/Größe.md": open + "[[" + norm.NFD.String("Café") + "]] ![[" + norm.NFD.String("Bild ä.png") + "]]\n",
			"가나다.md":         open,
			"Bild ä.png":     "pixels",
		} {
			files[form.String(name)] = content
		}
		return folder(t, files)
	}
	linux := publishVault(t, s, vault(norm.NFC))
	notes, files, position := s.published()
	mac := publishVault(t, s, vault(norm.NFD))
	if _, _, after := s.published(); after != position {
		t.Errorf("the same vault moved the position from %d to %d", position, after)
	}
	other := startOther(t)
	alone := publishVault(t, other, vault(norm.NFD))
	aloneNotes, aloneFiles, _ := other.published()
	for name, diff := range map[string]string{
		"pages": cmp.Diff(linux.fragments, mac.fragments), "pages of a Mac's alone": cmp.Diff(linux.fragments, alone.fragments),
		"notes": cmp.Diff(notes, aloneNotes), "files": cmp.Diff(files, aloneFiles),
		"warnings": cmp.Diff([]string(nil), slices.Concat(linux.warnings, mac.warnings, alone.warnings)),
	} {
		if diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	if want := []string{"/", "/café", "/übung/größe", "/가나다"}; !slices.Equal(linux.urls, want) {
		t.Errorf("the pages are %q", linux.urls)
	}
	for path := range notes {
		if trip2g.NormalizePath(path) != path {
			t.Errorf("%q is stored as a Mac writes it", path)
		}
	}
}
