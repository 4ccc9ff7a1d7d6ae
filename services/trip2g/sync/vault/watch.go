package vault

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"

	"trip2g/internal/wakeup"
	"trip2g/services/trip2g"
)

// Delays of a Watcher. A save is several changes, of which only the last completes it.
const (
	// quiet is how long nothing must change before a change is reported.
	quiet = 60 * time.Millisecond
	// quietRemove is used instead after a removal, because many editors replace the file.
	quietRemove = 250 * time.Millisecond
	// maxQuiet is the maximum delay during continuous changes.
	maxQuiet = 500 * time.Millisecond

	// scanInterval is the interval of full scans, for changes that the system does not report, as
	// on network drives. unwatchedInterval is used if the system cannot watch a folder.
	scanInterval      = time.Minute
	unwatchedInterval = time.Second
)

// Watcher reports when the files of a vault may have changed.
type Watcher struct {
	dir       string
	events    *fsnotify.Watcher
	changes   chan struct{}
	unwatched error // why a folder cannot be watched; nil if all are
}

// Watch watches dir and its subfolders, including new ones, until ctx ends. dir must exist at first
// and can be removed and created again later. Errors are those of Open.
func Watch(ctx context.Context, dir string) (*Watcher, error) {
	root, err := openFolder(dir)
	if err != nil {
		return nil, err
	}
	root.Close()
	if resolved, err := filepath.EvalSymlinks(dir); err == nil {
		dir = resolved
	}
	events, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, trip2g.Errorf(trip2g.EUNAVAILABLE, "the system cannot watch more folders: %v", err)
	}
	w := &Watcher{dir: dir, events: events, changes: make(chan struct{}, 1)}
	w.unwatched = w.add(dir)
	go func() {
		defer close(w.changes)
		defer events.Close()
		w.follow(ctx)
	}()
	return w, nil
}

// Changes returns a channel that receives after a change, and is closed at the end.
func (w *Watcher) Changes() <-chan struct{} { return w.changes }

func (w *Watcher) follow(ctx context.Context) {
	settle, look := time.NewTimer(0), time.NewTimer(w.nextScan())
	settle.Stop()
	defer look.Stop()
	var first time.Time // time of the first unreported change; zero: none
	noted := func(wait time.Duration) {
		if first.IsZero() {
			first = time.Now()
		}
		settle.Reset(max(0, min(wait, maxQuiet-time.Since(first))))
	}
	for {
		select {
		case <-ctx.Done():
			return
		case event := <-w.events.Events:
			if wait := w.delay(event); wait > 0 {
				noted(wait)
			}
		case <-w.events.Errors: // changes were lost
			w.unwatched = w.add(w.dir)
			noted(quiet)
		case <-settle.C:
			first = time.Time{}
			wakeup.Signal(w.changes)
		case <-look.C:
			w.unwatched = w.add(w.dir)
			wakeup.Signal(w.changes)
			look.Reset(w.nextScan())
		}
	}
}

func (w *Watcher) nextScan() time.Duration {
	if w.unwatched != nil {
		return unwatchedInterval
	}
	return scanInterval
}

// delay returns the delay after an event; 0 if it does not concern the vault.
func (w *Watcher) delay(event fsnotify.Event) time.Duration {
	if event.Op == fsnotify.Chmod || w.foreign(event.Name) {
		return 0
	}
	if event.Has(fsnotify.Create) {
		if info, err := os.Lstat(event.Name); err == nil && info.IsDir() {
			w.unwatched = errors.Join(w.unwatched, w.add(event.Name))
		}
	}
	if event.Has(fsnotify.Remove) || event.Has(fsnotify.Rename) {
		return quietRemove
	}
	return quiet
}

// foreign reports whether a path is never part of a vault.
func (w *Watcher) foreign(name string) bool {
	inside, err := filepath.Rel(w.dir, name)
	if err != nil {
		return true
	}
	for segment := range strings.SplitSeq(filepath.ToSlash(inside), "/") {
		if segment != "." && segment != trip2g.IgnoreFile && ignored(segment) {
			return true
		}
	}
	return false
}

// add watches a folder and its subfolders. It ignores one that is removed meanwhile.
func (w *Watcher) add(dir string) error {
	return filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist) && name != w.dir:
			return nil
		case err != nil && name == w.dir:
			return err
		case err != nil, !entry.IsDir():
			return nil // Open reports a folder that cannot be read
		case name != w.dir && ignored(entry.Name()):
			return fs.SkipDir
		}
		if err := w.events.Add(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("watch %s: %w", name, err)
		}
		return nil
	})
}
