package server_test

import (
	"strings"
	"testing"

	"trip2g/services/trip2g/server/servertest"

	"trip2g/internal/litefs/litefstest"
)

// A leader that survived its LiteFS would hold the ports that the next one needs. It would also
// fail every write that replicas would otherwise have held.
func TestALeaderEndsWithItsLiteFS(t *testing.T) {
	beside := litefstest.StartPrimary(t)
	leader := servertest.Start(t, "DB_FILE="+beside.Path("data.sqlite3"))
	leader.WaitReady(t)
	beside.Kill()
	if err := leader.WaitEnd(t); err == nil || !strings.Contains(err.Error(), "LiteFS has ended") {
		t.Errorf("it ended with %v:\n%s", err, leader.Log)
	}
}
