package site_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"trip2g/internal/wakeup"
	"trip2g/services/trip2g"
	"trip2g/services/trip2g/store/sqlite"
)

// concurrentRounds is the number of commits. With the variable SITE_CONCURRENCY_TIME, a duration
// such as 30s, the test runs for that long instead.
const concurrentRounds = 80

// TestReadersNeverSeeHalfACommit publishes commits that each push, rename and remove notes, while
// readers request pages: none may see half a commit, a link to a moved note, or an earlier position
// than before.
func TestReadersNeverSeeHalfACommit(t *testing.T) {
	const notes, readers = 6, 4
	db := openDB(t)
	commit(t, db, 0, notes)
	f := newFollower(db, 4) // a commit takes several reads
	refresh(t, f)
	ctx, stop := context.WithCancel(t.Context())
	wake := make(chan struct{}, 1)
	var running sync.WaitGroup
	running.Go(func() { f.Run(ctx, wake) })
	for i := range readers {
		running.Go(func() { read(ctx, t, i, notes, f.Current) })
	}
	long, _ := time.ParseDuration(os.Getenv("SITE_CONCURRENCY_TIME"))
	end := time.Now().Add(long)
	for round := 1; round <= concurrentRounds || time.Now().Before(end); round++ {
		position := commit(t, db, round, notes)
		wakeup.Signal(wake)
		if err := f.WaitFor(deadline(t), position); err != nil {
			t.Fatal(err)
		}
	}
	stop()
	running.Wait()
}

// commit publishes one round: every note contains its number and links to a note that is renamed
// each time; another note comes and goes.
func commit(t *testing.T, db *sqlite.DB, round, notes int) trip2g.Position {
	t.Helper()
	updates := []trip2g.NoteUpdate{{Path: fmt.Sprintf("moving %d.md", round), Content: fmt.Sprintf("mark-%d-", round)}}
	for i := range notes {
		text := fmt.Sprintf("mark-%d- [[moving %d]]", round, round)
		updates = append(updates, trip2g.NoteUpdate{Path: fmt.Sprintf("n%d.md", i), Content: text})
	}
	gone := []string{fmt.Sprintf("moving %d.md", round-1)}
	if round%2 == 0 {
		updates = append(updates, trip2g.NoteUpdate{Path: "sometimes.md", Content: "here"})
	} else {
		gone = append(gone, "sometimes.md")
	}
	if _, _, err := db.PushNotes(t.Context(), stage, updates, false); err != nil {
		t.Fatal(err)
	}
	if _, err := db.HideNotes(t.Context(), stage, gone, false); err != nil {
		t.Fatal(err)
	}
	_, position, err := db.Commit(t.Context(), stage)
	if err != nil {
		t.Fatal(err)
	}
	return position
}

// read reads one snapshot after another, and each a second time when the next one is published.
func read(ctx context.Context, t *testing.T, reader, notes int, current func() trip2g.Site) {
	codings := []trip2g.Coding{trip2g.Identity, trip2g.Gzip, trip2g.Brotli}
	last := current()
	for i := reader; ctx.Err() == nil; i++ {
		s := current()
		if now, before := s.Stats().Position, last.Stats().Position; now < before {
			t.Errorf("the position went back from %d to %d", before, now)
		}
		for _, site := range []trip2g.Site{s, last} {
			if fault := torn(site, notes, codings[i%len(codings)]); fault != "" {
				t.Errorf("at position %d %s", site.Stats().Position, fault)
				return
			}
		}
		last = s
	}
}

// torn describes what in a snapshot is not from one commit, "" if nothing.
func torn(s trip2g.Site, notes int, coding trip2g.Coding) string {
	mark := ""
	for i := range notes {
		page, _ := s.Page(fmt.Sprintf("/n%d", i), trip2g.Anonymous)
		if page == nil {
			return fmt.Sprintf("note %d is not there", i)
		}
		plain, coded := page.Body(trip2g.Identity), page.Body(coding)
		if !strings.HasPrefix(coded.ETag, strings.TrimSuffix(plain.ETag, `"`)) {
			return fmt.Sprintf("note %d is %s plain and %s in %s", i, plain.ETag, coded.ETag, coding)
		}
		_, rest, _ := strings.Cut(string(plain.Bytes), "mark-")
		number, _, _ := strings.Cut(rest, "-")
		if mark == "" {
			mark = number
		}
		if number != mark || !strings.Contains(string(plain.Bytes), `href="/moving_`+mark+`"`) {
			return fmt.Sprintf("note %d is not of commit %s:\n%s", i, mark, plain.Bytes)
		}
	}
	var round int
	fmt.Sscan(mark, &round)
	if page, _ := s.Page(fmt.Sprintf("/moving_%d", round-1), trip2g.Anonymous); page != nil {
		return "what was renamed is still at its old address"
	}
	if page, _ := s.Page("/sometimes", trip2g.Anonymous); (page != nil) != (round%2 == 0) {
		return "a note is there, or not, against its commit"
	}
	return ""
}
