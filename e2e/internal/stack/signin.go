package stack

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"trip2g/internal/testwait"
)

// AsOwner signs the owner in by cookie. All windows share a session, which is valid on every node,
// because sign-in codes are rate-limited.
func (w *Window) AsOwner() {
	w.t.Helper()
	n, s := w.node, w.node.Stack
	s.signIn.Do(func() {
		c := &APIClient{Node: s.App}
		SignIn(w.t, c)
		s.session = c.Token
	})
	testwait.NoError(w.t, "the node knows the session", func() error {
		page, err := Fetch(w.t.Context(), http.MethodGet, n.Public+"/_system/account", http.Header{"Authorization": {"Bearer " + s.session}}, "")
		if err == nil && page.Status != http.StatusOK {
			err = fmt.Errorf("the account's page of %s answers %d", n.Service, page.Status)
		}
		return err
	})
	_, err := chromedp.Call(w.ctx, network.SetCookie, network.SetCookieParams{Name: n.Cookie, Value: s.session, URL: n.Public})
	if err != nil {
		w.t.Fatalf("give the browser the session at %s: %v", n.Service, err)
	}
}

// PressButton clicks the button or link with the accessible name, in the part of the page that
// within selects.
func (w *Window) PressButton(within, name string) {
	w.t.Helper()
	find := fmt.Sprintf(`[...document.querySelectorAll(%q)].flatMap((e) => [...e.querySelectorAll("button, a")])
		.find((b) => !b.disabled && b.checkVisibility() && (b.getAttribute("aria-label") ?? b.textContent).trim() === %q)`, within, name)
	w.AwaitTrue("there is "+name, find)
	Evaluate[bool](w, "("+find+").click() ?? true")
}

// SignIn signs a user in on the sign-in pages, with the code in the leader's log, and waits for the
// page next.
func (w *Window) SignIn(email, next string) {
	w.t.Helper()
	w.Open("/_system/signin?next=" + next)
	w.Fill("#email", email)
	known := len(CodesFor(w.t, w.node.Stack, email))
	w.Click("form[action='/_system/signin'] button.primary")
	w.Await("#code")
	w.Fill("#code", NextCode(w.t, w.node.Stack, email, known))
	w.Click("form[action='/_system/signin/code'] button")
	w.AwaitTrue("the page after the sign-in is there", "location.pathname === '"+next+"' && document.readyState === 'complete'")
}

// NextCode waits until the leader has logged more than known codes for the address, and returns the
// last.
func NextCode(t *testing.T, s *Stack, email string, known int) (code string) {
	t.Helper()
	testwait.NoError(t, "the leader logs the code for "+email, func() error {
		now := CodesFor(t, s, email)
		if len(now) == known {
			return errors.New("no new code in the leader's log")
		}
		code = now[len(now)-1]
		return nil
	})
	return code
}

// SignIn signs the owner in and returns the code that was used.
func SignIn(t *testing.T, c *APIClient) (code string) {
	t.Helper()
	return SignInAs(t, c, Owner)
}

// SignInAs signs a user in with the code in the leader's log, and returns the code.
func SignInAs(t *testing.T, c *APIClient, email string) (code string) {
	t.Helper()
	known := len(CodesFor(t, c.Node.Stack, email))
	_, err := c.Do(t.Context(), `mutation($email: String!) { requestEmailSignInCode(input: {email: $email}) {
		... on RequestEmailSignInCodePayload { success }`+ErrorPayload+` } }`, map[string]any{"email": email}, nil)
	if err != nil {
		t.Fatalf("request a code through %s: %v", c.Node.Service, err)
	}
	code = NextCode(t, c.Node.Stack, email, known)
	if err := c.SignInWith(t.Context(), email, code); err != nil {
		t.Fatalf("sign in through %s: %v", c.Node.Service, err)
	}
	return code
}

// SignInWith signs a user in with a code and keeps the token of the session.
func (c *APIClient) SignInWith(ctx context.Context, email, code string) error {
	var payload struct {
		Token  string
		Viewer Viewer
	}
	_, err := c.Do(ctx, `mutation($email: String!, $code: String!) { signInByEmail(input: {email: $email, code: $code}) {
		... on SignInPayload { token viewer { user { email } } }`+ErrorPayload+` } }`, map[string]any{"email": email, "code": code}, &payload)
	if err == nil && (payload.Token == "" || payload.Viewer.Email() != email) {
		err = fmt.Errorf("the answer is %+v", payload)
	}
	c.Token = payload.Token
	return err
}

// Invite invites a member and adds them to groups. It requires the owner's session.
func (c *APIClient) Invite(t *testing.T, email string, groups ...string) {
	t.Helper()
	var invited struct{ Member struct{ ID int64 } }
	_, err := c.Do(t.Context(), `mutation($email: String!) { inviteMember(input: {email: $email}) {
		... on InviteMemberPayload { member { id } }`+ErrorPayload+` } }`, map[string]any{"email": email}, &invited)
	if err == nil && len(groups) > 0 {
		_, err = c.Do(t.Context(), `mutation($id: Int64!, $groups: [String!]!) { setMemberGroups(input: {id: $id, groups: $groups}) {
			__typename`+ErrorPayload+` } }`, map[string]any{"id": invited.Member.ID, "groups": groups}, nil)
	}
	if err != nil {
		t.Fatalf("invite %s through %s: %v", email, c.Node.Service, err)
	}
}

// loggedCode matches a sign-in code in the log of a server without a mail server.
var loggedCode = regexp.MustCompile(`"code":"(\d{6,8})"`)

// CodesFor returns the sign-in codes for an address in the leader's log, oldest first.
func CodesFor(t *testing.T, s *Stack, email string) (found []string) {
	t.Helper()
	text, err := s.Logs(t.Context(), s.App.Service)
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

// Viewer is the sender of a request, as the server sees it.
type Viewer struct {
	User *struct{ Email string }
}

// Email returns the address of the user who is signed in; "" if nobody is.
func (v Viewer) Email() string {
	if v.User == nil {
		return ""
	}
	return v.User.Email
}
