package forward

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"trip2g/internal/tcpopt"
)

// A tunnel carries the connection of a replica's LiteFS to the leader's. LiteFS does not
// authenticate its peers, and a peer that reaches its port can replace the database. So it listens
// on loopback only on the leader, and the internal port admits peers that sign with the nodes'
// secret. LiteFS also never gives up a stream that went silent; the replica's end of the tunnel
// does so instead.

const (
	// TunnelPath is the path of tunnels on the leader's internal port: GET with Upgrade (RFC 9110,
	// section 7.8), signed as messages are, with a key of its own.
	TunnelPath = "/_replica/litefs"

	tunnelProtocol = "litefs"
	tunnelKeyInfo  = "trip2g LiteFS tunnel v1" // HKDF's info, see authKeyInfo

	// tunnelSilence is how long the leader's LiteFS may send nothing. It sends a heartbeat each
	// second (HeartbeatInterval in its http/server.go).
	tunnelSilence = 3 * time.Second

	tunnelDialTimeout = time.Second
	tunnelRetryPause  = 100 * time.Millisecond
)

// TunnelOptions configure a [Tunnel]. All are needed.
type TunnelOptions struct {
	LeaderAddr string // host:port of the leader's internal port
	Secret     string // that all nodes share (TRIP2G_JWT_SECRET)
	Node       string // this replica's name
	Log        zerolog.Logger
}

// Tunnel is the replica's end. Its address is the leader's URL in the replica's LiteFS.
type Tunnel struct {
	addr, node string
	signer     *Signer
	log        zerolog.Logger
	outages    logLimiter
}

// NewTunnel returns a tunnel. It connects when LiteFS does.
func NewTunnel(o TunnelOptions) (*Tunnel, error) {
	key, err := authKey(o.Secret, tunnelKeyInfo)
	if err != nil {
		return nil, err
	}
	return &Tunnel{
		addr: o.LeaderAddr, node: o.Node, signer: &Signer{key, time.Now},
		log: o.Log.With().Str("leader", o.LeaderAddr).Logger(),
	}, nil
}

// Serve carries each connection that l accepts until ctx ends, and then returns nil. It closes l.
func (t *Tunnel) Serve(ctx context.Context, l net.Listener) error {
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(ctx, func() { l.Close() })
	var carried sync.WaitGroup
	defer carried.Wait()
	defer cancel()
	defer stop()
	for {
		local, err := l.Accept()
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("accept LiteFS's connection: %w", err)
		}
		carried.Go(func() { t.carry(ctx, local) })
	}
}

// carry joins a connection of LiteFS to one of the leader's. It holds LiteFS's connection for as
// long as connecting takes. After a refusal LiteFS would pause for a second.
func (t *Tunnel) carry(ctx context.Context, local net.Conn) {
	defer local.Close()
	leader, err := t.connect(ctx)
	if err != nil {
		return // ctx ended
	}
	defer leader.Close()
	defer context.AfterFunc(ctx, func() { local.Close(); leader.Close() })()
	up := make(chan struct{})
	go func() {
		defer close(up)
		io.Copy(leader, local)
		leader.Close()
	}()
	if err := copyUntilSilent(local, leader); errors.Is(err, errSilent) && t.outages.due() {
		t.log.Warn().Err(err).Msg("replication: connecting to the leader again")
	}
	local.Close()
	leader.Close()
	<-up
}

// connect opens a tunnel. It tries again until ctx ends.
func (t *Tunnel) connect(ctx context.Context) (net.Conn, error) {
	for {
		conn, err := t.open(ctx)
		if err == nil {
			return conn, nil
		}
		if ctx.Err() == nil && t.outages.due() {
			t.log.Warn().Err(err).Msg("replication: cannot connect to the leader, trying again")
		}
		if !sleep(ctx, tunnelRetryPause) {
			return nil, ctx.Err()
		}
	}
}

// open opens one tunnel.
func (t *Tunnel) open(ctx context.Context) (net.Conn, error) {
	conn, err := tcpopt.Dialer{Timeout: tunnelDialTimeout}.DialContext(ctx, "tcp", t.addr)
	if err != nil {
		return nil, err
	}
	conn.SetDeadline(time.Now().Add(tunnelSilence))
	reader, err := t.upgrade(conn)
	if err != nil {
		conn.Close()
		return nil, err
	}
	conn.SetDeadline(time.Time{})
	return bufferedConn{conn, reader}, nil
}

// upgrade asks for a tunnel on a connection. The reader holds the bytes that followed the answer.
func (t *Tunnel) upgrade(conn net.Conn) (*bufio.Reader, error) {
	reader := bufio.NewReader(conn)
	epoch, err := askEpoch(conn, reader, t.addr)
	if err != nil {
		return nil, fmt.Errorf("ask for a tunnel: %w", err)
	}
	req, err := http.NewRequest(http.MethodGet, "http://"+t.addr+TunnelPath, nil)
	if err != nil {
		return nil, fmt.Errorf("ask for a tunnel: %w", err)
	}
	req.Header.Set("Connection", "Upgrade")
	req.Header.Set("Upgrade", tunnelProtocol)
	req.Header.Set(nodeHeader, t.node)
	t.signer.sign(req, epoch, newNonce())
	res, err := roundTripOn(conn, reader, req)
	if err != nil {
		return nil, fmt.Errorf("ask for a tunnel: %w", err)
	}
	defer res.Body.Close()
	switch {
	case res.StatusCode == http.StatusSwitchingProtocols:
		return reader, nil
	case IsIntakeRejection(res):
		return nil, rejectedBy(res, t.signer.now())
	}
	text, _ := io.ReadAll(io.LimitReader(res.Body, 1<<10))
	return nil, fmt.Errorf("ask for a tunnel: the leader answered %s: %s", res.Status, clip(string(text)))
}

var errSilent = fmt.Errorf("nothing came from the leader's LiteFS for %s", tunnelSilence)

// copyUntilSilent copies until either end fails, or from sends nothing for tunnelSilence. It waits
// for a slow to.
func copyUntilSilent(to, from net.Conn) error {
	buf := make([]byte, chunkSize)
	for {
		from.SetReadDeadline(time.Now().Add(tunnelSilence))
		n, err := from.Read(buf)
		if n > 0 {
			if _, err := to.Write(buf[:n]); err != nil {
				return err
			}
		}
		if timeout := net.Error(nil); errors.As(err, &timeout) && timeout.Timeout() {
			return errSilent
		}
		if err != nil {
			return err
		}
	}
}

// bufferedConn is a connection from which a reader has read ahead.
type bufferedConn struct {
	net.Conn
	reader *bufio.Reader
}

// Read implements io.Reader.
func (c bufferedConn) Read(p []byte) (int, error) { return c.reader.Read(p) }
