package e2e

import (
	"context"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// TestSignInOnThreePortsOfOneBrowser signs in on every node with one cookie jar. A jar takes no
// notice of ports (RFC 6265 §8.5), so each node's session has to live under its own name.
func TestSignInOnThreePortsOfOneBrowser(t *testing.T) {
	s := litefsStack(t)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	tab := &http.Client{Jar: jar}
	for _, n := range s.nodes() {
		signIn(t, &apiClient{node: n, client: tab})
	}

	tokens := make(map[string]string)
	for _, cookie := range jar.Cookies(&url.URL{Scheme: "http", Host: "127.0.0.1", Path: "/"}) {
		tokens[cookie.Name] = cookie.Value
	}
	for _, n := range s.nodes() {
		if tokens[n.cookie] == "" {
			t.Errorf("after signing in on %s there is no cookie %s: %v", n.service, n.cookie, tokens)
		}
		checkViewer(t, &apiClient{node: n, client: tab}, owner)
	}
	if tokens["session"] == tokens["session_r1"] || tokens["session_r1"] == tokens["session_r2"] {
		t.Error("two nodes gave one session")
	}

	_, err = (&apiClient{node: s.replica, client: tab}).do(t.Context(), `mutation { signOut { ... on SignOutPayload { viewer { role } }`+errorPayload+` } }`, nil, nil)
	if err != nil {
		t.Fatalf("sign out of %s: %v", s.replica.service, err)
	}
	checkViewer(t, &apiClient{node: s.app, client: tab}, owner)
	checkViewer(t, &apiClient{node: s.replica, client: tab}, "")
	checkViewer(t, &apiClient{node: s.replica2, client: tab}, owner)
}

// TestSignInCodeWorksOnce uses a code a second time.
func TestSignInCodeWorksOnce(t *testing.T) {
	s := litefsStack(t)
	c := &apiClient{node: s.replica}
	code := signIn(t, c)
	if err := c.signInWith(t.Context(), owner, code); err == nil {
		t.Error("a code that had been used signed in again")
	}
}

// signIn signs the owner in and gives the code that was used.
func signIn(t *testing.T, c *apiClient) (code string) {
	t.Helper()
	return signInAs(t, c, owner)
}

// signInAs signs somebody in by the code in the leader's log, and returns it.
func signInAs(t *testing.T, c *apiClient, email string) (code string) {
	t.Helper()
	known := len(codesFor(t, c.node.stack, email))
	_, err := c.do(t.Context(), `mutation($email: String!) { requestEmailSignInCode(input: {email: $email}) {
		... on RequestEmailSignInCodePayload { success }`+errorPayload+` } }`, map[string]any{"email": email}, nil)
	if err != nil {
		t.Fatalf("request a code through %s: %v", c.node.service, err)
	}
	code = nextCode(t, c.node.stack, email, known)
	if err := c.signInWith(t.Context(), email, code); err != nil {
		t.Fatalf("sign in through %s: %v", c.node.service, err)
	}
	return code
}

func (c *apiClient) signInWith(ctx context.Context, email, code string) error {
	var payload struct {
		Token  string
		Viewer viewer
	}
	_, err := c.do(ctx, `mutation($email: String!, $code: String!) { signInByEmail(input: {email: $email, code: $code}) {
		... on SignInPayload { token viewer { user { email } } }`+errorPayload+` } }`, map[string]any{"email": email, "code": code}, &payload)
	if err == nil && (payload.Token == "" || payload.Viewer.email() != email) {
		err = fmt.Errorf("the answer is %+v", payload)
	}
	c.token = payload.Token
	return err
}

// invite makes an address a member's, in groups. It needs the owner's session.
func (c *apiClient) invite(t *testing.T, email string, groups ...string) {
	t.Helper()
	var invited struct{ Member struct{ ID int64 } }
	_, err := c.do(t.Context(), `mutation($email: String!) { inviteMember(input: {email: $email}) {
		... on InviteMemberPayload { member { id } }`+errorPayload+` } }`, map[string]any{"email": email}, &invited)
	if err == nil && len(groups) > 0 {
		_, err = c.do(t.Context(), `mutation($id: Int64!, $groups: [String!]!) { setMemberGroups(input: {id: $id, groups: $groups}) {
			__typename`+errorPayload+` } }`, map[string]any{"id": invited.Member.ID, "groups": groups}, nil)
	}
	if err != nil {
		t.Fatalf("invite %s through %s: %v", email, c.node.service, err)
	}
}

// loggedCode finds the code where a server without mail leaves it.
var loggedCode = regexp.MustCompile(`"code":"(\d{6,8})"`)

// codesFor gives the sign-in codes for an address in the leader's log, oldest first.
func codesFor(t *testing.T, s *stack, email string) (found []string) {
	t.Helper()
	text, err := s.logs(t.Context(), s.app.service)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.SplitSeq(text, "\n") {
		if match := loggedCode.FindStringSubmatch(line); match != nil && strings.Contains(line, `"`+email+`"`) {
			found = append(found, match[1])
		}
	}
	return found
}

// viewer is who a server takes a request to come from.
type viewer struct {
	User *struct{ Email string }
}

func (v viewer) email() string {
	if v.User == nil {
		return ""
	}
	return v.User.Email
}

// checkViewer asks a node who is signed in; nobody is "".
func checkViewer(t *testing.T, c *apiClient, want string) {
	t.Helper()
	var v viewer
	if _, err := c.do(t.Context(), `{ viewer { user { email } } }`, nil, &v); err != nil {
		t.Fatalf("viewer of %s: %v", c.node.service, err)
	}
	if v.email() != want {
		t.Errorf("%s is used by %q, want %q", c.node.service, v.email(), want)
	}
}
