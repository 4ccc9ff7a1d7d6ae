// Package logbuffer writes a busy log in batches, so that a request does not wait for a system call
// of its own.
package logbuffer

import (
	"io"
	"sync"
	"time"

	"trip2g/internal/wakeup"

	"github.com/rs/zerolog"
)

const (
	// lineDelay is the longest time that a line below a warning waits. A process that is killed
	// loses so much of its log.
	lineDelay = 100 * time.Millisecond

	// batchSize is how many bytes are written at once, and twice that is all that is held: a log
	// that takes its lines more slowly than they come slows down who writes them.
	batchSize = 64 << 10
)

// Buffer is an io.Writer that takes whole lines, keeps their order and loses none. It is a
// zerolog.LevelWriter: warnings and worse are written, with all before them, before the call returns.
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

// New gives a buffer before a sink. Close ends it.
func New(sink io.Writer) *Buffer {
	b := &Buffer{sink: sink, some: make(chan struct{}, 1), now: make(chan struct{}, 1), finished: make(chan struct{})}
	b.passed = sync.NewCond(&b.mu)
	go b.run()
	return b
}

// Write takes a line. It waits only when the sink is slow.
func (b *Buffer) Write(line []byte) (int, error) { return b.add(line, false) }

// WriteLevel takes a line of a level, and from a warning on returns when the sink has it.
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

// addLate passes a line that comes after Close on at once: what still runs while a process ends is
// worth reading.
func (b *Buffer) addLate(line []byte) (int, error) {
	b.mu.Unlock()
	<-b.finished
	b.mu.Lock()
	return b.sink.Write(line)
}

// Close passes on what there is and gives the sink's first error. Lines may still be written.
func (b *Buffer) Close() error {
	b.mu.Lock()
	b.closed = true
	b.mu.Unlock()
	wakeup.Signal(b.some)
	wakeup.Signal(b.now)
	<-b.finished
	return b.err
}

// run passes lines on until Close.
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

// pass writes all that waits and tells whether more can come.
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
