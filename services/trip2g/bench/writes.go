package main

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sync/errgroup"

	"trip2g/services/trip2g/bench/load"
	"trip2g/services/trip2g/bench/report"
)

const (
	writesPerSecond = 100
	// writers are enough to hold the pace: one of them waits for each answer.
	writers = 8
	// ofNoWrites is the goal for reads while writes arrive.
	ofNoWrites = 0.85
)

// measureWrites compares reads while small writes arrive with reads while none do: of a replica that
// has processors of its own, and of one that shares them with the leader.
func (s *stage) measureWrites(ctx context.Context) (rows []report.Row, err error) {
	if err := s.startProbe(ctx); err != nil {
		return nil, err
	}
	reads := load.Wrk{URL: s.withLane.URL(), Requests: onePage(browser), For: s.roundFor()}
	shared, err := s.compareWrites(ctx, reads, "the leader on the same processors")
	if err != nil {
		return nil, err
	}
	together, own, err := s.apart(s.withLane)
	defer func() { err = errors.Join(err, together()) }()
	if err != nil {
		return nil, err
	}
	reads.Processors = list(own)
	apart, err := s.compareWrites(ctx, reads, "the leader apart")
	if err != nil {
		return nil, err
	}
	apart.Plot, apart.Claims[0].Goal = true, atLeast(ofNoWrites)
	apart.Notes = []string{"The replica, its LiteFS and the readers have one half of the processors, with and without writes; the leader, the other replica and the writers the other half, as on machines of their own.",
		"On two cores that is one for all of a replica. Where it was profiled, a write cost the replica 5.5 ms of it: 3.3 ms are its LiteFS's, 40 % of that to make the file of the transaction, which on ext4 takes 0.57 ms after a synced write and 0.03 ms otherwise. The server, which reads and parses the note and takes it into its search index, has the rest, a quarter of it for the index: that rests between small changes that nobody waits for. Keeping prepared statements between transactions had halved the server's part before; LiteFS's does not depend on the server: that the frames of a transaction come to it in one write instead of two for each page made no difference beyond the spread."}
	shared.Notes = []string{"The leader, both replicas, three LiteFS nodes, the readers and the writers share all processors: what the writes cost the leader, the readers lose."}
	return []report.Row{*apart, *shared}, nil
}

// compareWrites makes a row of reads with and without writes.
func (s *stage) compareWrites(ctx context.Context, reads load.Wrk, where string) (*report.Row, error) {
	quiet := report.Figure{Name: "no writes", Unit: "requests/s"}
	busy := report.Figure{Name: "100 writes/s", Unit: "requests/s"}
	made := report.Figure{Name: "writes made", Unit: "writes/s"}
	for round := range s.rounds {
		s.progress("reads while writes arrive, %s: round %d of %d", where, round+1, s.rounds)
		rate, err := reads.Rate(ctx)
		if err != nil {
			return nil, err
		}
		quiet.Values = append(quiet.Values, rate)
		rate, writes, err := s.readWhileWriting(ctx, reads)
		if err != nil {
			return nil, err
		}
		busy.Values, made.Values = append(busy.Values, rate), append(made.Values, writes)
	}
	return &report.Row{
		Name: "One page, as a browser, while 100 small writes/s arrive, " + where, Against: "none arriving",
		Figures: []report.Figure{busy, quiet},
		Claims:  []report.Claim{report.Ratio("with writes / without", busy, quiet, report.Goal{}), {Figure: made}},
	}, nil
}

// readWhileWriting gives the rate of the reads, and how many writes a second were answered meanwhile.
func (s *stage) readWhileWriting(ctx context.Context, reads load.Wrk) (rate, writes float64, err error) {
	writing, stop := context.WithCancel(ctx)
	defer stop()
	var made int
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		made, err = s.writeAtPace(writing)
		return err
	})
	group.Go(func() (err error) {
		defer stop()
		rate, err = reads.Rate(ctx)
		return err
	})
	began := time.Now()
	err = group.Wait()
	return rate, float64(made) / time.Since(began).Seconds(), err
}

// writeAtPace writes until ctx ends, and gives how many writes were answered.
func (s *stage) writeAtPace(ctx context.Context) (made int, err error) {
	timer, err := load.NewTimer(0, time.Second/writesPerSecond)
	if err != nil {
		return 0, err
	}
	defer context.AfterFunc(ctx, timer.Stop)()
	numbers, counts := make(chan int), make([]int, writers)
	group, failed := errgroup.WithContext(context.WithoutCancel(ctx)) // what was begun ends
	for i := range writers {
		group.Go(func() error {
			writer := s.Writer(s.Leader.URL())
			defer writer.Close()
			for number := range numbers {
				if _, err := writer.Write(failed, probeNote, probeText(number)); err != nil {
					return err
				}
				counts[i]++
			}
			return nil
		})
	}
	s.giveNumbers(timer, numbers, failed.Done())
	close(numbers)
	err = group.Wait()
	for _, count := range counts {
		made += count
	}
	return made, err
}

// giveNumbers numbers a write at each moment of the timer, until it is stopped or writers failed.
func (s *stage) giveNumbers(timer *load.Timer, numbers chan<- int, failed <-chan struct{}) {
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
