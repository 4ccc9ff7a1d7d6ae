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

// How a Watcher waits. A save is several changes, the last of which makes it whole.
const (
	// quiet is how long nothing must change before a change is told.
	quiet = 60 * time.Millisecond
	// quietGone is quiet after something went: many editors put a file in the place of the old one.
	quietGone = 250 * time.Millisecond
	// quietAtMost bounds the wait while changes go on and on.
	quietAtMost = 500 * time.Millisecond

	// lookEvery is how often all is looked at, for changes of which the system does not tell, as on
	// network drives. lookOften is for folders that the system does not watch at all.
	lookEvery = time.Minute
	lookOften = time.Second
)

// Watcher tells when the files of a vault may have changed.
type Watcher struct {
	dir       string
	events    *fsnotify.Watcher
	changes   chan struct{}
	unwatched error // why the system does not tell of some folder's changes; nil if it does
}

// Watch watches dir and the folders in it, those too that come later, until ctx ends. The folder has
// to be there; the errors are those of Open. It can go and come back.
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
		return nil, trip2g.Errorf(trip2g.EUNAVAILABLE, "the system lets no more folders be watched: %v", err)
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

// Changes gives a value when something may have changed since the last one, once it is quiet. It is
// closed when the watching has ended.
func (w *Watcher) Changes() <-chan struct{} { return w.changes }

func (w *Watcher) follow(ctx context.Context) {
	settle, look := time.NewTimer(0), time.NewTimer(w.lookAgain())
	settle.Stop()
	defer look.Stop()
	var first time.Time // when the first change was seen that is not told yet; zero: none
	noted := func(wait time.Duration) {
		if first.IsZero() {
			first = time.Now()
		}
		settle.Reset(max(0, min(wait, quietAtMost-time.Since(first))))
	}
	for {
		select {
		case <-ctx.Done():
			return
		case event := <-w.events.Events:
			if wait := w.seen(event); wait > 0 {
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
			look.Reset(w.lookAgain())
		}
	}
}

func (w *Watcher) lookAgain() time.Duration {
	if w.unwatched != nil {
		return lookOften
	}
	return lookEvery
}

// seen gives how long to wait after an event; 0 if it is about nothing of the vault.
func (w *Watcher) seen(event fsnotify.Event) time.Duration {
	if event.Op == fsnotify.Chmod || w.foreign(event.Name) {
		return 0
	}
	if event.Has(fsnotify.Create) {
		if info, err := os.Lstat(event.Name); err == nil && info.IsDir() {
			w.unwatched = errors.Join(w.unwatched, w.add(event.Name))
		}
	}
	if event.Has(fsnotify.Remove) || event.Has(fsnotify.Rename) {
		return quietGone
	}
	return quiet
}

// foreign tells the paths that belong to no vault.
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

// add watches a folder and those in it. One that goes meanwhile is no error.
func (w *Watcher) add(dir string) error {
	return filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist) && name != w.dir:
			return nil
		case err != nil && name == w.dir:
			return err
		case err != nil, !entry.IsDir():
			return nil // what cannot be read, Open names
		case name != w.dir && ignored(entry.Name()):
			return fs.SkipDir
		}
		if err := w.events.Add(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("watch %s: %w", name, err)
		}
		return nil
	})
}
