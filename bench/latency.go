package main

import (
	"context"
	"fmt"
	"time"

	"trip2g/bench/load"
	"trip2g/bench/report"
)

// ofBareLatency is the goal for a replica's latency relative to bare net/http.
const ofBareLatency = 1.2

// percentiles are the reported percentiles of a latency.
var percentiles = []float64{50, 99, 99.9}

// measureLatency sends requests to the replica and the bare server, at half of the maximum rate of
// the slower one.
func (s *stage) measureLatency(ctx context.Context) ([]report.Row, error) {
	targets, err := s.targets(browser)
	if err != nil {
		return nil, err
	}
	rivals := []target{targets[0], targets[2]}
	slower, err := s.slower(ctx, rivals)
	if err != nil {
		return nil, err
	}
	var figures [2][]report.Figure
	for i, t := range rivals {
		for _, p := range percentiles {
			figures[i] = append(figures[i], report.Figure{Name: fmt.Sprintf("%s p%v", t.name, p), Unit: "ms"})
		}
	}
	for round := range s.rounds {
		s.progress("latency at %.0f requests/s: round %d of %d", slower/2, round+1, s.rounds)
		for i, t := range rivals {
			latencies, err := load.OpenLoop{URL: t.url, Request: t.request, Rate: slower / 2, For: 2 * s.roundFor()}.Latencies(ctx)
			if err != nil {
				return nil, err
			}
			for j, p := range percentiles {
				figures[i][j].Values = append(figures[i][j].Values, milliseconds(load.Percentile(latencies, p)))
			}
		}
	}
	row := report.Row{
		Name: fmt.Sprintf("Latency at %.0f requests/s, as a browser", slower/2), Against: "bare net/http at the same rate",
		Notes: []string{fmt.Sprintf("Open loop over %d connections: each request has a scheduled time, and its latency counts from then, even if the previous response is late. The rate is half the maximum of the slower server.", load.Connections)},
	}
	for j, p := range percentiles {
		row.Figures = append(row.Figures, figures[0][j], figures[1][j])
		row.Claims = append(row.Claims, report.Ratio(fmt.Sprintf("replica / bare net/http, p%v", p), figures[0][j], figures[1][j], atMost(ofBareLatency)))
	}
	return []report.Row{row}, nil
}

// slower returns the maximum rate of the slower server, as the median of rounds.
func (s *stage) slower(ctx context.Context, rivals []target) (float64, error) {
	rates := make([]report.Figure, len(rivals))
	for range min(3, s.rounds) {
		for i, t := range rivals {
			rate, _, err := s.rate(ctx, t)
			if err != nil {
				return 0, err
			}
			rates[i].Values = append(rates[i].Values, rate)
		}
	}
	least := rates[0].Median()
	for _, figure := range rates[1:] {
		least = min(least, figure.Median())
	}
	return least, nil
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
