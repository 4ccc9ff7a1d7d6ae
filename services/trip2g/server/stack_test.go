package server_test

import (
	"path/filepath"
	"testing"

	"trip2g/services/trip2g/server/servertest"
)

const (
	testOwner  = "owner@example.com"
	testMember = "ann@example.com"
)

// stack is a leader and a replica of one database, with a vault that has notes for members.
type stack struct {
	t               *testing.T
	leader, replica *servertest.Node
	key             string
	db              string // the database's file
}

// startPeople publishes files, path → content, and waits until both nodes have them.
func startPeople(t *testing.T, files map[string]string, settings ...string) *stack {
	t.Helper()
	db := filepath.Join(t.TempDir(), "data.sqlite3")
	p := &stack{t: t, db: db}
	p.leader = servertest.Start(t, append([]string{"DB_FILE=" + db, "NODE_NAME=leader", "OWNER_EMAIL=" + testOwner}, settings...)...)
	p.leader.WaitReady(t)
	p.replica = servertest.Start(t, "DB_FILE="+db, "NODE_NAME=replica", "LEADER_ADDR="+p.leader.InternalAddr, "SESSION_COOKIE_NAME=session_r1")
	p.replica.WaitReady(t)
	p.key = servertest.NewKey(t, db)
	if len(files) > 0 {
		p.push(files)
	}
	return p
}

// push publishes files, path → content.
func (p *stack) push(files map[string]string) {
	p.t.Helper()
	if err := p.leader.Push(p.t, p.key, files, 0); err != nil {
		p.t.Fatal(err)
	}
}
