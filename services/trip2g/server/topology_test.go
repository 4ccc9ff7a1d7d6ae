package server_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"trip2g/internal/testwait"
	"trip2g/services/trip2g"
	"trip2g/services/trip2g/replication/nodes"
	"trip2g/services/trip2g/server/servertest"
)

// event is an event of a node's stream.
type event struct{ name, data string }

// watch opens a node's event stream. The channel is closed when the stream ends.
func watch(t *testing.T, n *servertest.Node, header http.Header) (events <-chan event, close func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, n.Public+nodes.EventsPath, nil)
	if err != nil {
		t.Fatal(err)
	}
	if header != nil {
		req.Header = header.Clone()
	}
	var res *http.Response
	testwait.NoFault(t, func() string { // a replica knows a session a moment later
		if res, err = http.DefaultClient.Do(req); err != nil {
			return err.Error()
		}
		if res.StatusCode != http.StatusOK {
			res.Body.Close()
			return res.Status
		}
		return ""
	})
	if kind := res.Header.Get("Content-Type"); kind != "text/event-stream" || res.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("the stream has Content-Type %q, Cache-Control %q", kind, res.Header.Get("Cache-Control"))
	}
	out := make(chan event)
	go readEvents(ctx, res.Body, out)
	t.Cleanup(cancel)
	return out, cancel
}

func readEvents(ctx context.Context, body io.ReadCloser, out chan<- event) {
	defer close(out)
	defer body.Close()
	lines := bufio.NewScanner(body)
	lines.Buffer(nil, 1<<20)
	var e event
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), ": ")
		switch name {
		case "event":
			e.name = value
		case "data":
			e.data = value
		case "":
			if e.name == "" {
				continue
			}
			select {
			case out <- e:
			case <-ctx.Done():
				return
			}
			e = event{}
		}
	}
}

// awaitTopology reads events until a topology satisfies is, and returns it.
func awaitTopology(t *testing.T, n *servertest.Node, header http.Header, what string, is func(trip2g.Topology) bool) trip2g.Topology {
	t.Helper()
	events, stop := watch(t, n, header)
	defer stop()
	deadline := time.After(40 * time.Second)
	var last event
	for {
		select {
		case e, open := <-events:
			var topology trip2g.Topology
			if !open || json.Unmarshal([]byte(e.data), &topology) != nil {
				t.Fatalf("waiting until %s: the stream gave %v after %+v", what, e, last)
			}
			if is(topology) {
				return topology
			}
			last = e
		case <-deadline:
			t.Fatalf("did not happen in time: %s: %s", what, last.data)
		}
	}
}

// nodeNamed returns a node of a topology.
func nodeNamed(topology trip2g.Topology, name string) trip2g.Node {
	i := slices.IndexFunc(topology.Nodes, func(n trip2g.Node) bool { return n.Name == name })
	if i < 0 {
		return trip2g.Node{}
	}
	return topology.Nodes[i]
}

func states(topology trip2g.Topology) string {
	var out []string
	for _, n := range topology.Nodes {
		out = append(out, n.Name+" "+string(n.State))
	}
	return strings.Join(out, ", ")
}

// lacksProblem returns "" if a node reports a problem, written "NAME: " and a text as `trip2g
// status` prints them, else the problems that it reports.
func lacksProblem(t *testing.T, n *servertest.Node, key, problem string) string {
	t.Helper()
	topology, err := n.Nodes(t, key)
	if err != nil {
		return err.Error()
	}
	problems := "\n"
	for _, n := range topology.Nodes {
		for _, what := range n.Wrong {
			problems += n.Name + ": " + what + "\n"
		}
	}
	for _, n := range topology.Rejected {
		problems += n.Title() + ": " + n.Wrong + "\n"
	}
	if topology.Wrong > 0 && strings.Contains(problems, "\n"+problem) {
		return ""
	}
	return fmt.Sprintf("%d nodes have problems, want %q: %s", topology.Wrong, problem, problems)
}

// wantProblem waits until a node reports a problem, written as for [lacksProblem].
func wantProblem(t *testing.T, n *servertest.Node, key, problem string) {
	t.Helper()
	testwait.NoFault(t, func() string { return lacksProblem(t, n, key, problem) })
}
