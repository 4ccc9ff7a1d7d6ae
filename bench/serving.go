package main

import (
	"context"
	"errors"

	"trip2g/bench/report"
)

// servingRows are the rows about reads, which share a stage.
var servingRows = []string{"requests", "vault", "latency", "lag", "writes"}

// measureServing measures the rows about reads.
func measureServing(ctx context.Context, o *options) (_ []report.Section, err error) {
	s, err := newStage(ctx, o)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	section := report.Section{Title: "Reading", Text: servingText}
	for _, row := range []struct {
		name    string
		measure func(*stage, context.Context) ([]report.Row, error)
	}{
		{"requests", (*stage).measureRequests},
		{"vault", (*stage).measureVault},
		{"latency", (*stage).measureLatency},
		{"lag", (*stage).measureLag},
		{"writes", (*stage).measureWrites},
	} {
		if !o.wants(row.name) {
			continue
		}
		rows, err := row.measure(s, ctx)
		if err != nil {
			return []report.Section{section}, err
		}
		section.Rows = append(section.Rows, rows...)
	}
	return []report.Section{section}, nil
}

// servingText explains how the rows are measured.
const servingText = "A leader and two replicas, each with its own LiteFS node, have a vault of 1,000 notes. The load generator runs on the same cores: `wrk -t1 -c16` keeps 16 connections open and sends the next request when a response arrives. *Plain* is `Accept-Encoding: identity`; *as a browser* is Firefox's header, and the response is compressed. Access logs are on, in trip2g and in nginx. *Bare net/http* is a handler that only writes the same bytes and header fields. nginx has one worker per core, `sendfile`, and a precompressed file (`gzip_static`, level 9)."
