package server_test

import (
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"trip2g/services/trip2g/server/servertest"

	"trip2g/internal/testwait"
)

// startBehindProxies starts a leader and a replica, each with its own URL, behind proxies on this
// machine.
func startBehindProxies(t *testing.T, settings ...string) *stack {
	t.Helper()
	db := filepath.Join(t.TempDir(), "data.sqlite3")
	p := &stack{t: t, db: db}
	common := append([]string{"DB_FILE=" + db, "TRUSTED_PROXIES=127.0.0.1"}, settings...)
	p.leader = servertest.Start(t, append(common, "NODE_NAME=leader", "OWNER_EMAIL="+testOwner, "PUBLIC_URL=https://my.test")...)
	p.leader.WaitReady(t)
	p.replica = servertest.Start(t, append(common, "NODE_NAME=replica", "PUBLIC_URL=https://replica.my.test", "LEADER_ADDR="+p.leader.InternalAddr, "SESSION_COOKIE_NAME=session_r1")...)
	p.replica.WaitReady(t)
	p.key = servertest.NewKey(t, db)
	p.push(map[string]string{"index.md": "# Start"})
	return p
}

// TestTheSessionsCookieIsForTLSBehindEveryProxyThatEndsIt signs in through a proxy before each
// node: one that passes the browser's host on, and one that does not.
func TestTheSessionsCookieIsForTLSBehindEveryProxyThatEndsIt(t *testing.T) {
	p := startBehindProxies(t)
	for i, tt := range []struct {
		name, host, proto, origin string
		node                      *servertest.Node
		secure                    bool
	}{
		{"leader", "my.test", "https", "https://my.test", p.leader, true},
		{"replica", "replica.my.test", "https", "https://replica.my.test", p.replica, true},
		{"replica, the proxy says no scheme", "replica.my.test", "", "https://replica.my.test", p.replica, true},
		{"replica of another name", "other.test", "https", "https://other.test", p.replica, true},
		{"leader, the proxy passes no host", "", "https", "https://my.test", p.leader, true},
		{"without TLS", "other.test", "http", "http://other.test", p.replica, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			send := func(path string, form url.Values) *http.Response {
				r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, tt.node.Public+path, strings.NewReader(form.Encode()))
				if err != nil {
					t.Fatal(err)
				}
				r.Host = tt.host
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				r.Header.Set("Origin", tt.origin)
				// Limits count by client.
				r.Header.Set("X-Forwarded-For", fmt.Sprintf("203.0.113.%d", i))
				if tt.proto != "" {
					r.Header.Set("X-Forwarded-Proto", tt.proto)
				}
				res, err := (&http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}).Do(r)
				if err != nil {
					t.Fatal(err)
				}
				res.Body.Close()
				return res
			}
			known := len(p.codesOf(testOwner))
			send("/_system/signin", url.Values{"email": {testOwner}})
			code := ""
			testwait.NoFault(t, func() string {
				codes := p.codesOf(testOwner)
				if len(codes) == known {
					return "no code was made"
				}
				code = codes[len(codes)-1]
				return ""
			})
			res := send("/_system/signin/code", url.Values{"email": {testOwner}, "code": {code}})
			for _, cookie := range res.Cookies() {
				if strings.HasPrefix(cookie.Name, "session") {
					if cookie.Secure != tt.secure {
						t.Errorf("the cookie is %s", cookie)
					}
					return
				}
			}
			t.Errorf("no session: status %d, %v", res.StatusCode, res.Header)
		})
	}
}

// TestTheLogNamesTheClientBehindAProxyWhicheverWayItIsAnswered sends requests to the fast lane and
// to net/http, through a trusted proxy and from a client that only claims to be one.
func TestTheLogNamesTheClientBehindAProxyWhicheverWayItIsAnswered(t *testing.T) {
	for _, trusted := range []bool{true, false} {
		settings := []string{}
		if !trusted {
			settings = append(settings, "TRUSTED_PROXIES=192.0.2.1")
		}
		p := startBehindProxies(t, settings...)
		for name, headers := range map[string][]string{"fast lane": nil, "general": {"Range", "bytes=0-3"}, "forwarded": nil} {
			client := fmt.Sprintf("203.0.113.%d", 10+len(name))
			b := p.browser(p.replica)
			want := fmt.Sprintf(`"client":"%s:0"`, client)
			if name == "forwarded" {
				b.do(http.MethodPost, "/_system/signin", url.Values{"email": {"nobody@example.com"}}, "X-Forwarded-For", client)
			} else {
				b.get("/", append(headers, "X-Forwarded-For", "198.51.100.1, "+client)...)
			}
			log := p.replica.Log
			if name == "forwarded" {
				log = p.leader.Log
			}
			if trusted {
				testwait.NoFault(t, func() string {
					if !strings.Contains(log.String(), want) {
						return name + ": the log lacks " + want + "\n" + log.String()
					}
					return ""
				})
			} else if strings.Contains(log.String(), client) {
				t.Errorf("%s: the log believes a client", name)
			}
		}
	}
}

// codesOf returns the sign-in codes that the leader has created for an address, the oldest first.
func (p *stack) codesOf(email string) (codes []string) {
	for _, line := range codeLine.FindAllStringSubmatch(p.leader.Log.String(), -1) {
		if line[1] == email {
			codes = append(codes, line[2])
		}
	}
	return codes
}
