package server_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"trip2g/internal/testwait"
	"trip2g/services/trip2g/server/servertest"
)

// browser is a person's browser. All ports of the host share its jar.
type browser struct {
	*http.Client
	t    *testing.T
	node *servertest.Node
}

func (p *stack) browser(node *servertest.Node) *browser {
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
	r, err := http.NewRequestWithContext(b.t.Context(), method, b.node.Public+path, strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", b.node.Public)
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

// leads fails unless an answer redirects to a path of the site.
func (g page) leads(t *testing.T, to string) page {
	t.Helper()
	if g.status != http.StatusSeeOther || g.header.Get("Location") != to {
		t.Fatalf("status %d to %q, want 303 to %q: %s", g.status, g.header.Get("Location"), to, g.body)
	}
	return g
}

var codeLine = regexp.MustCompile(`"email":"([^"]+)","code":"(\d+)"`)

// code requests a code through the browser's node and finds it in the leader's log.
func (p *stack) code(b *browser, email string) string {
	p.t.Helper()
	seen := len(codeLine.FindAllString(p.leader.Log.String(), -1))
	b.get("/_system/signin") // sets the cookie that identifies the browser
	b.post("/_system/signin", url.Values{"email": {email}}).want(p.t, http.StatusOK, "Enter your code", "docker compose logs app")
	var code string
	testwait.NoFault(p.t, func() string {
		lines := codeLine.FindAllStringSubmatch(p.leader.Log.String(), -1)
		if len(lines) <= seen {
			return "no code is in the leader's log"
		}
		code = lines[len(lines)-1][2]
		return ""
	})
	return code
}

func (p *stack) signIn(node *servertest.Node, email, next string) *browser {
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
	res, err := b.Post(b.node.Public+"/_system/graphql", "application/json", bytes.NewReader(body))
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
