package search_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"trip2g/services/trip2g"
)

var hostile = []string{
	`"`, `""`, `"a`, `a"b"c`, `-`, `--`, `-"`, `- a`, `-a`, `-tag:`, `tag:`, `tag:"`, `tag:#`, `#`, `##a`, `path:/`, `title:`, `title:"x`, `:`, `a:b`,
	`a AND`, `AND`, `OR OR`, `NOT a`, `NEAR(a b, 2)`, `a NEAR b`, `^a`, `a*`, `*`, `(`, `)`, `((a)`, `{title text}: a`, `text:a`, `- {a b}: c`, `a + b`, `'; DROP TABLE words; --`, `words`, `rowid:1`,
	"a\x00b", "\x00", "\xff\xfe", "\xed\xa0\x80", "\ufffd", "\u200d", "\u0301", "a\u0301\u0301\u0301", "\ue000", "tag:\ue000", "\U0010ffff", "🎉", "-🎉 a", "\t\n", "  ",
	strings.Repeat("a", 1<<20), strings.Repeat("a ", 1<<19), strings.Repeat("東", 1<<18), strings.Repeat(`"`, 1<<16), strings.Repeat("-a ", 10_000), strings.Repeat("(", 10_000),
	strings.Repeat("tag:a/b ", 10_000), strings.Repeat("a\u0301", 1000), "a " + strings.Repeat("b", 5000) + " c", strings.Repeat("é", 501), strings.Repeat("x", 999) + "é",
}

// No query is an error, and each is read to a bounded length.
func TestHostileQueries(t *testing.T) {
	v := openVault(t, "a.md", "a b c 🎉 東京 words", "b.md", strings.Repeat("z", 100_000)+" "+strings.Repeat("東", 10_000))
	for _, query := range hostile {
		checkQuery(t, v, query)
	}
	v.wants(trip2g.Anonymous,
		`'; DROP TABLE words; --`, "",
		"a AND", "", // an operator elsewhere, here a word that does not occur
		"words", "a",
		"a\x00b", "a",
		"🎉", "a",
		"^a*", "a",
		strings.Repeat("a ", 1<<19), "a",
		strings.Repeat("z", 500), "b",
	)
}

func checkQuery(t *testing.T, v *vault, query string) {
	t.Helper()
	answer, err := v.index.Search(t.Context(), trip2g.SearchRequest{Query: query, Limit: 10})
	short := fmt.Sprintf("%.60q", query)
	if err != nil {
		t.Errorf("search %s: %v", short, err)
	}
	if !utf8.ValidString(answer.Query) || len(answer.Query) > 1000 {
		t.Errorf("search %s: the query was read as %d bytes", short, len(answer.Query))
	}
	for _, r := range answer.Results {
		if !utf8.ValidString(r.Snippet) {
			t.Errorf("search %s: the snippet is no UTF-8: %q", short, r.Snippet)
		}
		marked(r) // panics for marks outside
	}
}

// Searches during publishing succeed, and afterwards everything is found.
func TestSearchWhileMuchIsPublished(t *testing.T) {
	v := openVault(t, "a.md", "apple")
	ctx, stop := context.WithCancel(t.Context())
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for ctx.Err() == nil {
				query := []string{"apple", "word", "word3 -word5", `"of many"`, "tag:x"}[rand.IntN(5)]
				_, err := v.index.Search(ctx, trip2g.SearchRequest{Query: query, Limit: 10, Fresh: rand.IntN(2) == 0})
				if err != nil && ctx.Err() == nil && trip2g.ErrorCode(err) != trip2g.EUNAVAILABLE {
					t.Errorf("search %q: %v", query, err)
				}
			}
		})
	}
	for i := range 30 {
		var pairs []string
		for k := range 1 + 249*(i%3/2) { // each third push is large
			pairs = append(pairs, fmt.Sprintf("n%d.md", (i*31+k)%400), fmt.Sprintf("word%d of many in push %d", k%9, i))
		}
		v.push(pairs...)
		if i%5 == 0 {
			v.hide(pairs[0])
		}
	}
	v.push("last.md", "pineapple")
	v.wants(trip2g.Anonymous, "pineapple", "last")
	stop()
	group.Wait()
	site := v.follower.Current()
	// All but a, last and the home page.
	if got, want := v.search("of", trip2g.Anonymous).Total, site.Stats().Pages-3; got != want {
		t.Errorf("%d notes are found, there are %d", got, want)
	}
}

// A canceled search stops and frees its turn for the next one.
func TestASearchThatIsGivenUpEnds(t *testing.T) {
	v := openVault(t, "a.md", "apple")
	v.wants(trip2g.Anonymous, "apple", "a")
	ctx, stop := context.WithCancel(t.Context())
	stop()
	for range 10 {
		if _, err := v.index.Search(ctx, trip2g.SearchRequest{Query: "apple", Limit: 10, Fresh: true}); !errors.Is(err, context.Canceled) {
			t.Fatalf("the search gives %v", err)
		}
	}
	v.wants(trip2g.Anonymous, "apple", "a")
}
