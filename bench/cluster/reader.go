package cluster

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// Reader asks one node for pages over one connection. It is for one goroutine.
type Reader struct {
	AcceptEncoding string // of its requests; without one the page comes as it is

	base   string
	client *http.Client
}

// NewReader makes a reader of the node.
func (n *Node) NewReader() *Reader {
	return &Reader{base: n.URL(), client: &http.Client{
		Transport:     &http.Transport{MaxIdleConnsPerHost: 1, DisableCompression: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Timeout:       time.Minute,
	}}
}

// Get asks for an address, unescaped, and gives the answer's status and body, in the coding in which it came.
func (r *Reader) Get(ctx context.Context, address string) (status int, body []byte, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, r.base+(&url.URL{Path: address}).EscapedPath(), nil)
	if err != nil {
		return 0, nil, err
	}
	if r.AcceptEncoding != "" {
		request.Header.Set("Accept-Encoding", r.AcceptEncoding)
	}
	response, err := r.client.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	body, err = io.ReadAll(response.Body)
	return response.StatusCode, body, err
}

// WaitFor asks every so often for a page until it holds a text, and gives the moment in which the
// answer that does was there. Where the page never does, the error is ctx's.
func (r *Reader) WaitFor(ctx context.Context, address, text string, every time.Duration) (time.Time, error) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		status, body, err := r.Get(ctx, address)
		seen := time.Now()
		if err == nil && status == http.StatusOK && bytes.Contains(body, []byte(text)) {
			return seen, nil
		}
		select {
		case <-ctx.Done():
			return time.Time{}, fmt.Errorf("wait for %q at %s%s: %w", text, r.base, address, ctx.Err())
		case <-ticker.C:
		}
	}
}

// Close ends the connection.
func (r *Reader) Close() { r.client.CloseIdleConnections() }
