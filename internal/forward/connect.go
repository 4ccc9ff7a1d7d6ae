package forward

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"trip2g/internal/tcpopt"
)

const (
	// pingAfter is the silence after which an HTTP/2 connection is sent a PING (RFC 9113, section
	// 6.7). Over HTTP/1.1 the pool then tries to connect to the leader instead. A connection
	// without a sign of the leader within pingTimeout counts as lost. The two bound how long a
	// request waits for a silent leader, see AnswerWithin.
	pingAfter   = 5 * time.Second
	pingTimeout = 8 * time.Second

	// idleAfter is how long a replica keeps an unused connection. It is shorter than the Server's
	// idleTimeout, so that the side that would send the next request decides.
	idleAfter = 90 * time.Second

	// streamWindow bounds what either side buffers of a body that its reader does not read.
	streamWindow = 512 << 10

	// continueTimeout bounds how long a client that sent Expect: 100-continue waits for the
	// leader's answer before its body is read anyway (RFC 9110, section 10.1.1).
	continueTimeout = 30 * time.Second
)

// connector opens connections of one version of HTTP to the leader.
//
// They are http.ClientConns, not those behind http.Transport.RoundTrip, because RoundTrip sends
// some requests again by itself. It does so also after a stream reset with PROTOCOL_ERROR, which
// the leader's server sends for a faulty trailer when the handler has already begun.
type connector struct {
	addr        string
	dialTimeout time.Duration
	transport   *http.Transport
	admit       func(timeline string) error // of Options
}

// conn is a connection that has answered a request.
type conn struct {
	*http.ClientConn
	epoch Epoch // of the server
	limit int   // requests at a time: 1 for HTTP/1.1, else the limit in the leader's SETTINGS
}

// newConnector returns a connector of the version that version switches on.
func newConnector(o poolOptions, version func(*http.Protocols, bool)) connector {
	protocols := new(http.Protocols)
	version(protocols, true)
	return connector{o.addr, o.dialTimeout, &http.Transport{
		DialContext:           tcpopt.Dialer{Timeout: o.dialTimeout}.DialContext,
		Protocols:             protocols,
		DisableCompression:    true, // bodies pass unchanged
		ExpectContinueTimeout: continueTimeout,
		IdleConnTimeout:       idleAfter,
		HTTP2: &http.HTTP2Config{
			MaxReceiveBufferPerStream: streamWindow,
			SendPingTimeout:           pingAfter,
			PingTimeout:               pingTimeout,
		},
	}, o.admit}
}

// poolOptions configure both pools of connections.
type poolOptions struct {
	addr        string
	dialTimeout time.Duration
	admit       func(timeline string) error // nil: every leader is admitted
}

// connect dials and sends OPTIONS *, HTTP's no-op (RFC 9110, section 9.3.7). A TCP connection alone
// proves nothing: the kernel completes it before the leader accepts it, and resets it if the leader
// stops first. A request sent before the leader's first answer would have an unknown fate.
func (o *connector) connect(ctx context.Context) (*conn, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*o.dialTimeout)
	defer cancel()
	cc, err := o.transport.NewClientConn(ctx, "http", o.addr)
	if err != nil {
		return nil, fmt.Errorf("connect to the leader at %s: %w", o.addr, err)
	}
	res, err := cc.RoundTrip(askForServer(o.addr).WithContext(ctx))
	var epoch Epoch
	if err == nil {
		epoch, err = epochOf(res)
		res.Body.Close()
	}
	if err == nil && o.admit != nil {
		if refused := o.admit(res.Header.Get(timelineHeader)); refused != nil {
			cc.Close()
			return nil, &notAdmittedError{refused}
		}
	}
	if err != nil {
		cc.Close()
		return nil, fmt.Errorf("ask the leader at %s for its internal port (is it an internal address?): %w", o.addr, err)
	}
	c := &conn{ClientConn: cc, epoch: epoch, limit: cc.Available() + cc.InFlight()}
	if c.limit == 0 {
		cc.Close()
		return nil, errors.New("connect to the leader at " + o.addr + ": it closed the connection")
	}
	return c, nil
}

// askForServer returns the request OPTIONS *, with which a [Server] names its epoch.
func askForServer(addr string) *http.Request {
	return &http.Request{
		Method: http.MethodOptions,
		URL:    &url.URL{Scheme: "http", Host: addr, Opaque: "*"},
		Host:   addr,
		Header: http.Header{"User-Agent": {viaName}},
	}
}

// AskEpoch asks the [Server] at addr for its epoch.
func AskEpoch(ctx context.Context, addr string) (Epoch, error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", addr)
	if err != nil {
		return Epoch{}, err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	return askEpoch(conn, bufio.NewReader(conn), addr)
}

// askEpoch does the same as AskEpoch on an HTTP/1.1 connection that remains in use.
func askEpoch(conn net.Conn, reader *bufio.Reader, addr string) (Epoch, error) {
	res, err := roundTripOn(conn, reader, askForServer(addr))
	if err != nil {
		return Epoch{}, err
	}
	defer res.Body.Close()
	return epochOf(res)
}

func roundTripOn(conn net.Conn, reader *bufio.Reader, req *http.Request) (*http.Response, error) {
	if err := req.Write(conn); err != nil {
		return nil, err
	}
	return http.ReadResponse(reader, req)
}

// notAdmittedError is the error of a reachable leader that must not be sent requests.
type notAdmittedError struct{ err error }

// Error implements error.
func (e *notAdmittedError) Error() string { return "the leader is not sent writes: " + e.err.Error() }

// Unwrap returns the cause.
func (e *notAdmittedError) Unwrap() error { return e.err }
