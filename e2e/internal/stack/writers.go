package stack

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"trip2g/internal/testwait"
)

// Writers push one note per node without pause, each in its own goroutine, and record the outcome
// of every write.
type Writers struct {
	folder string
	cancel func()
	done   sync.WaitGroup

	mu      sync.Mutex
	Writers []*writer
}

// writer writes one write after the other, so that the text of its note identifies the last one.
type writer struct {
	name   string
	acked  int // the last write that was acknowledged
	count  int // acknowledged writes
	errs   []FailedWrite
	number int // the last write that was sent

	longest time.Duration // response time
}

// FailedWrite is a write that was not acknowledged.
type FailedWrite struct {
	Number int
	Err    error
}

// StartWriters starts writing through each of the nodes.
func StartWriters(t *testing.T, through []*Node, folder string) *Writers {
	ctx, cancel := context.WithCancel(t.Context())
	w := &Writers{folder: folder + " " + RandomHex(4), cancel: cancel}
	for i, n := range through {
		one := &writer{name: fmt.Sprintf("writer %d", i)}
		w.Writers = append(w.Writers, one)
		w.done.Go(func() { w.write(ctx, n.API(), one) })
	}
	t.Cleanup(w.Stop)
	return w
}

// write writes until the context ends. It completes the last write, whose outcome counts.
func (w *Writers) write(ctx context.Context, c *APIClient, one *writer) {
	for ctx.Err() == nil {
		w.mu.Lock()
		one.number++
		number := one.number
		w.mu.Unlock()
		sent := time.Now()
		_, err := c.Push(context.WithoutCancel(ctx), false, Note{w.folder + "/" + one.name + ".md", content(number)})
		w.mu.Lock()
		one.longest = max(one.longest, time.Since(sent))
		if err != nil {
			one.errs = append(one.errs, FailedWrite{number, err})
		} else {
			one.acked = number
			one.count++
		}
		w.mu.Unlock()
	}
}

func content(number int) string { return fmt.Sprintf("write %d of this writer.", number) }

// Stop stops the writers and waits for their last responses.
func (w *Writers) Stop() {
	w.cancel()
	w.done.Wait()
}

// AwaitProgress waits until n more writes of each writer are acknowledged.
func (w *Writers) AwaitProgress(t *testing.T, n int) {
	t.Helper()
	counts := func() (c []int) {
		w.mu.Lock()
		defer w.mu.Unlock()
		for _, one := range w.Writers {
			c = append(c, one.count)
		}
		return c
	}
	start := counts()
	testwait.NoError(t, "writes continue", func() error {
		for i, count := range counts() {
			if count < start[i]+n {
				return fmt.Errorf("%d more writes through %s were acknowledged; the last failure: %v",
					count-start[i], w.Writers[i].name, w.LastFailure(i))
			}
		}
		return nil
	})
}

// LastFailure returns the last error of writer i; nil if there was none.
func (w *Writers) LastFailure(i int) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if errs := w.Writers[i].errs; len(errs) > 0 {
		return errs[len(errs)-1].Err
	}
	return nil
}

// AwaitAnswers waits until each writer has a response to a write that it sends from now on.
func (w *Writers) AwaitAnswers(t *testing.T) {
	t.Helper()
	numbers := func() (n []int) {
		w.mu.Lock()
		defer w.mu.Unlock()
		for _, one := range w.Writers {
			n = append(n, one.number)
		}
		return n
	}
	start := numbers()
	testwait.NoError(t, "every write is answered", func() error {
		for i, number := range numbers() {
			if number < start[i]+2 {
				return fmt.Errorf("%s waits for an answer", w.Writers[i].name)
			}
		}
		return nil
	})
}

// Slowest returns the longest response time.
func (w *Writers) Slowest() (longest time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, one := range w.Writers {
		longest = max(longest, one.longest)
	}
	return longest
}

// Acknowledged returns the number of acknowledged writes.
func (w *Writers) Acknowledged() (count int) {
	for _, one := range w.Writers {
		count += one.count
	}
	return count
}

// Failed returns the failed writes whose error is of a kind.
func (w *Writers) Failed(kind func(error) bool) (failed []FailedWrite) {
	for _, one := range w.Writers {
		for _, f := range one.errs {
			if kind(f.Err) {
				failed = append(failed, f)
			}
		}
	}
	return failed
}

// NotWritten reports whether the response promises that the write was not executed.
func NotWritten(err error) bool {
	var status *StatusError
	return errors.As(err, &status) && status.Status == http.StatusServiceUnavailable
}

// Indeterminate reports whether the write may have been executed.
func Indeterminate(err error) bool { return !NotWritten(err) }

// CheckNothingLost fails the test unless each writer's note, on all nodes, is the last acknowledged
// write or a later one with an unknown outcome.
func (w *Writers) CheckNothingLost(t *testing.T, nodes []*Node) {
	t.Helper()
	for _, one := range w.Writers {
		allowed := []string{content(one.acked)}
		for _, f := range one.errs {
			if f.Number > one.acked && Indeterminate(f.Err) {
				allowed = append(allowed, content(f.Number))
			}
		}
		path := "/" + PageAddress(w.folder+"/"+one.name)
		for _, n := range nodes {
			testwait.NoError(t, "the acknowledged write is kept", func() error {
				var err error
				for _, text := range allowed {
					if err = n.Shows(t.Context(), path, text); err == nil {
						return nil
					}
				}
				return err
			})
		}
	}
}
