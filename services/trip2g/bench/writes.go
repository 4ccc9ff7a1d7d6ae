package main

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"

	"trip2g/services/trip2g/bench/load"
	"trip2g/services/trip2g/bench/report"
)

const (
	writesPerSecond = 100
	// writers are enough to hold the pace: one of them waits for each answer.
	writers = 8
	// ofNoWrites is the bound of reads while writes arrive.
	ofNoWrites = 0.85
)

// measureWrites compares reads while small writes arrive with reads while none do.
func (s *stage) measureWrites(ctx context.Context) ([]report.Row, error) {
	if err := s.startProbe(ctx); err != nil {
		return nil, err
	}
	quiet := report.Figure{Name: "no writes", Unit: "requests/s"}
	busy := report.Figure{Name: "100 writes/s", Unit: "requests/s"}
	made := report.Figure{Name: "writes made", Unit: "writes/s"}
	reads := load.Wrk{URL: s.withLane.URL(), Requests: onePage(browser), For: s.roundFor()}
	for round := range s.rounds {
		s.progress("reads while writes arrive: round %d of %d", round+1, s.rounds)
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
	return []report.Row{{
		Name: "One page, as a browser, while 100 small writes/s arrive", Against: "none arriving", Plot: true,
		Figures: []report.Figure{busy, quiet},
		Claims: []report.Claim{
			report.Ratio("with writes / without", busy, quiet, atLeast(ofNoWrites)),
			{Figure: made},
		},
		Notes: []string{"The leader, the other replica, three LiteFS nodes and the writers have the same cores as the replica that is read: on machines of their own they would take nothing from it."},
	}}, nil
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
