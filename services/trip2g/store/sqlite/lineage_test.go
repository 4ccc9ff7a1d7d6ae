package sqlite

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"trip2g/internal/litefs/litefstest"
	"trip2g/services/trip2g"
)

// lineageFollower stores what a site stores of the last change set.
type lineageFollower struct {
	position trip2g.Position
	lineage  string
}

// followed returns the state of a site that has loaded all of source.
func followed(t testing.TB, source trip2g.ChangeSource) lineageFollower {
	t.Helper()
	var f lineageFollower
	if f.mustReload(t, source) {
		t.Fatal("an empty site has to reload")
	}
	return f
}

// mustReload follows source to its newest position. It returns true if source has another history.
func (f *lineageFollower) mustReload(t testing.TB, source trip2g.ChangeSource) bool {
	t.Helper()
	for {
		set := must[trip2g.ChangeSet](t)(source.Changes(t.Context(), f.position, 2))
		if set.Since != f.lineage || set.Head < f.position {
			return true
		}
		f.position, f.lineage = set.Position, set.Lineage
		if set.Position == set.Head {
			return false
		}
	}
}

// publishMany publishes n notes.
func publishMany(t testing.TB, db *DB, n int) {
	t.Helper()
	for i := range n {
		push(t, db, stageA, true, fmt.Sprintf("%s.md=%d", rowToken(t, db), i))
	}
}

// rowToken returns an unused note name.
func rowToken(t testing.TB, db *DB) (token string) {
	t.Helper()
	ok(t, db.pool.QueryRow(`SELECT lower(hex(randomblob(8)))`).Scan(&token))
	return token
}

// backUp closes a database and returns its content.
func backUp(t testing.TB, db *DB) []byte {
	t.Helper()
	ok(t, db.Close())
	content, err := os.ReadFile(db.path)
	ok(t, err)
	return content
}

// A site that reloads is unavailable meanwhile.
func TestALeaderRestartDoesNotReloadSites(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data.sqlite3")
	db := openAt(t, path)
	empty := followed(t, db)
	publishMany(t, db, 5)
	current, behind := followed(t, db), empty
	for range 3 {
		ok(t, db.Close())
		db = openAt(t, path)
		if current.mustReload(t, db) {
			t.Error("a site at the newest position must reload after a restart")
		}
		publishMany(t, db, 3)
		if current.mustReload(t, db) {
			t.Error("a site must reload at the first changes after a restart")
		}
	}
	if behind.mustReload(t, db) || behind != current {
		t.Errorf("a site that missed all restarts stands at %+v, want %+v", behind, current)
	}
}

// A restored backup has another history after the backup, even once it has grown past the position
// of a site.
func TestARestoredBackupThatHasGrownIsDetected(t *testing.T) {
	for name, tt := range map[string]struct{ restartsBefore, afterBackup, restored int }{
		"shorter than the site":             {0, 4, 2},
		"as long as the site":               {0, 4, 4},
		"longer than the site":              {0, 4, 9},
		"from three lineages ago, longer":   {3, 4, 30},
		"with nothing between, then longer": {2, 0, 9},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "data.sqlite3")
			db := openAt(t, path)
			publishMany(t, db, 3)
			backup := backUp(t, db)
			db = openAt(t, path)
			common := followed(t, db)
			for range tt.restartsBefore {
				publishMany(t, db, 2)
				ok(t, db.Close())
				db = openAt(t, path)
			}
			publishMany(t, db, tt.afterBackup)
			site, changed := followed(t, db), tt.restartsBefore+tt.afterBackup > 0
			ok(t, db.Close())

			ok(t, os.WriteFile(path, backup, 0o600))
			db = openAt(t, path)
			publishMany(t, db, tt.restored)
			if got := site.mustReload(t, db); got != changed {
				t.Errorf("a site that followed past the backup must reload: %v, want %v", got, changed)
			}
			if common.mustReload(t, db) {
				t.Error("a site that stood at the backup must reload, and it has nothing wrong")
			}
		})
	}
}

// The second restore of a backup has the same positions and restarts as the first.
func TestABackupRestoredTwiceHasTwoLineages(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data.sqlite3")
	db := openAt(t, path)
	publishMany(t, db, 3)
	backup := backUp(t, db)
	var sites []lineageFollower
	for range 2 {
		ok(t, os.WriteFile(path, backup, 0o600))
		db = openAt(t, path)
		publishMany(t, db, 2)
		sites = append(sites, followed(t, db))
		ok(t, db.Close())
	}
	db = openAt(t, path)
	if !sites[0].mustReload(t, db) || sites[1].mustReload(t, db) {
		t.Error("the site of the first life must reload and that of the second must not")
	}
}

// A database of an older version has no lineages. Its replicas must detect a restored backup
// nevertheless.
func TestADatabaseOfAnOlderVersionGetsLineages(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data.sqlite3")
	db := openAt(t, path)
	publishMany(t, db, 3)
	_, err := db.writer.Exec(`DELETE FROM lineages`)
	ok(t, err)
	before := followed(t, db)
	backup := backUp(t, db)
	db = openAt(t, path)
	if before.lineage != "" || before.mustReload(t, db) {
		t.Errorf("a site of lineage %q must reload once there are lineages", before.lineage)
	}
	publishMany(t, db, 2)
	site := followed(t, db)
	ok(t, db.Close())
	ok(t, os.WriteFile(path, backup, 0o600))
	db = openAt(t, path)
	publishMany(t, db, 9)
	if !site.mustReload(t, db) {
		t.Error("a site past the backup does not reload")
	}
}

func TestTheNumberOfLineagesIsBounded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data.sqlite3")
	db := openAt(t, path)
	publishMany(t, db, 2)
	behind := followed(t, db)
	watch := watchCommits(t, path)
	for range 3 {
		ok(t, openAt(t, path).Close())
	}
	if watch.changed(t) {
		t.Error("a start without a change wrote to the database")
	}

	_, err := db.writer.Exec(`UPDATE sqlite_sequence SET seq = seq + ? WHERE name = 'lineages'`, maxLineages)
	ok(t, err) // as after so many starts, each with a change
	db = openAt(t, path)
	publishMany(t, db, 2)
	if n := count(t, db, `SELECT count(*) FROM lineages`); n != 1 {
		t.Errorf("there are %d lineages, and the first is too old", n)
	}
	if !behind.mustReload(t, db) {
		t.Error("a site older than the oldest lineage does not reload")
	}
	if current := followed(t, db); current.mustReload(t, db) {
		t.Error("a site that is up to date must reload")
	}
}

// The old leader had a change that no replica received. The promoted replica grows past its
// position.
func TestAPromotedReplicaBeginsItsOwnLineage(t *testing.T) {
	leader := litefstest.StartPrimary(t)
	db := openAt(t, leader.Path("data.sqlite3"))
	replica := litefstest.StartReplica(t, leader)
	publishMany(t, db, 3)
	replica.WaitFor(leader, "data.sqlite3")
	r := newReplica(t, replica.Path("data.sqlite3"))
	onReplica := followed(t, r)
	copied, err := os.ReadFile(replica.Path("data.sqlite3"))
	ok(t, err)
	ok(t, r.Close())
	replica.Stop()
	publishMany(t, db, 1)
	alone := followed(t, db)

	path := filepath.Join(t.TempDir(), "data.sqlite3")
	ok(t, os.WriteFile(path, copied, 0o600))
	promoted := openAt(t, path)
	publishMany(t, promoted, 5)
	if onReplica.mustReload(t, promoted) || !alone.mustReload(t, promoted) {
		t.Error("only a site with the lost change must reload")
	}
}
