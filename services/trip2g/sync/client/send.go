package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/cenkalti/backoff/v5"

	"trip2g/internal/forward"
	"trip2g/services/trip2g"
)

const (
	// maxList bounds the list of notes, in bytes: that of a million notes has about this much.
	maxList = 256 << 20
	// maxResult bounds the answer to a mutation, in bytes: it tells of 100 notes and their files.
	maxResult = 16 << 20
	// maxShown bounds what is shown of a server's message, in bytes.
	maxShown = 2000

	firstWait = 250 * time.Millisecond
	maxWait   = 5 * time.Second
)

// request is one POST that can be sent again.
type request struct {
	contentType string
	length      int64
	open        func() (io.ReadCloser, error)
	maxAnswer   int64 // bytes
}

// temporary is a failure that another attempt may cure.
type temporary struct {
	failure *trip2g.Error
	after   time.Duration // what the server asked to wait; 0: nothing asked
}

func (t *temporary) Error() string { return t.failure.Error() }
func (t *temporary) Unwrap() error { return t.failure }

// send posts a request until it is answered, and decodes the answer's data into out.
func (c *Client) send(ctx context.Context, r request, out any) error {
	return c.retry(ctx, func() error { return c.sendOnce(ctx, r, out) })
}

// sendOnce posts a request, and decodes the answer's data into out.
func (c *Client) sendOnce(ctx context.Context, r request, out any) error {
	data, err := c.attempt(ctx, r)
	if err == nil && json.Unmarshal(data, out) != nil {
		return c.notOurs("its answer is of another shape")
	}
	return err
}

// retry calls attempt until it gives no temporary failure, or for RetryFor after the first one.
func (c *Client) retry(ctx context.Context, attempt func() error) error {
	waits := &backoff.ExponentialBackOff{InitialInterval: firstWait, RandomizationFactor: 0.5, Multiplier: 2, MaxInterval: maxWait}
	var failed time.Time
	for {
		err := attempt()
		again, ok := errors.AsType[*temporary](err)
		if !ok {
			return err
		}
		if failed.IsZero() {
			failed = time.Now()
		}
		wait, ok := c.wait(again, time.Since(failed), waits.NextBackOff())
		if !ok {
			return again.failure
		}
		if c.OnRetry != nil {
			c.OnRetry(again.failure, wait)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
	}
}

// wait gives how long to wait before the next attempt, the last one when RetryFor ends; not ok if
// it has ended, or will have before the server wants to be asked again.
func (c *Client) wait(again *temporary, since, next time.Duration) (time.Duration, bool) {
	left := c.RetryFor - since
	if left <= 0 || again.after > left {
		return 0, false
	}
	return min(max(next, again.after), left), true
}

// attempt posts once and gives the data of the answer. Without a byte for Stall it ends.
func (c *Client) attempt(asked context.Context, r request) (json.RawMessage, error) {
	ctx, cancel := context.WithCancelCause(asked)
	defer cancel(nil)
	stall := time.AfterFunc(c.Stall, func() { cancel(errStalled) })
	defer stall.Stop()
	progress := func() { stall.Reset(c.Stall) }

	file, err := r.open()
	if err != nil {
		return nil, err
	}
	body := &sentBody{ReadCloser: file, progress: progress}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base.String()+endpoint, body)
	if err != nil {
		return nil, fmt.Errorf("make the request: %w", err)
	}
	req.ContentLength = r.length
	req.Header = c.header(r.contentType)
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, c.unreachable(asked, ctx, body, err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(&watchedReader{resp.Body, progress}, r.maxAnswer+1))
	switch {
	case err != nil:
		return nil, c.unreachable(asked, ctx, body, err)
	case int64(len(answer)) > r.maxAnswer:
		return nil, longAnswer{c.notOurs(fmt.Sprintf("its answer has more than %d bytes", r.maxAnswer))}
	}
	c.noteReached(resp.Header)
	return c.read(resp, answer)
}

// longAnswer is the failure of an answer past its bound.
type longAnswer struct{ error }

func (l longAnswer) Unwrap() error { return l.error }

var errStalled = errors.New("no byte came or went for too long")

// sentBody is a request's body. It remembers why it failed, which net/http may not say when the
// server answers or hangs up at the same moment.
type sentBody struct {
	io.ReadCloser
	progress func()

	mu    sync.Mutex
	fault error
}

func (b *sentBody) Read(p []byte) (int, error) {
	b.progress()
	n, err := b.ReadCloser.Read(p)
	if err != nil && err != io.EOF {
		b.mu.Lock()
		b.fault = err
		b.mu.Unlock()
	}
	return n, err
}

func (b *sentBody) err() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.fault
}

type watchedReader struct {
	io.Reader
	progress func()
}

func (r *watchedReader) Read(p []byte) (int, error) {
	r.progress()
	return r.Reader.Read(p)
}

