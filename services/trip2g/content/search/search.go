package search

import (
	"context"
	"errors"
	"net/url"
	"slices"

	"trip2g/services/trip2g"
)

var _ trip2g.Searcher = (*Index)(nil)

// Search is trip2g.Searcher's.
func (x *Index) Search(ctx context.Context, request trip2g.SearchRequest) (trip2g.SearchResponse, error) {
	if request.Fresh {
		x.awaitFresh(ctx)
	}
	answer := trip2g.SearchResponse{Results: []trip2g.SearchResult{}}
	open, v := x.state(&answer, request.Visitor)
	site := x.Site()
	q := parse(request.Query, v.languages.resolve(siteLang(site)))
	answer.Query = q.text
	if fault := x.Fault(); fault != nil {
		return answer, &trip2g.Error{
			Code: trip2g.EUNAVAILABLE, Message: "search does not work on this node at the moment; the log of the node says why", Err: fault, RetryAfter: lastRetry,
		}
	}
	if q.isEmpty() || !open || site == nil {
		return answer, nil
	}
	ctx, cancel := context.WithTimeout(ctx, queryTime)
	defer cancel()
	found, err := x.find(ctx, q, v)
	if !request.Visitor.IsOwner() {
		found = slices.DeleteFunc(found, func(m match) bool { return isWithheld(site, m, request.Visitor) })
	}
	if err == nil {
		err = x.show(ctx, &answer, site, q, request, found)
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return answer, trip2g.Errorf(trip2g.EUNAVAILABLE, "this search takes too long now; ask for less at a time, or again in a moment")
	case err != nil:
		return answer, err
	}
	return answer, nil
}

// siteLang returns the language of notes that set none, "" if unknown.
func siteLang(site trip2g.Site) string {
	if site == nil {
		return ""
	}
	return site.Settings().Lang
}

// awaitFresh waits until the index includes the current site, for at most FreshWait.
func (x *Index) awaitFresh(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, x.FreshWait)
	defer cancel()
	var newest trip2g.Position
	x.change(func() { newest, x.waiting = x.queue.position, x.waiting+1 })
	defer x.change(func() { x.waiting-- })
	_ = x.await(ctx, func() bool { return x.queue.indexedTo >= newest || x.queue.position < newest })
}

// isWithheld reports whether the visitor may not read a note of otherAudiences.
func isWithheld(site trip2g.Site, m match, visitor trip2g.Visitor) bool {
	if audienceOf(m.row) != otherAudiences {
		return false
	}
	_, ok := site.NoteByID(noteOf(m.row), visitor)
	return !ok
}

// state sets the indexing progress of a response, and returns the part of the index that is
// visible.
func (x *Index) state(answer *trip2g.SearchResponse, visitor trip2g.Visitor) (open bool, v visible) {
	x.mu.Lock()
	defer x.mu.Unlock()
	answer.Indexing = !x.open || x.queue.site == nil || x.queue.bulkPending
	if has := x.audiences.total(); answer.Indexing && !x.queue.rebuild && has > 0 {
		answer.Progress = 100 * has / (has + len(x.queue.bulk))
	}
	return x.open, x.audiences.visibleTo(visitor)
}

// find ranks the matching notes. It waits for a reader, at most turnTime.
func (x *Index) find(ctx context.Context, q query, v visible) ([]match, error) {
	turn, cancel := context.WithTimeout(ctx, turnTime)
	defer cancel()
	select {
	case r := <-x.turns:
		defer func() { x.turns <- r }()
		if x.Long.Acquire(turn, 1) == nil {
			defer x.Long.Release(1)
			return r.ranked(ctx, q, v)
		}
	case <-turn.Done():
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return nil, trip2g.Errorf(trip2g.EUNAVAILABLE, "too many search at the moment; try again in a second")
}

// show looks up the matches in the site. It drops notes that are gone or that the visitor can no
// longer read.
func (x *Index) show(ctx context.Context, answer *trip2g.SearchResponse, site trip2g.Site, q query, request trip2g.SearchRequest, found []match) error {
	answer.Total = len(found)
	for _, m := range found[min(max(request.Offset, 0), len(found)):] {
		if len(answer.Results) >= request.Limit {
			break
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		page, ok := site.NoteByID(noteOf(m.row), request.Visitor)
		if !ok {
			answer.Total--
			continue
		}
		answer.Results = append(answer.Results, x.result(page, q))
	}
	return nil
}

func (x *Index) result(page trip2g.NotePage, q query) trip2g.SearchResult {
	r := trip2g.SearchResult{
		Title: page.Title, URL: (&url.URL{Path: page.URL}).String(), MembersOnly: page.Access.Level != trip2g.Public,
		Tags: append([]string{}, page.Doc.Tags...),
	}
	var ok bool
	r.Snippet, r.Marks, ok = snippet(x.texts.get(page.Doc), q)
	if !ok && page.Doc.Description != "" {
		r.Snippet, r.Marks, _ = snippet(page.Doc.Description, q)
	}
	if r.Marks == nil {
		r.Marks = [][2]int{}
	}
	return r
}
