package main

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"trip2g/bench/load"
	"trip2g/bench/report"
)

// target is a server with the page.
type target struct {
	name     string
	url      string
	request  load.Request
	measured process // its processor time is reported; 0: none
}

// targets returns the servers for one kind of request, the replica first.
func (s *stage) targets(a requestKind) ([]target, error) {
	page := onePage(a)[0]
	withLane, err := s.withLane.Server()
	if err != nil {
		return nil, err
	}
	noLane, err := s.noLane.Server()
	if err != nil {
		return nil, err
	}
	return []target{
		{"replica", s.withLane.URL(), page, process(withLane)},
		{"replica without the fast lane", s.noLane.URL(), page, process(noLane)},
		{"bare net/http", s.bare.URL, load.Request{Path: barePath(a), Header: a.header}, process(s.bare.PID())},
		{"nginx", s.nginx.URL, load.Request{Path: "/" + nginxPage, Header: a.header}, 0},
	}, nil
}

// measureRequests measures the rate of requests for one page.
func (s *stage) measureRequests(ctx context.Context) (rows []report.Row, err error) {
	for _, a := range requestKinds {
		row, err := s.requestsRow(ctx, a)
		if err != nil {
			return nil, err
		}
		rows = append(rows, row...)
	}
	return rows, nil
}

func (s *stage) requestsRow(ctx context.Context, a requestKind) ([]report.Row, error) {
	targets, err := s.targets(a)
	if err != nil {
		return nil, err
	}
	sizes, err := s.checkPage(ctx, a, targets)
	if err != nil {
		return nil, err
	}
	rates, costs := make([]report.Figure, len(targets)), make([]cost, len(targets))
	for i, t := range targets {
		rates[i], costs[i] = report.Figure{Name: t.name, Unit: "requests/s"}, newCost(t.name)
	}
	for round := range s.rounds {
		s.progress("one page, %s: round %d of %d", a.name, round+1, s.rounds)
		for i, t := range targets {
			rate, used, err := s.rate(ctx, t)
			if err != nil {
				return nil, err
			}
			rates[i].Values = append(rates[i].Values, rate)
			costs[i].add(used, rate*s.roundFor().Seconds())
		}
	}
	row := report.Row{
		Name: "One page, " + a.name, Against: "bare net/http and nginx", Figures: rates, Plot: true,
		Claims: claimRequests(rates, a), Notes: []string{sizes, noLaneCosts},
	}
	return []report.Row{row, costRow(a, costs[:3])}, nil
}

// noLaneCosts explains the difference between net/http in a node and a handler that only writes.
const noLaneCosts = "Without the fast lane, a request has costs that bare net/http does not have: the log line, the request ID, metrics and the page lookup, 2 µs of 35 when profiled. On the other hand, a node sends the page with one system call, and net/http alone with two: the header with the beginning of the page, and the rest."

// Goals of the claims: the fast lane against nginx, and net/http against itself.
const (
	ofNginxPlain      = 0.6
	ofNginxCompressed = 0.85
	ofBareHTTP        = 0.95
)

func claimRequests(rates []report.Figure, a requestKind) []report.Claim {
	replica, noLane, bare, nginx := rates[0], rates[1], rates[2], rates[3]
	ofNginx := ofNginxPlain
	if a.name == browser.name {
		ofNginx = ofNginxCompressed
	}
	return []report.Claim{
		report.Ratio("replica / nginx", replica, nginx, atLeast(ofNginx)),
		report.Ratio("without the fast lane / bare net/http", noLane, bare, atLeast(ofBareHTTP)),
		report.Ratio("replica / without the fast lane", replica, noLane, report.Goal{}),
	}
}

func atLeast(bound float64) report.Goal { return report.Goal{Kind: report.AtLeast, Bound: bound} }
func atMost(bound float64) report.Goal  { return report.Goal{Kind: report.AtMost, Bound: bound} }

// checkPage checks that each server serves the page, and returns the sizes of the responses as
// text.
func (s *stage) checkPage(ctx context.Context, a requestKind, targets []target) (sizes string, err error) {
	for _, t := range targets {
		status, header, body, err := get(ctx, t.url+t.request.Path, t.request.Header)
		if err == nil && status != http.StatusOK {
			err = fmt.Errorf("the answer is %d", status)
		}
		if err != nil {
			return "", fmt.Errorf("ask %s for the page: %w", t.name, err)
		}
		coding := header.Get("Content-Encoding")
		if coding == "" {
			coding = "not compressed"
		}
		if (coding == "not compressed") != (a.name == plain.name) {
			s.progress("%s answers %s when it is asked %s", t.name, coding, a.name)
		}
		if sizes != "" {
			sizes += ", "
		}
		sizes += fmt.Sprintf("%s %d bytes (%s)", t.name, len(body), coding)
	}
	return "Bodies: " + sizes + ".", nil
}

// rate sends requests to one server for a round, and returns the responses per second and the usage
// of its process.
func (s *stage) rate(ctx context.Context, t target) (rate float64, used usage, err error) {
	before, err := t.measured.usage()
	if err != nil {
		return 0, usage{}, err
	}
	rate, err = load.Wrk{URL: t.url, Requests: []load.Request{t.request}, For: s.roundFor()}.Rate(ctx)
	if err != nil {
		return 0, usage{}, err
	}
	after, err := t.measured.usage()
	return rate, after.minus(before), err
}

// roundFor returns the duration of the load in a round, in whole seconds for wrk.
func (s *stage) roundFor() time.Duration {
	if s.short {
		return time.Second
	}
	return 2 * time.Second
}
