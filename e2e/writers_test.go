package e2e

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

// writers push notes without pause, one note and one goroutine for each of the nodes they write
// through, and remember what became of every write.
type writers struct {
	folder string
	cancel func()
	done   sync.WaitGroup

	mu      sync.Mutex
	writers []*writer
}

// writer is one of them. Its writes follow one another, so the note's text tells which came last.
type writer struct {
	name   string
	acked  int // the last write that was acknowledged
	count  int // acknowledged writes
	errs   []failedWrite
	number int // the last write that was sent

	longest time.Duration // that an answer took
}

type failedWrite struct {
	number int
	err    error
}

// startWriters starts writing through each of the nodes.
func startWriters(t *testing.T, through []*node, folder string) *writers {
	ctx, cancel := context.WithCancel(t.Context())
	w := &writers{folder: folder + " " + randomHex(4), cancel: cancel}
	for i, n := range through {
		one := &writer{name: fmt.Sprintf("writer %d", i)}
		w.writers = append(w.writers, one)
		w.done.Go(func() { w.write(ctx, n.api(), one) })
	}
	t.Cleanup(w.stop)
	return w
}

// write writes until the context ends. The write under way is let finish: its fate counts.
func (w *writers) write(ctx context.Context, c *apiClient, one *writer) {
	for ctx.Err() == nil {
		w.mu.Lock()
		one.number++
		number := one.number
		w.mu.Unlock()
		sent := time.Now()
		_, err := c.push(context.WithoutCancel(ctx), false, note{w.folder + "/" + one.name + ".md", content(number)})
		w.mu.Lock()
		one.longest = max(one.longest, time.Since(sent))
		if err != nil {
			one.errs = append(one.errs, failedWrite{number, err})
		} else {
			one.acked = number
			one.count++
		}
		w.mu.Unlock()
	}
}

func content(number int) string { return fmt.Sprintf("write %d of this writer.", number) }

// stop ends the writers and waits for their last answers.
func (w *writers) stop() {
	w.cancel()
	w.done.Wait()
}

// awaitProgress waits until every writer has had n more writes acknowledged.
func (w *writers) awaitProgress(t *testing.T, n int) {
	t.Helper()
	counts := func() (c []int) {
		w.mu.Lock()
		defer w.mu.Unlock()
		for _, one := range w.writers {
			c = append(c, one.count)
		}
		return c
	}
	start := counts()
	testwait.NoError(t, "writes go on", func() error {
		for i, count := range counts() {
			if count < start[i]+n {
				return fmt.Errorf("%d more writes through %s were acknowledged; the last failure: %v",
					count-start[i], w.writers[i].name, w.lastFailure(i))
			}
		}
		return nil
	})
}

func (w *writers) lastFailure(i int) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if errs := w.writers[i].errs; len(errs) > 0 {
		return errs[len(errs)-1].err
	}
	return nil
}

// awaitAnswers waits until each writer has had an answer to a write that it sent from now on.
func (w *writers) awaitAnswers(t *testing.T) {
	t.Helper()
	numbers := func() (n []int) {
		w.mu.Lock()
		defer w.mu.Unlock()
		for _, one := range w.writers {
			n = append(n, one.number)
		}
		return n
	}
	start := numbers()
	testwait.NoError(t, "every write is answered", func() error {
		for i, number := range numbers() {
			if number < start[i]+2 {
				return fmt.Errorf("%s waits for an answer", w.writers[i].name)
			}
		}
		return nil
	})
}

// slowest returns the longest time that an answer took.
func (w *writers) slowest() (longest time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, one := range w.writers {
		longest = max(longest, one.longest)
	}
	return longest
}

// acknowledged counts the writes that were answered as done.
func (w *writers) acknowledged() (count int) {
	for _, one := range w.writers {
		count += one.count
	}
	return count
}

// failed gives the failed writes that are of a kind.
func (w *writers) failed(kind func(error) bool) (failed []failedWrite) {
	for _, one := range w.writers {
		for _, f := range one.errs {
			if kind(f.err) {
				failed = append(failed, f)
			}
		}
	}
	return failed
}

// notWritten is the answer that promises that a write was not done.
func notWritten(err error) bool {
	var status *statusError
	return errors.As(err, &status) && status.status == http.StatusServiceUnavailable
}

// unknownFate is every other failure.
func unknownFate(err error) bool { return !notWritten(err) }

// checkNothingLost reads each writer's note on all nodes: it shows the last acknowledged write, or
// a later one whose fate its writer does not know.
func (w *writers) checkNothingLost(t *testing.T, nodes []*node) {
	t.Helper()
	for _, one := range w.writers {
		allowed := []string{content(one.acked)}
		for _, f := range one.errs {
			if f.number > one.acked && unknownFate(f.err) {
				allowed = append(allowed, content(f.number))
			}
		}
		path := "/" + address(w.folder+"/"+one.name)
		for _, n := range nodes {
			testwait.NoError(t, "the acknowledged write is kept", func() error {
				var err error
				for _, text := range allowed {
					if err = n.shows(t.Context(), path, text); err == nil {
						return nil
					}
				}
				return err
			})
		}
	}
}
