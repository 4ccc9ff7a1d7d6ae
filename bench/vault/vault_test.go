package vault_test

import (
	"bytes"
	"os"
	"path"
	"path/filepath"
	"testing"
	"unicode"

	"trip2g/bench/vault"
	"trip2g/services/trip2g"
	"trip2g/services/trip2g/content/markdown"
)

const seed = 1

// Otherwise two runs would measure different vaults, and their figures could not be compared.
func TestTheSameSeedMakesTheSameVault(t *testing.T) {
	a, b := vault.Generate(seed, 500), vault.Generate(seed, 500)
	for i := range a.Len() {
		// In another order: a note does not depend on those generated before it.
		j := a.Len() - 1 - i
		x, y := a.Note(j), b.Note(j)
		if x.Path != y.Path || !bytes.Equal(x.Content, b.Note(j).Content) {
			t.Fatalf("note %d differs: %s and %s", j, x.Path, y.Path)
		}
	}
	for i := range a.Images() {
		if !bytes.Equal(a.Image(i).Content, b.Image(i).Content) {
			t.Fatalf("image %d differs", i)
		}
	}
	if bytes.Equal(a.Note(0).Content, vault.Generate(seed+1, 500).Note(0).Content) {
		t.Error("another seed makes the same note")
	}
}

// Otherwise a push of the vault would fail, or a page be at another address than the bench
// requests.
func TestEveryNoteCanBePublishedAtItsOwnAddress(t *testing.T) {
	v := vault.Generate(seed, 3000)
	notes := make(map[string]string)
	for i := range v.Len() {
		if err := trip2g.ValidatePath(v.Path(i)); err != nil {
			t.Errorf("%q: %v", v.Path(i), err)
		}
		url := v.URL(i)
		if other, taken := notes[url]; taken || url == "" {
			t.Errorf("%q and %q both want the address %q", v.Path(i), other, url)
		}
		notes[url] = v.Path(i)
	}
}

// Otherwise its page would be larger in a larger vault, because of its backlinks, and not have 28
// KB.
func TestNothingLinksToTheOnePage(t *testing.T) {
	v := vault.Generate(seed, 300)
	for i := range v.Len() {
		if n := v.Note(i); n.Path != vault.OnePage && bytes.Contains(n.Content, []byte("[[One page")) {
			t.Errorf("%s links to it", n.Path)
		}
	}
}

// Otherwise the figures would not apply to real vaults.
func TestAVaultLooksLikeARealOne(t *testing.T) {
	v := vault.Generate(seed, 1000)
	var sum, links, frontmatter int
	images := map[string]int{}
	scripts := map[string]*unicode.RangeTable{"Latin": unicode.Latin, "Cyrillic": unicode.Cyrillic, "Han": unicode.Han, "Arabic": unicode.Arabic}
	for i := range v.Len() {
		note := v.Note(i)
		if len(note.Content) < 200 || len(note.Content) > 110<<10 {
			t.Errorf("%s has %d bytes", note.Path, len(note.Content))
		}
		sum += len(note.Content)
		links += bytes.Count(note.Content, []byte("[["))
		for _, ref := range markdown.Parse(note.Path, string(note.Content)).AssetRefs {
			images[path.Base(ref)]++
		}
		if bytes.HasPrefix(note.Content, []byte("---\n")) {
			frontmatter++
		}
		for name, table := range scripts {
			if bytes.ContainsFunc(note.Content, func(r rune) bool { return unicode.Is(table, r) }) {
				delete(scripts, name)
			}
		}
	}
	if mean := sum / v.Len(); mean < 2500 || mean > 3500 {
		t.Errorf("a note has %d bytes on average, want about 3 KB", mean)
	}
	if links < 3*v.Len() || frontmatter < v.Len()/5 {
		t.Errorf("%d notes have %d links, and %d have frontmatter", v.Len(), links, frontmatter)
	}
	for i := range v.Images() {
		if n := images[path.Base(v.Image(i).Path)]; n != 1 && n != 2 {
			t.Errorf("%s is embedded %d times", v.Image(i).Path, n)
		}
	}
	for name := range scripts {
		t.Errorf("no note is in %s letters", name)
	}
}

// Otherwise a file that a note embeds would be missing after a push.
func TestWriteWritesWhatNotesReferTo(t *testing.T) {
	dir := t.TempDir()
	v := vault.Generate(seed, 50)
	text, err := v.Write(dir)
	if err != nil {
		t.Fatal(err)
	}
	var want int64
	for i := range v.Len() {
		note := v.Note(i)
		want += int64(len(note.Content))
		compare(t, dir, note)
	}
	for i := range v.Images() {
		compare(t, dir, v.Image(i))
	}
	if text != want {
		t.Errorf("Write says that the notes have %d bytes, they have %d", text, want)
	}
}

func compare(t *testing.T, dir string, want vault.File) {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(dir, want.Path))
	if err != nil || !bytes.Equal(content, want.Content) {
		t.Errorf("%s: %d bytes on disk, %d made, %v", want.Path, len(content), len(want.Content), err)
	}
}
