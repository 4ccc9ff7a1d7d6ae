package sqlite

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"trip2g/services/trip2g"
)

// A migrated site with a note stays public, which is logged once. A site without notes has no
// default.
func TestAnUpgradeKeepsWhatASiteShowed(t *testing.T) {
	for notes, want := range map[string]trip2g.SiteAccess{
		"": trip2g.AccessNotChosen,
		"INSERT INTO notes (id, path, hidden, created_at) VALUES (1, 'n.md', 1, 1)": trip2g.AccessNotChosen, // staged, never published
		"INSERT INTO notes (id, path, hidden, created_at) VALUES (1, 'n.md', 1, 1);" +
			"INSERT INTO note_versions (id, note_id, hash, size, created_at, created_by, published_at) VALUES (1, 1, 'h', 1, 1, 'user:1', 1);" +
			"UPDATE notes SET published_version_id = 1": trip2g.AccessEveryone,
	} {
		path := filepath.Join(t.TempDir(), "data.sqlite3")
		old, err := openLeader(t.Context(), path, Options{}, migrationsUpTo(t, "00004_stages.sql"))
		ok(t, err)
		_, err = old.writer.Exec(notes + ";INSERT INTO changes (seq, kind, ref, at) VALUES (41, 'session', 9, 1)")
		ok(t, err)
		ok(t, old.Close())
		for start := range 2 {
			var reported []string
			db, err := OpenLeader(t.Context(), path, Options{Migrated: func(text string) { reported = append(reported, text) }})
			ok(t, err)
			set, err := db.Changes(t.Context(), 0, 10)
			ok(t, err)
			if set.SiteAccess != want || set.Head != 41 {
				t.Errorf("%q: the default is %q at %d", notes, set.SiteAccess, set.Head)
			}
			if said := len(reported) == 1 && strings.Contains(reported[0], "stay public"); said != (start == 0 && want == trip2g.AccessEveryone) {
				t.Errorf("%q: start %d says %q", notes, start, reported)
			}
			ok(t, db.Close())
		}
	}
}

// A push between the owner's review and the change of the default must not become public
// unreviewed.
func TestTheAccessDefaultIsNotSetIfNotesHaveChanged(t *testing.T) {
	db := newLeader(t)
	before := headOf(t, db)
	push(t, db, stageA, true, "n.md=1")
	if _, err := db.SetSiteAccess(t.Context(), trip2g.AccessEveryone, before); trip2g.ErrorCode(err) != trip2g.ECONFLICT {
		t.Errorf("a note came and the error is %v", err)
	}
	at := headOf(t, db)
	set, err := db.SetSiteAccess(t.Context(), trip2g.AccessEveryone, at)
	ok(t, err)
	if set <= at {
		t.Errorf("the change has the position %d after %d", set, at)
	}
	changes, err := db.Changes(t.Context(), at, 10)
	ok(t, err)
	if changes.SiteAccess != trip2g.AccessEveryone || changes.Position != set {
		t.Errorf("followers get %v at %d", changes.SiteAccess, changes.Position)
	}
}

// The test sets the groups of a signed-in member, and removes the member.
func TestGroupsTravelWithSessions(t *testing.T) {
	db := newLeader(t)
	member, err := db.InviteMember(t.Context(), "ann@example.com", time.Now())
	ok(t, err)
	_, _, err = db.CreateSession(t.Context(), trip2g.Session{TokenHash: "h", User: member.User, CreatedAt: time.Now(), ExpiresAt: time.Now().Add(time.Hour)})
	ok(t, err)
	before := headOf(t, db)
	changed, at, err := db.SetMemberGroups(t.Context(), member.ID, trip2g.NewGroups("B", " a "), time.Now())
	ok(t, err)
	if at <= before || !slices.Equal(changed.Groups.Names(), []string{"a", "b"}) {
		t.Errorf("the groups are %v at %d", changed.Groups.Names(), at)
	}
	set, err := db.Changes(t.Context(), before, 10)
	ok(t, err)
	if len(set.Sessions) != 1 || set.Sessions[0].User.Groups != trip2g.NewGroups("a", "b") {
		t.Errorf("followers get %+v", set.Sessions)
	}
	if _, again, err := db.SetMemberGroups(t.Context(), member.ID, trip2g.NewGroups("a", "b"), time.Now()); err != nil || again != at {
		t.Errorf("the same groups again are a change: %d, %v", again, err)
	}
	none, _, err := db.SetMemberGroups(t.Context(), member.ID, trip2g.Groups{}, time.Now())
	ok(t, err)
	if !none.Groups.IsEmpty() {
		t.Errorf("a member who was taken out of all groups is in %v", none.Groups.Names())
	}
	_, _, err = db.SetMemberGroups(t.Context(), member.ID, trip2g.NewGroups("a"), time.Now())
	ok(t, err)
	_, err = db.RemoveMember(t.Context(), member.ID)
	ok(t, err)
	if _, _, err := db.SetMemberGroups(t.Context(), member.ID, trip2g.NewGroups("a"), time.Now()); trip2g.ErrorCode(err) != trip2g.ENOTFOUND {
		t.Errorf("a removed member is put into a group: %v", err)
	}
	invited, err := db.InviteMember(t.Context(), "ann@example.com", time.Now())
	ok(t, err)
	if !invited.Groups.IsEmpty() {
		t.Errorf("a member who was removed is in %v", invited.Groups.Names())
	}
}

func headOf(t *testing.T, db *DB) trip2g.Position {
	t.Helper()
	set, err := db.Changes(t.Context(), 0, 1)
	ok(t, err)
	return set.Head
}
