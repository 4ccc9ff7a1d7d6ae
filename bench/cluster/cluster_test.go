package cluster_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"trip2g/bench/cluster"
)

// patience bounds each wait. It is far longer than any takes.
const patience = time.Minute

func start(t *testing.T, o cluster.Options) *cluster.Cluster {
	t.Helper()
	o.Root, o.Dir = "../..", t.TempDir()
	c, err := cluster.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Stop(); err != nil {
			t.Error(err)
		}
	})
	return c
}

func publish(t *testing.T, c *cluster.Cluster, n *cluster.Node, path, content string) {
	t.Helper()
	writer := c.Writer(n.URL())
	defer writer.Close()
	if _, err := writer.Write(t.Context(), path, content); err != nil {
		t.Fatal(err)
	}
}

func waitFor(t *testing.T, n *cluster.Node, address, text string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	reader := n.NewReader()
	defer reader.Close()
	if _, err := reader.WaitFor(ctx, address, text, 5*time.Millisecond); err != nil {
		t.Fatal(err)
	}
}

// The measured cluster must work: a write through a replica reaches all nodes.
func TestACluster(t *testing.T) {
	c := start(t, cluster.Options{Replicas: 2})
	replica := c.Replicas[0]
	before := received(t, replica)
	publish(t, c, replica, "Note.md", "first "+strings.Repeat("x", 10_000))
	for _, n := range c.Nodes() {
		waitFor(t, n, "/note", "first")
	}
	if got := received(t, replica) - before; got < 100 || got > 10<<20 {
		t.Errorf("%s received %d bytes for a note of 10 KB", replica.Name, got)
	}

	toReady, err := replica.Restart(t.Context(), "TRIP2G_NODE_NAME=renamed")
	if err != nil {
		t.Fatal(err)
	}
	if toReady <= 0 {
		t.Errorf("it took %s to be ready", toReady)
	}
	waitFor(t, replica, "/note", "first")
	measure(t, replica)
	res, err := http.Get(replica.InternalURL() + "/readyz")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if state, err := io.ReadAll(res.Body); err != nil || !strings.Contains(string(state), `"renamed"`) {
		t.Errorf("the restarted replica does not have its new setting: %v, %s", err, state)
	}
}

func received(t *testing.T, n *cluster.Node) int64 {
	t.Helper()
	bytes, err := n.Received()
	if err != nil {
		t.Fatal(err)
	}
	return bytes
}

func measure(t *testing.T, n *cluster.Node) {
	t.Helper()
	server, err := n.Server()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []cluster.Process{server, n.LiteFS()} {
		memory, err := p.RSS()
		if err != nil || memory < 1<<20 {
			t.Errorf("process %d has %d bytes of memory: %v", p, memory, err)
		}
		used, err := p.CPU()
		if err != nil || used <= 0 {
			t.Errorf("process %d used the processor for %s: %v", p, used, err)
		}
	}
}

// A stopped bench must leave no mount behind, because only root could remove it.
func TestStopFreesTheMountsOfDeadNodes(t *testing.T) {
	c := start(t, cluster.Options{Replicas: 1})
	for _, n := range c.Nodes() {
		process, err := os.FindProcess(int(n.LiteFS()))
		if err != nil {
			t.Fatal(err)
		}
		if err := process.Kill(); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Stop(); err != nil {
		t.Fatal(err)
	}
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(mounts), c.Dir) {
		t.Errorf("something is still mounted under %s", c.Dir)
	}
	if _, err := os.Stat(c.Dir); !os.IsNotExist(err) {
		t.Errorf("%s is still there: %v", c.Dir, err)
	}
}

func TestALeaderWithoutLiteFS(t *testing.T) {
	c := start(t, cluster.Options{Plain: true})
	publish(t, c, c.Leader, "Note.md", "plain")
	waitFor(t, c.Leader, "/note", "plain")
}

// The SQLite reads, with which the bench compares, must show the same notes and follow changes.
func TestReadingThroughSQLite(t *testing.T) {
	c := start(t, cluster.Options{Replicas: 1})
	replica := c.Replicas[0]
	publish(t, c, c.Leader, "Note.md", "text **0**")
	if err := c.SQLiteReads(t.Context(), replica); err != nil {
		t.Fatal(err)
	}
	waitFor(t, replica, "/note", "text <strong>0</strong>")
	for i := range 3 {
		publish(t, c, c.Leader, "Note.md", fmt.Sprintf("text **%d**", i))
		waitFor(t, replica, "/note", fmt.Sprintf("text <strong>%d</strong>", i))
	}
	publish(t, c, c.Leader, "Later.md", "a later note")
	waitFor(t, replica, "/later", "a later note")
	if _, err := replica.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	waitFor(t, replica, "/later", "a later note")
}

// A refused write must not be measured as a successful one.
func TestARefusedWriteIsAnError(t *testing.T) {
	c := start(t, cluster.Options{Plain: true})
	writer := c.Writer(c.Leader.URL())
	defer writer.Close()
	if _, err := writer.Write(t.Context(), "../outside.md", "text"); err == nil {
		t.Error("a path outside the vault was written without an error")
	}
	c.Key = "wrong"
	if _, err := c.Writer(c.Leader.URL()).Write(t.Context(), "note.md", "text"); err == nil {
		t.Error("a note was written with a wrong key without an error")
	}
}
