package main

import (
	"context"
	"fmt"

	"trip2g/bench/report"
)

// Goals of the claims, in milliseconds.
const (
	idleP50, idleP99     = 7, 15
	loadedP50, loadedP99 = 15, 60
	betterThanSQLite     = 500
)

// measureLag measures the time from the leader's response to a write until a replica serves it.
func (s *stage) measureLag(ctx context.Context) ([]report.Row, error) {
	if err := s.startProbe(ctx); err != nil {
		return nil, err
	}
	routes, err := s.routes(ctx)
	if err != nil {
		return nil, err
	}
	idle, loaded := newLagFigures("idle"), newLagFigures("loaded")
	asked := report.Figure{Name: "requests served meanwhile", Unit: "requests/s"}
	for round := range s.rounds {
		s.progress("lag, idle and loaded: round %d of %d", round+1, s.rounds)
		l, err := s.measureWritesTo(ctx, s.withLane)
		if err != nil {
			return nil, err
		}
		idle.add(l)
		rate, err := saturate(ctx, s.withLane, requests(routes), true, func(ctx context.Context) error {
			l, err := s.measureWritesTo(ctx, s.withLane)
			loaded.add(l)
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
	return []report.Row{idle.row(), loadedRow(loaded, sqlite, asked, l, rate)}, nil
}

func (f *lagFigures) row() report.Row {
	return report.Row{
		Name: "Lag of a write, idle", Against: "9 ms (median) and 12 ms (maximum), reported by an earlier system", Figures: []report.Figure{f.p50, f.p99},
		Claims: []report.Claim{
			{Figure: f.p50, Goal: atMost(idleP50)}, {Figure: f.p99, Goal: atMost(idleP99)},
			{Figure: f.missing, Goal: atMost(0)},
		},
		Notes: []string{fmt.Sprintf("%d writes to a note on the leader per round, one every %s; measured from the response to the write until a replica, polled every %s, serves the new page. All times are from the same clock.", lagWrites, writeInterval, pollInterval)},
	}
}

func loadedRow(loaded, sqlite *lagFigures, asked report.Figure, l lags, rate float64) report.Row {
	better := report.Claim{Figure: report.Figure{Name: "improvement over reads through SQLite, p50"}, Goal: atLeast(betterThanSQLite)}
	for _, p50 := range loaded.p50.Values {
		better.Values = append(better.Values, sqlite.p50.Median()/p50)
	}
	row := report.Row{
		Name: "Lag of a write with every GET route under saturating load", Against: "reads through SQLite",
		Figures: []report.Figure{loaded.p50, loaded.p99, sqlite.p50}, Plot: true,
		Claims: []report.Claim{
			{Figure: loaded.p50, Goal: atMost(loadedP50)}, {Figure: loaded.p99, Goal: atMost(loadedP99)},
			{Figure: loaded.missing, Goal: atMost(0)}, better, {Figure: asked},
		},
		Notes: []string{
			"The load is a mix of pages, compressed pages, `304`, `404`, redirects, a members' page, the stylesheet, a small and a large file (4 MB), searches, the GraphQL endpoint, and on the internal port `/readyz`, `/metrics` and the other probes.",
			"Lists, feeds, long notes and searches are rendered on at most half of the cores, so that the follower, which reads from the mount in several steps, does not wait for them. In a comparison on the same machine, the lag was 27 and 92 ms (p50, p99) with this limit, 41 and 142 ms without. A lower priority for the server than for LiteFS, and one more thread for Go than there are cores, made no difference.",
		},
	}
	through := fmt.Sprintf("*Reads through SQLite* is a benchmark server that reads the note from the replica's mount for every request, on 8 connections; it served %.0f requests/s, of pages only.", rate)
	if l.missing > 0 {
		through += fmt.Sprintf(" %d of its %d writes were not visible at the timeout, %s after the last write: they count as visible then, so the actual lag is higher than shown.", l.missing, lagWrites, lagTimeout)
	}
	row.Notes = append(row.Notes, through)
	return row
}

// lagFigures are the lags by round.
type lagFigures struct{ p50, p99, missing report.Figure }

func newLagFigures(name string) *lagFigures {
	return &lagFigures{
		p50:     report.Figure{Name: name + " p50", Unit: "ms"},
		p99:     report.Figure{Name: name + " p99", Unit: "ms"},
		missing: report.Figure{Name: name + ", never visible", Unit: "writes"},
	}
}

func (f *lagFigures) add(l lags) {
	f.p50.Values = append(f.p50.Values, l.percentile(50))
	f.p99.Values = append(f.p99.Values, l.percentile(99))
	f.missing.Values = append(f.missing.Values, float64(l.missing))
}
