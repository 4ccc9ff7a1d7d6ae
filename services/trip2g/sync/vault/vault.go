// Package vault reads a folder of notes, and the files that they refer to, from disk.
package vault

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"runtime"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/sync/errgroup"

	"trip2g/services/trip2g"
)

// DefaultMaxNoteSize is the default maximum size of a note (TRIP2G_MAX_NOTE_SIZE), in bytes.
const DefaultMaxNoteSize = trip2g.DefaultMaxNoteSize

// Options of a vault. The zero value contains the defaults.
type Options struct {
	MaxNoteSize int64  // bytes of a note's text; 0: DefaultMaxNoteSize
	Cache       *Cache // cache of earlier reads of the same folder; may be nil

	Exclude []string // patterns in the syntax of .gitignore: matches are excluded
	// Settings, if not nil, reads more patterns from the note trip2g.SettingsPath.
	Settings func(content string) (trip2g.PushRules, error)
}

// Vault is a folder at the time of Open. Nothing outside the folder is ever read, whatever links
// are in it. Its methods can be called concurrently.
type Vault struct {
	root        *os.Root
	maxNoteSize int64
	cache       *Cache
	notes       []trip2g.NotePath
	leftOut     []string
	files       index
	outside     index             // excluded files
	names       index             // the notes, without their extension
	excluded    map[string]string // rule by path of excluded notes and files
	onDisk      map[string]string // the folder's names by path, where the two differ
	warnings    []trip2g.Warning
}

// Open walks dir and reads every note once, for its hash. Notes are the .md and .html files. Paths
// are normalized by trip2g.NormalizePath. Open ignores names that start with a dot, node_modules,
// and what a rule excludes (see Excluded). It skips, with a warning, links to folders, links out of
// dir or to nowhere, special files, and notes whose name or size is invalid.
//
// It returns ENOTFOUND or EINVALID if dir is not a folder, and EINVALID with one field per
// unreadable file and invalid rule. The caller closes the vault.
func Open(ctx context.Context, dir string, o Options) (*Vault, error) {
	if o.MaxNoteSize == 0 {
		o.MaxNoteSize = DefaultMaxNoteSize
	}
	root, err := openFolder(dir)
	if err != nil {
		return nil, err
	}
	v := &Vault{root: root, maxNoteSize: o.MaxNoteSize, cache: o.Cache}
	if err := v.load(ctx, dir, o); err != nil {
		root.Close()
		return nil, err
	}
	return v, nil
}

// openFolder checks the file type before it opens the folder, because opening a named pipe blocks.
func openFolder(dir string) (*os.Root, error) {
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, trip2g.Errorf(trip2g.ENOTFOUND, "there is no folder %s: name the one that your notes are in", dir)
	case err != nil:
		return nil, trip2g.Errorf(trip2g.EINVALID, "the folder %s cannot be opened: %v", dir, cause(err))
	case !info.IsDir():
		return nil, trip2g.Errorf(trip2g.EINVALID, "%s is not a directory: name the folder that your notes are in", dir)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, trip2g.Errorf(trip2g.EINVALID, "the folder %s cannot be opened: %v", dir, cause(err))
	}
	return root, nil
}

// Close releases the folder.
func (v *Vault) Close() error { return v.root.Close() }

// name returns a file's name in the folder, which may have it in another Unicode form than its
// path.
func (v *Vault) name(path string) string {
	if name, differs := v.onDisk[path]; differs {
		return name
	}
	return path
}

// Notes returns the notes by path with Path and Hash. The caller must not change the list.
func (v *Vault) Notes() []trip2g.NotePath { return v.notes }

// LeftOut returns the paths of notes that cannot be published.
func (v *Vault) LeftOut() []string { return v.leftOut }

// Excluded returns the notes that a rule excludes, by path.
func (v *Vault) Excluded() (notes []trip2g.Exclusion) {
	for _, path := range slices.Sorted(maps.Keys(v.excluded)) {
		if isNote(path) {
			notes = append(notes, trip2g.Exclusion{Path: path, Rule: v.excluded[path]})
		}
	}
	return notes
}

