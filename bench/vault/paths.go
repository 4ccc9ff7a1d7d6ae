package vault

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"trip2g/services/trip2g"
)

const (
	notesInFolder = 20 // on average
	topFolders    = 8  // of the vault's root, which has few notes of its own
	deepest       = 4  // the maximum depth of a note in folders
)

// notePaths returns the paths of the notes: the home page, OnePage, and others in a tree of
// folders. Each has its own URL.
func notePaths(seed uint64, notes int) []string {
	r := random(seed, notePath, 0)
	paths := append(make([]string, 0, notes), "index.md", OnePage)
	taken := make(map[string]bool, notes)
	for _, p := range paths {
		taken[address(p)] = true
	}
	folders := make([]string, topFolders)
	for i := range folders {
		folders[i] = title(r, scripts[scriptOf(i)]) + "/"
	}
	for i := len(paths); i < notes; i++ {
		script := scripts[scriptOf(i)]
		if r.IntN(notesInFolder) == 0 {
			folders = append(folders, folder(r, folders, script))
		}
		stem := folders[r.IntN(len(folders))] + title(r, script)
		p := stem + ".md"
		if taken[address(p)] {
			p = fmt.Sprintf("%s %d.md", stem, i)
		}
		taken[address(p)] = true
		paths = append(paths, p)
	}
	return paths
}

func address(notePath string) string {
	url, _ := trip2g.NoteURL(notePath, "")
	return url
}

// folder returns a new folder in an existing one.
func folder(r *rand.Rand, folders []string, s script) string {
	parent := folders[r.IntN(len(folders))]
	if strings.Count(parent, "/") == deepest {
		parent = folders[r.IntN(topFolders)]
	}
	return parent + title(r, s) + "/"
}

// title returns a name of two to four words, sometimes with an emoji or a date.
func title(r *rand.Rand, s script) string {
	words := make([]string, 2+r.IntN(3))
	for i := range words {
		words[i] = s.word(r)
	}
	t := capitalized(strings.Join(words, s.space))
	switch r.IntN(20) {
	case 0:
		t = emoji[r.IntN(len(emoji))] + " " + t
	case 1:
		t = fmt.Sprintf("20%02d-%02d-%02d %s", 10+r.IntN(16), 1+r.IntN(12), 1+r.IntN(28), t)
	case 2:
		t += " (" + s.word(r) + ")"
	}
	return t
}

// scriptOf returns the script of note i. Of ten notes, six are Latin, two Cyrillic, one Chinese or
// Japanese, and one Arabic.
func scriptOf(i int) int {
	return [...]int{latin, latin, cyrillic, latin, cjk, latin, cyrillic, latin, arabic, latin}[i%10]
}
