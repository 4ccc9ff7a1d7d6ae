package sqlite

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"trip2g/services/trip2g"
)

func Test404sAreCountedAndBounded(t *testing.T) {
	db := newLeader(t)
	ctx := t.Context()
	flood := map[string]int64{}
	for i := range maxNotFoundPaths {
		flood[fmt.Sprintf("/flood/%d", i)] = 1
	}
	batch := func(number int64, at time.Time, counts map[string]int64) trip2g.NotFoundBatch {
		return trip2g.NotFoundBatch{Sender: "one", Number: number, At: at, Counts: counts}
	}
	first := batch(1, testTime, map[string]int64{"/often": 5, "/once": 2})
	ok(t, db.AddNotFound(ctx, first))
	ok(t, db.AddNotFound(ctx, batch(2, testTime.Add(time.Minute), flood)))
	ok(t, db.AddNotFound(ctx, batch(3, testTime.Add(time.Hour), map[string]int64{
		"/often": 1, "/bad\xff": 9, "/" + strings.Repeat("x", 5000): 9, "/none": 0, "/less": -3,
	})))
	ok(t, db.AddNotFound(ctx, first)) // sent again, because its response was lost
	if n := count(t, db, `SELECT count(*) FROM missing_pages`); n != maxNotFoundPaths {
		t.Errorf("%d paths are kept, want %d", n, maxNotFoundPaths)
	}
	pages := must[[]trip2g.NotFoundPath](t)(db.NotFoundPaths(ctx, 2))
	want := []trip2g.NotFoundPath{{Path: "/often", Count: 6, LastSeen: testTime.Add(time.Hour)}, {Path: "/once", Count: 2, LastSeen: testTime}}
	if !slices.Equal(pages, want) {
		t.Errorf("the most asked-for are %+v", pages)
	}
	if pages := must[[]trip2g.NotFoundPath](t)(db.NotFoundPaths(ctx, -1)); len(pages) != 0 {
		t.Errorf("a limit of -1 returns %d", len(pages))
	}
}
