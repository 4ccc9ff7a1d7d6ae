package forward

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"trip2g/internal/testwait"
)

// ledger counts how often each write was applied.
type ledger struct {
	mu      sync.Mutex
	applied map[string]int
}

func newLedger() *ledger { return &ledger{applied: make(map[string]int)} }

// ServeHTTP applies the write that a request's body names.
func (l *ledger) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.applied[string(name)]++
	w.WriteHeader(http.StatusCreated)
}

func (l *ledger) times(name string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.applied[name]
}

// TestWritersSeeARestartOfTheLeaderAsAPause writes without pause through a replica while the leader
// is stopped and started repeatedly. Each write is answered 2xx and applied once.
func TestWritersSeeARestartOfTheLeaderAsAPause(t *testing.T) {
	const writers, restarts = 16, 5
	book := newLedger()
	l := startLeader(t, book)
	r := startReplica(t, l.addr, nil)
	transport := &http.Transport{MaxIdleConnsPerHost: writers}
	defer transport.CloseIdleConnections()
	writer := &http.Client{Transport: transport, Timeout: patience}

	var written [writers]atomic.Int64
	stop := make(chan struct{})
	var group sync.WaitGroup
	for w := range writers {
		group.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				name := fmt.Sprintf("%d/%d", w, i)
				res, err := writer.Post("http://"+r.addr+"/write", "text/plain", wholeOrStream(w, name))
				if err != nil {
					t.Error(err)
					return
				}
				text, _ := io.ReadAll(res.Body)
				res.Body.Close()
				if n := book.times(name); res.StatusCode != http.StatusCreated || n != 1 {
					t.Errorf("write %s: %s, applied %d times: %s", name, res.Status, n, text)
					return
				}
				written[w].Add(1)
			}
		})
	}
	progress := func() {
		t.Helper()
		for w := range writers {
			before := written[w].Load()
			testwait.NoError(t, "each writer gets on", func() error {
				if written[w].Load() < before+3 {
					return fmt.Errorf("writer %d waits", w)
				}
				return nil
			})
		}
	}
	for range restarts {
		progress()
		l.stop()
		l.start()
	}
	progress()
	close(stop)
	group.Wait()
	if n := r.counted(t, OutcomeHeldThenOK); n == 0 {
		t.Error("no write had to wait: the test proves nothing")
	}
	r.wantNothingKept(t)
}

// wholeOrStream returns bodies that forwarders send over HTTP/1.1 for half of the writers, over
// HTTP/2 for the others.
func wholeOrStream(writer int, body string) io.Reader {
	if writer%2 == 0 {
		return strings.NewReader(body)
	}
	return stream(body)
}

func TestAWriteIsHeldUntilTheLeaderIsThere(t *testing.T) {
	book := newLedger()
	l := startLeader(t, book)
	l.stop()
	r := startReplica(t, l.addr, nil)
	answered := make(chan *http.Response)
	body := strings.Repeat("x", 2*replayLimit) // not to be kept, but none of it has been read
	go func() {
		res, _ := post(t, r.addr, "/", "text/plain", body)
		answered <- res
	}()
	testwait.NoError(t, "the write is held", func() error {
		if !strings.Contains(r.log.String(), "holding writes") {
			return errors.New("nothing says so")
		}
		return nil
	})
	l.start()
	if res := testwait.Receive(t, "the answer", answered); res.StatusCode != http.StatusCreated || book.times(body) != 1 {
		t.Errorf("got %s, applied %d times", res.Status, book.times(body))
	}
	r.wantOutcome(t, OutcomeHeldThenOK)
}

func TestAWriteIsHeldOnlySoLongAndItsBodyStaysUnread(t *testing.T) {
	addr := deadAddr(t)
	r := startReplica(t, addr, func(o *Options) { o.HoldFor = 50 * time.Millisecond })
	c := dialRaw(t, r.addr)
	// The server sends 100 Continue when somebody reads the body. Nobody does.
	c.send(t, "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 100000000\r\n\r\n")
	res, err := http.ReadResponse(c.r, nil)
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(res.Body)
	if res.StatusCode != http.StatusServiceUnavailable || res.Header.Get("Retry-After") == "" || !strings.Contains(string(body), "nothing was written") {
		t.Errorf("%s, Retry-After %q: %s", res.Status, res.Header.Get("Retry-After"), body)
	}
	if res.Header.Get("X-Request-Id") != "id-of-the-replica" {
		t.Error("the request id is missing")
	}
	r.wantOutcome(t, OutcomeUnavailable)
}

// deadAddr returns an address without a listener.
func deadAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	return l.Addr().String()
}

