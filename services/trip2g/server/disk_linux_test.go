package server_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/server/servertest"

	"trip2g/internal/litefs/litefstest"
	"trip2g/internal/testwait"
)

// TestAFullDiskStopsWritesAndNothingElse fills the disk of a leader's LiteFS. Probes, metrics and
// the list of nodes report it before and while it is full. A push fails and reports the reason.
// Pages are served, also by a leader that starts meanwhile. Once there is room, everything works
// again by itself.
func TestAFullDiskStopsWritesAndNothingElse(t *testing.T) {
	t.Parallel()
	beside := litefstest.StartPrimary(t, litefstest.OnDisk(320<<20))
	db := beside.Path("data.sqlite3")
	start := func() *servertest.Node { return servertest.Start(t, "DB_FILE="+db, "NODE_NAME=app") }
	leader := start()
	leader.WaitReady(t)
	key := servertest.NewKey(t, db)
	push := func(note string) error {
		t.Helper()
		return leader.Push(t, key, map[string]string{note + ".md": "# " + note + "\n"}, time.Second)
	}
	if err := push("before"); err != nil {
		t.Fatalf("push: %v", err)
	}

	beside.FillDisk(100 << 20)
	awaitReadyz(t, leader, http.StatusOK, `"impaired":{"disk":"nearly full, `)
	wantProblem(t, leader, key, "app: impaired: disk: nearly full, ")
	if err := push("low"); err != nil {
		t.Errorf("push to a disk that is nearly full: %v", err)
	}

	beside.FillDisk(0)
	awaitReadyz(t, leader, http.StatusServiceUnavailable, `"disk":"full, 0B free and 64MiB needed`)
	wantProblem(t, leader, key, "app: not ready: disk: full, ")
	if err := push("full"); trip2g.ErrorCode(err) != trip2g.EUNAVAILABLE || !strings.Contains(err.Error(), "disk is full") {
		t.Errorf("push to a full disk: %v", err)
	}
	if err := leader.Stop(); err != nil {
		t.Fatal(err)
	}
	leader = start()
	testwait.NoFault(t, func() string {
		_, body := servertest.Get(leader.Public + "/before")
		return unlessContains(body, "<h1")
	})
	awaitReadyz(t, leader, http.StatusServiceUnavailable, `"disk":"full, `)
	if _, metrics := servertest.Get(leader.Internal + "/metrics"); !strings.Contains(metrics, "\ntrip2g_disk_free_bytes 0\n") {
		t.Error("the metrics do not say that the disk has 0 bytes free")
	}

	beside.FreeDisk()
	testwait.NoFault(t, func() string { return unlessContains(leader.Log.String(), "the disk of the database has room again") })
	awaitReadyz(t, leader, http.StatusOK, `"ready":true`)
	if err := push("after"); err != nil {
		t.Errorf("push with room again: %v", err)
	}
	if !strings.Contains(leader.Log.String(), "the disk of the database is full") {
		t.Errorf("the log does not say that the disk was full:\n%s", leader.Log)
	}
}

// unlessContains returns "" once body contains text, else body.
func unlessContains(body, text string) string {
	if strings.Contains(body, text) {
		return ""
	}
	return body + " "
}
