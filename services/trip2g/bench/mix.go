package main

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"net/url"

	"trip2g/services/trip2g/bench/cluster"
	"trip2g/services/trip2g/bench/load"
	"trip2g/services/trip2g/bench/report"
)

// The readers of a vault: a few pages have most of them (Zipf's law), all are asked for by some.
const (
	zipfExponent = 1.1
	zipfAsks     = 20_000 // the list that the load goes through over and over
	ofOnePage    = 0.9    // the goal
)

// measureVault compares all pages of the vault with one of them, which is as long as the answers of
// the mix are on average: that a longer answer costs more is not what is asked here.
func (s *stage) measureVault(ctx context.Context) ([]report.Row, error) {
	mix, one, err := s.mix(ctx)
	if err != nil {
		return nil, err
	}
	all := report.Figure{Name: "all pages", Unit: "requests/s"}
	alone := report.Figure{Name: "one page of their mean length", Unit: "requests/s"}
	for round := range s.rounds {
		s.progress("all pages of the vault: round %d of %d", round+1, s.rounds)
		for _, turn := range []struct {
			figure   *report.Figure
			requests []load.Request
		}{{&all, mix}, {&alone, []load.Request{one, one}}} {
			rate, err := load.Wrk{URL: s.withLane.URL(), Requests: turn.requests, For: s.roundFor()}.Rate(ctx)
			if err != nil {
				return nil, err
			}
			turn.figure.Values = append(turn.figure.Values, rate)
		}
	}
	return []report.Row{{
		Name: fmt.Sprintf("All pages of a vault of %d notes, as a browser", s.vault.Len()), Against: "one page alone",
		Figures: []report.Figure{all, alone}, Plot: true,
		Claims: []report.Claim{report.Ratio("all pages / one page", all, alone, atLeast(ofOnePage))},
		Notes:  []string{fmt.Sprintf("Pages are chosen by Zipf's law (exponent %.1f) with a script of wrk, which both figures have. A table eight times as large of the pages that were found before made no difference beyond the spread, so that looking a page up is not it; what is left is that a thousand bodies fit no core's cache, as one does.", zipfExponent)},
	}}, nil
}

// mix draws the list of requests, and finds the page whose answer is nearest to its mean length.
func (s *stage) mix(ctx context.Context) (mix []load.Request, nearest load.Request, err error) {
	pages := s.everyPage()
	lengths, err := askEach(ctx, s.withLane, pages)
	if err != nil {
		return nil, nearest, err
	}
	r := rand.New(rand.NewPCG(vaultSeed, 0))
	zipf := rand.NewZipf(r, zipfExponent, 1, uint64(len(pages)-1))
	order := r.Perm(len(pages)) // which pages are read most has nothing to do with their lengths
	var sum float64
	for range zipfAsks {
		page := order[zipf.Uint64()]
		mix, sum = append(mix, pages[page]), sum+lengths[page]
	}
	mean, best := sum/zipfAsks, 0
	for i := range pages {
		if math.Abs(lengths[i]-mean) < math.Abs(lengths[best]-mean) {
			best = i
		}
	}
	return mix, pages[best], nil
}

// askEach asks a node for each page once, so that none is made while the clock runs, and gives the
// lengths of the answers.
func askEach(ctx context.Context, n *cluster.Node, pages []load.Request) (lengths []float64, err error) {
	for _, page := range pages {
		status, _, body, err := get(ctx, n.URL()+page.Path, page.Header)
		if err == nil && status != http.StatusOK {
			err = fmt.Errorf("the answer is %d", status)
		}
		if err != nil {
			return nil, fmt.Errorf("get %s: %w", page.Path, err)
		}
		lengths = append(lengths, float64(len(body)))
	}
	return lengths, nil
}

// everyPage lists the pages of the vault.
func (s *stage) everyPage() []load.Request {
	pages := make([]load.Request, s.vault.Len())
	for i := range pages {
		pages[i] = load.Request{Path: (&url.URL{Path: s.vault.URL(i)}).EscapedPath(), Header: browser.header}
	}
	return pages
}
