package forward

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
)

// Messages are sent by a replica to the leader on its own behalf, not a client's. They are signed
// with a key of their own, so that no request of a client that a replica forwards can pass for one.
// The signature covers the body by its hash, in the request's target.
const messageKeyInfo = "trip2g node messages v1" // HKDF's info, see authKeyInfo

const (
	// MaxMessage bounds a message, in bytes.
	MaxMessage = 512 << 10
	// maxMessageAnswer bounds the answer to one, in bytes.
	maxMessageAnswer = 1 << 20
	// DefaultMessageTimeout bounds one message and its answer.
	DefaultMessageTimeout = 2 * time.Second

	hashParameter = "sha256"
)

// MessengerOptions configure a [Messenger]. All but Timeout are needed.
type MessengerOptions struct {
	LeaderAddr string        // host:port of the leader's internal port
	Secret     string        // that all nodes share (TRIP2G_JWT_SECRET)
	Node       string        // this replica's name
	Timeout    time.Duration // of a message and its answer; 0: DefaultMessageTimeout
}

// Messenger sends messages to the leader, each once. It neither holds nor repeats one. It is safe
// for concurrent use.
type Messenger struct {
	addr, node string
	signer     *Signer
	timeout    time.Duration
	pool       *http1Pool
}

// NewMessenger returns a messenger. It connects with the first message.
func NewMessenger(o MessengerOptions) (*Messenger, error) {
	key, err := authKey(o.Secret, messageKeyInfo)
	if err != nil {
		return nil, err
	}
	timeout := orDefault(o.Timeout, DefaultMessageTimeout)
	return &Messenger{
		addr: o.LeaderAddr, node: o.Node, signer: &Signer{key, time.Now}, timeout: timeout, pool: newHTTP1Pool(poolOptions{addr: o.LeaderAddr, dialTimeout: timeout}),
	}, nil
}

// MessageError reports that the leader refused a message, and would refuse the same again.
type MessageError struct {
	Status int
	Text   string
}

// Error implements error.
func (e *MessageError) Error() string {
	return fmt.Sprintf("the leader answered %d: %s", e.Status, e.Text)
}

// Send sends message as JSON to a path of the leader's [NewMessages] handler and reads the answer
// into answer, which may be nil. The error is a [MessageError] where the leader refused the
// message, and a [RejectedError] where it did not accept the signature. After any other error the
// message may have been accepted or not.
func (m *Messenger) Send(ctx context.Context, path string, message, answer any) error {
	body, err := json.Marshal(message)
	if err != nil {
		return fmt.Errorf("encode a message for the leader: %w", err)
	}
	sum := sha256.Sum256(body)
	target := url.URL{Scheme: "http", Host: m.addr, Path: path, RawQuery: hashParameter + "=" + hex.EncodeToString(sum[:])}
	ctx, cancel := context.WithTimeout(ctx, m.timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target.String(), bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("make a message for the leader: %w", err)
	}
	req.GetBody = nil // else net/http repeats it by itself, with a signature valid only once
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set(nodeHeader, m.node)
	c, err := m.pool.reserve(ctx)
	if err != nil {
		return fmt.Errorf("tell the leader: %w", err)
	}
	m.signer.sign(req, c.epoch, newNonce())
	res, err := m.pool.roundTrip(c, req)
	if err != nil {
		m.pool.drop(c)
		return fmt.Errorf("tell the leader: %w", err)
	}
	defer res.Body.Close()
	return m.read(res, answer)
}

func (m *Messenger) read(res *http.Response, answer any) error {
	text, err := io.ReadAll(io.LimitReader(res.Body, maxMessageAnswer+1))
	switch {
	case err != nil:
		return fmt.Errorf("read the leader's answer: %w", err)
	case len(text) > maxMessageAnswer:
		return fmt.Errorf("read the leader's answer: it has more than %d bytes", maxMessageAnswer)
	case IsIntakeRejection(res):
		return rejectedBy(res, m.signer.now())
	case res.StatusCode >= 500:
		return fmt.Errorf("the leader answered %s: %s", res.Status, clip(string(bytes.TrimSpace(text))))
	case res.StatusCode != http.StatusOK:
		return &MessageError{res.StatusCode, clip(string(bytes.TrimSpace(text)))}
	case answer == nil:
		return nil
	}
	if err := json.Unmarshal(text, answer); err != nil {
		return fmt.Errorf("read the leader's answer: %w", err)
	}
	return nil
}

