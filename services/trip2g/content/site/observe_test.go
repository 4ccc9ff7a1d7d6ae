package site_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/content/markdown"
	"trip2g/services/trip2g/content/site"
)

// TestAnObserverIsToldOfThePagesThatChanged covers what a search index needs to follow a site.
func TestAnObserverIsToldOfThePagesThatChanged(t *testing.T) {
	source := newMemory("a.md", "one", "b.md", "two", "_hidden.md", "three")
	var told []trip2g.SiteChange
	f := site.NewFollower(source, site.Options{Parse: markdown.Parse, Render: markdown.Render, Log: zerolog.Nop(), Observe: func(c trip2g.SiteChange) { told = append(told, c) }})
	next := func(what string) (ids []int64, anew bool) {
		t.Helper()
		told = nil
		refresh(t, f)
		if len(told) != 1 {
			t.Fatalf("%s: the observer was told %d times", what, len(told))
		}
		if told[0].Site != f.Current() {
			t.Errorf("%s: the observer was told of another site than readers see", what)
		}
		if told[0].Position != f.Current().Stats().Position {
			t.Errorf("%s: the observer was told of position %d", what, told[0].Position)
		}
		slices.Sort(told[0].Notes)
		return told[0].Notes, told[0].Reloaded
	}
	wants := func(what string, wantAnew bool, want ...int64) {
		t.Helper()
		ids, anew := next(what)
		if diff := cmp.Diff(want, ids); diff != "" || anew != wantAnew {
			t.Errorf("%s: anew is %v; the notes told of: %s", what, anew, diff)
		}
	}
	const a, b, other = 1, 2, 4
	wants("the start", true, a, b)
	source.put("a.md", "one more")
	wants("an edit", false, a)
	source.put("B.md", "two as well") // b.md comes after it in byte order and so moves
	wants("a note that takes another one's address", false, b, other)
	source.remove("B.md")
	wants("a note that goes", false, b, other)

	told = nil
	refresh(t, f)
	if len(told) != 0 {
		t.Errorf("the observer was told of nothing new: %v", told)
	}
	source.id = "another"
	wants("another database", true, a, b)
}
