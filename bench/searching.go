package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"trip2g/bench/load"
	"trip2g/bench/report"
	"trip2g/bench/vault"
	"trip2g/services/trip2g"
	"trip2g/services/trip2g/content/markdown"
	"trip2g/services/trip2g/content/search"
	"trip2g/services/trip2g/content/site"
)

const (
	searchesARound = 300
	changesARound  = 50

	indexedWithin     = 10.0 // seconds, for 10,000 notes
	searchP50         = 20.0 // milliseconds, in a vault of 10,000 notes
	searchP99         = 100.0
	searchableWithin  = 20.0 // milliseconds, p99, from when the page is visible
	searchedVaultSize = 10_000
)

// measureSearch measures the search index of a node.
func measureSearch(ctx context.Context, o *options) ([]report.Section, error) {
	sizes := []int{1000, searchedVaultSize}
	if o.short {
		sizes = sizes[:1]
	}
	section := report.Section{
		Title: "Search",
		Text:  "One process with the notes in memory builds the index without other load. Queries consist of one or two words of the notes; the last one is incomplete, as while typing.",
	}
	made := report.Row{Name: "Building the index of a vault at startup", Notes: []string{"From the moment pages are served. Pages do not wait for the index."}}
	for _, notes := range sizes {
		figure := report.Figure{Name: fmt.Sprintf("%d notes", notes), Unit: "s"}
		var last *searched
		for round := range o.rounds {
			o.progress("search in %d notes: round %d of %d", notes, round+1, o.rounds)
			if last != nil {
				if err := last.close(); err != nil {
					return nil, err
				}
			}
			next, took, err := startSearched(ctx, notes)
			if err != nil {
				return nil, err
			}
			last = next
			figure.Values = append(figure.Values, took.Seconds())
		}
		claim := report.Claim{Figure: figure}
		if notes == searchedVaultSize {
			claim.Goal = atMost(indexedWithin)
		}
		made.Claims = append(made.Claims, claim)
		rows, failed := last.rows(ctx, o.rounds)
		if err := errors.Join(failed, last.close()); err != nil {
			return nil, err
		}
		if notes == sizes[len(sizes)-1] {
			section.Rows = append([]report.Row{made}, rows...)
		}
	}
	return []report.Section{section}, nil
}

// searched is a site in memory with its search index.
type searched struct {
	*memoryVault
	follower *site.Follower
	index    *search.Index
	stop     context.CancelFunc
	done     chan error
}

// startSearched loads a vault and returns the time until its index is complete.
func startSearched(ctx context.Context, notes int) (*searched, time.Duration, error) {
	s := &searched{memoryVault: newMemoryVault(notes), done: make(chan error, 1)}
	s.index = search.New(search.Options{
		Site: func() trip2g.Site { return s.follower.Current() }, Text: markdown.Text, FreshWait: time.Minute, Log: zerolog.Nop(),
	})
	s.follower = site.NewFollower(s.memoryVault, site.Options{Parse: markdown.Parse, Render: markdown.Render, Log: zerolog.Nop(), Observe: s.index.Observe})
	if _, err := s.follower.Refresh(ctx); err != nil {
		return nil, 0, err
	}
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.stop = stop
	began := time.Now()
	go func() { s.done <- s.index.Run(running) }()
	for {
		answer, err := s.index.Search(ctx, trip2g.SearchRequest{Query: "", Limit: 1})
		if err != nil {
			return nil, 0, errors.Join(err, s.close())
		}
		if !answer.Indexing {
			return s, time.Since(began), nil
		}
		select {
		case <-ctx.Done():
			return nil, 0, errors.Join(ctx.Err(), s.close())
		case <-time.After(time.Millisecond):
		}
	}
}

func (s *searched) close() error {
	s.stop()
	return <-s.done
}