// unreachable sorts the failure of a connection. asked is the caller's context, ctx the attempt's. A
// name that does not exist, a certificate that is not valid and a port that speaks something else
// stay so; all else may pass.
func (c *Client) unreachable(asked, ctx context.Context, body *sentBody, err error) error {
	if fault := body.err(); fault != nil {
		return fault
	}
	if asked.Err() != nil {
		return asked.Err()
	}
	if urlErr, ok := errors.AsType[*url.Error](err); ok {
		err = urlErr.Err // without the address, which the message has
	}
	if context.Cause(ctx) == errStalled {
		err = fmt.Errorf("%w (%s)", errStalled, c.Stall)
	}
	failure := trip2g.Errorf(trip2g.EUNAVAILABLE, "%s cannot be reached: %s", c.base, c.clean(err.Error()))
	if lasting(err) {
		return failure
	}
	return &temporary{failure: failure}
}

// read sorts an answer that came whole.
func (c *Client) read(resp *http.Response, body []byte) (json.RawMessage, error) {
	var answer answer
	graphql := json.Unmarshal(body, &answer) == nil && (answer.Data != nil || len(answer.Errors) > 0)
	switch code := resp.StatusCode; {
	case isTemporary(code):
		failure := trip2g.Errorf(trip2g.EUNAVAILABLE, "%s cannot serve now: %s", c.base, c.said(resp, answer))
		return nil, &temporary{failure, retryAfter(resp.Header, time.Now())}
	case code >= 300 && code < 400:
		return nil, c.redirected(resp)
	case forward.IsIntakeRejection(resp):
		return nil, trip2g.Errorf(trip2g.ENOTFOUND, "%s is the internal port of a node, which takes no key: give the address of its public port", c.base)
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		return nil, trip2g.Errorf(trip2g.EUNAUTHORIZED, "%s refused the key: %s", c.base, c.said(resp, answer))
	case code == http.StatusRequestEntityTooLarge && !graphql:
		return nil, trip2g.Errorf(trip2g.ETOOLARGE, "a proxy in front of %s refuses requests of this size (%s): raise its limit, in nginx client_max_body_size", c.base, c.clean(resp.Status))
	case code == http.StatusRequestEntityTooLarge:
		return nil, trip2g.Errorf(trip2g.ETOOLARGE, "%s did not take it: %s", c.base, c.said(resp, answer))
	case !graphql:
		return nil, c.notOurs(fmt.Sprintf("it answered %s with %q", c.clean(resp.Status), c.clean(resp.Header.Get("Content-Type"))))
	case code == http.StatusUnprocessableEntity:
		return nil, trip2g.Errorf(trip2g.EINTERNAL, "%s does not know what it was asked (%s): if it is older than this trip2g, upgrade it", c.base, c.said(resp, answer))
	case len(answer.Errors) > 0:
		failure := &trip2g.Error{Code: answer.code(), Message: c.said(resp, answer)}
		if failure.Code == trip2g.EUNAVAILABLE || failure.Code == trip2g.EINDETERMINATE {
			return nil, &temporary{failure: failure}
		}
		return nil, failure
	case code != http.StatusOK:
		return nil, c.notOurs("it answered " + c.clean(resp.Status))
	}
	return answer.Data, nil
}

// isTemporary tells the statuses of a server that cannot serve now, and of one that has not got all of a request.
func isTemporary(code int) bool {
	return code == http.StatusRequestTimeout || code == http.StatusTooManyRequests || code == http.StatusBadGateway || code == http.StatusServiceUnavailable || code == http.StatusGatewayTimeout
}

// answer is GraphQL's (GraphQL specification, section 7.1).
type answer struct {
	Data   json.RawMessage
	Errors []struct {
		Message    string
		Extensions struct{ Code any }
	}
}

// code reads the server's code. One that says that the question is at fault stands for a fault of this
// program, which asks the same of every server.
func (a answer) code() string {
	code, _ := a.Errors[0].Extensions.Code.(string)
	switch code {
	case trip2g.EUNAUTHORIZED, trip2g.EFORBIDDEN, trip2g.ERATELIMITED, trip2g.EUNAVAILABLE, trip2g.EINDETERMINATE:
		return code
	}
	return trip2g.EINTERNAL
}

// said is what the server has to say for its answer.
func (c *Client) said(resp *http.Response, a answer) string {
	if len(a.Errors) > 0 && a.Errors[0].Message != "" {
		return c.clean(a.Errors[0].Message)
	}
	return c.clean(resp.Status)
}

func (c *Client) redirected(resp *http.Response) error {
	target, err := resp.Location()
	if err != nil {
		return c.notOurs("it redirects to nowhere")
	}
	target.User, target.RawQuery, target.Fragment = nil, "", ""
	target.Path = strings.TrimSuffix(target.Path, endpoint)
	return trip2g.Errorf(trip2g.ENOTFOUND, "%s redirects to %s: the key was not sent there; if that is your server, give that URL", c.base, c.clean(target.String()))
}

// retryAfter reads the header of that name (RFC 9110, section 10.2.3); 0 if there is none.
func retryAfter(h http.Header, now time.Time) time.Duration {
	text := h.Get("Retry-After")
	if seconds, err := strconv.ParseUint(text, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(0, at.Sub(now))
	}
	return 0
}

// clean makes a server's text fit to be shown: short, without the key, and without control
// characters, which can make a terminal show what nobody said.
func (c *Client) clean(text string) string {
	if c.Key != "" {
		text = strings.ReplaceAll(text, c.Key, "[key]")
	}
	if len(text) > maxShown {
		text = text[:maxShown] + "…"
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
}
