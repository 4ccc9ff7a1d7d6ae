package vault_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/sync/vault"
)

// folder makes a folder with files, named by their paths.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		write(t, filepath.Join(dir, name), content)
	}
	return dir
}

func write(t *testing.T, name, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func open(t *testing.T, dir string) *vault.Vault {
	t.Helper()
	v, err := vault.Open(t.Context(), dir, vault.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { v.Close() })
	return v
}

func paths(v *vault.Vault) (out []string) {
	for _, n := range v.Notes() {
		out = append(out, n.Path)
	}
	return out
}

func warnings(v *vault.Vault) map[string]string {
	out := map[string]string{}
	for _, w := range v.Warnings() {
		out[w.Path] = w.Text
	}
	return out
}

func TestNotesAreFoundAndNothingElse(t *testing.T) {
	dir := folder(t, map[string]string{
		"index.md": "a", "b/Deep note.md": "b", "b/page.HTML": "c", "Größe.MD": "d", "_templates/Daily.md": "e",
		"picture.png": "no note", "md": "no note", ".md": "hidden", ".obsidian/workspace.md": "hidden",
		".git/description.md": "hidden", "b/.trash/old.md": "hidden", "node_modules/pkg/README.md": "not ours",
	})
	v := open(t, dir)
	want := []string{"Größe.MD", "_templates/Daily.md", "b/Deep note.md", "b/page.HTML", "index.md"}
	if diff := cmp.Diff(want, paths(v)); diff != "" {
		t.Error(diff)
	}
	for _, n := range v.Notes() {
		content, err := v.ReadNote(t.Context(), n.Path)
		if err != nil || trip2g.ContentHash(content) != n.Hash {
			t.Errorf("%s is %q with hash %s, %v", n.Path, content, n.Hash, err)
		}
	}
	if len(v.Warnings()) != 0 {
		t.Errorf("a good folder warns: %v", v.Warnings())
	}
}

func TestWhatIsNoFolderIsNamed(t *testing.T) {
	dir := folder(t, map[string]string{"note.md": "a"})
	for path, code := range map[string]string{
		filepath.Join(dir, "nowhere"): trip2g.ENOTFOUND,
		filepath.Join(dir, "note.md"): trip2g.EINVALID,
	} {
		_, err := vault.Open(t.Context(), path, vault.Options{})
		if trip2g.ErrorCode(err) != code || !strings.Contains(err.Error(), path) || len(trip2g.ErrorFields(err)) != 0 {
			t.Errorf("open %s: %v", path, err)
		}
	}
}

// TestWhatNoServerTakesIsLeftOutWithAWord has names and sizes that a text editor can save but a
// server rejects.
func TestWhatNoServerTakesIsLeftOutWithAWord(t *testing.T) {
	dir := folder(t, map[string]string{
		"good.md":        "good",
		"back\\slash.md": "a",
		"line\nbreak.md": "b",
		"bad\xff.md":     "c",
		"large.md":       strings.Repeat("x", 101),
		"wide.md":        "\xFF\xFE" + strings.Repeat("x\x00", 101),
	})
	v, err := vault.Open(t.Context(), dir, vault.Options{MaxNoteSize: 100})
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	if got := paths(v); !slices.Equal(got, []string{"good.md"}) || !slices.Equal(v.LeftOut(), []string{"large.md", "wide.md"}) {
		t.Errorf("notes %q, left out %q", got, v.LeftOut())
	}
	got := warnings(v)
	for name, want := range map[string]string{
		"back\\slash.md": "backslash", `"line\nbreak.md"`: "control character", `"bad\xff.md"`: "UTF-8",
		"large.md": "101 bytes", "wide.md": "204 bytes",
	} {
		if !strings.Contains(got[name], want) || !strings.HasSuffix(got[name], "it is skipped") {
			t.Errorf("%s: %q does not say %q", name, got[name], want)
		}
	}
}

func TestALargeNoteIsTakenUpToTheLimit(t *testing.T) {
	dir := folder(t, map[string]string{"exact.md": strings.Repeat("x", 100), "wide.md": "\xFE\xFF" + strings.Repeat("\x00x", 100)})
	v, err := vault.Open(t.Context(), dir, vault.Options{MaxNoteSize: 100})
	if err != nil {
		t.Fatal(err)
	}
	v.Close()
}

func TestEncodingsBecomeUTF8AndTheFileStays(t *testing.T) {
	const utf16 = "\xFF\xFEG\x00r\x00\xfc\x00\xdf\x00e\x00"
	dir := folder(t, map[string]string{
		"plain.md":   "Grüße",
		"bom.md":     "\xEF\xBB\xBF---\ntitle: x\n---",
		"little.md":  utf16,
		"big.md":     "\xFE\xFF\x00G\x00r\x00\xfc\x00\xdf\x00e",
		"latin1.md":  "fine\nGr\xfc\xdfe\nfine\n\xe4",
		"surr.md":    "\xFE\xFF\x00a\x00\n\xD8\x00\x00b",
		"nul.md":     "a\x00b",
		"empty.md":   "",
		"onlybom.md": "\xEF\xBB\xBF",
	})
	v := open(t, dir)
	got := map[string]string{}
	for _, n := range v.Notes() {
		content, err := v.ReadNote(t.Context(), n.Path)
		if err != nil || trip2g.ContentHash(content) != n.Hash {
			t.Errorf("%s has another hash than its text: %v", n.Path, err)
		}
		got[n.Path] = content
	}
	want := map[string]string{
		"plain.md": "Grüße", "bom.md": "---\ntitle: x\n---", "little.md": "Grüße", "big.md": "Grüße",
		"latin1.md": "fine\nGr\uFFFDe\nfine\n\uFFFD", "surr.md": "a\n\uFFFDb", "nul.md": "a\x00b", "empty.md": "", "onlybom.md": "",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	lines := map[string]int{}
	for _, w := range v.Warnings() {
		lines[w.Path] = w.Line
	}
	if diff := cmp.Diff(map[string]int{"latin1.md": 2, "surr.md": 2}, lines); diff != "" {
		t.Error(diff)
	}
	if !strings.Contains(warnings(v)["latin1.md"], "one more line") {
		t.Errorf("the second broken line is not counted: %s", warnings(v)["latin1.md"])
	}
	if raw, err := os.ReadFile(filepath.Join(dir, "little.md")); err != nil || string(raw) != utf16 {
		t.Errorf("the file was changed: %q, %v", raw, err)
	}
}

func TestVariantsOfOnePathAreBothTakenWithAWarning(t *testing.T) {
	dir := folder(t, map[string]string{"Note.md": "a", "note.md": "b", "other.md": "e"})
	v := open(t, dir)
	if len(v.Notes()) != 3 {
		t.Errorf("notes: %q", paths(v))
	}
	got := warnings(v)
	if len(got) != 1 || !strings.Contains(got["note.md"], `"Note.md"`) {
		t.Errorf("warnings: %v", got)
	}
}

func TestANoteThatIsGoneIsToldApart(t *testing.T) {
	dir := folder(t, map[string]string{"a.md": "a"})
	v := open(t, dir)
	if err := os.Remove(filepath.Join(dir, "a.md")); err != nil {
		t.Fatal(err)
	}
	if _, err := v.ReadNote(t.Context(), "a.md"); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

func TestNothingIsReadAfterTheEnd(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := vault.Open(ctx, folder(t, map[string]string{"a.md": "a"}), vault.Options{}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestTwoSavesOfANoteAreNeverMixed has an editor save a note repeatedly, each time with another
// letter, by truncating the file and writing it in pieces.
func TestTwoSavesOfANoteAreNeverMixed(t *testing.T) {
	dir := folder(t, map[string]string{"a.md": strings.Repeat("a", 100_000)})
	v := open(t, dir)
	name := filepath.Join(dir, "a.md")
	ctx, cancel := context.WithCancel(t.Context())
	saved := make(chan struct{})
	go func() {
		defer close(saved)
		for i := 0; ctx.Err() == nil; i++ {
			f, err := os.Create(name)
			if err != nil {
				t.Error(err)
				return
			}
			for range 10 {
				f.WriteString(strings.Repeat(string(rune('a'+i%26)), 10_000))
			}
			f.Close()
			time.Sleep(time.Millisecond) // a pause between saves, so that some reads succeed
		}
	}()
	for range 200 {
		content, err := v.ReadNote(ctx, "a.md")
		if trip2g.ErrorCode(err) == trip2g.ECONFLICT {
			continue
		}
		if err != nil || strings.Trim(content, content[:min(1, len(content))]) != "" {
			t.Fatalf("read %d bytes from two saves, %v", len(content), err)
		}
	}
	cancel()
	<-saved
}

func TestReferencesAreFoundAsInObsidian(t *testing.T) {
	v := open(t, folder(t, map[string]string{
		"trips/japan.md": "", "trips/a.png": "", "a.png": "", "img/b.png": "", "very/deep/img/b.png": "", "img/only.pdf": "",
		"trips/my image.png": "", "100%.png": "", "Photo.JPG": "", "caf\u00e9.png": "", "what?.png": "", "img/c#.png": "", "x/same.png": "", "yy/same.png": "",
	}))
	for ref, want := range map[string]string{
		"a.png":            "trips/a.png",
		"/a.png":           "a.png",
		"../a.png":         "a.png",
		"./a.png":          "trips/a.png",
		"img/b.png":        "img/b.png",
		"../img/b.png":     "img/b.png",
		"b.png":            "img/b.png",
		"deep/img/b.png":   "very/deep/img/b.png",
		"only.pdf#page=3":  "img/only.pdf",
		"my%20image.png":   "trips/my image.png",
		"my image.png":     "trips/my image.png",
		"100%.png":         "100%.png",
		"100%25.png":       "100%.png",
		"photo.jpg":        "Photo.JPG",
		"cafe\u0301.png":   "caf\u00e9.png",
		"what?.png":        "what?.png",
		"c#.png":           "img/c#.png",
		"same.png":         "x/same.png",
		"../../a.png":      "",
		"../../../etc/pwd": "",
		"nothing.png":      "",
		"g/b.png":          "",
		"japan.md":         "",
		"":                 "",
		".":                "",
		"#heading":         "",
	} {
		got, ok := v.FindAsset("trips/japan.md", ref)
		if got != want || ok != (want != "") {
			t.Errorf("%q is %q, want %q", ref, got, want)
		}
	}
}

func TestAFileIsHashedAndRead(t *testing.T) {
	dir := folder(t, map[string]string{"a.bin": "abc", "b.bin": ""})
	v := open(t, dir)
	hash, size, err := v.HashAsset(t.Context(), "a.bin")
	if hash != "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" || size != 3 || err != nil {
		t.Errorf("hash %s, %d bytes, %v", hash, size, err) // FIPS 180-4's example
	}
	f, err := v.OpenAsset("a.bin")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if content, err := io.ReadAll(f); string(content) != "abc" || err != nil {
		t.Errorf("read %q, %v", content, err)
	}
	if err := os.Remove(filepath.Join(dir, "b.bin")); err != nil {
		t.Fatal(err)
	}
	if _, _, err := v.HashAsset(t.Context(), "b.bin"); !errors.Is(err, os.ErrNotExist) || trip2g.ErrorCode(err) != trip2g.EINVALID || !strings.Contains(err.Error(), "b.bin") {
		t.Errorf("a file that is gone: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := v.HashAsset(ctx, "a.bin"); !errors.Is(err, context.Canceled) {
		t.Errorf("after the end: %v", err)
	}
}
