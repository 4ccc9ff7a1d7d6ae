package forward

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	// AuthLifetime is how long a signature holds (the seed's "valid for 30 seconds"). It bounds how
	// far a replica's clock may be behind the leader's.
	AuthLifetime = 30 * time.Second
	// AuthSkew is how far a replica's clock may be ahead of the leader's.
	AuthSkew = 5 * time.Second

	authVersion = "v2"
	authKeyInfo = "trip2g X-Replica-Auth v2" // HKDF's info (RFC 5869, section 3.2)
)

// Reason is the cause of a rejected signature. It is for logs and metrics; a peer never learns it.
type Reason string

// The reasons of an [AuthError].
const (
	ReasonAbsent    Reason = "absent"
	ReasonMalformed Reason = "malformed"
	ReasonBadMAC    Reason = "bad_mac" // another key, or not the signed request
	ReasonExpired   Reason = "expired"
	ReasonFuture    Reason = "future"
	ReasonReplayed  Reason = "replayed"
	ReasonEpoch     Reason = "epoch"    // signed for another leader, or another run of this one
	ReasonBody      Reason = "body"     // not the body that was signed
	ReasonOverload  Reason = "overload" // more requests in half a minute than nonces are remembered
)

var reasons = []Reason{ReasonAbsent, ReasonMalformed, ReasonBadMAC, ReasonExpired, ReasonFuture, ReasonReplayed, ReasonEpoch, ReasonBody, ReasonOverload}

// AuthError is the error of [Verifier.Verify].
type AuthError struct {
	Reason Reason
}

// Error implements error.
func (e *AuthError) Error() string { return AuthHeader + ": " + string(e.Reason) }

// nonce distinguishes two signatures of the same request in the same second.
type nonce [16]byte

func newNonce() (n nonce) {
	rand.Read(n[:]) // never fails: crypto/rand ends the program instead
	return n
}

// Epoch identifies one run of one leader. A signature is valid for one epoch. Another leader with
// the same secret rejects it, and so does the same leader after a restart, which loses the nonces
// that it has seen. A [Server] names its epoch in the answer to OPTIONS *.
type Epoch [16]byte

// NewEpoch returns a new epoch.
func NewEpoch() (e Epoch) {
	rand.Read(e[:])
	return e
}

// String returns e in unpadded base64url.
func (e Epoch) String() string { return tokenEncoding.EncodeToString(e[:]) }

// parseEpoch accepts exactly the texts that String returns.
func parseEpoch(text string) (e Epoch, ok bool) { return e, decodeExactly(e[:], text) }

// token is the content of the header: version, Unix time in seconds, epoch, nonce, MAC, joined by
// dots; the last three in unpadded base64url (RFC 4648, section 5).
type token struct {
	unix  int64
	epoch Epoch
	nonce nonce
	mac   [sha256.Size]byte
}

var tokenEncoding = base64.RawURLEncoding.Strict()

func (t token) String() string {
	return strings.Join([]string{
		authVersion, strconv.FormatInt(t.unix, 10), t.epoch.String(), tokenEncoding.EncodeToString(t.nonce[:]), tokenEncoding.EncodeToString(t.mac[:]),
	}, ".")
}

// parseToken accepts exactly the texts that String returns, so that no two texts mean one token.
func parseToken(text string) (t token, ok bool) {
	parts := strings.Split(text, ".")
	if len(parts) != 5 || parts[0] != authVersion {
		return t, false
	}
	unix, err := strconv.ParseInt(parts[1], 10, 64)
	if err != nil {
		return t, false
	}
	t.unix = unix
	if !decodeExactly(t.epoch[:], parts[2]) || !decodeExactly(t.nonce[:], parts[3]) || !decodeExactly(t.mac[:], parts[4]) {
		return t, false
	}
	return t, t.String() == text
}

func decodeExactly(dst []byte, text string) bool {
	if len(text) != tokenEncoding.EncodedLen(len(dst)) {
		return false
	}
	n, err := tokenEncoding.Decode(dst, []byte(text))
	return err == nil && n == len(dst)
}

// authKey derives the signing key for a use, so that the secret itself signs nothing here.
func authKey(secret, use string) ([]byte, error) {
	if secret == "" {
		return nil, errors.New("derive the key of " + AuthHeader + ": the secret is empty")
	}
	key, err := hkdf.Key(sha256.New, []byte(secret), nil, use, sha256.Size)
	if err != nil {
		return nil, fmt.Errorf("derive the key of %s: %w", AuthHeader, err)
	}
	return key, nil
}

