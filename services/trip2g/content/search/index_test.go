package search

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"trip2g/internal/tempdir"
	"trip2g/services/trip2g"
)

// notes is a site of which the index uses only the notes and settings.
type notes struct {
	trip2g.Site
	pages map[int64]trip2g.NotePage
}

func (n *notes) NoteByID(id int64, reader trip2g.Visitor) (trip2g.NotePage, bool) {
	page, ok := n.pages[id]
	return page, ok && reader.MayRead(page.Access)
}

// Settings implements trip2g.Site.
func (n *notes) Settings() trip2g.Settings { return trip2g.Settings{} }

// newNotes returns a site with a number of notes, and the change that added them.
func newNotes(count int) (*notes, trip2g.SiteChange) {
	n := &notes{pages: make(map[int64]trip2g.NotePage)}
	c := trip2g.SiteChange{Site: n, Position: 1, Reloaded: true}
	for id := range int64(count) {
		title := fmt.Sprintf("Note %d", id)
		n.pages[id] = trip2g.NotePage{ID: id, Title: title, URL: "/" + title, Access: trip2g.Access{Level: trip2g.Public}, Doc: &trip2g.Document{Title: title, Body: "some words"}}
		c.Notes = append(c.Notes, id)
	}
	return n, c
}

func newTestIndex(t *testing.T, site trip2g.Site, dir string) *Index {
	return New(Options{Site: func() trip2g.Site { return site }, Text: func(d *trip2g.Document) string { return d.Body }, Dirs: tempdir.Of(dir), Log: zerolog.New(zerolog.NewTestWriter(t))})
}

func total(t *testing.T, x *Index, query string) (int, bool) {
	t.Helper()
	answer, err := x.Search(t.Context(), trip2g.SearchRequest{Query: query, Limit: 1})
	if err != nil {
		t.Fatal(err)
	}
	return answer.Total, answer.Indexing
}

func (x *Index) openForTest(t *testing.T) *database {
	t.Helper()
	db, err := openDatabase(x.Dirs, 0, 1)
	if err != nil {
		t.Fatal(err)
	}
	x.opened(db)
	return db
}

// applyForTest applies one batch.
func (x *Index) applyForTest(t *testing.T, db *database) {
	t.Helper()
	b := x.collect()
	if err := db.apply(b.removed, b.added, b.rebuild); err != nil {
		t.Fatal(err)
	}
	x.applied(b)
}

// After a full disk or another failure of the index, a new index contains every note.
func TestNothingIsLostWithAnIndex(t *testing.T) {
	site, change := newNotes(3 * batchNotes)
	x := newTestIndex(t, site, t.TempDir())
	x.Observe(change)
	db := x.openForTest(t)
	x.applyForTest(t, db)
	if n, indexing := total(t, x, "words"); n != batchNotes || !indexing {
		t.Errorf("after a batch %d notes are found, and indexing is %v", n, indexing)
	}
	x.requeue(x.collect())
	x.closed(db)
	if n, indexing := total(t, x, "words"); n != 0 || !indexing {
		t.Errorf("without a database %d notes are found, and indexing is %v", n, indexing)
	}
	db = x.openForTest(t)
	for !x.queue.isEmpty() {
		x.applyForTest(t, db)
	}
	if n, indexing := total(t, x, "words"); n != 3*batchNotes || indexing {
		t.Errorf("in the new index %d notes are found, and indexing is %v", n, indexing)
	}
	x.closed(db)
}

// The index's files disappear with the process, however it ends. Without a usable folder, readers
// see that search does not work until there is one.
func TestFilesHaveNoName(t *testing.T) {
	site, change := newNotes(10)
	dir := filepath.Join(t.TempDir(), "later")
	x := newTestIndex(t, site, dir)
	x.Observe(change)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- x.Run(ctx) }()
	if err := x.await(t.Context(), func() bool { return x.fault != nil }); err != nil {
		t.Fatal(err)
	}
	_, err := x.Search(t.Context(), trip2g.SearchRequest{Query: "words", Limit: 1})
	if trip2g.ErrorCode(err) != trip2g.EUNAVAILABLE || strings.Contains(trip2g.ErrorMessage(err), dir) || !strings.Contains(x.Fault().Error(), dir) {
		t.Errorf("without a folder readers are told %v, and the operator %v", err, x.Fault())
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := x.await(t.Context(), func() bool { return x.open && !x.queue.bulkPending }); err != nil {
		t.Fatal(err)
	}
	if n, _ := total(t, x, "words"); n != 10 || x.Fault() != nil {
		t.Errorf("%d notes are found, %v", n, x.Fault())
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) > 0 {
		t.Errorf("the folder has %v (%v)", left, err)
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// A small change is found before a large one is completely indexed.
func TestASmallChangeGoesFirst(t *testing.T) {
	site, change := newNotes(5 * batchNotes)
	x := newTestIndex(t, site, t.TempDir())
	x.Observe(change)
	db, err := openDatabase(x.Dirs, 0, 1)
	if err != nil {
		t.Fatal(err)
	}
	x.opened(db)
	defer x.closed(db)
	id := int64(4*batchNotes + 7)
	page := site.pages[id]
	page.Doc = &trip2g.Document{Title: page.Title, Body: strings.Repeat("other ", 10) + "pineapple"}
	site.pages[id] = page
	x.Observe(trip2g.SiteChange{Site: site, Position: 2, Notes: []int64{id}})
	b := x.collect()
	if err := db.apply(b.removed, b.added, b.rebuild); err != nil {
		t.Fatal(err)
	}
	x.applied(b)
	if n, indexing := total(t, x, "pineapple"); n != 1 || !indexing || x.queue.indexedTo != 2 {
		t.Errorf("%d notes are found, indexing is %v, indexedTo is %d", n, indexing, x.queue.indexedTo)
	}
}

// Every change adds a segment, which each later search would have to read.
func TestChangesDoNotMakeSearchesSlow(t *testing.T) {
	const changes = 12
	site, change := newNotes(changes)
	x := newTestIndex(t, site, t.TempDir())
	db := x.openForTest(t)
	defer x.closed(db)
	x.Observe(change)
	x.applyForTest(t, db)
	for id := range int64(changes) {
		x.Observe(trip2g.SiteChange{Site: site, Position: trip2g.Position(2 + id), Notes: []int64{id}})
		x.applyForTest(t, db)
	}
	optimize := func() int {
		if err := x.optimize(t.Context(), db, true); err != nil {
			t.Fatal(err)
		}
		return parts(t, db)
	}
	x.waiting = 1
	if n := optimize(); n < changes {
		t.Errorf("the index has %d parts after %d changes: it was optimized while somebody waited", n, changes)
	}
	x.waiting = 0
	if n := optimize(); n > 4 {
		t.Errorf("the index has %d parts when there is nothing to do", n)
	}
	if n, _ := total(t, x, "words"); n != changes {
		t.Errorf("in the optimized index %d of %d notes are found", n, changes)
	}
}

// parts counts the index's segments.
func parts(t *testing.T, db *database) int {
	t.Helper()
	s, _, err := db.writer.Prepare(`SELECT count(DISTINCT segid) FROM words_idx`)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if !s.Step() {
		t.Fatal(s.Err())
	}
	return s.ColumnInt(0)
}
