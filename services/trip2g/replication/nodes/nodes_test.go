package nodes

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"trip2g/internal/forward"
	"trip2g/internal/testwait"
	"trip2g/services/trip2g"
)

var testTime = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

func replica(name string) trip2g.NodeReport {
	return trip2g.NodeReport{Name: name, Role: trip2g.RoleReplica, Address: ":8081", Process: name, Ready: true}
}

// newLeader returns a leader's topology. It does not run.
func newLeader() *Nodes {
	return New(Options{
		Sample: func() trip2g.NodeReport {
			return trip2g.NodeReport{Name: "app", Role: trip2g.RoleLeader, Ready: true}
		},
		Answered: func() float64 { return 0 }, Every: time.Millisecond,
	})
}

func names(nodes []trip2g.Node) string {
	var out []string
	for _, n := range nodes {
		out = append(out, n.Name)
	}
	return strings.Join(out, " ")
}

func TestAReplicaThatIsLongGoneIsForgotten(t *testing.T) {
	var r registry
	for _, name := range []string{"r1", "r2"} {
		if err := r.put(replica(name), testTime, testTime); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.forget("r1", testTime); trip2g.ErrorCode(err) != trip2g.ECONFLICT {
		t.Errorf("forgetting one that reports: %v", err)
	}
	later := testTime.Add(time.Hour)
	r.put(replica("r2"), later, later)
	nodes := r.nodes(later)
	if names(nodes) != "r1 r2" || nodes[0].HeardAgo != 3600 || nodes[1].HeardAgo != 0 {
		t.Errorf("an hour later there are %+v", nodes)
	}
	if err := r.forget("r1", later); err != nil {
		t.Error(err)
	}
	if err := r.forget("r1", later); trip2g.ErrorCode(err) != trip2g.ENOTFOUND {
		t.Errorf("forgetting it again: %v", err)
	}
	if got := names(r.nodes(later.Add(trip2g.ForgetNodesAfter + time.Second))); got != "" {
		t.Errorf("after a day there are %q", got)
	}
}

// TestTheNumberOfReplicasIsBounded fills the topology. A new replica replaces a silent one, never
// one that reports.
func TestTheNumberOfReplicasIsBounded(t *testing.T) {
	var r registry
	for i := range trip2g.MaxNodes {
		if err := r.put(replica(fmt.Sprint("r", i)), testTime, testTime); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.put(replica("late"), testTime, testTime); trip2g.ErrorCode(err) != trip2g.EUNAVAILABLE {
		t.Errorf("one too many: %v", err)
	}
	later := testTime.Add(time.Minute)
	for i := 1; i < trip2g.MaxNodes; i++ {
		r.put(replica(fmt.Sprint("r", i)), later, later)
	}
	if err := r.put(replica("late"), later, later); err != nil || len(r) != trip2g.MaxNodes || strings.Contains(names(r.nodes(later))+" ", "r0 ") {
		t.Errorf("in the place of one that is gone: %v, %d nodes", err, len(r))
	}
}

func TestTheLagOfEachMinuteIsRemembered(t *testing.T) {
	var h history
	h.add(testTime, .005)
	h.add(testTime.Add(time.Second), .002)
	h.add(testTime.Add(2*time.Minute), 12)
	list := h.list(testTime.Add(2 * time.Minute))
	if last := list[len(list)-3:]; len(list) != 60 || *last[0] != .005 || last[1] != nil || *last[2] != 12 {
		t.Errorf("the last minutes are %v", last)
	}
	for _, lag := range h.list(testTime.Add(2 * time.Hour)) {
		if lag != nil {
			t.Errorf("two hours later %v is remembered", *lag)
		}
	}
}

func TestTheRateIsOfTheLastSeconds(t *testing.T) {
	var r rate
	got := 0.0
	for i := range 20 {
		got = r.add(testTime.Add(time.Duration(i)*time.Second), float64(100*i))
	}
	if got != 100 {
		t.Errorf("100 a second are %v", got)
	}
	for i := range 7 {
		got = r.add(testTime.Add(time.Duration(20+i)*time.Second), 1900)
	}
	if got != 0 {
		t.Errorf("none in the last seconds are %v", got)
	}
}

// TestALeaderTakesOnlyReportsOfReplicas sends messages that are signed but invalid.
func TestALeaderTakesOnlyReportsOfReplicas(t *testing.T) {
	encoded := func(m message) string {
		text, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	leader := replica("r1")
	leader.Role = trip2g.RoleLeader
	many := message{Node: replica("r1"), Known: make([]trip2g.Node, trip2g.MaxNodes+1)}
	for name, text := range map[string]string{
		"no JSON":            `{"node":`,
		"another shape":      `{"node":[]}`,
		"nothing":            `{}`,
		"another's name":     encoded(message{Node: replica("r2")}),
		"a leader":           encoded(message{Node: leader}),
		"too many others":    encoded(many),
		"others with faults": encoded(message{Node: replica("r1"), Known: []trip2g.Node{{NodeReport: replica("<b>")}}}),
		"another leader":     encoded(message{Node: replica("r1"), Known: []trip2g.Node{{NodeReport: leader}}}),
	} {
		n := newLeader()
		_, err := n.HandleReport(t.Context(), "r1", []byte(text))
		if refused := new(forward.MessageError); !errors.As(err, &refused) || refused.Status != http.StatusBadRequest {
			t.Errorf("%s: %v", name, err)
		}
		if got := names(n.Topology().Nodes); got != "app" {
			t.Errorf("%s: the picture has %s", name, got)
		}
	}
}

// TestALeaderThatStartsLearnsOfTheOthers sends the first report of a replica that knew more.
func TestALeaderThatStartsLearnsOfTheOthers(t *testing.T) {
	n := newLeader()
	m := message{Node: replica("r1"), Known: []trip2g.Node{
		{NodeReport: replica("r2"), HeardAgo: 3600},
		{NodeReport: replica("r3"), HeardAgo: 2 * 86400},
	}}
	text, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := n.HandleReport(t.Context(), "r1", text); err != nil {
		t.Fatal(err)
	}
	nodes := n.Topology().Nodes
	if names(nodes) != "app r1 r2" || nodes[2].State != trip2g.NodeGone || nodes[2].HeardAgo < 3600 {
		t.Errorf("the picture is %+v", nodes)
	}
	if err := n.ForgetNode("app"); trip2g.ErrorCode(err) != trip2g.ECONFLICT {
		t.Errorf("forgetting the leader: %v", err)
	}
}

// TestAReplicaMeasuresWhatAChangeTakes serves a change some time after it was made.
func TestAReplicaMeasuresWhatAChangeTakes(t *testing.T) {
	var late atomic.Bool // the second change is served
	made := time.Now()
	waiting, arrived := make(chan struct{}, 1), make(chan struct{})
	messenger, err := forward.NewMessenger(forward.MessengerOptions{LeaderAddr: "127.0.0.1:1", Secret: "a secret of all nodes", Node: "r1"})
	if err != nil {
		t.Fatal(err)
	}
	registry := prometheus.NewRegistry()
	n := New(Options{
		Sample:   func() trip2g.NodeReport { r := replica("r1"); r.LeaderAnswers = true; return r },
		Answered: func() float64 { return 0 },
		Served: func() (trip2g.Position, time.Time) {
			if late.Load() {
				return 2, made.Add(-3 * time.Second)
			}
			return 1, made
		},
		WaitFor: func(ctx context.Context, wanted trip2g.Position) error {
			if wanted > 2 {
				<-ctx.Done()
				return ctx.Err()
			}
			waiting <- struct{}{}
			<-arrived
			return nil
		},
		Messenger: messenger, LeaderAddr: "127.0.0.1:1", Every: time.Millisecond, Registerer: registry,
	})
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- n.Run(ctx) }()
	<-waiting
	late.Store(true)
	close(arrived)
	testwait.NoError(t, "the report has the lag", func() error {
		if report := n.ownReport(); report.Lag < 3 {
			return fmt.Errorf("the report is %+v", report)
		}
		return nil
	})
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	report := n.ownReport()
	if last := report.LagHistory[len(report.LagHistory)-1]; last == nil || *last < 3 {
		t.Errorf("the last minute's lag is %v", last)
	}
	alone := n.Topology()
	if len(alone.Nodes) != 2 || alone.Nodes[0].State != trip2g.NodeUnknown || !strings.Contains(alone.Nodes[0].Wrong[0], "has not answered r1 since that started") {
		t.Errorf("without a leader the picture is %+v", alone.Nodes)
	}
	if _, err := registry.Gather(); err != nil {
		t.Error(err)
	}
}

// TestTheNumberOfWatchersIsBounded opens more streams than a node serves.
func TestTheNumberOfWatchersIsBounded(t *testing.T) {
	n := newLeader()
	server := httptest.NewServer(n.Events(func(*http.Request) (trip2g.Visitor, bool) { return trip2g.Owner, true }))
	defer server.Close()
	defer n.EndEvents()
	open := func() *http.Response {
		res, err := server.Client().Get(server.URL)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { res.Body.Close() })
		return res
	}
	for i := range maxStreams {
		if res := open(); res.StatusCode != http.StatusOK {
			t.Fatalf("stream %d is answered %s", i, res.Status)
		}
	}
	if res := open(); res.StatusCode != http.StatusServiceUnavailable || res.Header.Get("Retry-After") == "" {
		t.Errorf("one too many is answered %s", res.Status)
	}
}

// TestANodeThatIsStartingAsksTheWatcherToWait: a page that gets 401 would send its owner to sign
// in.
func TestANodeThatIsStartingAsksTheWatcherToWait(t *testing.T) {
	for want, reader := range map[int]func(*http.Request) (trip2g.Visitor, bool){
		http.StatusServiceUnavailable: func(*http.Request) (trip2g.Visitor, bool) { return trip2g.Anonymous, false },
		http.StatusUnauthorized:       func(*http.Request) (trip2g.Visitor, bool) { return trip2g.Anonymous, true },
		http.StatusForbidden:          func(*http.Request) (trip2g.Visitor, bool) { return trip2g.Member, true },
	} {
		w := httptest.NewRecorder()
		newLeader().Events(reader).ServeHTTP(w, httptest.NewRequest(http.MethodGet, EventsPath, nil))
		if w.Code != want {
			t.Errorf("answered %d, want %d", w.Code, want)
		}
	}
}
