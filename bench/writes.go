package main

import (
	"context"
	"errors"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"trip2g/bench/load"
	"trip2g/bench/report"
)

const (
	writesPerSecond = 100
	// writers is enough for the rate, although each writer waits for the response.
	writers = 8
	// ofNoWrites is the goal for the rate of reads during writes, relative to none.
	ofNoWrites = 0.85
)

// measureWrites compares the rate of reads during small writes with the rate without: on a replica
// with its own cores, and on one that shares them with the leader.
func (s *stage) measureWrites(ctx context.Context) (rows []report.Row, err error) {
	if err := s.startProbe(ctx); err != nil {
		return nil, err
	}
	reads := load.Wrk{URL: s.withLane.URL(), Requests: onePage(browser), For: s.roundFor()}
	shared, err := s.compareWrites(ctx, reads, "the leader on the same cores")
	if err != nil {
		return nil, err
	}
	together, own, err := s.apart(s.withLane)
	defer func() { err = errors.Join(err, together()) }()
	if err != nil {
		return nil, err
	}
	reads.Processors = list(own)
	apart, err := s.compareWrites(ctx, reads, "the leader on other cores")
	if err != nil {
		return nil, err
	}
	apart.Plot, apart.Claims[0].Goal = true, atLeast(ofNoWrites)
	apart.Notes = []string{"The replica, its LiteFS node and the readers run on one half of the cores, with and without writes; the leader, the other replica and the writers on the other half, like separate machines.",
		"With two cores, a replica has one. A transaction costs it 4 to 5.5 ms of CPU time, more than half of it for LiteFS, which writes a file per transaction: with 100 transactions per second, readers had 0.59 of the rate. Therefore the leader commits writes in quick succession in one transaction, and a write waits up to 50 ms for others: here, five or six share a transaction. Single writes, and clients that send a write only after the response to the previous one, do not wait."}
	shared.Notes = []string{"The leader, both replicas, three LiteFS nodes, the readers and the writers share all cores: the leader's CPU time for writes is not available to readers."}
	return []report.Row{*apart, *shared}, nil
}

// compareWrites measures the row of reads with and without writes.
func (s *stage) compareWrites(ctx context.Context, reads load.Wrk, where string) (*report.Row, error) {
	quiet := report.Figure{Name: "no writes", Unit: "requests/s"}
	busy := report.Figure{Name: "100 writes/s", Unit: "requests/s"}
	made := report.Figure{Name: "writes made", Unit: "writes/s"}
	took := report.Figure{Name: "a write, acknowledged (p50)", Unit: "ms"}
	for round := range s.rounds {
		s.progress("reads while writes arrive, %s: round %d of %d", where, round+1, s.rounds)
		rate, err := reads.Rate(ctx)
		if err != nil {
			return nil, err
		}
		quiet.Values = append(quiet.Values, rate)
		began := time.Now()
		rate, writes, err := s.readWhileWriting(ctx, reads)
		if err != nil {
			return nil, err
		}
		busy.Values = append(busy.Values, rate)
		made.Values = append(made.Values, float64(len(writes))/time.Since(began).Seconds())
		took.Values = append(took.Values, milliseconds(load.Percentile(writes, 50)))
	}
	return &report.Row{
		Name: "One page, as a browser, while 100 small writes/s arrive, " + where, Against: "none arriving",
		Figures: []report.Figure{busy, quiet, took},
		Claims:  []report.Claim{report.Ratio("with writes / without", busy, quiet, report.Goal{}), {Figure: made}},
	}, nil
}

// readWhileWriting returns the rate of the reads and the sorted latencies of the writes that were
// acknowledged meanwhile.
func (s *stage) readWhileWriting(ctx context.Context, reads load.Wrk) (rate float64, writes []time.Duration, err error) {
	writing, stop := context.WithCancel(ctx)
	defer stop()
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		writes, err = s.writeAtPace(writing)
		return err
	})
	group.Go(func() (err error) {
		defer stop()
		rate, err = reads.Rate(ctx)
		return err
	})
	err = group.Wait()
	return rate, writes, err
}

// writeAtPace writes until ctx ends and returns the sorted latencies of the acknowledged writes.
func (s *stage) writeAtPace(ctx context.Context) (took []time.Duration, err error) {
	timer, err := load.NewTimer(0, time.Second/writesPerSecond)
	if err != nil {
		return nil, err
	}
	defer context.AfterFunc(ctx, timer.Stop)()
	numbers, each := make(chan int), make([][]time.Duration, writers)
	group, failed := errgroup.WithContext(context.WithoutCancel(ctx)) // finish begun writes
	for i := range writers {
		group.Go(func() error {
			writer := s.Writer(s.Leader.URL())
			defer writer.Close()
			for number := range numbers {
				one, err := writer.Write(failed, probeNote, probeText(number))
				if err != nil {
					return err
				}
				each[i] = append(each[i], one)
			}
			return nil
		})
	}
	s.sendNumbers(timer, numbers, failed.Done())
	close(numbers)
	err = group.Wait()
	took = slices.Concat(each...)
	slices.Sort(took)
	return took, err
}

// sendNumbers sends the number of a write at each tick of the timer, until it is stopped or the
// writers fail.
func (s *stage) sendNumbers(timer *load.Timer, numbers chan<- int, failed <-chan struct{}) {
	for {
		moments, err := timer.Wait()
		if err != nil {
			return // stopped
		}
		for range moments {
			s.written++
			select {
			case numbers <- s.written:
			case <-failed:
				return
			}
		}
	}
}
