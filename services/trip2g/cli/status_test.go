package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"trip2g/internal/testwait"
	"trip2g/services/trip2g"
	"trip2g/services/trip2g/server/servertest"
)

// status runs the command of that name.
func status(t *testing.T, n *servertest.Node, key string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = Run(t.Context(), []string{"status", "--url", n.Public, "--key", key}, &out, &errs)
	return code, out.String(), errs.String()
}

// TestStatusFollowsTheNodes watches from a terminal until Ctrl-C. Topologies are printed as lines
// of JSON.
func TestStatusFollowsTheNodes(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "data.sqlite3")
	leader := servertest.Start(t, "DB_FILE="+db, "NODE_NAME=app")
	leader.WaitReady(t)
	key := servertest.NewKey(t, db)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var out, errs servertest.Buffer
	ended := make(chan int, 1)
	go func() {
		ended <- Run(ctx, []string{"status", "--url", leader.Public, "--key", key, "--watch", "--every", "100ms", "--json"}, &out, &errs)
	}()
	testwait.NoFault(t, func() string {
		if strings.Count(out.String(), "\n") < 2 {
			return "printed: " + out.String() + errs.String()
		}
		return ""
	})
	stop()
	if code := <-ended; code != 0 || errs.String() != "" {
		t.Errorf("it ended with %d: %s", code, errs.String())
	}
	first, _, _ := strings.Cut(out.String(), "\n")
	var topology trip2g.Topology
	if err := json.Unmarshal([]byte(first), &topology); err != nil || len(topology.Nodes) != 1 || topology.Nodes[0].Name != "app" || topology.Nodes[0].State != trip2g.NodeOK {
		t.Errorf("the first line is %s: %v", first, err)
	}
}

// TestStatusShowsAReplicaUntilItHasStopped compares the table, and then the line and the exit code
// for the fault.
func TestStatusShowsAReplicaUntilItHasStopped(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "data.sqlite3")
	leader := servertest.Start(t, "DB_FILE="+db, "NODE_NAME=app")
	leader.WaitReady(t)
	replica := servertest.Start(t, "DB_FILE="+db, "NODE_NAME=r1", "LEADER_ADDR="+leader.InternalAddr)
	replica.WaitReady(t)
	key := servertest.NewKey(t, db)
	row := regexp.MustCompile(`(?m)^r1 +replica +ok +\d+ +0 +\d+ ms `)
	testwait.NoFault(t, func() string {
		if code, out, errs := status(t, leader, key); code != 0 || errs != "" || !row.MatchString(out) {
			return fmt.Sprintf("status ended with %d: %s%s", code, out, errs)
		}
		return ""
	})
	if err := replica.Stop(); err != nil {
		t.Fatal(err)
	}
	testwait.NoFault(t, func() string {
		if code, out, errs := status(t, leader, key); code != exitUnhealthy || errs != "trip2g: 1 node unhealthy\n" || !strings.Contains(out, "\nr1: has not reported for 1") {
			return fmt.Sprintf("status ended with %d: %s%s", code, out, errs)
		}
		return ""
	})
}

func TestStatusNamesANodeWhoseSignatureIsRejected(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "data.sqlite3")
	leader := servertest.Start(t, "DB_FILE="+db, "NODE_NAME=app")
	leader.WaitReady(t)
	servertest.Start(t, "DB_FILE="+db, "NODE_NAME=r1", "LEADER_ADDR="+leader.InternalAddr, "JWT_SECRET=another secret, as long as it should be")
	key := servertest.NewKey(t, db)
	testwait.NoFault(t, func() string {
		code, out, errs := status(t, leader, key)
		if code != exitUnhealthy || errs != "trip2g: 1 node unhealthy\n" || !strings.Contains(out, "\na node at 127.0.0.1 that calls itself r1: its signature is rejected: set its TRIP2G_JWT_SECRET") {
			return fmt.Sprintf("status ended with %d: %s%s", code, out, errs)
		}
		return ""
	})
}
