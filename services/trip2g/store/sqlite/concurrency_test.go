package sqlite

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"trip2g/services/trip2g"
)

const vaultSize = 12

// Each publisher changes the notes of its own folder together, to one marker.
func vault(owner int, marker string) []trip2g.NoteUpdate {
	updates := make([]trip2g.NoteUpdate, vaultSize)
	for i := range updates {
		updates[i] = trip2g.NoteUpdate{Path: fmt.Sprintf("%d/%d.md", owner, i), Content: marker}
	}
	return updates
}

func TestAFollowerNeverSeesHalfACommit(t *testing.T) {
	const publishers, commits = 8, 8
	db := newLeader(t)
	replica := newReplica(t, db.path)
	ctx, cancel := context.WithCancel(t.Context())
	var following, publishing sync.WaitGroup
	for _, limit := range []int{3, 1000} {
		following.Go(func() { followWhole(ctx, t, replica, limit) })
	}
	for owner := range publishers {
		publishing.Go(func() { publishVaults(t, db, owner, commits) })
	}
	publishing.Wait()
	cancel()
	following.Wait()

	f := follow(replica)
	ok(t, f.catchUp(t.Context(), 3))
	if len(f.notes) != publishers*vaultSize {
		t.Errorf("a follower that starts late has %d notes", len(f.notes))
	}
	checkWhole(t, f, fmt.Sprint(commits-1))
}

// publishVaults stages in two pushes, so that half a commit would be visible.
func publishVaults(t *testing.T, db *DB, owner, commits int) {
	stage := trip2g.Stage{Author: trip2g.KeyAuthor(int64(owner))}
	last := trip2g.Position(0)
	for n := range commits {
		updates := vault(owner, fmt.Sprint(n))
		for _, part := range [][]trip2g.NoteUpdate{updates[:vaultSize/2], updates[vaultSize/2:]} {
			if _, _, err := db.PushNotes(t.Context(), stage, part, false); err != nil {
				t.Error(err)
				return
			}
		}
		_, position, err := db.Commit(t.Context(), stage)
		if err != nil {
			t.Error(err)
			return
		}
		if position <= last {
			t.Errorf("publisher %d: position %d follows %d", owner, position, last)
		}
		last = position
	}
}

func followWhole(ctx context.Context, t *testing.T, source trip2g.ChangeSource, limit int) {
	f := follow(source)
	for ctx.Err() == nil {
		before := f.position
		if err := f.catchUp(ctx, limit); err != nil {
			if ctx.Err() == nil {
				t.Error(err)
			}
			return
		}
		if f.position < before {
			t.Errorf("a follower's position went from %d to %d", before, f.position)
		}
		checkWhole(t, f, "")
	}
}

// checkWhole fails if notes of one publisher carry different markers, or another than want.
func checkWhole(t *testing.T, f *follower, want string) {
	markers, sizes := map[string]string{}, map[string]int{}
	for _, note := range f.notes {
		var owner, number int
		if _, err := fmt.Sscanf(note.Path, "%d/%d.md", &owner, &number); err != nil {
			t.Errorf("a note %q", note.Path)
			return
		}
		folder := fmt.Sprint(owner)
		sizes[folder]++
		if had, known := markers[folder]; known && had != note.Content {
			t.Errorf("at %d the vault of %s is half %s, half %s", f.position, folder, had, note.Content)
			return
		}
		markers[folder] = note.Content
		if want != "" && note.Content != want {
			t.Errorf("%s is %q, want %q", note.Path, note.Content, want)
		}
	}
	for folder, size := range sizes {
		if size != vaultSize {
			t.Errorf("at %d the vault of %s has %d notes", f.position, folder, size)
		}
	}
}

func TestReadersDoNotWaitForAWriter(t *testing.T) {
	db := newLeader(t)
	push(t, db, stageA, true, "n.md=before")
	ok(t, db.write(t.Context(), "hold the write lock", func(w *tx) error {
		if _, err := w.exec(`UPDATE notes SET hidden = 1`); err != nil {
			return err
		}
		wantSite(t, db, "n.md=before")
		return nil
	}))
}

func TestAWaitingWriteEndsWithItsContext(t *testing.T) {
	db := newLeader(t)
	ok(t, db.write(t.Context(), "hold the write lock", func(*tx) error {
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() {
			_, _, err := db.Commit(ctx, stageA)
			done <- err
		}()
		cancel()
		if err := <-done; err == nil {
			t.Error("a commit went through while another had the lock")
		}
		return nil
	}))
	push(t, db, stageA, true, "n.md=text")
}
