package fastlane_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/content/markdown"
	"trip2g/services/trip2g/content/site"
)

// head returns a request's head; lines are header fields.
func head(first string, lines ...string) string {
	return first + "\r\n" + strings.Join(append([]string{"Host: a.example"}, lines...), "\r\n") + "\r\n\r\n"
}

// plain are requests that the lane responds to.
var plain = []string{
	head("GET / HTTP/1.1"),
	head("HEAD / HTTP/1.1"),
	head("GET /?utm=1&b HTTP/1.1"),
	head("GET /?/%zz HTTP/1.1"),
	head("GET /large HTTP/1.1"),
	head("HEAD /large HTTP/1.1"),
	head("GET /guides/my_note HTTP/1.1", "Accept-Encoding: gzip, deflate, br, zstd"),
	head("GET /guides/my%5Fnote HTTP/1.1"),
	head("GET /%D0%B7%D0%B0%D0%BC%D0%B5%D1%82%D0%BA%D0%B8/%d0%bf%d0%b5%d1%80%d0%b2%d0%b0%d1%8f_%d0%b7%d0%b0%d0%bc%d0%b5%d1%82%d0%ba%d0%b0 HTTP/1.1"),
	head("GET /%E6%97%A5%E6%9C%AC%E8%AA%9E HTTP/1.1", "Accept-Encoding: gzip;q=0.5, br;q=1.0, *;q=0"),
	head("GET / HTTP/1.1", "If-None-Match: *"),
	head("HEAD / HTTP/1.1", "If-None-Match: *"),
	head("GET / HTTP/1.1", `If-None-Match: "x", W/"y"`),
	head("GET / HTTP/1.1", "If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT"),
	head("GET / HTTP/1.1", `If-None-Match: "x"`, "If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT"),
	head("GET / HTTP/1.1", "If-Modified-Since: Thu, 01 Jan 1970 00:00:00 GMT"),
	head("GET / HTTP/1.1", "If-Modified-Since: tomorrow"),
	head("GET / HTTP/1.1", "Connection: close"),
	head("HEAD / HTTP/1.1", "Connection: Close"),
	head("GET / HTTP/1.1", "If-None-Match: *", "connection: close"),
	head("GET / HTTP/1.1", "Connection: keep-alive", "User-Agent:\tMozilla/5.0 (X11)  ", "Accept: a/b", "Accept: c/d", "Pragma: no-cache"),
	head("GET / HTTP/1.1", "X-Forwarded-For: 203.0.113.7", "X-Request-Id: mine"),
	head("GET / HTTP/1.1", "User-Agent: "+strings.Repeat("a", 1500)),
	head("GET / HTTP/1.1", "Cookie: session=x"),
	head("GET / HTTP/1.1", "Cookie: trip2g_position=1; theme=dark"),
	head("GET / HTTP/1.1", "Cookie: session=x; trip2g_position=1", "Accept-Encoding: br"),
	head("GET / HTTP/1.1", "Cookie: trip2g_position=none; trip2g_position=2", "If-None-Match: *"),
	head("GET / HTTP/1.1", "Cookie: ;;=; session"),
}

