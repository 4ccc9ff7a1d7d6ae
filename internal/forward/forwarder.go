package forward

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
)

// Defaults of [Options].
const (
	DefaultDialTimeout = 2 * time.Second
	DefaultMaxInFlight = 512
	DefaultCookie      = "session"
)

// AnswerWithin bounds the wait for a leader that was sent a request and falls silent. After it the
// request's outcome is unknown. It is added to [Options].HoldFor, which bounds the wait until the
// request can be sent.
const AnswerWithin = 15 * time.Second

// Options configure a [Forwarder].
type Options struct {
	LeaderAddr string  // host:port of the leader's internal port (TRIP2G_LEADER_ADDR)
	Signer     *Signer // with the leader's secret
	Node       string  // this replica's name, for the leader's log

	Cookie       string // this replica's name of the session cookie; "": DefaultCookie
	LeaderCookie string // the leader's; "": DefaultCookie

	HoldFor     time.Duration // how long a request waits for an unreachable leader; 0: not at all
	DialTimeout time.Duration // for one attempt to connect; 0: DefaultDialTimeout
	// MaxInFlight bounds the requests at a time, without the held ones. More wait as if held.
	// 0: DefaultMaxInFlight.
	MaxInFlight int

	LastEvent string // ends for the client an event stream that the leader did not end

	// Admit decides whether the leader may be sent requests. It is called for each new connection,
	// with the result of the leader's ServerOptions.Timeline, "" if it returns none. Suspended is
	// called before each attempt. An error holds the request as if the leader could not be reached.
	// nil: always admitted.
	Admit     func(timeline string) error
	Suspended func() error

	OnResponse func(http.Header) // called with each response's header; nil: not called

	Log        zerolog.Logger
	Registerer prometheus.Registerer // for trip2g_forward_*; nil: not registered
}

// Forwarder handles the requests that a replica does not serve itself. It streams each request to
// the leader's intake and the answer back: status, every header line, interim (1xx) responses,
// flushes, trailers. Only hop-by-hop headers (RFC 9110, section 7.6.1) are removed, and the session
// cookie changes its name. The package's comment describes the requests without an answer.
type Forwarder struct {
	signer     *Signer
	node       string
	cookies    cookieNames
	holdFor    time.Duration
	addr       string
	http1      *http1Pool    // for requests that have arrived whole
	http2      *http2Pool    // for all others
	slots      chan struct{} // holds one element for each request under way
	partial    chan struct{} // one for each of them whose body was still arriving at its start
	replay     *budget
	ends       *streamEnds
	buffers    bufferPool
	onResponse func(http.Header) // nil: not called
	suspended  func() error      // nil: never
	lastEvent  string
	log        zerolog.Logger
	metrics    *forwardMetrics

	loops, rejections, outages logLimiter
}

// New returns a forwarder. It connects with the first request. A LeaderAddr without a port and a
// missing signer are errors.
func New(o Options) (*Forwarder, error) {
	host, port, err := net.SplitHostPort(o.LeaderAddr)
	if err == nil && (host == "" || port == "") {
		err = fmt.Errorf("host or port is empty")
	}
	if err != nil {
		return nil, fmt.Errorf("leader address %q: %w: give it as host:port, the leader's internal address", o.LeaderAddr, err)
	}
	if o.Signer == nil {
		return nil, fmt.Errorf("forward to %s: no signer", o.LeaderAddr)
	}
	pool := poolOptions{o.LeaderAddr, orDefault(o.DialTimeout, DefaultDialTimeout), o.Admit}
	f := &Forwarder{
		signer:     o.Signer,
		node:       o.Node,
		cookies:    cookieNames{own: orDefault(o.Cookie, DefaultCookie), leader: orDefault(o.LeaderCookie, DefaultCookie)},
		holdFor:    o.HoldFor,
		addr:       o.LeaderAddr,
		http1:      newHTTP1Pool(pool),
		http2:      newHTTP2Pool(pool),
		slots:      make(chan struct{}, orDefault(o.MaxInFlight, DefaultMaxInFlight)),
		partial:    make(chan struct{}, max(1, orDefault(o.MaxInFlight, DefaultMaxInFlight)/2)),
		replay:     newBudget(replayBudget),
		ends:       newStreamEnds(),
		lastEvent:  o.LastEvent,
		onResponse: o.OnResponse,
		suspended:  o.Suspended,
		log:        o.Log.With().Str("leader", o.LeaderAddr).Logger(),
		metrics:    newForwardMetrics(o.Registerer),
	}
	return f, nil
}

func orDefault[T comparable](v, fallback T) T {
	var zero T
	if v == zero {
		return fallback
	}
	return v
}

// Close closes the connections to the leader. No request may be under way.
func (f *Forwarder) Close() {
	f.http1.close()
	f.http2.close()
}

// ServeHTTP implements http.Handler for requests of any method. It panics with http.ErrAbortHandler
// if the leader's response ends early, so that the client does not mistake a part for the whole.
func (f *Forwarder) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	newExchange(f, w, r).run()
}

// logLimiter limits log lines that one cause would repeat with every request.
type logLimiter struct{ last atomic.Int64 }

const logInterval = time.Minute

// due reports whether a line may be logged now: at most one in each logInterval.
func (o *logLimiter) due() bool {
	now := time.Now().UnixNano()
	last := o.last.Load()
	return (last == 0 || now-last >= int64(logInterval)) && o.last.CompareAndSwap(last, now)
}

// bufferPool implements httputil.BufferPool.
type bufferPool struct{ pool sync.Pool }

// Get implements httputil.BufferPool.
func (p *bufferPool) Get() []byte {
	if b, ok := p.pool.Get().(*[]byte); ok {
		return *b
	}
	return make([]byte, chunkSize)
}

// Put implements httputil.BufferPool.
func (p *bufferPool) Put(b []byte) { p.pool.Put(&b) }

// silent discards the log of a library whose errors the forwarder logs itself.
var silent = log.New(io.Discard, "", 0)

// switchesProtocol reports whether a request asks for a tunnel or another protocol on its
// connection. An offer of HTTP/2 (h2c) may be ignored (RFC 9110, section 7.8).
func switchesProtocol(r *http.Request) bool {
	if r.Method == http.MethodConnect {
		return true
	}
	upgrade := r.Header.Get("Upgrade")
	return upgrade != "" && !strings.EqualFold(strings.TrimSpace(upgrade), "h2c")
}
