package leaderwatch_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"trip2g/internal/testwait"
	"trip2g/services/trip2g"
	"trip2g/services/trip2g/replication/leaderwatch"
	trip2ghttp "trip2g/services/trip2g/web/http"
)

// leader is a real internal port.
type leader struct {
	t        *testing.T
	addr     string
	server   *http.Server
	position atomic.Int64
	asked    atomic.Int64
	conns    atomic.Int64
}

// startLeader starts a leader at a position.
func startLeader(t *testing.T, position int64) *leader {
	t.Helper()
	l := &leader{t: t, addr: "127.0.0.1:0"}
	l.position.Store(position)
	l.start(trip2ghttp.NewInternalHandler(func() trip2ghttp.Readiness {
		l.asked.Add(1)
		return trip2ghttp.Readiness{Ready: true, Role: "leader", Node: "app", Position: trip2g.Position(l.position.Load())}
	}, prometheus.NewRegistry(), http.NotFoundHandler()))
	return l
}

// start serves a handler. After a stop it reuses the leader's address.
func (l *leader) start(handler http.Handler) {
	l.t.Helper()
	listener, err := net.Listen("tcp", l.addr)
	if err != nil {
		l.t.Fatal(err)
	}
	l.addr = listener.Addr().String()
	l.server = &http.Server{Handler: handler, ConnState: func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			l.conns.Add(1)
		}
	}}
	go l.server.Serve(listener)
	l.t.Cleanup(func() { l.server.Close() })
}

// replica is a running watch and the position that its node serves.
type replica struct {
	*leaderwatch.Watch
	served atomic.Int64
	log    lines
}

// patience bounds each wait. It is long enough for a busy machine.
const patience = 30 * time.Second

func startReplica(t *testing.T, addr string, served int64) *replica {
	t.Helper()
	return startImpatient(t, addr, served, patience)
}

// startImpatient starts a replica with this timeout for an answer.
func startImpatient(t *testing.T, addr string, served int64, timeout time.Duration) *replica {
	t.Helper()
	r := &replica{}
	r.served.Store(served)
	r.Watch = leaderwatch.New(leaderwatch.Options{
		LeaderAddr: addr, Every: time.Millisecond, Timeout: timeout, Log: zerolog.New(&r.log),
		Served: func() trip2g.Timeline { return trip2g.Timeline{Position: trip2g.Position(r.served.Load())} },
	})
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return r
}

// eventually waits for a state of the replica and returns it.
func (r *replica) eventually(t *testing.T, what string, is func(leaderwatch.State) bool) (s leaderwatch.State) {
	t.Helper()
	testwait.NoError(t, what, func() error {
		if s = r.State(); !is(s) {
			return fmt.Errorf("the state is %+v", s)
		}
		return nil
	})
	return s
}

func answers(s leaderwatch.State) bool    { return s.Answers }
func answersNot(s leaderwatch.State) bool { return !s.Answers && !s.Heard.IsZero() }

// lines is a log that can be read while it is written.
type lines struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) count(text string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.b.String(), text)
}

// TestAReplicaKnowsItsLeadersPosition covers the healthy case: no note, one connection.
func TestAReplicaKnowsItsLeadersPosition(t *testing.T) {
	l := startLeader(t, 5)
	r := startReplica(t, l.addr, 5)
	s := r.eventually(t, "the leader is heard", answers)
	if s.Position != 5 || s.Heard.IsZero() || s.Note != "" {
		t.Errorf("state %+v", s)
	}
	l.position.Store(6)
	r.eventually(t, "the change is heard of", func(s leaderwatch.State) bool { return s.Position == 6 })
	asked := l.asked.Load()
	r.eventually(t, "the leader is asked on", func(leaderwatch.State) bool { return l.asked.Load() > asked+20 })
	if n := l.conns.Load(); n != 1 {
		t.Errorf("%d connections for one replica", n)
	}
}

// TestAReplicaThatIsBehindGrowsOld changes the leader while replication stands still, and then
// delivers everything. Meanwhile the age grows, and afterwards it is small again.
func TestAReplicaThatIsBehindGrowsOld(t *testing.T) {
	l := startLeader(t, 5)
	r := startReplica(t, l.addr, 5)
	r.eventually(t, "the leader is heard", answers)
	l.position.Store(7)
	behind := r.eventually(t, "the change is heard of", func(s leaderwatch.State) bool { return s.Position == 7 })
	asked := l.asked.Load()
	older := r.eventually(t, "the leader is asked on", func(leaderwatch.State) bool { return l.asked.Load() > asked+20 })
	if older.Age <= behind.Age || !older.Answers {
		t.Errorf("the age was %s and is %s", behind.Age, older.Age)
	}
	r.served.Store(7)
	r.eventually(t, "the replica is young again", func(s leaderwatch.State) bool { return s.Age < older.Age })
}

// TestAReplicaWithoutItsLeaderSaysUpToWhenItKnows stops the leader and starts it again. The log has
// one line for each, however many questions were asked.
func TestAReplicaWithoutItsLeaderSaysUpToWhenItKnows(t *testing.T) {
	l := startLeader(t, 5)
	r := startReplica(t, l.addr, 5)
	r.eventually(t, "the leader is heard", answers)
	handler := l.server.Handler
	l.server.Close()
	away := r.eventually(t, "the leader is missed", answersNot)
	if away.Position != 5 || !strings.Contains(away.Note, "the leader does not answer: ") || !strings.Contains(away.Note, "serving what was published up to ") {
		t.Errorf("state %+v", away)
	}
	r.eventually(t, "the age grows", func(s leaderwatch.State) bool {
		return s.Age > away.Age+20*time.Millisecond && s.Heard.Equal(away.Heard)
	})
	l.start(handler)
	back := r.eventually(t, "the leader is heard again", answers)
	if !back.Heard.After(away.Heard) || back.Note != "" {
		t.Errorf("state %+v", back)
	}
	if r.log.count("does not answer") != 1 || r.log.count("answers again") != 1 {
		t.Errorf("log:\n%s", r.log.b.String())
	}
}

