package e2e

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"testing"

	"trip2g/e2e/internal/stack"
)

// TestSignInOnThreePortsOfOneBrowser signs in on every node with one cookie jar. A jar takes no
// notice of ports (RFC 6265 §8.5), so each node's session has to live under its own name.
func TestSignInOnThreePortsOfOneBrowser(t *testing.T) {
	s := stack.LiteFS(t)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	tab := &http.Client{Jar: jar}
	for _, n := range s.Nodes() {
		stack.SignIn(t, &stack.APIClient{Node: n, Client: tab})
	}

	tokens := make(map[string]string)
	for _, cookie := range jar.Cookies(&url.URL{Scheme: "http", Host: "127.0.0.1", Path: "/"}) {
		tokens[cookie.Name] = cookie.Value
	}
	for _, n := range s.Nodes() {
		if tokens[n.Cookie] == "" {
			t.Errorf("after signing in on %s there is no cookie %s: %v", n.Service, n.Cookie, tokens)
		}
		checkViewer(t, &stack.APIClient{Node: n, Client: tab}, stack.Owner)
	}
	if tokens["session"] == tokens["session_r1"] || tokens["session_r1"] == tokens["session_r2"] {
		t.Error("two nodes gave one session")
	}

	_, err = (&stack.APIClient{Node: s.Replica, Client: tab}).Do(t.Context(), `mutation { signOut { ... on SignOutPayload { viewer { role } }`+stack.ErrorPayload+` } }`, nil, nil)
	if err != nil {
		t.Fatalf("sign out of %s: %v", s.Replica.Service, err)
	}
	checkViewer(t, &stack.APIClient{Node: s.App, Client: tab}, stack.Owner)
	checkViewer(t, &stack.APIClient{Node: s.Replica, Client: tab}, "")
	checkViewer(t, &stack.APIClient{Node: s.Replica2, Client: tab}, stack.Owner)
}

// TestSignInCodeWorksOnce uses a code a second time.
func TestSignInCodeWorksOnce(t *testing.T) {
	s := stack.LiteFS(t)
	c := &stack.APIClient{Node: s.Replica}
	code := stack.SignIn(t, c)
	if err := c.SignInWith(t.Context(), stack.Owner, code); err == nil {
		t.Error("a code that had been used signed in again")
	}
}

// checkViewer asks a node who is signed in; nobody is "".
func checkViewer(t *testing.T, c *stack.APIClient, want string) {
	t.Helper()
	var v stack.Viewer
	if _, err := c.Do(t.Context(), `{ viewer { user { email } } }`, nil, &v); err != nil {
		t.Fatalf("viewer of %s: %v", c.Node.Service, err)
	}
	if v.Email() != want {
		t.Errorf("%s is used by %q, want %q", c.Node.Service, v.Email(), want)
	}
}
