// Package vault generates vaults for measurements: identical for the same seed, and similar to
// those of real users. Notes are in a tree of folders, link to each other (to a few very often),
// embed images and each other, have tags and frontmatter, are written in several scripts, and are
// mostly short: 200 B to 100 KB, 3 KB on average.
package vault

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"trip2g/services/trip2g"
)

// Limits of a note's text in bytes. Sizes are log-normal between them; with this median and spread,
// the mean is 3 KB.
const (
	minSize    = 200
	maxSize    = 100 << 10
	medianSize = 1650
	sizeSpread = 1.1 // standard deviation of the size's natural logarithm
)

// A vault has an image for every 20 notes, and at most 500, so that the text grows. Half of the
// images are embedded in two notes.
const (
	notesPerImage = 20
	maxImages     = 500
)

// OnePage is the path of the note whose page is 28 KB of HTML; every vault has it.
const OnePage = "One page.md"

// File is a file of a vault.
type File struct {
	Path    string // "/"-separated
	Content []byte
}

// Vault generates each file on request, so that a large vault need not be in memory. It can be used
// by several goroutines.
type Vault struct {
	seed   uint64
	paths  []string // of the notes
	images int
}

// Generate returns a vault with that many notes, at least 2: the home page, the note at OnePage,
// and others. A vault with more notes from the same seed starts with the same paths.
func Generate(seed uint64, notes int) *Vault {
	if notes < 2 {
		panic(fmt.Sprintf("a vault of %d notes has no place for its start page and %s", notes, OnePage))
	}
	return &Vault{seed: seed, paths: notePaths(seed, notes), images: min(1+notes/notesPerImage, maxImages)}
}

// Len returns the number of notes.
func (v *Vault) Len() int { return len(v.paths) }

// Path returns the path of note i.
func (v *Vault) Path(i int) string { return v.paths[i] }

// URL returns the unescaped URL path of note i. All URLs are distinct.
func (v *Vault) URL(i int) string {
	url, _ := trip2g.NoteURL(v.paths[i], "")
	return url
}

// Note generates note i.
func (v *Vault) Note(i int) File {
	if v.paths[i] == OnePage {
		return File{OnePage, []byte(onePage())}
	}
	r := random(v.seed, noteText, uint64(i))
	w := &writer{Rand: r, vault: v, script: scripts[scriptOf(i)]}
	size := int(medianSize * math.Exp(r.NormFloat64()*sizeSpread))
	w.note(name(v.paths[i]), min(max(size, minSize), maxSize))
	if image, ok := v.imageOf(i); ok {
		w.image(image)
	}
	return File{v.paths[i], []byte(w.String())}
}

// imageOf returns the image that note i embeds, if any. An image is embedded once or twice.
func (v *Vault) imageOf(i int) (image int, ok bool) {
	embedding := v.images * 3 / 2
	every := max(1, len(v.paths)/embedding)
	if i%every != every-1 || i/every >= embedding {
		return 0, false
	}
	return i / every % v.images, true
}

// Images returns the number of images.
func (v *Vault) Images() int { return v.images }

// Image generates image i, a PNG of 1 to 50 KB.
func (v *Vault) Image(i int) File {
	return File{imagePath(i), picture(random(v.seed, imagePixels, uint64(i)))}
}

// Write creates a folder with the vault and returns the size of the notes' texts in bytes.
func (v *Vault) Write(dir string) (text int64, err error) {
	for folder := range v.folders() {
		if err := os.MkdirAll(filepath.Join(dir, filepath.FromSlash(folder)), 0o755); err != nil {
			return 0, fmt.Errorf("write the vault: %w", err)
		}
	}
	write := func(f File) error {
		return os.WriteFile(filepath.Join(dir, filepath.FromSlash(f.Path)), f.Content, 0o644)
	}
	var sum atomic.Int64
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i := range v.paths {
		group.Go(func() error {
			note := v.Note(i)
			sum.Add(int64(len(note.Content)))
			return write(note)
		})
	}
	for i := range v.images {
		group.Go(func() error { return write(v.Image(i)) })
	}
	if err := group.Wait(); err != nil {
		return 0, fmt.Errorf("write the vault: %w", err)
	}
	return sum.Load(), nil
}

// folders returns the folders of all files, each once.
func (v *Vault) folders() map[string]bool {
	folders := map[string]bool{path.Dir(imagePath(0)): true}
	for _, p := range v.paths {
		folders[path.Dir(p)] = true
	}
	return folders
}

// Purposes of random streams: each has its own, so that any part of a vault can be generated alone.
const (
	notePath uint64 = iota << 56
	noteText
	imagePixels
)

func random(seed, purpose, i uint64) *rand.Rand {
	return rand.New(rand.NewPCG(seed, purpose|i))
}

// name returns the name of a note in a wikilink.
func name(notePath string) string {
	base := path.Base(notePath)
	return strings.TrimSuffix(base, path.Ext(base))
}

func imagePath(i int) string { return fmt.Sprintf("attachments/image %03d.png", i) }