// TestALeaderThatWasNeverHeard starts the replica before its leader.
func TestALeaderThatWasNeverHeard(t *testing.T) {
	l := startLeader(t, 5)
	l.server.Close()
	r := startReplica(t, l.addr, 3)
	s := r.eventually(t, "the question fails", func(s leaderwatch.State) bool { return strings.Contains(s.Note, "refused") })
	if s.Position != 0 || !s.Heard.IsZero() || !strings.Contains(s.Note, "since it started") {
		t.Errorf("state %+v", s)
	}
}

// TestWhatIsNoLeaderIsNotBelieved has another server on the leader's address. The note names the
// wrong setting, and nothing of the answer is used.
func TestWhatIsNoLeaderIsNotBelieved(t *testing.T) {
	released := make(chan struct{})
	defer close(released)
	for name, tt := range map[string]struct {
		handler http.HandlerFunc
		says    string
	}{
		"public port":   {http.NotFound, "TRIP2G_LEADER_ADDR"},
		"a replica":     {say(`{"role":"replica","position":9}`), "TRIP2G_LEADER_ADDR"},
		"no position":   {say(`{"role":"leader"}`), "TRIP2G_LEADER_ADDR"},
		"not a number":  {say(`{"role":"leader","position":"9"}`), "TRIP2G_LEADER_ADDR"},
		"endless":       {say(strings.Repeat(" ", 1<<20) + `{"role":"leader","position":9}`), "TRIP2G_LEADER_ADDR"},
		"a redirect":    {http.RedirectHandler("/elsewhere", http.StatusFound).ServeHTTP, "status 302"},
		"never answers": {func(w http.ResponseWriter, r *http.Request) { <-released }, "Timeout"},
		"breaks off":    {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			l := &leader{t: t, addr: "127.0.0.1:0"}
			l.start(tt.handler)
			r := startImpatient(t, l.addr, 3, 300*time.Millisecond)
			s := r.eventually(t, "the note says what is wrong", func(s leaderwatch.State) bool { return strings.Contains(s.Note, tt.says) })
			if s.Answers || s.Position != 0 || !s.Heard.IsZero() {
				t.Errorf("state %+v", s)
			}
		})
	}
}

func say(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, body) }
}

// TestAForwardedAnswerIsHeardAtOnce reads a position from a write's answer between two questions.
func TestAForwardedAnswerIsHeardAtOnce(t *testing.T) {
	w := leaderwatch.New(leaderwatch.Options{LeaderAddr: "127.0.0.1:1", Served: func() trip2g.Timeline { return trip2g.Timeline{Position: 3} }})
	before := w.State()
	w.Heard(9)
	w.Heard(8) // of a write that was answered late
	if s := w.State(); s.Position != 9 || s.Heard.IsZero() || s.Age < before.Age {
		t.Errorf("state %+v", s)
	}
}

// TestALeaderThatWasPutBackIsBelieved restores an older database on the leader after a newer
// position was relayed. A replica that has everything of the leader's must not count as behind for
// ever.
func TestALeaderThatWasPutBackIsBelieved(t *testing.T) {
	l := startLeader(t, 10)
	r := startReplica(t, l.addr, 10)
	r.eventually(t, "the leader is heard", answers)
	r.Heard(12)
	l.position.Store(4)
	r.served.Store(4)
	r.eventually(t, "the older position counts", func(s leaderwatch.State) bool { return s.Position == 4 && s.Note == "" })
}

// TestAStoppingLeaderStillTellsItsPosition answers 503 with a position, like a leader that finishes
// its last requests.
func TestAStoppingLeaderStillTellsItsPosition(t *testing.T) {
	l := &leader{t: t, addr: "127.0.0.1:0"}
	l.start(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusServiceUnavailable)
		fmt.Fprint(w, `{"role":"leader","position":7,"missing":{"process":"stopping"}}`)
	}))
	r := startReplica(t, l.addr, 7)
	if s := r.eventually(t, "the leader is heard", answers); s.Position != 7 {
		t.Errorf("state %+v", s)
	}
}

// TestARestartDoesNotMakeAReplicaYounger starts a replica without a leader. Its age is that of its
// newest change, not of its process.
func TestARestartDoesNotMakeAReplicaYounger(t *testing.T) {
	changed := time.Now().Add(-5 * time.Minute)
	served := trip2g.Position(3)
	w := leaderwatch.New(leaderwatch.Options{
		LeaderAddr: "127.0.0.1:1", Served: func() trip2g.Timeline { return trip2g.Timeline{Position: served} }, ChangedAt: func() time.Time { return changed },
	})
	if s := w.State(); s.Age < 5*time.Minute || !strings.Contains(s.Note, changed.UTC().Format(time.RFC3339)) {
		t.Errorf("state %+v", s)
	}
	l := startLeader(t, 3)
	r := startReplica(t, l.addr, 3)
	r.eventually(t, "it knows that it is level", func(s leaderwatch.State) bool { return s.Answers && s.Age < time.Minute })
}
