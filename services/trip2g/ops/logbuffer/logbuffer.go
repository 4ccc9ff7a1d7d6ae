// Package logbuffer writes a log in batches, so that requests do not wait for a system call each.
package logbuffer

import (
	"io"
	"sync"
	"time"

	"trip2g/internal/wakeup"

	"github.com/rs/zerolog"
)

const (
	// lineDelay is the maximum delay of a line below the level warning. A process that is killed
	// loses up to this much of its log.
	lineDelay = 100 * time.Millisecond

	// batchSize is the number of bytes per write. The buffer holds twice as many; then writers
	// block.
	batchSize = 64 << 10
)

// Buffer is an io.Writer for whole lines. It keeps their order and loses none. As a
// zerolog.LevelWriter, it returns from warnings and errors only after they, and all lines before
// them, are written.
type Buffer struct {
	sink io.Writer

	some     chan struct{} // there are lines
	now      chan struct{} // they are to be written without delay
	finished chan struct{}

	mu      sync.Mutex
	passed  *sync.Cond // lines were passed to the sink
	waiting []byte     // lines to be passed
	spare   []byte     // the memory of the last batch
	added   int64      // bytes ever added
	done    int64      // bytes ever passed to the sink
	closed  bool
	err     error // the sink's first
}

var _ zerolog.LevelWriter = (*Buffer)(nil)

// New returns a buffer that writes to sink. Close ends it.
func New(sink io.Writer) *Buffer {
	b := &Buffer{sink: sink, some: make(chan struct{}, 1), now: make(chan struct{}, 1), finished: make(chan struct{})}
	b.passed = sync.NewCond(&b.mu)
	go b.run()
	return b
}

// Write adds a line. It blocks only while the buffer is full.
func (b *Buffer) Write(line []byte) (int, error) { return b.add(line, false) }

// WriteLevel adds a line. From the level warning on, it returns after the line is written.
func (b *Buffer) WriteLevel(level zerolog.Level, line []byte) (int, error) {
	return b.add(line, level >= zerolog.WarnLevel && level < zerolog.NoLevel)
}

func (b *Buffer) add(line []byte, urgent bool) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for len(b.waiting) >= batchSize && !b.closed {
		b.passed.Wait()
	}
	if b.closed {
		return b.addLate(line)
	}
	b.waiting = append(b.waiting, line...)
	b.added += int64(len(line))
	wakeup.Signal(b.some)
	if urgent || len(b.waiting) >= batchSize {
		wakeup.Signal(b.now)
	}
	for last := b.added; urgent && b.done < last; {
		b.passed.Wait()
	}
	return len(line), b.err
}

// addLate writes a line after Close directly, so that the last lines of a process are not lost.
func (b *Buffer) addLate(line []byte) (int, error) {
	b.mu.Unlock()
	<-b.finished
	b.mu.Lock()
	return b.sink.Write(line)
}

// Close flushes the buffer and returns the sink's first error. Later lines are written directly.
func (b *Buffer) Close() error {
	b.mu.Lock()
	b.closed = true
	b.mu.Unlock()
	wakeup.Signal(b.some)
	wakeup.Signal(b.now)
	<-b.finished
	return b.err
}

// run writes batches until Close.
func (b *Buffer) run() {
	defer close(b.finished)
	delay := time.NewTimer(lineDelay)
	for open := true; open; {
		<-b.some
		delay.Reset(lineDelay)
		select {
		case <-b.now:
		case <-delay.C:
		}
		open = b.pass()
	}
}

// pass writes one batch and reports whether the buffer is still open.
func (b *Buffer) pass() (open bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	open = !b.closed
	batch := b.waiting
	b.waiting = b.spare[:0]
	b.mu.Unlock()
	var err error
	if len(batch) > 0 {
		_, err = b.sink.Write(batch)
	}
	b.mu.Lock()
	if b.err == nil {
		b.err = err
	}
	b.spare = batch
	b.done += int64(len(batch))
	b.passed.Broadcast()
	return open
}
