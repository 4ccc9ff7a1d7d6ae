package forward

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"net/http"
	"strings"
)

// A request's signature says in X-Replica-Body how its body is signed. Without the header there is
// no body. A body that the replica has whole is signed by its hash, and the leader compares before it
// runs a handler. One that is still coming is signed behind its end, in a trailer: the handler gets it
// as it comes, and a read error in place of the end if it is another body.
const (
	bodyHashPrefix = "sha256="
	bodyByTrailer  = "trailer"

	// bodyTrailer holds the MAC of a body that was signed behind its end, in hex.
	bodyTrailer = "X-Replica-Body-Auth"
)

var errOtherBody = errors.New("the body is not the one that the replica signed")

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

// trailerMAC returns the trailer's value for a body with this SHA-256, in a request with this token.
func trailerMAC(key []byte, token string, sum []byte) string {
	h := hmac.New(sha256.New, key)
	io.WriteString(h, bodyTrailer)
	io.WriteString(h, token)
	h.Write(sum)
	return hex.EncodeToString(h.Sum(nil))
}

// sign signs a request that is about to be sent on c, with its body. The time is new with each
// attempt, the nonce is not: the leader takes one of them at the most.
func (x *exchange) sign(req *http.Request, c *conn) {
	if x.body == nil {
		x.signer.sign(req, c.epoch, x.nonce)
		return
	}
	if whole, ok := x.body.gathered(); ok {
		req.Header.Set(bodyHeader, bodyHash(whole))
		req.Body = x.body.attempt(req.Trailer)
		x.signer.sign(req, c.epoch, x.nonce)
		return
	}
	req.Header.Set(bodyHeader, bodyByTrailer)
	x.signer.sign(req, c.epoch, x.nonce)
	token := req.Header.Get(AuthHeader)
	if req.Trailer == nil {
		req.Trailer = make(http.Header)
	}
	body := x.body.attempt(req.Trailer)
	req.Trailer[bodyTrailer] = nil
	req.Body = &signingBody{body, req.Trailer, sha256.New(), func(sum []byte) string {
		return trailerMAC(x.signer.key, token, sum)
	}}
}

// gathered returns the body if it was read whole before the first attempt.
func (b *body) gathered() (whole []byte, ok bool) {
	if b == nil {
		return nil, false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.kept, b.whole && b.idle == nil
}

// signingBody hashes a body on its way out and signs it behind its end.
type signingBody struct {
	io.ReadCloser
	trailer http.Header // of the request
	sum     hash.Hash
	sign    func(sum []byte) string
}

// Read implements io.Reader.
func (b *signingBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.sum.Write(p[:n])
	if err == io.EOF {
		b.trailer.Set(bodyTrailer, b.sign(b.sum.Sum(nil)))
	}
	return n, err
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
	case signed == bodyByTrailer:
		return &verifiedBody{
			ReadCloser: r.Body, trailer: r.Trailer, sum: sha256.New(), key: v.key, token: r.Header.Get(AuthHeader),
		}, nil
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

// verifiedBody is a body whose signature comes behind its end.
type verifiedBody struct {
	io.ReadCloser
	trailer http.Header // of the request; the server fills it in at the end
	sum     hash.Hash
	key     []byte
	token   string
	end     error // that was returned; nil before the end
}

// Read implements io.Reader.
func (b *verifiedBody) Read(p []byte) (int, error) {
	if b.end != nil {
		return 0, b.end
	}
	n, err := b.ReadCloser.Read(p)
	b.sum.Write(p[:n])
	if err == io.EOF && !b.signed() {
		err = errOtherBody
	}
	b.end = err
	return n, err
}

// signed reports whether the trailer has the signature of what was read, and removes it.
func (b *verifiedBody) signed() bool {
	want := trailerMAC(b.key, b.token, b.sum.Sum(nil))
	defer delete(b.trailer, bodyTrailer)
	return hmac.Equal([]byte(want), []byte(b.trailer.Get(bodyTrailer)))
}