// Warnings returns the warnings, by path.
func (v *Vault) Warnings() []trip2g.Warning { return v.warnings }

func (v *Vault) load(ctx context.Context, dir string, o Options) error {
	w := newWalk(v.root)
	w.loadRules(o)
	if err := w.folder(ctx, ".", nil); err != nil {
		return err
	}
	w.reportUnmatched()
	slices.Sort(w.notes)
	w.files.sort()
	w.outside.sort()
	w.names.sort()
	v.files, v.outside, v.names, v.excluded, v.onDisk = w.files, w.outside, w.names, w.excluded, w.onDisk
	maps.DeleteFunc(v.onDisk, func(path, name string) bool { return path == name })
	if err := v.hashNotes(ctx, w); err != nil {
		return err
	}
	w.warnAboutVariants(v.notes)
	v.warnings = w.sortedWarnings()
	return w.err(dir)
}

// hashNotes reads the notes, several at once because a disk processes requests concurrently.
func (v *Vault) hashNotes(ctx context.Context, w *walk) error {
	paths, f := w.notes, &w.findings
	found := make([]hashed, len(paths))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(2 * runtime.GOMAXPROCS(0))
	for i, path := range paths {
		group.Go(func() error {
			found[i] = v.hashNote(ctx, path)
			return ctx.Err()
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for i, path := range paths {
		h := found[i]
		if picture, ok := v.exportOf(path, h.drawing); ok && !w.kept[path] {
			v.excluded[path] = "Excalidraw drawing, exported to " + picture
			continue
		}
		if h.warning.Text != "" {
			f.warn(h.warning)
		}
		switch {
		case trip2g.ErrorCode(h.err) == trip2g.ETOOLARGE:
			f.leaveOut(path, trip2g.ErrorMessage(h.err))
			v.leftOut = append(v.leftOut, path)
		case errors.Is(h.err, fs.ErrNotExist): // removed since its name was read
		case h.err != nil:
			f.fault(path, "%s", errorText(h.err))
		default:
			v.notes = append(v.notes, trip2g.NotePath{Path: path, Hash: h.hash})
		}
	}
	return nil
}

// hashed is the result of reading a note. Texts are not kept, because a vault can be larger than
// memory.
type hashed struct {
	hash    string
	warning trip2g.Warning // Text is "" if there is none
	drawing bool           // it is the source of a drawing of Excalidraw
	err     error
}

func (v *Vault) hashNote(ctx context.Context, path string) hashed {
	return cached(v, path, func() (hashed, error) {
		read, err := v.readText(ctx, path)
		return hashed{trip2g.ContentHash(read.content), read.warning, isDrawing(path, read.content), err}, err
	})
}

// cause returns the operating system's error, without the call and path that package os adds.
func cause(err error) error {
	if pathErr := (*fs.PathError)(nil); errors.As(err, &pathErr) {
		return pathErr.Err
	}
	return err
}

// readError returns err as an error of a file. Errors of the context are returned as they are.
func readError(path string, err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return &trip2g.Error{Code: trip2g.EINVALID, Message: displayPath(path) + " cannot be read", Err: cause(err)}
}

// errorText returns the text of an error for a list of files.
func errorText(err error) string {
	if trip2g.ErrorCode(err) != trip2g.EINTERNAL {
		return trip2g.ErrorMessage(err)
	}
	return fmt.Sprintf("cannot be read: %v", cause(err))
}

// isNote reports whether a path has the file extension of a note, as trip2g.ValidatePath does.
func isNote(path string) bool {
	path = strings.ToLower(path)
	return strings.HasSuffix(path, ".md") || strings.HasSuffix(path, ".html")
}

// displayPath returns a path with control characters and invalid bytes escaped.
func displayPath(path string) string {
	if strings.ContainsFunc(path, func(r rune) bool { return unicode.IsControl(r) || r == unicode.ReplacementChar }) {
		return fmt.Sprintf("%q", path)
	}
	return path
}
