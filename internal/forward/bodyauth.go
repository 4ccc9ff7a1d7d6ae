package forward

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// A request's X-Replica-Body header states how its body is signed. A request without the header has
// no body. A body that the replica has whole is signed by its hash. For one that is still arriving,
// the signature covers the first bytes, those that the replica has, and the declared length. The
// leader compares before it runs a handler, so nobody between the two can change the beginning of a
// request: the operation and variables of an upload. Later parts, such as a file's end, are not
// protected.
//
// A signature of the whole body would follow it, in a trailer. net/http's server closes an HTTP/2
// connection, with all its streams, when a trailer arrives for a stream that a handler has already
// answered. A handler would also have run before the leader could compare.
const (
	bodyHashPrefix  = "sha256="
	bodyFirstPrefix = "first="
)

// bodyHash returns the header's value for a whole body.
func bodyHash(body []byte) string {
	sum := sha256.Sum256(body)
	return bodyHashPrefix + hex.EncodeToString(sum[:])
}

// bodyBeginning describes a body of which only the beginning is signed.
type bodyBeginning struct {
	first  int    // the number of signed bytes
	hash   string // their bodyHash
	length int64  // Content-Length of the request; negative: unknown
}

func beginningOf(first []byte, length int64) bodyBeginning {
	return bodyBeginning{len(first), bodyHash(first), max(-1, length)}
}

// String returns the header's value.
func (b bodyBeginning) String() string {
	text := fmt.Sprintf("%s%d;%s", bodyFirstPrefix, b.first, b.hash)
	if b.length >= 0 {
		text += fmt.Sprintf(";length=%d", b.length)
	}
	return text
}

// parseBodyBeginning accepts exactly the texts that String returns, with at most bufferLimit bytes.
func parseBodyBeginning(text string) (b bodyBeginning, ok bool) {
	b.length = -1
	parts := strings.Split(strings.TrimPrefix(text, bodyFirstPrefix), ";")
	if len(parts) == 3 {
		length, err := strconv.ParseInt(strings.TrimPrefix(parts[2], "length="), 10, 64)
		if err != nil {
			return b, false
		}
		b.length = length
	}
	if len(parts) < 2 {
		return b, false
	}
	first, err := strconv.Atoi(parts[0])
	b.first, b.hash = first, parts[1]
	return b, err == nil && first >= 0 && first <= bufferLimit && b.String() == text
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

// sign signs a request that is about to be sent on c, and sets its body. Each attempt has a new
// time but the same nonce, so that the leader accepts at most one of them.
func (x *exchange) sign(req *http.Request, c *conn) {
	if x.body != nil {
		first, whole := x.body.beginning()
		if whole {
			req.Header.Set(bodyHeader, bodyHash(first))
		} else {
			req.Header.Set(bodyHeader, beginningOf(first, req.ContentLength).String())
		}
		req.Body = x.body.attempt(req.Trailer)
	}
	x.signer.sign(req, c.epoch, x.nonce)
}

// guardBody returns the body for the handler of a verified request. The error is an [AuthError] if
// the body is not the signed one, or the error of reading it.
func (v *Verifier) guardBody(r *http.Request) (io.ReadCloser, error) {
	signed := r.Header.Get(bodyHeader)
	switch {
	case signed == "" && HasBody(r):
		return nil, &AuthError{ReasonBody}
	case signed == "":
		return r.Body, nil
	case strings.HasPrefix(signed, bodyFirstPrefix):
		return guardBeginning(r, signed)
	case !strings.HasPrefix(signed, bodyHashPrefix):
		return nil, &AuthError{ReasonMalformed}
	}
	body, err := readBeginning(r, bufferLimit+1, signed)
	if err != nil {
		return nil, err
	}
	return io.NopCloser(bytes.NewReader(body)), nil
}

// guardBeginning is guardBody for a body of which only the beginning is signed.
func guardBeginning(r *http.Request, signed string) (io.ReadCloser, error) {
	b, ok := parseBodyBeginning(signed)
	if !ok {
		return nil, &AuthError{ReasonMalformed}
	}
	if max(-1, r.ContentLength) != b.length {
		return nil, &AuthError{ReasonBody}
	}
	first, err := readBeginning(r, b.first, b.hash)
	if err != nil {
		return nil, err
	}
	return struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(first), r.Body), r.Body}, nil
}

// readBeginning reads n bytes of the body, or all of a shorter one. It returns an [AuthError] if
// their hash differs.
func readBeginning(r *http.Request, n int, hash string) ([]byte, error) {
	first, err := io.ReadAll(io.LimitReader(r.Body, int64(n)))
	if err != nil {
		return nil, err
	}
	if !hmac.Equal([]byte(bodyHash(first)), []byte(hash)) {
		return nil, &AuthError{ReasonBody}
	}
	return first, nil
}
