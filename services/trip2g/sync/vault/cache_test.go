package vault_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/sync/vault"
)

// TestASecondLookReadsWhatHasChanged changes a note in ways that each leave a part of its file
// information unchanged.
func TestASecondLookReadsWhatHasChanged(t *testing.T) {
	long := time.Now().Add(-time.Hour).Truncate(time.Second)
	age := func(t *testing.T, name string) {
		t.Helper()
		if err := os.Chtimes(name, long, long); err != nil {
			t.Fatal(err)
		}
	}
	for name, change := range map[string]func(t *testing.T, note string){
		"another size": func(t *testing.T, note string) { write(t, note, "longer"); age(t, note) },
		"another time": func(t *testing.T, note string) { write(t, note, "two") },
		"another file of the same size and time": func(t *testing.T, note string) {
			write(t, note+"~", "two")
			age(t, note+"~")
			if err := os.Rename(note+"~", note); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := folder(t, map[string]string{"a.md": "one", "b.md": "b", "pic.png": "one"})
			note, picture := filepath.Join(dir, "a.md"), filepath.Join(dir, "pic.png")
			age(t, note)
			age(t, picture)
			cache := &vault.Cache{}
			look := func() (note, file string) {
				v, err := vault.Open(t.Context(), dir, vault.Options{Cache: cache})
				if err != nil {
					t.Fatal(err)
				}
				defer v.Close()
				file, _, err = v.HashAsset(t.Context(), "pic.png")
				if err != nil || len(v.Notes()) != 2 {
					t.Fatal(v.Notes(), err)
				}
				return v.Notes()[0].Hash, file
			}
			before, picBefore := look()
			if again, picAgain := look(); again != before || before != trip2g.ContentHash("one") || picAgain != picBefore {
				t.Errorf("the second look gives %s, %s", again, picAgain)
			}
			change(t, note)
			change(t, picture)
			content, err := os.ReadFile(note)
			if err != nil {
				t.Fatal(err)
			}
			if after, picAfter := look(); after != trip2g.ContentHash(string(content)) || picAfter == picBefore {
				t.Errorf("after the change a look gives %s, %s", after, picAfter)
			}
		})
	}
}

// TestAChangeRightAfterALookIsSeen writes notes within one step of the file system's clock.
func TestAChangeRightAfterALookIsSeen(t *testing.T) {
	dir := folder(t, map[string]string{"a.md": "0"})
	note := filepath.Join(dir, "a.md")
	cache := &vault.Cache{}
	at := time.Now()
	for i := range 10 {
		content := string(rune('0' + i))
		write(t, note, content)
		if err := os.Chtimes(note, at, at); err != nil {
			t.Fatal(err)
		}
		v, err := vault.Open(t.Context(), dir, vault.Options{Cache: cache})
		if err != nil {
			t.Fatal(err)
		}
		v.Close()
		if v.Notes()[0].Hash != trip2g.ContentHash(content) {
			t.Fatalf("look %d gives what was there before", i)
		}
	}
}