// others are requests for net/http and invalid ones.
var others = []string{
	"",
	"\r\n",
	"GET",
	"GET / HTTP/1.1\r\nHost: a",
	"GET / HTTP/1.1\r\n\r\n",
	"GET / HTTP/1.1\nHost: a\n\n",
	"GET / HTTP/1.1\r\nHost: a\n\r\n",
	"GET / HTTP/1.1\r\nHost: a\r\n X-Folded: b\r\n\r\n",
	"GET / HTTP/1.1\r\n Host: a\r\n\r\n",
	"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
	"GET / HTTP/1.1\r\nHost:\r\n\r\n",
	"GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
	"GET / HTTP/1.1\r\nHost : a\r\n\r\n",
	"GET / HTTP/1.1\rHost: a\r\n\r\n",
	head("GET / HTTP/1.0"),
	head("GET / HTTP/1.0", "Connection: keep-alive"),
	head("GET / HTTP/1.2"),
	head("GET / HTTP/2.0"),
	head("GET / http/1.1"),
	head("GET  / HTTP/1.1"),
	head("GET /  HTTP/1.1"),
	head("GET / HTTP/1.1 "),
	head("get / HTTP/1.1"),
	head("GET * HTTP/1.1"),
	head("OPTIONS * HTTP/1.1"),
	head("OPTIONS / HTTP/1.1"),
	head("GET http://b.example/ HTTP/1.1"),
	head("GET //b.example/ HTTP/1.1"),
	head("GET /#large HTTP/1.1"),
	head("GET /%zz HTTP/1.1"),
	head("GET /%00 HTTP/1.1"),
	head("GET /%FF HTTP/1.1"),
	head("GET /日本語 HTTP/1.1"),
	head("GET /no/such HTTP/1.1"),
	head("GET /no/such HTTP/1.1", "Accept-Encoding: gzip"),
	head("GET /secret HTTP/1.1"),
	head("HEAD /secret HTTP/1.1"),
	head("GET /Guides/My%20note.md?a=b HTTP/1.1"),
	head("GET /_system/graphql HTTP/1.1"),
	head("GET /_system/static/0000000000000000/site.css HTTP/1.1", "Accept-Encoding: gzip"),
	head("POST / HTTP/1.1", "Content-Length: 2") + "ab",
	head("POST / HTTP/1.1", "Transfer-Encoding: chunked") + "2\r\nab\r\n0\r\n\r\n",
	head("GET / HTTP/1.1", "Content-Length: 2") + "ab",
	head("GET / HTTP/1.1", "Content-Length: 0"),
	head("GET / HTTP/1.1", "Content-Length: 1", "Content-Length: 2") + "ab",
	head("GET / HTTP/1.1", "Transfer-Encoding: chunked") + "2\r\nab\r\n0\r\n\r\n",
	head("GET / HTTP/1.1", "Transfer-Encoding: gzip"),
	head("GET / HTTP/1.1", "Expect: 100-continue"),
	head("GET / HTTP/1.1", "Expect: more"),
	head("GET / HTTP/1.1", "Connection: Upgrade", "Upgrade: websocket"),
	head("GET / HTTP/1.1", "Connection: close", "Connection: keep-alive"),
	head("GET / HTTP/1.1", "Connection: keep-alive, close"),
	head("GET / HTTP/1.1", "Connection:"),
	head("GET / HTTP/1.1", "Cookie: a=b", "Cookie: session=t"),
	head("GET / HTTP/1.1", "Cookie:"),
	head("GET / HTTP/1.1", "Authorization: Bearer t"),
	head("GET / HTTP/1.1", "Range: bytes=0-9"),
	head("GET / HTTP/1.1", `If-Match: "x"`),
	head("GET / HTTP/1.1", "If-Unmodified-Since: Thu, 01 Jan 1970 00:00:00 GMT"),
	head("GET / HTTP/1.1", `If-None-Match: "x"`, "If-None-Match: *"),
	head("GET / HTTP/1.1", "If-None-Match:"),
	head("GET / HTTP/1.1", "Accept-Encoding: gzip", "Accept-Encoding: br"),
	head("GET / HTTP/1.1", "Accept-Encoding:"),
	head("GET / HTTP/1.1", "X-Replica-Auth: x"),
	head("GET / HTTP/1.1", "X-Trip2g-Position: 1"),
	head("GET / HTTP/1.1", "Via: 1.1 trip2g-replica"),
	head("GET / HTTP/1.1", "Via: 1.1 caddy"),
	head("GET / HTTP/1.1", "X-Unknown: x"),
	head("GET / HTTP/1.1", "User-Agent: \x7f"),
	head("GET / HTTP/1.1", "User-Agent: \xe9"),
	head("GET / HTTP/1.1", "User-Agent: a\x00b"),
	head("GET / HTTP/1.1", "User\x00Agent: a"),
	head("GET / HTTP/1.1", ": nameless"),
	head("GET / HTTP/1.1", "no colon"),
	head("GET /" + strings.Repeat("a", 1500) + " HTTP/1.1"),
	"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
	"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03",
}

