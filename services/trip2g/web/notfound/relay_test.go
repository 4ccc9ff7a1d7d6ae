package notfound

import (
	"context"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"trip2g/internal/forward"
	"trip2g/internal/testwait"
	"trip2g/services/trip2g"
)

const secret = "a secret that all nodes share"

// startLeader serves the internal port of a leader with the store. stop stops it. lose reports
// whether the response to a stored batch is lost.
func startLeader(t *testing.T, addr string, store Store, lose func() bool) (at string, stop func()) {
	t.Helper()
	handler, err := forward.NewMessages(forward.MessageOptions{
		Secret: secret, Log: zerolog.Nop(), Take: map[string]forward.MessageFunc{RelayPath: FromReplicas(store)},
	}, http.NotFoundHandler())
	if err != nil {
		t.Fatal(err)
	}
	var listener net.Listener
	testwait.Until(t, "the port is free", func() bool {
		listener, err = net.Listen("tcp", addr)
		return err == nil
	})
	server := forward.NewServer(forward.ServerOptions{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if lose() {
			handler.ServeHTTP(unheard{w, http.Header{}}, r)
			panic(http.ErrAbortHandler)
		}
		handler.ServeHTTP(w, r)
	})})
	go server.Serve(listener)
	return listener.Addr().String(), func() {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		if err := server.Shutdown(ctx); err != nil {
			t.Error(err)
		}
	}
}

// unheard is a response that the client never receives.
type unheard struct {
	http.ResponseWriter
	header http.Header
}

func (u unheard) Header() http.Header         { return u.header }
func (u unheard) Write(p []byte) (int, error) { return len(p), nil }
func (u unheard) WriteHeader(int)             {}

// TestAReplicasCountsArriveOnceAlthoughTheLeaderGoesAway makes the leader store counts, lose its
// response, stop, and restart. All counts of that time arrive, each once.
func TestAReplicasCountsArriveOnceAlthoughTheLeaderGoesAway(t *testing.T) {
	db := openDB(t)
	var lost, failed atomic.Int32
	addr, stopLeader := startLeader(t, "127.0.0.1:0", db, func() bool { return lost.Add(1) <= 2 })
	messenger, err := forward.NewMessenger(forward.MessengerOptions{LeaderAddr: addr, Secret: secret, Node: "r1", Timeout: 30 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer messenger.Close()
	store := storeFunc(func(ctx context.Context, batch trip2g.NotFoundBatch) error {
		err := ToLeader{Messenger: messenger}.AddNotFound(ctx, batch)
		if err != nil {
			failed.Add(1)
		}
		return err
	})
	replica := NewTracker(store, zerolog.Nop(), nil)
	stop := start(t, replica)
	replica.Add("/x")
	testwait.Until(t, "the first batch is taken and known to be", func() bool { return lost.Load() > 2 && replica.waiting() == 0 })
	if got := counted(t, db); got != 1 {
		t.Fatalf("%d are counted of a batch that was sent three times", got)
	}

	stopLeader()
	replica.Add("/x")
	before := failed.Load()
	testwait.Until(t, "sending failed", func() bool { return failed.Load() > before+2 })
	replica.Add("/x")
	_, stopLeader = startLeader(t, addr, db, func() bool { return false })
	defer stopLeader()
	testwait.Until(t, "all is sent", func() bool { return replica.waiting() == 0 })
	stop()
	if got := counted(t, db); got != 3 {
		t.Errorf("%d are counted, want 3", got)
	}
}

// TestALeaderRefusesCountsThatNoReplicaMakes sends signed but invalid messages.
func TestALeaderRefusesCountsThatNoReplicaMakes(t *testing.T) {
	db := openDB(t)
	addr, stopLeader := startLeader(t, "127.0.0.1:0", db, func() bool { return false })
	defer stopLeader()
	messenger, err := forward.NewMessenger(forward.MessengerOptions{LeaderAddr: addr, Secret: secret, Node: "r1", Timeout: 30 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer messenger.Close()
	many := map[string]int64{}
	for i := range trip2g.MaxNotFoundBatch + 1 {
		many[string(rune('a'+i))] = 1
	}
	for name, batch := range map[string]trip2g.NotFoundBatch{
		"no sender":       {Number: 1, Counts: map[string]int64{"/x": 1}},
		"no number":       {Sender: "r1", Counts: map[string]int64{"/x": 1}},
		"less than none":  {Sender: "r1", Number: 1, Counts: map[string]int64{"/x": -1}},
		"beyond counting": {Sender: "r1", Number: 1, Counts: map[string]int64{"/x": 1 << 40}},
		"too many paths":  {Sender: "r1", Number: 1, Counts: many},
	} {
		if err := (ToLeader{Messenger: messenger}).AddNotFound(t.Context(), batch); trip2g.ErrorCode(err) != trip2g.EINVALID {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := counted(t, db); got != 0 {
		t.Errorf("%d are counted", got)
	}
}