// Close closes the connections.
func (m *Messenger) Close() { m.pool.close() }

// MessageFunc handles a message of a replica that has the shared secret: its name and the JSON that
// it sent. The answer is sent as JSON. A [MessageError] refuses the message. Any other error means
// that it cannot be handled now.
type MessageFunc func(ctx context.Context, node string, message []byte) (answer any, err error)

// MessageOptions configure a [NewMessages] handler.
type MessageOptions struct {
	Secret     string                 // that all nodes share (TRIP2G_JWT_SECRET)
	Epoch      Epoch                  // of the server
	Take       map[string]MessageFunc // by path
	OnReject   func(Rejection)        // called for each signature not valid now; nil: not called
	Log        zerolog.Logger         // of rejections, at most one line a minute
	Registerer prometheus.Registerer  // for trip2g_node_messages_total; nil: not registered
}

// NewMessages returns the leader's handler of messages on its internal port. Requests without a
// message's signature go to next, the intake. A client's request to such a path, forwarded by a
// replica, is one of the public port's. The intake rejects an unsigned one.
func NewMessages(o MessageOptions, next http.Handler) (http.Handler, error) {
	verifier, err := newVerifier(o.Secret, messageKeyInfo, o.Epoch)
	if err != nil {
		return nil, err
	}
	m := &messages{
		MessageOptions: o, next: next, verifier: verifier,
		count: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "trip2g_node_messages_total",
			Help: "Messages of replicas to this leader, by path and whether they were taken, refused, or failed.",
		}, []string{"path", "outcome"}),
	}
	if o.Registerer != nil {
		o.Registerer.MustRegister(m.count)
	}
	return m, nil
}

type messages struct {
	MessageOptions
	next       http.Handler
	verifier   *Verifier
	count      *prometheus.CounterVec
	rejections logLimiter
}

// ServeHTTP implements http.Handler.
func (m *messages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	take, ok := m.Take[r.URL.Path]
	if !ok {
		m.next.ServeHTTP(w, r)
		return
	}
	own, signed := m.verifier.verifyOwn(r, m.OnReject)
	if !own {
		m.next.ServeHTTP(w, r)
		return
	}
	answer, err := m.take(w, r, signed, take)
	outcome := "taken"
	refused := new(MessageError)
	switch {
	case errors.As(err, &refused):
		outcome = "refused"
	case err != nil:
		outcome = "failed"
	}
	m.count.WithLabelValues(r.URL.Path, outcome).Inc()
	if err != nil {
		m.refuse(w, r, err, refused)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	json.NewEncoder(w).Encode(answer)
}

// take reads a message and handles it, unless its signature is not valid now.
func (m *messages) take(w http.ResponseWriter, r *http.Request, signed error, take MessageFunc) (any, error) {
	if signed != nil {
		return nil, errors.Join(&MessageError{Status: http.StatusUnauthorized, Text: "unauthorized"}, signed)
	}
	if r.Method != http.MethodPost {
		return nil, &MessageError{http.StatusMethodNotAllowed, "a message is a POST"}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxMessage))
	if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
		return nil, &MessageError{http.StatusRequestEntityTooLarge, fmt.Sprintf("a message has at most %d bytes", MaxMessage)}
	}
	if err != nil {
		return nil, &MessageError{http.StatusBadRequest, "the message broke off"}
	}
	sum := sha256.Sum256(body)
	if subtle.ConstantTimeCompare([]byte(r.URL.Query().Get(hashParameter)), []byte(hex.EncodeToString(sum[:]))) != 1 {
		return nil, &MessageError{http.StatusBadRequest, "the message is not the one that was signed"}
	}
	return take(r.Context(), r.Header.Get(nodeHeader), body)
}

func (m *messages) refuse(w http.ResponseWriter, r *http.Request, err error, refused *MessageError) {
	if m.rejections.due() {
		m.Log.Warn().Err(err).Str("remote", r.RemoteAddr).Str("path", r.URL.Path).Msg("a message of a replica was not taken")
	}
	status, text := http.StatusServiceUnavailable, "not now"
	if refused.Status != 0 {
		status, text = refused.Status, refused.Text
	}
	if status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", authScheme)
	}
	if status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", strconv.Itoa(retryAfter))
	}
	w.Header().Set("Cache-Control", "no-store")
	http.Error(w, text, status)
}
