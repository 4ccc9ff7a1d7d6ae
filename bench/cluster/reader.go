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

// Reader reads pages of one node over one connection. It is not safe for concurrent use.
type Reader struct {
	AcceptEncoding string // of its requests; "": the page is not compressed

	base   string
	client *http.Client
}

// NewReader returns a reader of the node.
func (n *Node) NewReader() *Reader {
	return &Reader{base: n.URL(), client: &http.Client{
		Transport:     &http.Transport{MaxIdleConnsPerHost: 1, DisableCompression: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Timeout:       time.Minute,
	}}
}

// Get reads an unescaped path and returns the status and the body with its content coding.
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

// WaitFor polls a page until it contains a text, and returns the time of that response. If it never
// does, the error is ctx's.
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

// Close closes the connection.
func (r *Reader) Close() { r.client.CloseIdleConnections() }
