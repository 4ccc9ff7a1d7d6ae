package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"trip2g/bench/cluster"
	"trip2g/bench/load"
)

const (
	// probeNote is the note that is written repeatedly; it is not part of the vault.
	probeNote = "Probe.md"
	lagWrites = 200 // a round
	// writeInterval is the interval of the writes, even if the replica does not keep up.
	writeInterval = 25 * time.Millisecond
	// pollInterval is the polling interval, and so the error of the measured lag.
	pollInterval = 500 * time.Microsecond
	// lagTimeout limits the wait for the text of the last write.
	lagTimeout = 20 * time.Second
)

// lags is the result of one round of writes.
type lags struct {
	sorted  []time.Duration // from the leader's answer; a missing one counts its wait
	missing int
}

func (l lags) percentile(p float64) float64 { return milliseconds(load.Percentile(l.sorted, p)) }

// measureWritesTo performs a round of writes on the leader while it polls the replica.
func (s *stage) measureWritesTo(ctx context.Context, replica *cluster.Node) (lags, error) {
	l := &lagRound{first: s.written + 1, seen: make(map[int]time.Time)}
	watching, stop := context.WithCancel(ctx)
	defer stop()
	group, watching := errgroup.WithContext(watching)
	group.Go(func() error {
		defer stop()
		if err := s.write(watching, l); err != nil {
			return err
		}
		return l.waitForAll(watching)
	})
	group.Go(func() error { return l.watch(watching, replica) })
	if err := group.Wait(); err != nil {
		return lags{}, err
	}
	return l.result(), nil
}

// lagRound is a running round.
type lagRound struct {
	first        int         // the number of its first write
	acknowledged []time.Time // by write

	mu   sync.Mutex
	seen map[int]time.Time // by number, when a text of this number was first served
	last int               // the number served last
	all  time.Time         // when the wait ended
}

// write publishes the texts at the interval.
func (s *stage) write(ctx context.Context, l *lagRound) error {
	writer := s.Writer(s.Leader.URL())
	defer writer.Close()
	timer, err := load.NewTimer(0, writeInterval)
	if err != nil {
		return err
	}
	defer timer.Stop()
	for range lagWrites {
		if _, err := timer.Wait(); err != nil {
			return err
		}
		s.written++
		if _, err := writer.Write(ctx, probeNote, probeText(s.written)); err != nil {
			return err
		}
		l.acknowledged = append(l.acknowledged, time.Now())
	}
	return nil
}

func probeText(number int) string { return fmt.Sprintf("This is write %d of many.\n", number) }

var probeIn = regexp.MustCompile(`This is write (\d+) of many`)

// watch polls the replica until ctx ends. An older text after a newer one is an error.
func (l *lagRound) watch(ctx context.Context, replica *cluster.Node) error {
	reader := replica.NewReader()
	defer reader.Close()
	timer, err := load.NewTimer(pollInterval, pollInterval)
	if err != nil {
		return err
	}
	defer timer.Stop()
	for ctx.Err() == nil {
		status, body, err := reader.Get(ctx, address(probeNote))
		served := time.Now()
		if ctx.Err() != nil {
			break
		}
		if err != nil {
			return fmt.Errorf("look at the replica: %w", err)
		}
		if err := l.look(status, body, served); err != nil {
			return err
		}
		if _, err := timer.Wait(); err != nil {
			return err
		}
	}
	return nil
}

// look records which write is visible.
func (l *lagRound) look(status int, body []byte, served time.Time) error {
	match := probeIn.FindSubmatch(body)
	if status != http.StatusOK || match == nil {
		return fmt.Errorf("look at the replica: the answer is %d: %.200s", status, body)
	}
	number, err := strconv.Atoi(string(match[1]))
	if err != nil {
		return fmt.Errorf("look at the replica: %w", err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if number < l.last {
		return fmt.Errorf("the replica served write %d after write %d", number, l.last)
	}
	// A text that was replaced between two polls becomes visible with its successor.
	for n := max(l.last+1, l.first); n <= number; n++ {
		l.seen[n] = served
	}
	l.last = number
	return nil
}

// waitForAll waits until the last write is visible, for at most lagTimeout.
func (l *lagRound) waitForAll(ctx context.Context) error {
	defer func() { l.all = time.Now() }()
	limit := time.Now().Add(lagTimeout)
	for time.Now().Before(limit) {
		l.mu.Lock()
		done := l.last >= l.first+lagWrites-1
		l.mu.Unlock()
		if done {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.New("the reader ended early")
		case <-time.After(time.Millisecond):
		}
	}
	return nil
}

func (l *lagRound) result() (r lags) {
	for i, acknowledged := range l.acknowledged {
		seen, ok := l.seen[l.first+i]
		if !ok {
			seen = l.all
			r.missing++
		}
		// A write that is visible before the writer has the response has no lag.
		r.sorted = append(r.sorted, max(0, seen.Sub(acknowledged)))
	}
	slices.Sort(r.sorted)
	return r
}

// startProbe writes the note for the first time and waits for it on both replicas.
func (s *stage) startProbe(ctx context.Context) error {
	if s.written > 0 {
		return nil
	}
	writer := s.Writer(s.Leader.URL())
	defer writer.Close()
	s.written++
	if _, err := writer.Write(ctx, probeNote, probeText(s.written)); err != nil {
		return err
	}
	for _, replica := range s.Replicas {
		reader := replica.NewReader()
		_, err := reader.WaitFor(ctx, address(probeNote), probeText(s.written)[:10], 5*time.Millisecond)
		reader.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

// throughSQLite performs one round on a replica that reads through SQLite, while it serves pages.
func (s *stage) throughSQLite(ctx context.Context) (l lags, rate float64, err error) {
	if err := s.SQLiteReads(ctx, s.noLane); err != nil {
		return lags{}, 0, err
	}
	rate, err = saturate(ctx, s.noLane, s.everyPage(), false, func(ctx context.Context) (err error) {
		l, err = s.measureWritesTo(ctx, s.noLane)
		return err
	})
	return l, rate, err
}
