package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"trip2g/bench/cluster"
	"trip2g/bench/load"
	"trip2g/bench/vault"
)

// route is a GET request to a replica.
type route struct {
	name   string
	path   string
	header []string
	status int
	weight int // how often it is requested; a large file sends much in one answer
}

// routes returns requests for all kinds of responses of a replica's public port.
func (s *stage) routes(ctx context.Context) ([]route, error) {
	page, err := s.fetch(ctx, s.withLane.URL()+address(filesNote), plain)
	if err != nil {
		return nil, err
	}
	// The page names each file twice, because it embeds and links it.
	files := slices.Compact(assetIn.FindAllString(string(page.Body), -1))
	sheet := stylesheetIn.FindSubmatch(page.Body)
	if len(files) != 2 || sheet == nil {
		return nil, fmt.Errorf("the page of %s has %d files and the stylesheet %q", filesNote, len(files), sheet)
	}
	routes := []route{
		{"page", address(vault.OnePage), plain.header, http.StatusOK, 8},
		{"compressed page", address(vault.OnePage), browser.header, http.StatusOK, 8},
		{"the page that changes", address(probeNote), browser.header, http.StatusOK, 8},
		{"not modified", address(vault.OnePage), []string{"If-None-Match: *"}, http.StatusNotModified, 4},
		{"start page", "/", browser.header, http.StatusOK, 4},
		{"404", "/there/is/nothing/here", browser.header, http.StatusNotFound, 4},
		{"redirect", "/One_page", browser.header, http.StatusFound, 4},
		{"members' page", address(membersNote), browser.header, http.StatusForbidden, 4},
		{"stylesheet", string(sheet[1]), browser.header, http.StatusOK, 4},
		{"large file", files[0], browser.header, http.StatusOK, 1},
		{"small file", files[1], browser.header, http.StatusOK, 4},
		{"tags", "/tags", browser.header, http.StatusOK, 1},
		{"feed", "/feed.xml", browser.header, http.StatusOK, 1},
		{"sitemap", "/sitemap.xml", browser.header, http.StatusOK, 1},
		{"robots", "/robots.txt", browser.header, http.StatusOK, 1},
		{"explorer's folder", "/_system/tree/", browser.header, http.StatusOK, 1},
		{"graph", "/_system/graph" + address(vault.OnePage), browser.header, http.StatusOK, 2},
		{"preview", "/_system/preview" + address(vault.OnePage), browser.header, http.StatusOK, 2},
		{"sign-in", "/_system/signin", browser.header, http.StatusOK, 1},
		{"owner's page", "/_system/notes", browser.header, http.StatusSeeOther, 1},
		{"search", "/_system/search.json?q=the+note", browser.header, http.StatusOK, 2},
		{"search page", "/_system/search?q=write", browser.header, http.StatusOK, 1},
		{"GraphQL", "/_system/graphql", browser.header, http.StatusMethodNotAllowed, 1},
	}
	return routes, s.checkRoutes(ctx, routes)
}

// checkRoutes checks the status of each route, so that the load is as described.
func (s *stage) checkRoutes(ctx context.Context, routes []route) error {
	var wrong []error
	for _, r := range routes {
		status, _, _, err := get(ctx, s.withLane.URL()+r.path, r.header)
		if err == nil && status != r.status {
			err = fmt.Errorf("the answer is %d, not %d", status, r.status)
		}
		if err != nil {
			wrong = append(wrong, fmt.Errorf("the route %q, %s: %w", r.name, r.path, err))
		}
	}
	return errors.Join(wrong...)
}

// requests returns the list of requests of a load with all routes, interleaved by weight.
func requests(routes []route) (list []load.Request) {
	for turn := range 8 {
		for _, r := range routes {
			if turn < r.weight {
				list = append(list, load.Request{Path: r.path, Header: r.header})
			}
		}
	}
	return list
}

// probes are the requests to a node's internal port.
var probes = []load.Request{{Path: "/readyz"}, {Path: "/metrics"}, {Path: "/livez"}, {Path: "/healthz"}}

// saturate sends requests to a node at its maximum rate while work runs, and returns the rate of
// the public port. internal adds load on the internal port.
func saturate(ctx context.Context, n *cluster.Node, list []load.Request, internal bool, work func(context.Context) error) (rate float64, err error) {
	group, ctx := errgroup.WithContext(ctx)
	saturating, stop := context.WithCancel(ctx)
	defer stop()
	const longest = 10 * time.Minute
	group.Go(func() (err error) {
		rate, err = load.Wrk{URL: n.URL(), Requests: list, For: longest, AnyStatus: true}.Rate(saturating)
		return err
	})
	if internal {
		group.Go(func() error {
			_, err := load.Wrk{URL: n.InternalURL(), Requests: probes, Connections: 2, For: longest, AnyStatus: true}.Rate(saturating)
			return err
		})
	}
	group.Go(func() error {
		defer stop()
		return work(ctx)
	})
	return rate, group.Wait()
}
