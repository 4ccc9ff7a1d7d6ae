package main

import (
	"context"
	"fmt"

	"trip2g/bench/report"
)

// Goals of the claims, in milliseconds.
const (
	idleP50, idleP99         = 7, 15
	hammeredP50, hammeredP99 = 15, 60
	betterThanSQLite         = 500
)

// measureLag tells how long after the leader's answer a replica serves a write.
func (s *stage) measureLag(ctx context.Context) ([]report.Row, error) {
	if err := s.startProbe(ctx); err != nil {
		return nil, err
	}
	routes, err := s.routes(ctx)
	if err != nil {
		return nil, err
	}
	idle, hammered := newLagFigures("idle"), newLagFigures("hammered")
	asked := report.Figure{Name: "answers meanwhile", Unit: "requests/s"}
	for round := range s.rounds {
		s.progress("lag, idle and hammered: round %d of %d", round+1, s.rounds)
		l, err := s.measureWritesTo(ctx, s.withLane)
		if err != nil {
			return nil, err
		}
		idle.add(l)
		rate, err := hammer(ctx, s.withLane, requests(routes), true, func(ctx context.Context) error {
			l, err := s.measureWritesTo(ctx, s.withLane)
			hammered.add(l)
			return err
		})
		if err != nil {
			return nil, err
		}
		asked.Values = append(asked.Values, rate)
	}
	s.progress("lag with reads through SQLite")
	l, rate, err := s.throughSQLite(ctx)
	if err != nil {
		return nil, err
	}
	sqlite := newLagFigures("reads through SQLite")
	sqlite.add(l)
	return []report.Row{idle.row(), hammeredRow(hammered, sqlite, asked, l, rate)}, nil
}

func (f *lagFigures) row() report.Row {
	return report.Row{
		Name: "Lag of a write, idle", Against: "9 ms (median) and 12 ms (most), which an earlier system told of itself", Figures: []report.Figure{f.p50, f.p99},
		Claims: []report.Claim{
			{Figure: f.p50, Goal: atMost(idleP50)}, {Figure: f.p99, Goal: atMost(idleP99)},
			{Figure: f.missing, Goal: atMost(0)},
		},
		Notes: []string{fmt.Sprintf("%d writes of a note on the leader in a round, one each %s; from the moment that its answer was read until a replica, asked each %s, served the new page. All of it is on one clock.", lagWrites, writeEvery, lookEvery)},
	}
}

func hammeredRow(hammered, sqlite *lagFigures, asked report.Figure, l lags, rate float64) report.Row {
	better := report.Claim{Figure: report.Figure{Name: "times better than through SQLite, p50"}, Goal: atLeast(betterThanSQLite)}
	for _, p50 := range hammered.p50.Values {
		better.Values = append(better.Values, sqlite.p50.Median()/p50)
	}
	row := report.Row{
		Name: "Lag of a write while every GET route is asked as fast as it answers", Against: "reads through SQLite",
		Figures: []report.Figure{hammered.p50, hammered.p99, sqlite.p50}, Plot: true,
		Claims: []report.Claim{
			{Figure: hammered.p50, Goal: atMost(hammeredP50)}, {Figure: hammered.p99, Goal: atMost(hammeredP99)},
			{Figure: hammered.missing, Goal: atMost(0)}, better, {Figure: asked},
		},
		Notes: []string{
			"The load is a mix of pages, compressed pages, `304`, `404`, redirects, a members' page, the stylesheet, a small and a large file (4 MB), searches, GraphQL's address, and on the internal port `/readyz`, `/metrics` and the other probes.",
			"Lists, feeds, long notes and searches are made in turn on half of the processors, so that a step of following, each a read from the mount, does not wait for all that is being made. Run beside each other on the same machine, the lag was 27 and 92 ms (p50, p99) with turns, 41 and 142 ms without. A lower priority for the server than for its LiteFS, and one more processor for Go than there is, changed nothing.",
		},
	}
	through := fmt.Sprintf("*Reads through SQLite* is a server of the benchmark that reads each note from the replica's mount when it is asked for it, on 8 connections; it answered %.0f requests/s for pages alone.", rate)
	if l.missing > 0 {
		through += fmt.Sprintf(" %d of its %d writes were not served when the wait ended %s after the last one: they count as seen then, and its lag is at least what stands here.", l.missing, lagWrites, lagPatience)
	}
	row.Notes = append(row.Notes, through)
	return row
}

// lagFigures are the lags of rounds.
type lagFigures struct{ p50, p99, missing report.Figure }

func newLagFigures(name string) *lagFigures {
	return &lagFigures{
		p50:     report.Figure{Name: name + " p50", Unit: "ms"},
		p99:     report.Figure{Name: name + " p99", Unit: "ms"},
		missing: report.Figure{Name: name + ", never served", Unit: "writes"},
	}
}

func (f *lagFigures) add(l lags) {
	f.p50.Values = append(f.p50.Values, l.percentile(50))
	f.p99.Values = append(f.p99.Values, l.percentile(99))
	f.missing.Values = append(f.missing.Values, float64(l.missing))
}
