package graphql_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/content/markdown"
	"trip2g/services/trip2g/content/publish"
	"trip2g/services/trip2g/content/search"
	"trip2g/services/trip2g/content/site"
	"trip2g/services/trip2g/web/graphql"
)

const searchQuery = `query ($q: String!, $first: Int, $after: String) { search(query: $q, first: $first, after: $after) {
	query total indexing progress next results { title url snippet marks { start end } tags membersOnly } } }`

type searchAnswer struct {
	Search struct {
		Query           string
		Total, Progress int
		Indexing        bool
		Next            *string
		Results         []struct {
			Title, URL, Snippet string
			Marks               []struct{ Start, End int }
			Tags                []string
			MembersOnly         bool
		}
	}
}

func startSearch(t *testing.T) *server {
	return startWith(t, func(s *server, o *graphql.Options) {
		if _, err := s.db.SetSiteAccess(t.Context(), trip2g.AccessEveryone, trip2g.AnyPosition); err != nil {
			t.Fatal(err)
		}
		var follower *site.Follower
		index := search.New(search.Options{
			Site: func() trip2g.Site { return follower.Current() }, Text: markdown.Text, FreshWait: time.Minute, Log: zerolog.Nop(),
		})
		follower = site.NewFollower(s.db, site.Options{Parse: markdown.Parse, Render: markdown.Render, Log: zerolog.Nop(), Observe: index.Observe})
		if _, err := follower.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() { done <- index.Run(ctx) }()
		t.Cleanup(func() { stop(); <-done })
		o.Publisher = publish.New(publish.Options{Vault: s.db, Assets: s.db, References: references, Refresh: follower.Refresh})
		o.Searcher = index
	})
}

// Each caller immediately finds what they can read, and nothing reveals the rest.
func TestSearchIsByWhoAsks(t *testing.T) {
	s := startSearch(t)
	s.pushed(map[string]string{
		"open.md":   "---\ntags: [a/b]\n---\nAn apple for everybody.",
		"secret.md": "---\nfree: false\n---\nAn apple for members.",
	}, false)
	if _, err := s.db.InviteMember(t.Context(), "ann@example.com", time.Now()); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		headers header
		total   int
	}{
		"anyone":               {nil, 1},
		"a session that ended": {header{"Authorization": "Bearer none"}, 1},
		"a member":             {s.person("ann@example.com"), 2},
		"the owner":            {s.person(owner), 2},
		"a key":                {s.withKey(), 2},
	} {
		var a searchAnswer
		s.post(searchQuery, map[string]any{"q": "apple"}, tt.headers).into(t, &a)
		if a.Search.Total != tt.total || len(a.Search.Results) != tt.total || a.Search.Indexing || a.Search.Progress != 100 {
			t.Errorf("%s finds %+v, want %d notes", name, a.Search, tt.total)
		}
	}
	if answer := s.post(searchQuery, map[string]any{"q": "apple"}, header{"X-API-Key": "t2g_wrong"}); len(answer.Errors) != 1 || answer.Errors[0].Extensions["code"] != trip2g.EUNAUTHORIZED {
		t.Errorf("a wrong key gets %s", answer.body)
	}
	var a searchAnswer
	s.post(searchQuery, map[string]any{"q": " everybody "}, nil).into(t, &a)
	if got, want := fmt.Sprintf("%+v", a.Search.Results), "[{Title:open URL:/open Snippet:An apple for everybody. Marks:[{Start:13 End:22}] Tags:[a/b] MembersOnly:false}]"; got != want {
		t.Errorf("the result is %s, want %s", got, want)
	}
}

func TestSearchGoesOnWhereItEnded(t *testing.T) {
	s := startSearch(t)
	notes := map[string]string{}
	for i := range 7 {
		notes[fmt.Sprintf("n%d.md", i)] = "apple"
	}
	s.pushed(notes, false)
	seen := map[string]bool{}
	variables := map[string]any{"q": "apple", "first": 3}
	for {
		var a searchAnswer
		s.post(searchQuery, variables, nil).into(t, &a)
		for _, r := range a.Search.Results {
			seen[r.URL] = true
		}
		if a.Search.Next == nil {
			break
		}
		variables["after"] = *a.Search.Next
	}
	if len(seen) != len(notes) {
		t.Errorf("%d of %d notes were found", len(seen), len(notes))
	}
	for _, wrong := range []map[string]any{{"q": "a", "first": 0}, {"q": "a", "first": 101}, {"q": "a", "after": "x"}, {"q": "a", "after": "-1"}, {"q": "a", "after": "99999999999999999999"}} {
		if answer := s.post(searchQuery, wrong, nil); len(answer.Errors) != 1 {
			t.Errorf("%v answers %s", wrong, answer.body)
		}
	}
}
