package filecache

import (
	"bytes"
	"context"
	"io"
	"os"
	"sync"
)

// file is a cached file, during its copy and afterwards, in memory or on disk.
type file struct {
	hash   string
	cancel context.CancelFunc // of its copier

	// Guarded by the cache's mu. The size and the storage are set before the file is opened.
	readers   int
	copying   bool
	forgotten bool  // hidden from new readers
	pool      *pool // nil: no storage is reserved
	size      int64
	memory    []byte
	disk      *os.File

	mu       sync.Mutex
	opened   bool          // readers can read
	ready    int64         // bytes that can be read
	err      error         // of the copy
	progress chan struct{} // closed when one of these fields changes
}

// content returns the copied content.
func (f *file) content() io.ReaderAt {
	if f.disk != nil {
		return f.disk
	}
	return bytes.NewReader(f.memory)
}

// write stores a chunk at an offset.
func (f *file) write(chunk []byte, offset int64) error {
	if f.disk == nil {
		copy(f.memory[offset:], chunk)
		return nil
	}
	_, err := f.disk.WriteAt(chunk, offset)
	return err
}

func (f *file) discard() {
	if f.disk != nil {
		f.disk.Close() // it is unlinked, so no data can be lost
	}
	f.memory = nil
}

// open lets readers start.
func (f *file) open() { f.update(func() { f.opened = true }) }

// advance lets readers read the bytes before ready.
func (f *file) advance(ready int64) { f.update(func() { f.ready = ready }) }

// fail ends waiting readers with an error.
func (f *file) fail(err error) { f.update(func() { f.err = err }) }

func (f *file) update(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
	close(f.progress)
	f.progress = make(chan struct{})
}

// isComplete reports whether all of the file can be read.
func (f *file) isComplete() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.ready == f.size
}

func (f *file) isOpen() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.opened
}

// waitOpened returns when readers can read, or with the copy's error.
func (f *file) waitOpened(ctx context.Context) error {
	return f.wait(ctx, func() bool { return f.opened })
}

// waitFor returns when the byte at offset can be read, with the number of readable bytes.
func (f *file) waitFor(ctx context.Context, offset int64) (ready int64, err error) {
	err = f.wait(ctx, func() bool { ready = f.ready; return ready > offset })
	return ready, err
}

func (f *file) wait(ctx context.Context, enough func() bool) error {
	for {
		f.mu.Lock()
		done, err, progress := enough(), f.err, f.progress
		f.mu.Unlock()
		if done {
			return nil
		}
		if err != nil {
			return err
		}
		select {
		case <-progress:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
