package pull

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"sync"
	"syscall"

	"trip2g/services/trip2g"
)

// folder is where a pull writes to. os.Root keeps it from whatever is outside.
type folder struct {
	root *os.Root // nil for one that a rehearsal did not find
	text func([]byte) string

	mu      sync.Mutex
	pulled  map[string]string // the hash of each file as it was pulled, or pushed from here
	kept    bool              // there is a stateFile
	changed bool              // pulled differs from what is in stateFile
	names   names             // set by readNames
	dirs    map[string]bool   // that have to be synced
}

// open opens the folder. ENOTFOUND if it is none.
func open(dir string, text func([]byte) string) (*folder, error) {
	f := &folder{text: text, pulled: map[string]string{}, dirs: map[string]bool{}}
	root, err := os.OpenRoot(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return f, nil
	case err != nil:
		return nil, trip2g.Errorf(trip2g.ENOTFOUND, "the folder %s cannot be opened: %v", dir, cause(err))
	}
	f.root = root
	if err := f.load(); err != nil {
		root.Close()
		return nil, err
	}
	return f, nil
}

func (f *folder) close() {
	if f.root != nil {
		f.root.Close()
	}
}

// found is a file of the folder.
type found struct {
	info fs.FileInfo // of the name itself, not of what a link leads to; nil if nothing is there
	hash string      // SHA-256 in lower-case hex; "" for a link that leads out of the folder or nowhere
}

// look reports what is at a path. The error says what else than a file is there.
func (f *folder) look(path string, note bool) (found, error) {
	if f.root == nil {
		return found{}, nil
	}
	name := f.names.local(path)
	info, err := f.root.Lstat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return found{}, nil
	case errors.Is(err, syscall.ENOTDIR):
		return found{}, errors.New("a file is where its folder should be")
	case err != nil:
		return found{}, fmt.Errorf("cannot be reached: %v", cause(err))
	case info.IsDir():
		return found{}, errors.New("a folder has its name")
	case info.Mode()&fs.ModeSymlink != 0:
		if target, err := f.root.Stat(name); err != nil || !target.Mode().IsRegular() {
			return found{info: info}, nil
		}
	case !info.Mode().IsRegular():
		return found{}, errors.New("what has its name is no file")
	}
	hash, err := f.hash(name, note)
	if err != nil {
		return found{}, fmt.Errorf("cannot be read: %v", cause(err))
	}
	return found{info, hash}, nil
}

// hash reads a file. A note counts as what of it is published.
func (f *folder) hash(name string, note bool) (string, error) {
	file, err := f.root.Open(name)
	if err != nil {
		return "", err
	}
	defer file.Close()
	sum := sha256.New()
	if note {
		raw, err := io.ReadAll(file)
		if err != nil {
			return "", err
		}
		io.WriteString(sum, f.text(raw))
	} else if _, err := io.Copy(sum, file); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// anything is for files of which it does not matter what is there.
func anything(fs.FileInfo) bool { return true }

// as tells whether what is there now is what was there.
func as(before fs.FileInfo) func(fs.FileInfo) bool {
	return func(now fs.FileInfo) bool {
		if before == nil || now == nil {
			return before == nil && now == nil
		}
		return os.SameFile(before, now) && before.Size() == now.Size() && before.ModTime().Equal(now.ModTime())
	}
}

// replace puts what content has at a path, whole or not at all: it is written beside it, synced
// and renamed. before gives the mode; nil is a new file's. ECONFLICT unless expected holds for what is there then.
func (f *folder) replace(name string, before fs.FileInfo, expected func(fs.FileInfo) bool, content io.Reader) error {
	t, err := f.create(name, before)
	if err != nil {
		return err
	}
	defer t.discard()
	if _, err := io.Copy(t, content); err != nil {
		return unwritten(name, err)
	}
	return t.keep(expected)
}

// temporary is a file on its way to a name.
type temporary struct {
	*os.File
	folder     *folder
	name, temp string
}

// create opens a temporary file beside the name of a path. It has the same name each time, so that what a killed
// pull has left is taken by the next one.
func (f *folder) create(p string, before fs.FileInfo) (*temporary, error) {
	name := f.names.local(p)
	dir := path.Dir(name)
	if err := f.root.MkdirAll(dir, 0o755); err != nil {
		return nil, unwritten(name, err)
	}
	sum := sha256.Sum256([]byte(name))
	temp := path.Join(dir, ".trip2g-"+hex.EncodeToString(sum[:8])+".tmp")
	if err := f.root.Remove(temp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, unwritten(name, err)
	}
	mode := fs.FileMode(0o644)
	if before != nil && before.Mode().IsRegular() {
		mode = before.Mode().Perm()
	}
	file, err := f.root.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return nil, unwritten(name, err)
	}
	return &temporary{file, f, name, temp}, nil
}

// again empties the file for another attempt.
func (t *temporary) again() error {
	if _, err := t.Seek(0, io.SeekStart); err != nil {
		return unwritten(t.name, err)
	}
	if err := t.Truncate(0); err != nil {
		return unwritten(t.name, err)
	}
	return nil
}

// keep gives the file its name.
func (t *temporary) keep(expected func(fs.FileInfo) bool) error {
	if err := errors.Join(t.Sync(), t.Close()); err != nil {
		return unwritten(t.name, err)
	}
	now, err := t.folder.root.Lstat(t.name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return unwritten(t.name, err)
	}
	if err != nil {
		now = nil
	}
	if !expected(now) {
		return trip2g.Errorf(trip2g.ECONFLICT, "was not written: what has its name came or changed during the pull, or this file system takes another name for the same")
	}
	if err := t.folder.root.Rename(t.temp, t.name); err != nil {
		return unwritten(t.name, err)
	}
	t.folder.dirs[path.Dir(t.name)] = true
	return nil
}

// discard removes what keep has not given its name.
func (t *temporary) discard() {
	t.Close()
	t.folder.root.Remove(t.temp)
}

// remove takes a file away, and the folders that have become empty.
func (f *folder) remove(c change) error {
	name := f.names.local(c.path)
	now, err := f.root.Lstat(name)
	if err != nil || !as(c.before)(now) {
		return trip2g.Errorf(trip2g.ECONFLICT, "%s changed during the pull; it was left as it is", c.path)
	}
	if err := f.root.Remove(name); err != nil {
		return trip2g.Errorf(trip2g.EINVALID, "%s cannot be removed: %v", c.path, cause(err))
	}
	f.prune(path.Dir(name))
	return nil
}

// prune removes the folders that have become empty, from the innermost one.
func (f *folder) prune(dir string) {
	for ; dir != "." && f.root.Remove(dir) == nil; dir = path.Dir(dir) {
		delete(f.dirs, dir)
	}
	f.dirs[dir] = true
}

// sync makes sure that new names outlive a power cut. Systems that cannot sync a folder do it themselves.
func (f *folder) sync() error {
	for dir := range f.dirs {
		d, err := f.root.Open(dir)
		if err != nil {
			return unwritten(dir, err)
		}
		d.Sync()
		d.Close()
	}
	clear(f.dirs)
	return nil
}

func unwritten(name string, err error) error {
	return trip2g.Errorf(trip2g.EINVALID, "%s cannot be written: %v", name, cause(err))
}

// cause gives what the operating system said, without the call and the path that os adds.
func cause(err error) error {
	if pathErr := (*fs.PathError)(nil); errors.As(err, &pathErr) {
		return pathErr.Err
	}
	if linkErr := (*os.LinkError)(nil); errors.As(err, &linkErr) {
		return linkErr.Err
	}
	return err
}
