package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"trip2g/internal/testwait"
)

const (
	testOwner  = "owner@example.com"
	testMember = "ann@example.com"
)

// stack is a leader and a replica of one database, with a vault that has something for members.
type stack struct {
	t               *testing.T
	leader, replica *testNode
	key             string
	db              string // the database's file
}

// startPeople publishes files, path → content, and waits until both nodes have them.
func startPeople(t *testing.T, files map[string]string, settings ...string) *stack {
	t.Helper()
	db := filepath.Join(t.TempDir(), "data.sqlite3")
	p := &stack{t: t, db: db}
	p.leader = startNode(t, append([]string{"DB_FILE=" + db, "NODE_NAME=leader", "OWNER_EMAIL=" + testOwner}, settings...)...)
	p.leader.waitReady(t)
	p.replica = startNode(t, "DB_FILE="+db, "NODE_NAME=replica", "LEADER_ADDR="+p.leader.internalAddr, "SESSION_COOKIE_NAME=session_r1")
	p.replica.waitReady(t)
	p.key = newKey(t, db)
	if len(files) > 0 {
		p.push(files)
	}
	return p
}

// push publishes files, path → content.
func (p *stack) push(files map[string]string) {
	p.t.Helper()
	var out, errs bytes.Buffer
	if code := Run(p.t.Context(), []string{"push", "--url", p.leader.public, "--key", p.key, folderOf(p.t, files)}, &out, &errs); code != 0 {
		p.t.Fatalf("push ended with %d: %s", code, &errs)
	}
}

// browser is somebody's, with a jar that all ports of the host share.
type browser struct {
	*http.Client
	t    *testing.T
	node *testNode
}

func (p *stack) browser(node *testNode) *browser {
	p.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		p.t.Fatal(err)
	}
	b := &browser{t: p.t, node: node, Client: &http.Client{Jar: jar}}
	b.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return b
}

type page struct {
	status int
	header http.Header
	body   string
}

func (b *browser) do(method, path string, form url.Values, headers ...string) page {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), method, b.node.public+path, strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", b.node.public)
	}
	r.Header.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	res, err := b.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return page{res.StatusCode, res.Header, string(body)}
}

func (b *browser) get(path string, headers ...string) page {
	b.t.Helper()
	return b.do(http.MethodGet, path, nil, headers...)
}

func (b *browser) post(path string, form url.Values, headers ...string) page {
	b.t.Helper()
	if form == nil {
		form = url.Values{}
	}
	return b.do(http.MethodPost, path, form, headers...)
}

// want fails unless a page has a status and texts.
func (g page) want(t *testing.T, status int, texts ...string) page {
	t.Helper()
	if g.status != status {
		t.Fatalf("status %d, want %d: %s", g.status, status, g.body)
	}
	for _, text := range texts {
		if !strings.Contains(g.body, text) {
			t.Errorf("the page lacks %q: %s", text, g.body)
		}
	}
	return g
}

// leads fails unless an answer sends the browser to a path of the site.
func (g page) leads(t *testing.T, to string) page {
	t.Helper()
	if g.status != http.StatusSeeOther || g.header.Get("Location") != to {
		t.Fatalf("status %d to %q, want 303 to %q: %s", g.status, g.header.Get("Location"), to, g.body)
	}
	return g
}

var codeLine = regexp.MustCompile(`"email":"([^"]+)","code":"(\d+)"`)

// code asks for a code through the browser's node and finds it in the leader's log.
func (p *stack) code(b *browser, email string) string {
	p.t.Helper()
	seen := len(codeLine.FindAllString(p.leader.log.String(), -1))
	b.get("/_system/signin") // gives the browser its name
	b.post("/_system/signin", url.Values{"email": {email}}).want(p.t, http.StatusOK, "Enter your code", "docker compose logs app")
	var code string
	testwait.NoFault(p.t, func() string {
		lines := codeLine.FindAllStringSubmatch(p.leader.log.String(), -1)
		if len(lines) <= seen {
			return "no code is in the leader's log"
		}
		code = lines[len(lines)-1][2]
		return ""
	})
	return code
}