// rows measures searches, and the time until search finds a change.
func (s *searched) rows(ctx context.Context, rounds int) ([]report.Row, error) {
	p50, p99 := report.Figure{Name: "p50", Unit: "ms"}, report.Figure{Name: "p99", Unit: "ms"}
	lag50, lag99 := report.Figure{Name: "p50", Unit: "ms"}, report.Figure{Name: "p99", Unit: "ms"}
	queries := s.queries()
	for round := range rounds {
		took := make([]time.Duration, searchesARound)
		for i := range took {
			began := time.Now()
			if _, err := s.index.Search(ctx, trip2g.SearchRequest{Query: queries[(round*searchesARound+i)%len(queries)], Limit: 10}); err != nil {
				return nil, err
			}
			took[i] = time.Since(began)
		}
		slices.Sort(took)
		p50.Values = append(p50.Values, milliseconds(load.Percentile(took, 50)))
		p99.Values = append(p99.Values, milliseconds(load.Percentile(took, 99)))
		lags, err := s.lags(ctx, round)
		if err != nil {
			return nil, err
		}
		lag50.Values = append(lag50.Values, milliseconds(load.Percentile(lags, 50)))
		lag99.Values = append(lag99.Values, milliseconds(load.Percentile(lags, 99)))
	}
	return []report.Row{
		{
			Name: fmt.Sprintf("Searching %d notes", len(s.notes)), Figures: []report.Figure{p50, p99},
			Claims: []report.Claim{{Figure: p50, Goal: atMost(searchP50)}, {Figure: p99, Goal: atMost(searchP99)}},
		},
		{
			Name: fmt.Sprintf("Changing one of %d notes, until search finds it", len(s.notes)), Figures: []report.Figure{lag50, lag99},
			Claims: []report.Claim{{Figure: lag99, Goal: atMost(searchableWithin)}},
			Notes:  []string{"From the moment the new page is served until a search for its words returns it."},
		},
	}, nil
}

// lags changes notes one after the other and returns the times until search finds them.
func (s *searched) lags(ctx context.Context, round int) ([]time.Duration, error) {
	lags := make([]time.Duration, changesARound)
	for i := range lags {
		word := fmt.Sprintf("changed%dx%d", round, i)
		s.change((round*changesARound+i)%len(s.notes), "\n\n"+word+"\n")
		if _, err := s.follower.Refresh(ctx); err != nil {
			return nil, err
		}
		began := time.Now()
		answer, err := s.index.Search(ctx, trip2g.SearchRequest{Query: word + " ", Limit: 1, Fresh: true})
		if err != nil {
			return nil, err
		}
		if answer.Total != 1 {
			return nil, fmt.Errorf("%s is found in %d notes", word, answer.Total)
		}
		lags[i] = time.Since(began)
	}
	slices.Sort(lags)
	return lags, nil
}

// queries returns queries of one or two words of the notes; the last word is incomplete.
func (s *searched) queries() (queries []string) {
	for i, n := range s.notes {
		words := strings.Fields(markdown.Text(markdown.Parse(n.Path, n.Content)))
		if len(words) < 2 {
			continue
		}
		at := i % (len(words) - 1)
		last := []rune(words[at+1])
		query := string(last[:max(1, len(last)-i%3)])
		if i%2 == 0 {
			query = words[at] + " " + query
		}
		queries = append(queries, query)
	}
	return queries
}

// memoryVault is a trip2g.ChangeSource with a vault in memory.
type memoryVault struct {
	notes    []trip2g.Note
	changed  []int // numbers of notes, in the order of their changes after the first
	position trip2g.Position
}

func newMemoryVault(size int) *memoryVault {
	v := vault.Generate(vaultSeed, size)
	m := &memoryVault{position: 1}
	for i := range v.Len() {
		file := v.Note(i)
		content := string(file.Content)
		m.notes = append(m.notes, trip2g.Note{ID: int64(i + 1), Path: file.Path, Content: content, Hash: trip2g.ContentHash(content)})
	}
	return m
}

func (m *memoryVault) change(i int, more string) {
	n := &m.notes[i]
	n.Content += more
	n.Hash = trip2g.ContentHash(n.Content)
	m.changed = append(m.changed, i)
	m.position++
}

// Changes implements trip2g.ChangeSource.
func (m *memoryVault) Changes(_ context.Context, after trip2g.Position, _ int) (trip2g.ChangeSet, error) {
	set := trip2g.ChangeSet{DatabaseID: "memory", Position: m.position, Head: m.position, ChangedAt: time.Now(), SiteAccess: trip2g.AccessEveryone}
	if after == 0 {
		set.Notes = slices.Clone(m.notes)
		return set, nil
	}
	for _, i := range m.changed[after-1:] {
		set.Notes = append(set.Notes, m.notes[i])
	}
	return set, nil
}
