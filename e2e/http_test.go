package e2e

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

// browser is the client of all plain requests. It follows no redirect: tests look at each answer.
var browser = &http.Client{
	Timeout:       90 * time.Second,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// answer is a whole response.
type answer struct {
	status int
	header http.Header
	body   string
}

// get reads a path of the node's public address.
func (n *node) get(ctx context.Context, path string) (answer, error) {
	return fetch(ctx, http.MethodGet, n.public+path, nil, "")
}

// mustGet is get for a test that cannot go on without an answer.
func (n *node) mustGet(t *testing.T, path string) answer {
	t.Helper()
	a, err := n.get(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// fetch sends a request and reads the whole response.
func fetch(ctx context.Context, method, url string, header http.Header, body string) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	for name, values := range header {
		req.Header[name] = values
	}
	return send(browser, req)
}

func send(client *http.Client, req *http.Request) (answer, error) {
	resp, err := client.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	read, err := io.ReadAll(resp.Body)
	if err != nil {
		return answer{}, fmt.Errorf("read the answer of %s %s: %w", req.Method, req.URL, err)
	}
	return answer{resp.StatusCode, resp.Header, string(read)}, nil
}

// ready tells, as an error, what keeps the node from serving.
func (n *node) ready(ctx context.Context) error {
	a, err := fetch(ctx, http.MethodGet, n.internal+"/readyz", nil, "")
	if err != nil {
		return err
	}
	if a.status != http.StatusOK {
		return fmt.Errorf("/readyz of %s: %d %s", n.service, a.status, a.body)
	}
	return nil
}

func (n *node) awaitReady(t *testing.T) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	testwait.NoError(t, n.service+" becomes ready", func() error { return n.ready(ctx) })
}

// shows tells, as an error, what keeps the node from showing text at a path.
func (n *node) shows(ctx context.Context, path, text string) error {
	a, err := n.get(ctx, path)
	switch {
	case err != nil:
		return err
	case a.status != http.StatusOK:
		return fmt.Errorf("%s of %s: status %d", path, n.service, a.status)
	case !strings.Contains(a.body, text):
		return fmt.Errorf("%s of %s does not contain %q", path, n.service, text)
	}
	return nil
}

// awaitText waits until each of the nodes shows text at a path.
func awaitText(t *testing.T, nodes []*node, path, text string) {
	t.Helper()
	for _, n := range nodes {
		testwait.NoError(t, n.service+" follows", func() error { return n.shows(t.Context(), path, text) })
	}
}

// mustBeGone fails the test if a node shows a page at a path.
func mustBeGone(t *testing.T, nodes []*node, path string) {
	t.Helper()
	for _, n := range nodes {
		if a := n.mustGet(t, path); a.status != http.StatusNotFound {
			t.Errorf("%s of %s: status %d, want 404", path, n.service, a.status)
		}
	}
}