func (p *stack) signIn(node *testNode, email, next string) *browser {
	p.t.Helper()
	b := p.browser(node)
	answer := b.post("/_system/signin/code", url.Values{"email": {email}, "code": {p.code(b, email)}, "next": {next}})
	if answer.status != http.StatusSeeOther {
		p.t.Fatalf("%s was not signed in: %d %s", email, answer.status, answer.body)
	}
	return b
}

// graphQL sends an operation with a browser's session and decodes its data.
func (b *browser) graphQL(query string, data any) {
	b.t.Helper()
	body, err := json.Marshal(map[string]string{"query": query})
	if err != nil {
		b.t.Fatal(err)
	}
	res, err := b.Post(b.node.public+"/_system/graphql", "application/json", bytes.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	var answer struct {
		Data   json.RawMessage
		Errors []struct{ Message string }
	}
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil || len(answer.Errors) > 0 {
		b.t.Fatalf("%s: %v, %+v", query, err, answer.Errors)
	}
	if err := json.Unmarshal(answer.Data, data); err != nil {
		b.t.Fatal(err)
	}
}

func (p *stack) invite(owner *browser, email string) (id int64) {
	p.t.Helper()
	var made struct {
		InviteMember struct {
			Member  struct{ ID int64 }
			Message string
		}
	}
	owner.graphQL(fmt.Sprintf(`mutation { inviteMember(input: {email: %q}) { ... on InviteMemberPayload { member { id } } ... on ErrorPayload { message } } }`, email), &made)
	if made.InviteMember.Member.ID == 0 {
		p.t.Fatalf("%s was not invited: %s", email, made.InviteMember.Message)
	}
	return made.InviteMember.Member.ID
}

func TestPeopleSignInAndOutThroughAReplicaWithoutAScript(t *testing.T) {
	t.Parallel()
	p := startPeople(t, nil)
	b := p.browser(p.replica)
	b.get("/_system/account").leads(t, "/_system/signin?next=%2F_system%2Faccount")
	b.get("/_system/signin/code").leads(t, "/_system/signin")
	b.get("/_system/signin?email=owner%40example.com&next=/a").want(t, http.StatusOK, `value="owner@example.com"`, `name="next" value="/a"`, `<label for="email">`)
	b.get("/_system/signin?email=%22%3E%3Cscript%3E&next=//evil.example").want(t, http.StatusOK, `value="&#34;&gt;&lt;script&gt;"`)
	b.post("/_system/signin", url.Values{"email": {"nobody"}}).want(t, http.StatusBadRequest, `id="email-error" role="alert"`, `value="nobody"`)

	code := p.code(b, testOwner)
	form := url.Values{"email": {testOwner}, "code": {"123"}, "next": {"/_system/account"}}
	wrong := b.post("/_system/signin/code", form).want(t, http.StatusUnauthorized, `id="code-error" role="alert"`, `autocomplete="one-time-code"`, "ask for a new one")
	if wrong.header.Get("Set-Cookie") != "" {
		t.Errorf("a wrong code sets %q", wrong.header["Set-Cookie"])
	}
	form.Set("code", code)
	for _, from := range []string{"http://evil.example", "null"} {
		b.post("/_system/signin/code", form, "Origin", from).want(t, http.StatusForbidden, "Another site sent this form")
	}
	b.post("/_system/signin/code", url.Values{"email": {strings.Repeat("a", 100<<10)}}).want(t, http.StatusRequestEntityTooLarge, "far larger")
	b.post("/_system/signin/code", form).leads(t, "/_system/account")
	b.get("/_system/account").want(t, http.StatusOK, testOwner, "the owner of this site", "Firefox on Linux", "This session", "127.0.0.1")
	b.post("/_system/signin/code", form).want(t, http.StatusUnauthorized, "wrong or out of date")

	b.post("/_system/signout", nil, "Sec-Fetch-Site", "cross-site").want(t, http.StatusForbidden)
	b.get("/_system/account").want(t, http.StatusOK, testOwner)
	b.post("/_system/signout", nil).leads(t, "/")
	b.get("/_system/account").leads(t, "/_system/signin?next=%2F_system%2Faccount")
	b.post("/_system/signout", nil).leads(t, "/")
}

func TestPeopleEndTheirOtherSessions(t *testing.T) {
	t.Parallel()
	p := startPeople(t, nil)
	here, there, third := p.signIn(p.replica, testOwner, ""), p.signIn(p.leader, testOwner, ""), p.signIn(p.replica, testOwner, "")
	var others []string
	testwait.NoFault(t, func() string {
		others = regexp.MustCompile(`name="id" value="(\d+)"`).FindAllString(here.get("/_system/account").body, -1)
		if len(others) != 2 {
			return fmt.Sprintf("the page lists %v", others)
		}
		return ""
	})
	there.get("/_system/account").want(t, http.StatusOK, "End all other sessions")
	newest := regexp.MustCompile(`\d+`).FindString(others[0])
	here.post("/_system/account/end", url.Values{"id": {newest}}).leads(t, "/_system/account")
	here.get("/_system/account").want(t, http.StatusOK)
	third.get("/_system/account").leads(t, "/_system/signin?next=%2F_system%2Faccount")
	here.post("/_system/account/end", url.Values{"id": {newest}}).leads(t, "/_system/account") // over already, as wanted
	here.post("/_system/account/end", url.Values{"id": {"x"}}).want(t, http.StatusBadRequest, "no session")
	here.post("/_system/account/end-others", nil).leads(t, "/_system/account")
	if alone := here.get("/_system/account").want(t, http.StatusOK).body; strings.Contains(alone, `name="id"`) {
		t.Errorf("others are listed still: %s", alone)
	}
	testwait.NoFault(t, func() string {
		if there.get("/_system/account").status != http.StatusSeeOther {
			return "the session on the leader goes on"
		}
		return ""
	})
	there.post("/_system/account/end-others", nil).leads(t, "/_system/signin?next=%2F_system%2Faccount")
}

func TestASessionCookieIsForTLSOnlyWhereTheSiteIs(t *testing.T) {
	t.Parallel()
	p := startPeople(t, nil, "PUBLIC_URL=https://notes.example.com")
	b := p.browser(p.replica)
	form := url.Values{"email": {testOwner}, "code": {p.code(b, testOwner)}}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.replica.public+"/_system/signin/code", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Host = "notes.example.com" // as a proxy with TLS before the node passes it on
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", "https://notes.example.com")
	for _, c := range b.Jar.Cookies(r.URL) { // the jar goes by the host that the request is for
		r.AddCookie(c)
	}
	res, err := b.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	for _, c := range res.Cookies() {
		if c.Name == "session_r1" && c.Secure && c.HttpOnly && c.SameSite == http.SameSiteLaxMode && time.Until(c.Expires) > 24*time.Hour {
			return
		}
	}
	t.Errorf("status %d sets %v", res.StatusCode, res.Header["Set-Cookie"])
}

func TestASignInBehindATrustedProxyIsItsClients(t *testing.T) {
	t.Parallel()
	p := startPeople(t, nil, "TRUSTED_PROXIES=127.0.0.0/8")
	for node, want := range map[*testNode]string{p.leader: "203.0.113.7", p.replica: "127.0.0.1"} { // the replica trusts none
		b := p.browser(node)
		form := url.Values{"email": {testOwner}, "code": {p.code(b, testOwner)}}
		b.post("/_system/signin/code", form, "X-Forwarded-For", "192.0.2.66, 203.0.113.7").leads(t, "/_system/")
		account := b.get("/_system/account").want(t, http.StatusOK, "from "+want).body
		if strings.Contains(account, "192.0.2.66") {
			t.Errorf("the client's own word is believed: %s", account)
		}
		b.post("/_system/signout", nil).leads(t, "/")
	}
}

// folderOf writes files, path → content, into a folder.
func folderOf(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
