// Package vault reads a vault from disk: a folder of notes and the files that they refer to.
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

// DefaultMaxNoteSize is the largest note that a server takes unless it is set otherwise
// (TRIP2G_MAX_NOTE_SIZE), in bytes.
const DefaultMaxNoteSize = 16 << 20

// Options of a vault. The zero value is good.
type Options struct {
	MaxNoteSize int64  // bytes of a note's text; 0: DefaultMaxNoteSize
	Cache       *Cache // what earlier looks at the same folder have found; nil: nothing

	Exclude []string // patterns in the syntax of .gitignore: what matches stays out of a push
	// Settings reads more patterns from the text of the note trip2g.SettingsPath; nil: there are none.
	Settings func(content string) (trip2g.PushRules, error)
}

// Vault is a folder as it was found by Open. Nothing outside the folder is ever read, whatever
// links are in it. Its methods can be called from many goroutines.
type Vault struct {
	root        *os.Root
	maxNoteSize int64
	cache       *Cache
	notes       []trip2g.NotePath
	leftOut     []string
	files       index
	outside     index             // the files that stay out of a push
	names       index             // the notes, without their ending
	excluded    map[string]string // notes and files that stay out of a push: the rule
	onDisk      map[string]string // the names of notes and files in the folder, by path, where the two differ
	warnings    []trip2g.Warning
}

// Open walks dir and reads every note once, for its hash. Notes are the .md and .html files. Paths are in
// the form of trip2g.NormalizePath, whichever form the folder's names have.
// Left out are names that start with a dot, what is named node_modules, what a rule keeps out of a
// push (see Excluded), and with a warning: links to folders, links that lead out of dir or nowhere,
// what is no regular file, and notes whose name or size no server takes.
//
// ENOTFOUND or EINVALID if dir is no folder. Else EINVALID with one field for each file that cannot
// be read and each rule that is wrong. The caller closes the vault.
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

// openFolder looks before it opens: opening a named pipe would wait for its other end.
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

// Close ends the use of the folder.
func (v *Vault) Close() error { return v.root.Close() }

// name returns a file's name in the folder, which may have it in another Unicode form than its path.
func (v *Vault) name(path string) string {
	if name, differs := v.onDisk[path]; differs {
		return name
	}
	return path
}

// Notes lists the notes by path, each with the Hash of what ReadNote gave for it; ID, Content and
// Assets are empty. The caller must not change the list.
func (v *Vault) Notes() []trip2g.NotePath { return v.notes }

// LeftOut lists the paths of the notes that are in the folder and cannot be published as they are.
func (v *Vault) LeftOut() []string { return v.leftOut }

// Excluded lists the notes that a rule keeps out of a push, by path.
func (v *Vault) Excluded() (notes []trip2g.Exclusion) {
	for _, path := range slices.Sorted(maps.Keys(v.excluded)) {
		if isNote(path) {
			notes = append(notes, trip2g.Exclusion{Path: path, Rule: v.excluded[path]})
		}
	}
	return notes
}

// Warnings tells what was left out or could not be taken as it is, by path.
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

// hashNotes reads the notes that were found, several at once because a disk answers many
// questions in the time of one.
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
			f.fault(path, "%s", plain(h.err))
		default:
			v.notes = append(v.notes, trip2g.NotePath{Path: path, Hash: h.hash})
		}
	}
	return nil
}

// hashed is what is kept of a note that was read: a vault may be larger than memory.
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

// cause gives what the operating system said, without the call and the path that os adds.
func cause(err error) error {
	if pathErr := (*fs.PathError)(nil); errors.As(err, &pathErr) {
		return pathErr.Err
	}
	return err
}

// unreadable is a file's failure; the context's own errors stay as they are.
func unreadable(path string, err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return &trip2g.Error{Code: trip2g.EINVALID, Message: shown(path) + " cannot be read", Err: cause(err)}
}

// plain is an error's text for a list that names the file beside it.
func plain(err error) string {
	if trip2g.ErrorCode(err) != trip2g.EINTERNAL {
		return trip2g.ErrorMessage(err)
	}
	return fmt.Sprintf("cannot be read: %v", cause(err))
}

// isNote tells notes from other files by their ending, as trip2g.ValidatePath does.
func isNote(path string) bool {
	path = strings.ToLower(path)
	return strings.HasSuffix(path, ".md") || strings.HasSuffix(path, ".html")
}

// shown is a path as a list may show it: control characters and broken bytes as escapes.
func shown(path string) string {
	if strings.ContainsFunc(path, func(r rune) bool { return unicode.IsControl(r) || r == unicode.ReplacementChar }) {
		return fmt.Sprintf("%q", path)
	}
	return path
}