func TestALeaderThatCannotBeReached(t *testing.T) {
	for name, addr := range map[string]string{
		"refused":      deadAddr(t),
		"no such name": "leader.invalid:1", // RFC 6761: never resolves
		"HTTP/1 only":  startServer(t, http.HandlerFunc(serveLocally)),
		"silent":       silentAddr(t),
	} {
		t.Run(name, func(t *testing.T) {
			r := startReplica(t, addr, func(o *Options) { o.HoldFor, o.DialTimeout = 0, 50*time.Millisecond })
			if res, body := post(t, r.addr, "/", "text/plain", "x"); res.StatusCode != http.StatusServiceUnavailable {
				t.Errorf("%s: %s", res.Status, body)
			}
			r.wantOutcome(t, OutcomeUnavailable)
		})
	}
}

// silentAddr returns an address that accepts connections and never sends anything.
func silentAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l.Addr().String()
}

func TestAClientOfJSONGetsJSON(t *testing.T) {
	r := startReplica(t, deadAddr(t), func(o *Options) { o.HoldFor = 0 })
	for _, contentType := range []string{"application/json", "application/json; charset=utf-8", "application/graphql+json"} {
		res, body := post(t, r.addr, "/graphql", contentType, "{}")
		var answer struct{ Errors []struct{ Message string } }
		if err := json.Unmarshal([]byte(body), &answer); err != nil || len(answer.Errors) != 1 || !strings.Contains(answer.Errors[0].Message, "nothing was written") {
			t.Errorf("%s: %s", contentType, body)
		}
		if got := res.Header.Get("Content-Type"); got != "application/json" {
			t.Errorf("%s: answered as %s", contentType, got)
		}
	}
}

// TestAWriteWhoseFateIsUnknownIsNotSentTwice kills the leader after it has begun a write.
func TestAWriteWhoseFateIsUnknownIsNotSentTwice(t *testing.T) {
	for name, raw := range map[string]string{
		"whole":   "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nwrite",
		"no body": "POST / HTTP/1.1\r\nHost: h\r\n\r\n",
		"partly sent, with a key that other clients retry on": "POST / HTTP/1.1\r\nHost: h\r\nIdempotency-Key: k\r\nContent-Length: 100000\r\n\r\nwrite",
	} {
		t.Run(name, func(t *testing.T) {
			var begun atomic.Int64
			arrived := make(chan struct{}, 10)
			l := startLeader(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/after" {
					return
				}
				begun.Add(1)
				arrived <- struct{}{}
				<-r.Context().Done()
			}))
			r := startReplica(t, l.addr, nil)
			c := dialRaw(t, r.addr)
			c.send(t, raw)
			testwait.Receive(t, "the write to begin", arrived)
			l.kill()
			l.start()
			res, err := http.ReadResponse(c.r, nil)
			if err != nil {
				t.Fatal(err)
			}
			body, _ := io.ReadAll(res.Body)
			if res.StatusCode != http.StatusBadGateway || !strings.Contains(string(body), "may or may not") {
				t.Errorf("%s: %s", res.Status, body)
			}
			if res, _ := post(t, r.addr, "/after", "text/plain", "x"); res.StatusCode != http.StatusOK {
				t.Errorf("the next write: %s", res.Status)
			}
			if n := begun.Load(); n != 1 {
				t.Errorf("the write was begun %d times", n)
			}
			r.wantOutcome(t, OutcomeIndeterminate)
		})
	}
}

// TestKilledLeadersApplyNoWriteTwice writes without pause while the leader is killed and started.
func TestKilledLeadersApplyNoWriteTwice(t *testing.T) {
	const writers, kills = 8, 5
	book := newLedger()
	l := startLeader(t, book)
	r := startReplica(t, l.addr, nil)
	stop := make(chan struct{})
	var group sync.WaitGroup
	var written atomic.Int64
	for w := range writers {
		group.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				name := fmt.Sprintf("%d/%d", w, i)
				res, err := client(t).Post("http://"+r.addr+"/write", "text/plain", wholeOrStream(w, name))
				if err != nil {
					t.Error(err)
					return
				}
				res.Body.Close()
				n := book.times(name)
				switch {
				case res.StatusCode == http.StatusCreated && n == 1:
					written.Add(1)
				case res.StatusCode == http.StatusBadGateway && n <= 1:
				default:
					t.Errorf("write %s: %s, applied %d times", name, res.Status, n)
				}
			}
		})
	}
	for range kills {
		before := written.Load()
		testwait.NoError(t, "writers get on", func() error {
			if written.Load() < before+100 {
				return errors.New("they wait")
			}
			return nil
		})
		l.kill()
		l.start()
	}
	close(stop)
	group.Wait()
	book.mu.Lock()
	defer book.mu.Unlock()
	for name, n := range book.applied {
		if n > 1 {
			t.Errorf("write %s was applied %d times", name, n)
		}
	}
}