// handlers are requests that the lane passes to its handler.
var handlers = []string{
	head("GET / HTTP/1.1", "Cookie: session=t"),
	head("GET / HTTP/1.1", "Cookie: session=x; session=t"),
	head("GET / HTTP/1.1", "Cookie: session =t"),
	head("GET / HTTP/1.1", `Cookie: a=b;session="t"`),
	head("GET /secret HTTP/1.1", "Cookie: session=t", "Accept-Encoding: gzip"),
	head("GET / HTTP/1.1", "Cookie: session=t; trip2g_position=1"),
	head("GET / HTTP/1.1", "Cookie: trip2g_position=999999"),
}

// maxSent keeps requests within one read of either server. If a server disconnects with unread
// data, the kernel resets the connection, and a part of the response can be lost.
const maxSent = 4 << 10

// trio is one site served in three ways.
type trio [3]*server

func newTrio(t testing.TB) trio {
	db, follower := newSite(t)
	return trio{start(t, db, follower.Current, general), start(t, db, follower.Current, plainPath), start(t, db, follower.Current, withLane)}
}

var changing = regexp.MustCompile(`(?m)^(Date|X-Request-Id): [^\r]+`)

// compare sends the same bytes to all three and expects the same response, whether the fast paths
// respond or not.
func (s trio) compare(t *testing.T, sent []byte) {
	t.Helper()
	want, wantErr := exchange(t, s[general].addr, sent)
	want = changing.ReplaceAllString(want, "$1: x")
	for _, how := range []way{plainPath, withLane} {
		got, err := exchange(t, s[how].addr, sent)
		got = changing.ReplaceAllString(got, "$1: x")
		if got != want || (err == nil) != (wantErr == nil) {
			t.Errorf("%q is answered another way (%d) with: %v, not %v\n%s", sent, how, err, wantErr, cmp.Diff(want, got))
		}
	}
}

// A page whose rendering panics ends its connection and has the same log line on every path.
func TestAPageThatPanicsIsInTheLog(t *testing.T) {
	db, _ := newSite(t)
	broken := func(*trip2g.Document, trip2g.Links) ([]byte, error) { panic("no such thing") }
	follower := site.NewFollower(db, site.Options{Parse: markdown.Parse, Render: broken, Log: zerolog.Nop()})
	if _, err := follower.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, how := range []way{general, plainPath, withLane} {
		s := start(t, db, follower.Current, how)
		got, _ := exchange(t, s.addr, []byte(head("GET /guides/my_note HTTP/1.1")))
		log := s.log.String()
		if got != "" || !strings.Contains(log, `"path":"/guides/my_note"`) || !strings.Contains(log, `"broken_off":true`) {
			t.Errorf("asked for in way %d it is %q, and the log has\n%s", how, got, log)
		}
	}
}

var perRequest = regexp.MustCompile(`"(request_id|duration|client)":("[^"]+"|[0-9.e-]+)`)

// compareLogs expects the same lines, except for values that differ for each request.
func (s trio) compareLogs(t *testing.T) {
	t.Helper()
	want := perRequest.ReplaceAllString(s[general].log.String(), `"$1":x`)
	for _, how := range []way{plainPath, withLane} {
		if got := perRequest.ReplaceAllString(s[how].log.String(), `"$1":x`); got != want {
			t.Errorf("the log is another way (%d):\n%s", how, cmp.Diff(strings.Split(want, "\n"), strings.Split(got, "\n")))
		}
	}
}

// Neither a reader's response nor an operator's log depends on the path that a request took.
func TestTheLaneAnswersAsNetHTTPDoes(t *testing.T) {
	servers := newTrio(t)
	for _, first := range slices.Concat(plain, handlers, others) {
		servers.compare(t, []byte(first))
		servers.compare(t, []byte(first+head("GET /guides/my_note HTTP/1.1")))
		servers.compare(t, []byte(head("HEAD / HTTP/1.1")+first+head("GET /secret HTTP/1.1")+first))
	}
	servers.compare(t, []byte(strings.Repeat(head("GET / HTTP/1.1"), 50)))
	servers.compareLogs(t)
}

// FuzzLane looks for requests that the lane responds to differently from net/http.
func FuzzLane(f *testing.F) {
	for i, seed := range slices.Concat(plain, handlers, others) {
		f.Add([]byte(seed))
		f.Add([]byte(plain[i%len(plain)] + seed))
	}
	servers := newTrio(f)
	f.Fuzz(func(t *testing.T, sent []byte) {
		if len(sent) <= maxSent {
			servers.compare(t, sent)
		}
	})
}