// sum returns the MAC over everything that the intake acts upon before it runs a handler. Each
// field is preceded by its length, so that no byte can move from one field to the next.
func sum(key []byte, method, uri string, header http.Header, unix int64, e Epoch, n nonce) (mac [sha256.Size]byte) {
	h := hmac.New(sha256.New, key)
	field := func(s string) {
		var size [8]byte
		binary.BigEndian.PutUint64(size[:], uint64(len(s)))
		h.Write(size[:])
		h.Write([]byte(s))
	}
	field(authVersion)
	field(method)
	field(uri)
	field(strconv.FormatInt(unix, 10))
	field(string(e[:]))
	field(string(n[:]))
	for _, name := range originHeaders {
		field(header.Get(name))
	}
	h.Sum(mac[:0])
	return mac
}

// Signer signs the requests that a replica sends to the leader. It is safe for concurrent use.
type Signer struct {
	key []byte
	now func() time.Time
}

// NewSigner returns a signer for the secret that all nodes share (TRIP2G_JWT_SECRET). now is the
// clock, nil for the system's.
func NewSigner(secret string, now func() time.Time) (*Signer, error) {
	key, err := authKey(secret, authKeyInfo)
	if err != nil {
		return nil, err
	}
	if now == nil {
		now = time.Now
	}
	return &Signer{key, now}, nil
}

// Sign sets the [AuthHeader] of a request about to be sent to the leader of an epoch. The signature
// covers the method, the request target (r.URL.RequestURI), the time, the epoch and a fresh nonce.
// It covers the X-Forwarded-For, -Proto and -Host, X-Replica-Node, X-Replica-Body and X-Request-Id
// headers as they are now, and the body where r.GetBody has it.
func (s *Signer) Sign(r *http.Request, e Epoch) error {
	if r.GetBody != nil {
		if err := signWholeBody(r); err != nil {
			return err
		}
	}
	s.sign(r, e, newNonce())
	return nil
}

func (s *Signer) sign(r *http.Request, e Epoch, n nonce) {
	unix := s.now().Unix()
	t := token{unix: unix, epoch: e, nonce: n, mac: sum(s.key, r.Method, r.URL.RequestURI(), r.Header, unix, e, n)}
	r.Header.Set(AuthHeader, t.String())
}

// Verifier verifies the signatures that a [Signer] with the same secret made for its epoch, each at
// most once. It is safe for concurrent use.
type Verifier struct {
	key    []byte
	epoch  Epoch
	now    func() time.Time
	nonces nonces
}

// NewVerifier returns a verifier for the secret that all nodes share (TRIP2G_JWT_SECRET) and the
// epoch of the [Server] whose requests it verifies. now is the clock, nil for the system's.
func NewVerifier(secret string, e Epoch, now func() time.Time) (*Verifier, error) {
	v, err := newVerifier(secret, authKeyInfo, e)
	if err == nil && now != nil {
		v.now = now
	}
	return v, err
}

// newVerifier returns a verifier of the signatures for one use of the secret.
func newVerifier(secret, use string, e Epoch) (*Verifier, error) {
	key, err := authKey(secret, use)
	if err != nil {
		return nil, err
	}
	return &Verifier{key: key, epoch: e, now: time.Now, nonces: nonces{limit: maxNonces}}, nil
}

// Verify returns nil for a request, as a server received it, that carries one valid signature not
// seen before, and an [AuthError] otherwise. The MAC is compared first and in constant time, so
// that only a holder of the secret reaches the checks of epoch, clock and nonce. Verify does not
// check the body: see [Verifier.guardBody].
func (v *Verifier) Verify(r *http.Request) error {
	values := r.Header[AuthHeader]
	if len(values) == 0 {
		return &AuthError{ReasonAbsent}
	}
	t, ok := parseToken(values[0])
	if !ok || len(values) > 1 {
		return &AuthError{ReasonMalformed}
	}
	for _, name := range originHeaders {
		if len(r.Header[name]) > 1 {
			return &AuthError{ReasonMalformed}
		}
	}
	want := sum(v.key, r.Method, r.RequestURI, r.Header, t.unix, t.epoch, t.nonce)
	if !hmac.Equal(want[:], t.mac[:]) {
		return &AuthError{ReasonBadMAC}
	}
	if t.epoch != v.epoch {
		return &AuthError{ReasonEpoch}
	}
	now := v.now()
	signed := time.Unix(t.unix, 0)
	switch {
	case signed.After(now.Add(AuthSkew)):
		return &AuthError{ReasonFuture}
	case now.After(signed.Add(AuthLifetime)):
		return &AuthError{ReasonExpired}
	}
	if reason := v.nonces.take(t.nonce, now); reason != "" {
		return &AuthError{reason}
	}
	return nil
}
