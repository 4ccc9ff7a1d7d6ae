package vault_test

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"golang.org/x/text/unicode/norm"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/sync/vault"
)

// A Mac has file names in another Unicode form than Linux. The vault is the same.
func TestAVaultIsTheSameInEachUnicodeForm(t *testing.T) {
	for name, form := range map[string]norm.Form{"NFC": norm.NFC, "NFD": norm.NFD} {
		t.Run(name, func(t *testing.T) {
			files := map[string]string{}
			for path, content := range map[string]string{
				"Café.md": "coffee", "Übung/Größe.md": "size", "가나다.md": "letters", "Bild ä.png": "pixels",
			} {
				files[form.String(path)] = content
			}
			dir := folder(t, files)
			v, err := vault.Open(t.Context(), dir, vault.Options{Cache: &vault.Cache{}})
			if err != nil {
				t.Fatal(err)
			}
			defer v.Close()
			if got := paths(v); !slices.Equal(got, []string{"Café.md", "Übung/Größe.md", "가나다.md"}) {
				t.Errorf("the notes are %q", got)
			}
			if len(v.Warnings()) != 0 {
				t.Errorf("warnings: %v", v.Warnings())
			}
			content, err := v.ReadNote(t.Context(), "Übung/Größe.md")
			if err != nil || content != "size" {
				t.Errorf("a note has %q: %v", content, err)
			}
			path, ok := v.FindAsset("Übung/Größe.md", norm.NFD.String("Bild ä.png"))
			if !ok || path != "Bild ä.png" {
				t.Fatalf("the file is found at %q: %v", path, ok)
			}
			if _, size, err := v.HashAsset(t.Context(), path); err != nil || size != 6 {
				t.Errorf("the file has %d bytes: %v", size, err)
			}
			file, err := v.OpenAsset(path)
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			if got, err := io.ReadAll(file); err != nil || string(got) != "pixels" {
				t.Errorf("the file has %q: %v", got, err)
			}
			if _, err := os.Stat(filepath.Join(dir, form.String("Café.md"))); err != nil {
				t.Errorf("the folder's own name is gone: %v", err)
			}
		})
	}
}

// Linux distinguishes two Unicode forms of one name. A server does not, and the two files must not
// be confused.
func TestOfTwoUnicodeFormsOfOneNameTheUsualOneIsTaken(t *testing.T) {
	dir := folder(t, map[string]string{norm.NFD.String("é.md"): "decomposed", "é.md": "composed"})
	v := open(t, dir)
	if got := v.Notes(); len(got) != 1 || got[0].Path != "é.md" || got[0].Hash != trip2g.ContentHash("composed") {
		t.Errorf("the notes are %+v", got)
	}
	if len(v.Warnings()) != 1 {
		t.Errorf("warnings: %v", v.Warnings())
	}
}
