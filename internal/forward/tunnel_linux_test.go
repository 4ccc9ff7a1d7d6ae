package forward

import (
	"context"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ncruces/go-sqlite3"
	"github.com/rs/zerolog"

	"trip2g/internal/litefs/litefstest"
	"trip2g/internal/sqlitevfs"
)

const tunnelDB = "data.sqlite3"

// startTunnelServer starts the internal port of a leader with a real LiteFS.
func startTunnelServer(t *testing.T, litefs *litefstest.Node) *leader {
	t.Helper()
	intake := NewIntake(IntakeOptions{
		Verifier: mustVerifier(t, testSecret, nil), Log: zerolog.Nop(),
		Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a tunnel reached the application") }),
	})
	handler, err := NewTunnelServer(TunnelServerOptions{
		Epoch: testEpoch, Secret: testSecret, LiteFS: strings.TrimPrefix(litefs.API, "http://"), Log: zerolog.Nop(),
	}, intake)
	if err != nil {
		t.Fatal(err)
	}
	l := &leader{t: t, addr: "127.0.0.1:0", handler: handler, log: new(lines), epoch: testEpoch}
	l.startWith(handler)
	t.Cleanup(l.kill)
	return l
}

// startTunnel starts a replica's end and returns its address as a URL.
func startTunnel(t *testing.T, leaderAddr, secret string) string {
	t.Helper()
	tunnel, err := NewTunnel(TunnelOptions{LeaderAddr: leaderAddr, Secret: secret, Node: "replica", Log: zerolog.Nop()})
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error)
	go func() { served <- tunnel.Serve(ctx, listener) }()
	t.Cleanup(func() {
		stop()
		if err := <-served; err != nil {
			t.Errorf("the tunnel ended with %v", err)
		}
	})
	return "http://" + listener.Addr().String()
}

// change writes to a LiteFS leader's database.
func change(t *testing.T, litefs *litefstest.Node, sql string) {
	t.Helper()
	db, err := sqlite3.Open("file:" + litefs.Path(tunnelDB) + "?vfs=" + sqlitevfs.Name)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Exec(sql); err != nil {
		t.Fatal(err)
	}
}

func TestChangesReachAReplicaThroughTheLeadersInternalPort(t *testing.T) {
	primary := litefstest.StartPrimary(t)
	leader := startTunnelServer(t, primary)
	change(t, primary, `PRAGMA journal_mode=wal; CREATE TABLE t (x)`)
	replica := litefstest.StartReplica(t, primary, litefstest.LeaderURL(startTunnel(t, leader.addr, testSecret)))
	replica.WaitFor(primary, tunnelDB)
	change(t, primary, `INSERT INTO t VALUES (randomblob(5000000))`)
	replica.WaitFor(primary, tunnelDB)
}

// TestReplicationGoesOnAfterTheNetworkSwallowedAStream drops all packets of a stream without either
// end noticing. LiteFS itself waits on such a stream for as long as TCP does.
func TestReplicationGoesOnAfterTheNetworkSwallowedAStream(t *testing.T) {
	primary := litefstest.StartPrimary(t)
	leader := startTunnelServer(t, primary)
	network := startSwallower(t, leader.addr)
	change(t, primary, `PRAGMA journal_mode=wal; CREATE TABLE t (x)`)
	replica := litefstest.StartReplica(t, primary, litefstest.LeaderURL(startTunnel(t, network.addr, testSecret)))
	replica.WaitFor(primary, tunnelDB)
	network.swallow()
	change(t, primary, `INSERT INTO t VALUES (1)`)
	replica.WaitFor(primary, tunnelDB)
}

// TestAReplicaConnectsWhenItsLeaderComes starts the leader last, like a machine that boots late.
func TestAReplicaConnectsWhenItsLeaderComes(t *testing.T) {
	primary := litefstest.StartPrimary(t)
	leader := startTunnelServer(t, primary)
	leader.kill()
	change(t, primary, `PRAGMA journal_mode=wal; CREATE TABLE t (x)`)
	replica := litefstest.StartReplica(t, primary, litefstest.LeaderURL(startTunnel(t, leader.addr, testSecret)))
	leader.startWith(leader.handler)
	replica.WaitFor(primary, tunnelDB)
}

// TestOnlyANodeReachesLiteFS sends requests of a stranger, and requests that a client can make a
// replica forward.
func TestOnlyANodeReachesLiteFS(t *testing.T) {
	primary := litefstest.StartPrimary(t)
	leader := startTunnelServer(t, primary)
	request := func(sign func(*http.Request)) *http.Response {
		req, err := http.NewRequest(http.MethodGet, "http://"+leader.addr+TunnelPath, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Connection", "Upgrade")
		req.Header.Set("Upgrade", tunnelProtocol)
		sign(req)
		res, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		return res
	}
	keyed := func(secret, use string) *Signer {
		key, err := authKey(secret, use)
		if err != nil {
			t.Fatal(err)
		}
		return &Signer{key, time.Now}
	}
	captured := ""
	if res := request(func(r *http.Request) {
		keyed(testSecret, tunnelKeyInfo).Sign(r, testEpoch)
		captured = r.Header.Get(AuthHeader)
	}); res.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("a node's own tunnel: %s", res.Status)
	}
	for name, sign := range map[string]func(*http.Request){
		"nothing":                        func(*http.Request) {},
		"another secret":                 func(r *http.Request) { keyed("another secret of other nodes", tunnelKeyInfo).Sign(r, testEpoch) },
		"a message's signature":          func(r *http.Request) { keyed(testSecret, messageKeyInfo).Sign(r, testEpoch) },
		"a signature that was used once": func(r *http.Request) { r.Header.Set(AuthHeader, captured) },
	} {
		if res := request(sign); res.StatusCode != http.StatusUnauthorized {
			t.Errorf("%s: %s", name, res.Status)
		}
	}
}

// swallower is a network that can lose every packet of its current connections. New ones pass.
type swallower struct {
	addr string

	mu        sync.Mutex
	swallowed chan struct{} // closed when the current connections no longer carry data
}

func startSwallower(t *testing.T, to string) *swallower {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &swallower{addr: listener.Addr().String(), swallowed: make(chan struct{})}
	t.Cleanup(func() { listener.Close(); s.swallow() })
	go func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", to)
			if err != nil {
				near.Close()
				continue
			}
			s.mu.Lock()
			swallowed := s.swallowed
			s.mu.Unlock()
			go pass(far, near, swallowed)
			go pass(near, far, swallowed)
			t.Cleanup(func() { near.Close(); far.Close() })
		}
	}()
	return s
}

// swallow loses all further data of the current connections. Neither end is notified.
func (s *swallower) swallow() {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.swallowed)
	s.swallowed = make(chan struct{})
}

func pass(to, from net.Conn, swallowed chan struct{}) {
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		select {
		case <-swallowed:
			if err != nil {
				return
			}
			continue
		default:
		}
		if _, failed := to.Write(buf[:n]); err != nil || failed != nil {
			to.Close()
			return
		}
	}
}
