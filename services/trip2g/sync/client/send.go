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

	"github.com/cenkalti/backoff/v5"

	"trip2g/internal/forward"
	"trip2g/services/trip2g"
)

const (
	// maxList is the maximum size of a list of notes, about that of a million notes, in bytes.
	maxList = 256 << 20
	// maxResult is the maximum size of a mutation's response, in bytes.
	maxResult = 16 << 20
	// maxShown is the maximum length of a server's message in an error, in bytes.
	maxShown = 2000

	firstWait = 250 * time.Millisecond
	maxWait   = 5 * time.Second
)

// request is a repeatable POST.
type request struct {
	contentType string
	length      int64
	open        func() (io.ReadCloser, error)
	maxAnswer   int64 // bytes
}

// temporary is an error that may go away with another attempt.
type temporary struct {
	failure *trip2g.Error
	after   time.Duration // Retry-After; 0: none
}

func (t *temporary) Error() string { return t.failure.Error() }
func (t *temporary) Unwrap() error { return t.failure }

// send posts a request with retries, and decodes the data of the response into out.
func (c *Client) send(ctx context.Context, r request, out any) error {
	return c.retry(ctx, func() error { return c.sendOnce(ctx, r, out) })
}

// sendOnce posts a request once, and decodes the data of the response into out.
func (c *Client) sendOnce(ctx context.Context, r request, out any) error {
	data, err := c.attempt(ctx, r)
	if err == nil && json.Unmarshal(data, out) != nil {
		return c.notTrip2g("its answer is of another shape")
	}
	return err
}

// retry calls attempt until it returns no temporary error, at most for RetryFor after the first
// one.
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

// wait returns the delay before the next attempt. ok is false if RetryFor has ended, or ends before
// Retry-After.
func (c *Client) wait(again *temporary, since, next time.Duration) (delay time.Duration, ok bool) {
	left := c.RetryFor - since
	if left <= 0 || again.after > left {
		return 0, false
	}
	return min(max(next, again.after), left), true
}

// attempt posts once and returns the data of the response. It ends if no byte is transferred for
// Stall.
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
	answer, err := io.ReadAll(io.LimitReader(&progressReader{resp.Body, progress}, r.maxAnswer+1))
	switch {
	case err != nil:
		return nil, c.unreachable(asked, ctx, body, err)
	case int64(len(answer)) > r.maxAnswer:
		return nil, longAnswer{c.notTrip2g(fmt.Sprintf("its answer has more than %d bytes", r.maxAnswer))}
	}
	c.recordPosition(resp.Header)
	return c.read(resp, answer)
}

// longAnswer is the error for a response that is too large.
type longAnswer struct{ error }

func (l longAnswer) Unwrap() error { return l.error }

var errStalled = errors.New("no byte came or went for too long")

// sentBody is a request's body that records its read error. net/http can hide it when the server
// responds or closes the connection at the same time.
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

type progressReader struct {
	io.Reader
	progress func()
}

func (r *progressReader) Read(p []byte) (int, error) {
	r.progress()
	return r.Reader.Read(p)
}

// unreachable classifies an error of a connection. asked is the caller's context, ctx the
// attempt's. See isPermanent for errors that are not temporary.
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
	if isPermanent(err) {
		return failure
	}
	return &temporary{failure: failure}
}

