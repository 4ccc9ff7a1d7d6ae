package forward

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"strings"
)

// A request's signature says in X-Replica-Body how its body is signed. Without the header there is
// no body. A body that the replica has whole is signed by its hash, and the leader compares before it
// runs a handler. One that is still coming is not signed. A signature behind its end would have to be
// a trailer, and net/http's server closes a connection over HTTP/2, with all its streams, when a
// trailer comes for a stream that a handler has already answered.
const (
	bodyHashPrefix = "sha256="
	bodyStream     = "stream"
)

// bodyHash returns the header's value for a body that is here whole.
func bodyHash(body []byte) string {
	sum := sha256.Sum256(body)
	return bodyHashPrefix + hex.EncodeToString(sum[:])
}

// signWholeBody sets the header for the body that r.GetBody returns.
func signWholeBody(r *http.Request) error {
	source, err := r.GetBody()
	if err != nil {
		return err
	}
	defer source.Close()
	body, err := io.ReadAll(source)
	if err == nil && len(body) > 0 {
		r.Header.Set(bodyHeader, bodyHash(body))
	}
	return err
}

// sign signs a request that is about to be sent on c, and gives it its body. The time is new with
// each attempt, the nonce is not: the leader takes one of them at the most.
func (x *exchange) sign(req *http.Request, c *conn) {
	if x.body != nil {
		req.Header.Set(bodyHeader, bodyStream)
		if whole, ok := x.body.gathered(); ok {
			req.Header.Set(bodyHeader, bodyHash(whole))
		}
		req.Body = x.body.attempt(req.Trailer)
	}
	x.signer.sign(req, c.epoch, x.nonce)
}

// gathered returns the body if it was read whole before the first attempt.
func (b *body) gathered() (whole []byte, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.kept, b.whole && b.idle == nil
}

// guardBody returns the body for the handler of a request that Verify took. The error is an
// [AuthError] if the body is not the one that was signed, or the error of reading it.
func (v *Verifier) guardBody(r *http.Request) (io.ReadCloser, error) {
	signed := r.Header.Get(bodyHeader)
	switch {
	case signed == "":
		if HasBody(r) {
			return nil, &AuthError{ReasonBody}
		}
		return r.Body, nil
	case signed == bodyStream:
		return r.Body, nil
	case !strings.HasPrefix(signed, bodyHashPrefix):
		return nil, &AuthError{ReasonMalformed}
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, gatherLimit+1))
	if err != nil {
		return nil, err
	}
	if !hmac.Equal([]byte(bodyHash(body)), []byte(signed)) {
		return nil, &AuthError{ReasonBody}
	}
	return io.NopCloser(bytes.NewReader(body)), nil
}
