// Package dbwatch notices commits to a SQLite database that another process on this machine writes,
// on a plain file system. It wakes the replicas of the shared-volume stack.
package dbwatch

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"trip2g/internal/litefs"
	"trip2g/internal/wakeup"

	"github.com/fsnotify/fsnotify"
	"github.com/rs/zerolog"
)

// echoes are the delays after each notice at which another one follows. A commit first writes the
// log's frames, which the kernel reports, and then the index in shared memory, which it does not
// report. So a reader woken by the first may look too early.
var echoes = []time.Duration{time.Millisecond, 3 * time.Millisecond, 10 * time.Millisecond, 30 * time.Millisecond, 100 * time.Millisecond}

// Watch returns a channel that receives a value whenever the database at path may have changed.
// Values that nobody has received yet are merged. The channel is closed when ctx ends. The error
// explains why the folder cannot be watched.
func Watch(ctx context.Context, path string, log zerolog.Logger) (<-chan struct{}, error) {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, fmt.Errorf("watch for changes of %s: %w", path, err)
	}
	if err := w.Add(filepath.Dir(path)); err != nil {
		w.Close()
		return nil, fmt.Errorf("watch for changes of %s: %w", path, err)
	}
	wake := make(chan struct{}, 1)
	go func() {
		defer close(wake)
		defer w.Close()
		follow(ctx, w, filepath.Base(path), wake, log)
	}()
	return wake, nil
}

func follow(ctx context.Context, w *fsnotify.Watcher, base string, wake chan<- struct{}, log zerolog.Logger) {
	echo := time.NewTimer(0)
	echo.Stop()
	next := len(echoes)
	for {
		select {
		case <-ctx.Done():
			return
		case err := <-w.Errors:
			log.Warn().Err(err).Msg("watching the database's folder: changes are found by looking at intervals until it works again")
		case event := <-w.Events:
			name := filepath.Base(event.Name)
			if name != base && name != base+litefs.WALSuffix || !event.Has(fsnotify.Write|fsnotify.Create) {
				continue
			}
			wakeup.Signal(wake)
			next = 0
			echo.Reset(echoes[next])
		case <-echo.C:
			wakeup.Signal(wake)
			if next++; next < len(echoes) {
				echo.Reset(echoes[next])
			}
		}
	}
}
