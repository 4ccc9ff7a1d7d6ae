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

// folder is the target of a pull. os.Root confines it.
type folder struct {
	root *os.Root // nil if a dry run found no folder
	text func([]byte) string

	mu      sync.Mutex
	pulled  map[string]string // hash of each file when it was pulled, or pushed from here
	kept    bool              // a stateFile exists
	changed bool              // pulled differs from what is in stateFile
	names   names             // set by readNames
	dirs    map[string]bool   // to sync
}

// open opens the folder. It returns ENOTFOUND if that fails.
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

// found is a file in the folder.
type found struct {
	info fs.FileInfo // of the name itself, not of a link's target; nil if there is no file
	hash string      // SHA-256 in lower-case hex; "" for a link out of the folder or to nowhere
}

// look returns the file at a path. The error describes anything else that is there.
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
		return found{}, errors.New("something else has its name")
	}
	hash, err := f.hash(name, note)
	if err != nil {
		return found{}, fmt.Errorf("cannot be read: %v", cause(err))
	}
	return found{info, hash}, nil
}

// hash returns the hash of a file; for a note, of its published text.
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

// anyState accepts any current state of a file.
func anyState(fs.FileInfo) bool { return true }

// sameAs returns a function that reports whether a file is unchanged since before.
func sameAs(before fs.FileInfo) func(fs.FileInfo) bool {
	return func(now fs.FileInfo) bool {
		if before == nil || now == nil {
			return before == nil && now == nil
		}
		return os.SameFile(before, now) && before.Size() == now.Size() && before.ModTime().Equal(now.ModTime())
	}
}

// replace writes a file atomically: to a temporary file, which is synced and renamed. The mode is
// that of before, if not nil. It returns ECONFLICT unless expected holds for the current file.
func (f *folder) replace(name string, before fs.FileInfo, expected func(fs.FileInfo) bool, content io.Reader) error {
	t, err := f.create(name, before)
	if err != nil {
		return err
	}
	defer t.discard()
	if _, err := io.Copy(t, content); err != nil {
		return writeError(name, err)
	}
	return t.commit(expected)
}

// temporary is a file that will be renamed.
type temporary struct {
	*os.File
	folder     *folder
	name, temp string
}

// create opens a temporary file in the folder of a path. Its name is always the same, so that the
// next pull replaces one that a killed pull has left.
func (f *folder) create(p string, before fs.FileInfo) (*temporary, error) {
	name := f.names.local(p)
	dir := path.Dir(name)
	if err := f.root.MkdirAll(dir, 0o755); err != nil {
		return nil, writeError(name, err)
	}
	sum := sha256.Sum256([]byte(name))
	temp := path.Join(dir, ".trip2g-"+hex.EncodeToString(sum[:8])+".tmp")
	if err := f.root.Remove(temp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, writeError(name, err)
	}
	mode := fs.FileMode(0o644)
	if before != nil && before.Mode().IsRegular() {
		mode = before.Mode().Perm()
	}
	file, err := f.root.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return nil, writeError(name, err)
	}
	return &temporary{file, f, name, temp}, nil
}

// reset empties the file for another attempt.
func (t *temporary) reset() error {
	if _, err := t.Seek(0, io.SeekStart); err != nil {
		return writeError(t.name, err)
	}
	if err := t.Truncate(0); err != nil {
		return writeError(t.name, err)
	}
	return nil
}

// commit renames the file to its final name.
func (t *temporary) commit(expected func(fs.FileInfo) bool) error {
	if err := errors.Join(t.Sync(), t.Close()); err != nil {
		return writeError(t.name, err)
	}
	now, err := t.folder.root.Lstat(t.name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return writeError(t.name, err)
	}
	if err != nil {
		now = nil
	}
	if !expected(now) {
		return trip2g.Errorf(trip2g.ECONFLICT, "was not written: a file with this name was created or changed during the pull, or the file system does not distinguish it from another name")
	}
	if err := t.folder.root.Rename(t.temp, t.name); err != nil {
		return writeError(t.name, err)
	}
	t.folder.dirs[path.Dir(t.name)] = true
	return nil
}

// discard removes the file unless it was committed.
func (t *temporary) discard() {
	t.Close()
	t.folder.root.Remove(t.temp)
}

// remove removes a file and folders that become empty.
func (f *folder) remove(c change) error {
	name := f.names.local(c.path)
	now, err := f.root.Lstat(name)
	if err != nil || !sameAs(c.before)(now) {
		return trip2g.Errorf(trip2g.ECONFLICT, "%s changed during the pull; it was not removed", c.path)
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

// sync makes renames durable. Systems that cannot sync a folder need no sync.
func (f *folder) sync() error {
	for dir := range f.dirs {
		d, err := f.root.Open(dir)
		if err != nil {
			return writeError(dir, err)
		}
		d.Sync()
		d.Close()
	}
	clear(f.dirs)
	return nil
}

func writeError(name string, err error) error {
	return trip2g.Errorf(trip2g.EINVALID, "%s cannot be written: %v", name, cause(err))
}

// cause returns the operating system's error, without the call and path that package os adds.
func cause(err error) error {
	if pathErr := (*fs.PathError)(nil); errors.As(err, &pathErr) {
		return pathErr.Err
	}
	if linkErr := (*os.LinkError)(nil); errors.As(err, &linkErr) {
		return linkErr.Err
	}
	return err
}