// read classifies a complete response.
func (c *Client) read(resp *http.Response, body []byte) (json.RawMessage, error) {
	var answer answer
	graphql := json.Unmarshal(body, &answer) == nil && (answer.Data != nil || len(answer.Errors) > 0)
	switch code := resp.StatusCode; {
	case isTemporary(code):
		failure := trip2g.Errorf(trip2g.EUNAVAILABLE, "%s cannot serve now: %s", c.base, c.serverMessage(resp, answer))
		return nil, &temporary{failure, retryAfter(resp.Header, time.Now())}
	case code >= 300 && code < 400:
		return nil, c.redirected(resp)
	case forward.IsIntakeRejection(resp):
		return nil, trip2g.Errorf(trip2g.ENOTFOUND, "%s is the internal port of a node, which accepts no keys: use the URL of its public port", c.base)
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		return nil, trip2g.Errorf(trip2g.EUNAUTHORIZED, "%s rejected the key: %s", c.base, c.serverMessage(resp, answer))
	case code == http.StatusRequestEntityTooLarge && !graphql:
		return nil, trip2g.Errorf(trip2g.ETOOLARGE, "a proxy in front of %s rejects requests of this size (%s): raise its limit, in nginx client_max_body_size", c.base, c.clean(resp.Status))
	case code == http.StatusRequestEntityTooLarge:
		return nil, trip2g.Errorf(trip2g.ETOOLARGE, "%s rejected it: %s", c.base, c.serverMessage(resp, answer))
	case !graphql:
		return nil, c.notTrip2g(fmt.Sprintf("it answered %s with %q", c.clean(resp.Status), c.clean(resp.Header.Get("Content-Type"))))
	case code == http.StatusUnprocessableEntity:
		return nil, trip2g.Errorf(trip2g.EINTERNAL, "%s does not support the request (%s): if it is older than this trip2g, upgrade it", c.base, c.serverMessage(resp, answer))
	case len(answer.Errors) > 0:
		failure := &trip2g.Error{Code: answer.code(), Message: c.serverMessage(resp, answer)}
		if failure.Code == trip2g.EUNAVAILABLE || failure.Code == trip2g.EINDETERMINATE {
			return nil, &temporary{failure: failure}
		}
		return nil, failure
	case code != http.StatusOK:
		return nil, c.notTrip2g("it answered " + c.clean(resp.Status))
	}
	return answer.Data, nil
}

// isTemporary reports whether a status means that the server is unavailable or did not receive the
// whole request.
func isTemporary(code int) bool {
	return code == http.StatusRequestTimeout || code == http.StatusTooManyRequests || code == http.StatusBadGateway || code == http.StatusServiceUnavailable || code == http.StatusGatewayTimeout
}

// answer is a GraphQL response (GraphQL specification, section 7.1).
type answer struct {
	Data   json.RawMessage
	Errors []struct {
		Message    string
		Extensions struct{ Code any }
	}
}

// code returns the error code. Codes that blame the request become EINTERNAL, because the requests
// are this program's.
func (a answer) code() string {
	code, _ := a.Errors[0].Extensions.Code.(string)
	switch code {
	case trip2g.EUNAUTHORIZED, trip2g.EFORBIDDEN, trip2g.ERATELIMITED, trip2g.EUNAVAILABLE, trip2g.EINDETERMINATE:
		return code
	}
	return trip2g.EINTERNAL
}

// serverMessage returns the server's error message, or else its status.
func (c *Client) serverMessage(resp *http.Response, a answer) string {
	if len(a.Errors) > 0 && a.Errors[0].Message != "" {
		return c.clean(a.Errors[0].Message)
	}
	return c.clean(resp.Status)
}

func (c *Client) redirected(resp *http.Response) error {
	target, err := resp.Location()
	if err != nil {
		return c.notTrip2g("it redirects to nowhere")
	}
	target.User, target.RawQuery, target.Fragment = nil, "", ""
	target.Path = strings.TrimSuffix(target.Path, endpoint)
	return trip2g.Errorf(trip2g.ENOTFOUND, "%s redirects to %s: the key was not sent there; if that is your server, use that URL", c.base, c.clean(target.String()))
}

// retryAfter parses Retry-After (RFC 9110, section 10.2.3); 0 if there is none.
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

// clean makes a server's text safe to show: short, without the key and without control characters.
func (c *Client) clean(text string) string {
	if c.Key != "" {
		text = strings.ReplaceAll(text, c.Key, "[key]")
	}
	if len(text) > maxShown {
		text = text[:maxShown] + "…"
	}
	return trip2g.ReplaceControls(text)
}
