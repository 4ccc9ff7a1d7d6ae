package sqlite

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"trip2g/services/trip2g"
)

func TestAFullDatabaseSaysSoAndLosesNothing(t *testing.T) {
	db := newLeader(t)
	ids, position := push(t, db, stageA, true, "n.md=text")
	key := must[trip2g.APIKey](t)(db.CreateKey(t.Context(), trip2g.APIKey{Name: "k", Hash: "h", CreatedAt: testTime}))
	var pages int
	ok(t, db.writer.QueryRow(`PRAGMA page_count`).Scan(&pages))
	_, err := db.writer.Exec(fmt.Sprintf(`PRAGMA max_page_count = %d`, pages+4))
	ok(t, err)

	large := strings.Repeat("large", 100_000)
	_, _, pushErr := db.PushNotes(t.Context(), stageA, []trip2g.NoteUpdate{{Path: "small.md", Content: "x"}, {Path: "large.md", Content: large}}, true)
	_, uploadErr := db.PutAsset(t.Context(), sha256Hex(large), "", 1<<20, strings.NewReader(large))
	for _, err := range []error{pushErr, uploadErr} {
		wantCode(t, err, trip2g.EUNAVAILABLE)
		if !strings.Contains(trip2g.ErrorMessage(err), "disk is full") {
			t.Errorf("the message is %q", trip2g.ErrorMessage(err))
		}
	}
	wantSite(t, db, "n.md=text")
	wantSeen(t, db, stageA, "n.md=text")
	if set := must[trip2g.ChangeSet](t)(db.Changes(t.Context(), 0, 10)); set.Head != position {
		t.Errorf("the position is %d, want %d", set.Head, position)
	}
	if found := must[trip2g.APIKey](t)(db.KeyByHash(t.Context(), "h", time.Now())); found.ID != key.ID {
		t.Errorf("a key is not found while the disk is full: %+v", found)
	}

	_, err = db.writer.Exec(`PRAGMA max_page_count = 1000000`)
	ok(t, err)
	attach(t, db, stageA, ids[0], "f", store(t, db, large), true)
	push(t, db, stageA, true, "small.md=x", "large.md="+large)
	wantSite(t, db, "large.md="+large, "n.md=text", "small.md=x")
}
