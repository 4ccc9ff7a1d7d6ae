package graphql

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"os"
	"slices"
	"strconv"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/web/httpx"
)

// gqlgen's own transports are not used: they accept invalid UTF-8, hold an upload of unknown length
// in memory, respond to an invalid body with 200 or 422, and repeat the body in the message.

// jsonTransport handles JSON bodies.
type jsonTransport struct {
	maxBody int64 // bytes
	stream  streamFunc
}

// streamFunc sends the responses of a subscription.
type streamFunc func(w http.ResponseWriter, r *http.Request, next func() *graphql.Response)

var _ graphql.Transport = jsonTransport{}

func supported(r *http.Request) bool {
	return jsonTransport{}.Supports(r) || multipartTransport{}.Supports(r)
}

func hasMediaType(r *http.Request, want string) bool {
	mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && mediaType == want
}

func (jsonTransport) Supports(r *http.Request) bool { return hasMediaType(r, "application/json") }

func (t jsonTransport) Do(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor) {
	c := callOf(r.Context())
	body, err := t.read(w, r, c)
	if err != nil {
		refuseBody(w, r, err)
		return
	}
	params, err := decodeParams(body)
	if err != nil {
		refuseBody(w, r, err)
		return
	}
	execute(w, r, exec, params, t.stream)
}

// read returns the body. Without authorization it does not read a large one, which can only be a
// push that will be refused.
func (t jsonTransport) read(w http.ResponseWriter, r *http.Request, c *call) ([]byte, error) {
	limit := t.maxBody
	if !c.authorized() {
		limit = min(limit, maxAnonymousBody)
	}
	if r.ContentLength > t.maxBody {
		return nil, tooLarge(t.maxBody)
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, limit+1))
	switch {
	case err != nil:
		return nil, err
	case int64(len(body)) <= limit:
		return body, nil
	case limit < t.maxBody:
		status := http.StatusOK // as for the operation itself
		if trip2g.ErrorCode(c.refused) == trip2g.EUNAVAILABLE {
			status = httpx.Status(c.refused) // the key or session could not be looked up
		}
		return nil, &refusal{status, trip2g.ErrorMessage(c.refused)}
	default:
		return nil, tooLarge(t.maxBody)
	}
}

func tooLarge(limit int64) *refusal {
	return refusalOf(trip2g.Errorf(trip2g.ETOOLARGE, "the request's body is too large: at most %d bytes are taken; nothing was written", limit))
}

// decodeParams decodes one operation. encoding/json would silently replace invalid UTF-8 and
// unpaired surrogates with U+FFFD, and so change a note.
func decodeParams(body []byte) (*graphql.RawParams, error) {
	if !utf8.Valid(body) {
		return nil, &refusal{http.StatusBadRequest, "the body is not valid UTF-8; nothing was written"}
	}
	if escape := unpairedSurrogate(body); escape != "" {
		return nil, &refusal{http.StatusBadRequest, fmt.Sprintf("the body has %s, half a surrogate pair, which is no character; nothing was written", escape)}
	}
	if text := bytes.TrimLeft(body, " \t\r\n"); len(text) > 0 && text[0] == '[' {
		return nil, &refusal{http.StatusBadRequest, "a batch is not taken: send one operation in a request"}
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	params := &graphql.RawParams{}
	if err := decoder.Decode(params); err != nil {
		return nil, &refusal{http.StatusBadRequest, fmt.Sprintf("the body is no GraphQL request in JSON: %v; nothing was written", err)}
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, &refusal{http.StatusBadRequest, "the body goes on after the request's JSON; nothing was written"}
	}
	return params, nil
}

// unpairedSurrogate returns the first escape of an unpaired surrogate in JSON text (RFC 8259,
// section 8.2); "": none.
func unpairedSurrogate(text []byte) string {
	for {
		i := bytes.IndexByte(text, '\\')
		if i < 0 {
			return ""
		}
		text = text[i:]
		switch first := escapedUnit(text); {
		case !utf16.IsSurrogate(first):
			text = text[min(2, len(text)):]
		case utf16.DecodeRune(first, escapedUnit(text[escapeLength:])) == unicode.ReplacementChar:
			return string(text[:escapeLength])
		default:
			text = text[2*escapeLength:]
		}
	}
}

const escapeLength = len(`\ud800`)

// escapedUnit returns the UTF-16 unit of a \u escape at the start of text; 0: none.
func escapedUnit(text []byte) rune {
	if len(text) < escapeLength || string(text[:2]) != `\u` {
		return 0
	}
	// 0 for an invalid escape, which the decoder refuses.
	unit, _ := strconv.ParseUint(string(text[2:escapeLength]), 16, 16)
	return rune(unit)
}

// execute runs one operation and responds: 422 if it is invalid, 502 if its outcome is
// indeterminate, else 200. stream handles a subscription.
func execute(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor, params *graphql.RawParams, stream streamFunc) {
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel() // ends a subscription with its stream
	params.Headers = r.Header
	now := graphql.Now()
	params.ReadTime = graphql.TraceTiming{Start: now, End: now}
	operation, errs := exec.CreateOperationContext(ctx, params)
	if errs != nil {
		status := http.StatusOK
		if errcode.GetErrorKind(errs) == errcode.KindProtocol {
			status = http.StatusUnprocessableEntity
		}
		respond(ctx, w, status, exec.DispatchError(graphql.WithOperationContext(ctx, operation), errs))
		return
	}
	isSubscription := operation.Operation.Operation == ast.Subscription
	if isSubscription && !acceptsEvents(r) {
		refuse(w, &refusal{http.StatusNotAcceptable, "a subscription is answered with server-sent events: send the header Accept: text/event-stream"})
		return
	}
	responses, opCtx := exec.DispatchOperation(ctx, operation)
	if isSubscription {
		stream(w, r, func() *graphql.Response { return responses(opCtx) })
		return
	}
	response := responses(opCtx)
	if response == nil {
		return // the client has disconnected
	}
	status := http.StatusOK
	if slices.ContainsFunc(response.Errors, isIndeterminate) {
		status = httpx.Status(trip2g.Errorf(trip2g.EINDETERMINATE, ""))
	}
	respond(ctx, w, status, response)
}

// isIndeterminate reports whether an error in a response is about an indeterminate outcome.
func isIndeterminate(err *gqlerror.Error) bool {
	return err.Extensions["code"] == trip2g.EINDETERMINATE
}

func respond(ctx context.Context, w http.ResponseWriter, status int, response *graphql.Response) {
	body, err := json.Marshal(response)
	if err != nil {
		panic(fmt.Errorf("encode an answer: %w", err))
	}
	header := w.Header()
	callOf(ctx).setResult(header)
	header.Set("Content-Type", "application/json")
	header.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	w.Write(body)
}

// refuseBody responds to an error of reading the body: with the status of a refusal, or with 400
// for a body that ended early or is invalid.
func refuseBody(w http.ResponseWriter, r *http.Request, err error) {
	var refused *refusal
	switch {
	case errors.As(err, &refused):
	case errors.Is(err, os.ErrDeadlineExceeded):
		refused = &refusal{http.StatusRequestTimeout, "the body did not come in time; nothing was written"}
	default:
		refused = &refusal{http.StatusBadRequest, fmt.Sprintf("the body did not come whole: %v; nothing was written", err)}
	}
	// Reads the rest, so that the client sees the response. Errors do not matter.
	io.CopyN(io.Discard, r.Body, maxDrain)
	refuse(w, refused)
}
