// Package vault makes vaults to measure with: the same ones from the same seed, and like those that
// people keep. Notes lie in a tree of folders, link to each other (a few of them very often), embed
// images and each other, carry tags and frontmatter, are written in several scripts, and are mostly
// short: 200 B to 100 KB, 3 KB on average.
package vault

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"strings"

	"trip2g/services/trip2g"
)

// Bounds of a note's text in bytes. Sizes are log-normal between them; with this median and spread
// their mean is 3 KB.
const (
	minSize    = 200
	maxSize    = 100 << 10
	medianSize = 1650
	sizeSpread = 1.1 // standard deviation of the size's natural logarithm
)

// maxImages bounds the images of a vault: a large one embeds the same ones more often.
const maxImages = 200

// OnePage is the path of the note whose page is 28 KB of HTML; every vault has it.
const OnePage = "One page.md"

// File is a file of a vault.
type File struct {
	Path    string // "/"-separated
	Content []byte
}

// Vault is a vault that is made piece by piece, so that a large one need not be in memory. It can
// be used from many goroutines.
type Vault struct {
	seed   uint64
	paths  []string // of the notes
	images int
}

// Generate plans a vault of so many notes, at least 2: the start page, the note at OnePage, and others.
// A vault with more notes from the same seed has the same paths first.
func Generate(seed uint64, notes int) *Vault {
	if notes < 2 {
		panic(fmt.Sprintf("a vault of %d notes has no place for its start page and %s", notes, OnePage))
	}
	return &Vault{seed: seed, paths: notePaths(seed, notes), images: min(1+notes/20, maxImages)}
}

// Len gives the number of notes.
func (v *Vault) Len() int { return len(v.paths) }

// Path gives the path of note i.
func (v *Vault) Path(i int) string { return v.paths[i] }

// URL gives the address of the page of note i, unescaped. No two notes want the same.
func (v *Vault) URL(i int) string {
	url, _ := trip2g.NoteURL(v.paths[i], "")
	return url
}

// Note makes note i.
func (v *Vault) Note(i int) File {
	if v.paths[i] == OnePage {
		return File{OnePage, []byte(onePage())}
	}
	r := random(v.seed, noteText, uint64(i))
	w := &writer{Rand: r, vault: v, script: scripts[scriptOf(i)]}
	size := int(medianSize * math.Exp(r.NormFloat64()*sizeSpread))
	return File{v.paths[i], []byte(w.note(name(v.paths[i]), min(max(size, minSize), maxSize)))}
}

// Images gives the number of images.
func (v *Vault) Images() int { return v.images }

// Image makes image i, a PNG of 1 to 50 KB.
func (v *Vault) Image(i int) File {
	return File{imagePath(i), picture(random(v.seed, imagePixels, uint64(i)))}
}

// Write writes the vault into a folder, which it makes, and tells the size of the notes' texts in bytes.
func (v *Vault) Write(dir string) (text int64, err error) {
	folders := make(map[string]bool)
	write := func(f File) error {
		to := filepath.Join(dir, filepath.FromSlash(f.Path))
		if folder := filepath.Dir(to); !folders[folder] {
			if err := os.MkdirAll(folder, 0o755); err != nil {
				return err
			}
			folders[folder] = true
		}
		return os.WriteFile(to, f.Content, 0o644)
	}
	for i := range v.paths {
		note := v.Note(i)
		text += int64(len(note.Content))
		if err := write(note); err != nil {
			return 0, fmt.Errorf("write the vault: %w", err)
		}
	}
	for i := range v.images {
		if err := write(v.Image(i)); err != nil {
			return 0, fmt.Errorf("write the vault: %w", err)
		}
	}
	return text, nil
}

// What a random stream is for: each has its own, so that any part of a vault can be made alone.
const (
	notePath uint64 = iota << 56
	noteText
	imagePixels
)

func random(seed, purpose, i uint64) *rand.Rand {
	return rand.New(rand.NewPCG(seed, purpose|i))
}

// name is what a wikilink calls a note.
func name(notePath string) string {
	base := path.Base(notePath)
	return strings.TrimSuffix(base, path.Ext(base))
}

func imagePath(i int) string { return fmt.Sprintf("attachments/image %03d.png", i) }
