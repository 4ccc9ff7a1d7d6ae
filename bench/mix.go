package main

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"

	"trip2g/bench/cluster"
	"trip2g/bench/load"
	"trip2g/bench/report"
)

// The distribution of requests: a few pages get most of them (Zipf's law), all pages get some.
const (
	zipfExponent = 1.1
	zipfAsks     = 20_000 // the length of the list that the load repeats
	ofOnePage    = 0.9    // the goal
	// vaultRounds is the number of rounds per round of other rows, because the difference is
	// smaller than the variation between rounds.
	vaultRounds = 3
)

// measureVault compares all pages of the vault with one page of their mean length, so that the cost
// of a longer response is not measured.
func (s *stage) measureVault(ctx context.Context) ([]report.Row, error) {
	mix, same, err := s.mix(ctx)
	if err != nil {
		return nil, err
	}
	all := report.Figure{Name: "all pages", Unit: "requests/s"}
	alone := report.Figure{Name: "one page of mean length", Unit: "requests/s"}
	rounds := vaultRounds * s.rounds
	for round := range rounds {
		s.progress("all pages of the vault: round %d of %d", round+1, rounds)
		// In both orders, so that a drift of the machine affects both equally.
		var rates [4]float64
		for i, requests := range [...][]load.Request{mix, same, same, mix} {
			rates[i], err = load.Wrk{URL: s.withLane.URL(), Requests: requests, For: s.roundFor()}.Rate(ctx)
			if err != nil {
				return nil, err
			}
		}
		all.Values = append(all.Values, (rates[0]+rates[3])/2)
		alone.Values = append(alone.Values, (rates[1]+rates[2])/2)
	}
	return []report.Row{{
		Name: fmt.Sprintf("All pages of a vault of %d notes, as a browser", s.vault.Len()), Against: "one page alone",
		Figures: []report.Figure{all, alone}, Plot: true,
		Claims: []report.Claim{report.Ratio("all pages / one page", all, alone, atLeast(ofOnePage))},
		Notes:  []string{fmt.Sprintf("Pages are requested according to Zipf's law (exponent %.1f) by a wrk script; the one page, too. Each request of one list has the page of the other list as its Referer, so that both lists are equally long and varied. The remaining difference is that a thousand pages do not fit into the cache of a core: according to profiles, the lookup of a page and its body takes 8 to 10 %% of the server's CPU time, compared with 5 or 6 %% for one page, and the kernel copies bodies that are farther away in memory. A lookup cache eight times as large made no significant difference.", zipfExponent)},
	}}, nil
}

// mix returns a list of requests for all pages, and one for the page whose response is closest to
// their mean length. Each request of one list has the page of the other list as its Referer, so
// that both lists are equally long and varied: a thousand different requests cost wrk more than one
// that is repeated.
func (s *stage) mix(ctx context.Context) (mix, same []load.Request, err error) {
	pages := s.everyPage()
	lengths, err := askEach(ctx, s.withLane, pages)
	if err != nil {
		return nil, nil, err
	}
	r := rand.New(rand.NewPCG(vaultSeed, 0))
	zipf := rand.NewZipf(r, zipfExponent, 1, uint64(len(pages)-1))
	order := r.Perm(len(pages)) // popularity is independent of length
	var asked []load.Request
	var sum float64
	for range zipfAsks {
		page := order[zipf.Uint64()]
		asked, sum = append(asked, pages[page]), sum+lengths[page]
	}
	mean, best := sum/zipfAsks, 0
	for i := range pages {
		if math.Abs(lengths[i]-mean) < math.Abs(lengths[best]-mean) {
			best = i
		}
	}
	one := pages[best]
	for _, page := range asked {
		mix, same = append(mix, from(one, page)), append(same, from(page, one))
	}
	return mix, same, nil
}

// from returns a request for a page with another page as its Referer.
func from(other, page load.Request) load.Request {
	page.Header = append(slices.Clip(page.Header), "Referer: http://localhost"+other.Path)
	return page
}

// askEach requests each page once, so that none is rendered during the measurement, and returns the
// lengths of the responses.
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

// everyPage returns the requests for all pages of the vault.
func (s *stage) everyPage() []load.Request {
	pages := make([]load.Request, s.vault.Len())
	for i := range pages {
		pages[i] = load.Request{Path: (&url.URL{Path: s.vault.URL(i)}).EscapedPath(), Header: browser.header}
	}
	return pages
}
