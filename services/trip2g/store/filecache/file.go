package filecache

import (
	"bytes"
	"context"
	"io"
	"os"
	"sync"
)

// file is one file of the source, while it is copied and after. Its bytes are in memory or on disk.
type file struct {
	hash   string
	cancel context.CancelFunc // of its copier

	// Guarded by the cache's mu; size and the storage are set before the file is opened and stay.
	readers   int
	copying   bool
	forgotten bool  // no new reader finds it
	pool      *pool // nil: it takes nothing
	size      int64
	memory    []byte
	disk      *os.File

	mu       sync.Mutex
	opened   bool          // readers may begin
	ready    int64         // bytes that may be read
	err      error         // of the copy
	progress chan struct{} // closed when one of these changes
}

// content reads what is copied.
func (f *file) content() io.ReaderAt {
	if f.disk != nil {
		return f.disk
	}
	return bytes.NewReader(f.memory)
}

// write puts a chunk where it belongs.
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
		f.disk.Close() // it has no name, so nothing of it can be lost
	}
	f.memory = nil
}

// open lets readers begin.
func (f *file) open() { f.tell(func() { f.opened = true }) }

// advance lets readers go up to the byte at ready.
func (f *file) advance(ready int64) { f.tell(func() { f.ready = ready }) }

// fail tells readers that no more will come.
func (f *file) fail(err error) { f.tell(func() { f.err = err }) }

func (f *file) tell(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
	close(f.progress)
	f.progress = make(chan struct{})
}

// whole tells whether all of the file can be read.
func (f *file) whole() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.ready == f.size
}

func (f *file) isOpen() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.opened
}

// waitOpened returns when readers may begin, or with the error that keeps them from it.
func (f *file) waitOpened(ctx context.Context) error {
	return f.wait(ctx, func() bool { return f.opened })
}

// waitFor returns when the byte at offset can be read.
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
