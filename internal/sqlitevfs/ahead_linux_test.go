package sqlitevfs_test

import (
	"fmt"
	"testing"

	"trip2g/internal/litefs/litefstest"
	"trip2g/internal/sqlitevfs"
)

// A start with a large vault reads in blocks: the rows are the same, from the transaction's
// snapshot, and a later transaction sees later rows.
func TestReadingAheadSeesWhatItsTransactionSees(t *testing.T) {
	const rows, size = 4000, 3000 // several blocks, most rows on a page of their own
	leader := litefstest.StartPrimary(t)
	replica := litefstest.StartReplica(t, leader)
	create(t, leader, "data.sqlite3", "wal")
	writer := mustOpen(t, leader.Path("data.sqlite3"), "busy_timeout(60000)")
	mustExec(t, writer, fmt.Sprintf(`CREATE TABLE large (id INTEGER PRIMARY KEY, text TEXT);
		WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)
		INSERT INTO large SELECT i, i || ' ' || hex(randomblob(%d)) FROM n`, rows, size/2))
	mustExec(t, writer, `PRAGMA wal_checkpoint(TRUNCATE)`)
	const digest = `SELECT count(*) || ' ' || sum(length(text)) || ' ' || sum(unicode(substr(text, id % 3000, 1)) * id) FROM large`

	for _, node := range []*litefstest.Node{leader, replica} {
		replica.WaitFor(leader, "data.sqlite3")
		db := openReader(t, node.Path("data.sqlite3"), "cache_size(10)")
		before := ask(t, db, digest)
		mustExec(t, db, `BEGIN`)
		ask(t, db, `SELECT count(*) FROM t`)
		mustExec(t, db, `PRAGMA `+sqlitevfs.ReadAhead+` = on`)
		if got := ask(t, db, digest); got != before {
			t.Errorf("%s: read ahead %s, want %s", node.Mount, got, before)
		}
		mustExec(t, writer, `UPDATE large SET text = upper(text) || '!'; PRAGMA wal_checkpoint(PASSIVE)`)
		if got := ask(t, db, digest); got != before {
			t.Errorf("%s: after a commit of another, in the same transaction %s, want %s", node.Mount, got, before)
		}
		mustExec(t, db, `COMMIT`)
		mustExec(t, db, `PRAGMA `+sqlitevfs.ReadAhead+` = off`)
		replica.WaitFor(leader, "data.sqlite3")
		if got, want := ask(t, db, digest), ask(t, writer, digest); got != want || got == before {
			t.Errorf("%s: in the next transaction %s, want %s", node.Mount, got, want)
		}
		if got := ask(t, db, `PRAGMA integrity_check`); got != "ok" {
			t.Errorf("%s: integrity_check: %s", node.Mount, got)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
}
