package stack

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"trip2g/internal/testwait"
)

// Letters is an endless reader.
type Letters struct{}

func (Letters) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'a'
	}
	return len(p), nil
}

// ReadsOwnWrite reads a page once. A response that reports that it is behind is an error; one that
// is behind without reporting it fails the test.
func (n *Node) ReadsOwnWrite(t *testing.T, path, text string, header http.Header) error {
	t.Helper()
	a, err := Fetch(t.Context(), http.MethodGet, n.Public+path, header, "")
	if err != nil {
		return err
	}
	if missing := a.Header.Get("X-Trip2g-Behind"); missing != "" {
		if a.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s of %s is behind and may be kept: %v", path, n.Service, a.Header)
		}
		return fmt.Errorf("%s of %s is %s positions behind", path, n.Service, missing)
	}
	if a.Status != http.StatusOK || !strings.Contains(a.Body, text) {
		t.Fatalf("%s of %s after its own write with %v: status %d, no %q; header %v", path, n.Service, header, a.Status, text, a.Header)
	}
	return nil
}

// MustGetPlain is MustGet without compression.
func (n *Node) MustGetPlain(t *testing.T, path string) Answer {
	t.Helper()
	a, err := Fetch(t.Context(), http.MethodGet, n.Public+path, http.Header{"Accept-Encoding": {"identity"}}, "")
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// NewRequest returns a request or fails the test.
func NewRequest(t *testing.T, method, url string, body io.Reader) *http.Request {
	t.Helper()
	req, err := http.NewRequest(method, url, body)
	if err != nil {
		t.Fatal(err)
	}
	return req
}

// Client sends all plain requests. It follows no redirects, so that tests see each response.
var Client = &http.Client{
	Timeout:       90 * time.Second,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// Answer is a response with its body.
type Answer struct {
	Status int
	Header http.Header
	Body   string
}

// Get reads a path of the node's public address.
func (n *Node) Get(ctx context.Context, path string) (Answer, error) {
	return Fetch(ctx, http.MethodGet, n.Public+path, nil, "")
}

// MustGet is Get; an error fails the test.
func (n *Node) MustGet(t *testing.T, path string) Answer {
	t.Helper()
	a, err := n.Get(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// Fetch sends a request and reads the whole response.
func Fetch(ctx context.Context, method, url string, header http.Header, body string) (Answer, error) {
	req, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return Answer{}, err
	}
	for name, values := range header {
		req.Header[name] = values
	}
	return Send(Client, req)
}

// Send sends a request and reads the whole response.
func Send(client *http.Client, req *http.Request) (Answer, error) {
	resp, err := client.Do(req)
	if err != nil {
		return Answer{}, err
	}
	defer resp.Body.Close()
	read, err := io.ReadAll(resp.Body)
	if err != nil {
		return Answer{}, fmt.Errorf("read the answer of %s %s: %w", req.Method, req.URL, err)
	}
	return Answer{resp.StatusCode, resp.Header, string(read)}, nil
}

// Ready returns an error unless the node is ready.
func (n *Node) Ready(ctx context.Context) error {
	a, err := Fetch(ctx, http.MethodGet, n.Internal+"/readyz", nil, "")
	if err != nil {
		return err
	}
	if a.Status != http.StatusOK {
		return fmt.Errorf("/readyz of %s: %d %s", n.Service, a.Status, a.Body)
	}
	return nil
}

// AwaitReady waits until the node is ready. It also works in a cleanup function.
func (n *Node) AwaitReady(t *testing.T) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	testwait.NoError(t, n.Service+" becomes ready", func() error { return n.Ready(ctx) })
}

// Shows returns an error unless the node serves a page with the text at the path.
func (n *Node) Shows(ctx context.Context, path, text string) error {
	a, err := n.Get(ctx, path)
	switch {
	case err != nil:
		return err
	case a.Status != http.StatusOK:
		return fmt.Errorf("%s of %s: status %d", path, n.Service, a.Status)
	case !strings.Contains(a.Body, text):
		return fmt.Errorf("%s of %s does not contain %q", path, n.Service, text)
	}
	return nil
}

// AwaitText waits until each node serves a page with the text at the path.
func AwaitText(t *testing.T, nodes []*Node, path, text string) {
	t.Helper()
	for _, n := range nodes {
		testwait.NoError(t, n.Service+" follows", func() error { return n.Shows(t.Context(), path, text) })
	}
}

// MustNotBeFound fails the test if a node serves a page at the path.
func MustNotBeFound(t *testing.T, nodes []*Node, path string) {
	t.Helper()
	for _, n := range nodes {
		if a := n.MustGet(t, path); a.Status != http.StatusNotFound {
			t.Errorf("%s of %s: status %d, want 404", path, n.Service, a.Status)
		}
	}
}
