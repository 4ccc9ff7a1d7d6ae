package server_test

import (
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"testing"

	"trip2g/services/trip2g/server/servertest"

	"trip2g/internal/testwait"
)

// startUnowned starts a leader and a replica of a site without an owner.
func startUnowned(t *testing.T, settings ...string) *stack {
	t.Helper()
	p := &stack{t: t, db: filepath.Join(t.TempDir(), "data.sqlite3")}
	p.leader = servertest.Start(t, append([]string{"DB_FILE=" + p.db, "NODE_NAME=leader", "LOG_LEVEL=error"}, settings...)...)
	p.leader.WaitReady(t)
	p.replica = servertest.Start(t, append([]string{"DB_FILE=" + p.db, "NODE_NAME=replica", "LEADER_ADDR=" + p.leader.InternalAddr, "SESSION_COOKIE_NAME=session_r1"}, settings...)...)
	p.replica.WaitReady(t)
	return p
}

var claimLine = regexp.MustCompile(`"code":"([A-Z2-7-]{19})","url":"([^"]+)"`)

// claimCode returns the code in a leader's log.
func claimCode(t *testing.T, n *servertest.Node) string {
	t.Helper()
	var found []string
	testwait.NoFault(t, func() string { // the log is written concurrently
		if found = claimLine.FindStringSubmatch(n.Log.String()); found == nil {
			return "the log has no code: " + n.Log.String()
		}
		return ""
	})
	if found[2] != n.Public+"/_system/claim" {
		t.Errorf("the log leads to %s", found[2])
	}
	return found[1]
}

func TestAnUnownedSiteIsClaimedThroughAReplicaByTheCodeFromTheLog(t *testing.T) {
	p := startUnowned(t)
	b := p.browser(p.replica)
	b.get("/").want(t, http.StatusOK, `href="/_system/claim"`)
	b.get("/_system/signin").want(t, http.StatusOK, `href="/_system/claim"`)
	b.get("/_system/claim").want(t, http.StatusOK, `name="code"`)
	form := url.Values{"email": {"me@example.com"}, "code": {"AAAA-BBBB-CCCC-DDDD"}}
	b.post("/_system/claim", form).want(t, http.StatusUnauthorized, "The code is wrong", `value="me@example.com"`)
	form.Set("code", claimCode(t, p.leader))
	b.post("/_system/claim", form, "Origin", "http://elsewhere.test").want(t, http.StatusForbidden, "Another site")
	b.post("/_system/claim", form).leads(t, "/_system/")
	b.get("/_system/").want(t, http.StatusOK, "Overview")
	for _, node := range []*servertest.Node{p.leader, p.replica} {
		late := p.browser(node)
		late.post("/_system/claim", form).want(t, http.StatusForbidden, "This site has an owner")
		late.get("/_system/claim").want(t, http.StatusOK, "This site has an owner")
	}
	if page := b.get("/"); regexp.MustCompile("/_system/claim").MatchString(page.body) {
		t.Error("the welcome page still offers to claim the site")
	}
}

func TestAnUnownedSiteTellsOtherMachinesHowToClaimIt(t *testing.T) {
	p := startUnowned(t, "TRUSTED_PROXIES=127.0.0.0/8")
	form := url.Values{"email": {"me@example.com"}, "code": {claimCode(t, p.leader)}}
	for _, node := range []*servertest.Node{p.leader, p.replica} {
		b := p.browser(node)
		page := b.get("/_system/claim", "X-Forwarded-For", "203.0.113.7").want(t, http.StatusOK, "TRIP2G_OWNER_EMAIL", "ssh -L")
		if regexp.MustCompile("<input[^>]+code").MatchString(page.body) {
			t.Error("another machine is asked for the code")
		}
		b.post("/_system/claim", form, "X-Forwarded-For", "203.0.113.7").want(t, http.StatusForbidden, "only from the machine")
	}
	p.browser(p.leader).post("/_system/claim", form, "X-Forwarded-For", "127.0.0.1").leads(t, "/_system/")
}

func TestARestartMakesAnotherClaimCode(t *testing.T) {
	db := filepath.Join(t.TempDir(), "data.sqlite3")
	var codes []string
	for range 2 {
		n := servertest.Start(t, "DB_FILE="+db)
		n.WaitReady(t)
		codes = append(codes, claimCode(t, n))
		if err := n.Stop(); err != nil {
			t.Fatal(err)
		}
	}
	if codes[0] == codes[1] {
		t.Error("it is the same")
	}
}

func TestASiteWithAnOwnerHasNoClaimCode(t *testing.T) {
	n := servertest.Start(t, "DB_FILE="+filepath.Join(t.TempDir(), "data.sqlite3"), "OWNER_EMAIL=me@example.com")
	n.WaitReady(t)
	if err := n.Stop(); err != nil {
		t.Fatal(err)
	}
	if claimLine.MatchString(n.Log.String()) {
		t.Errorf("the log has one: %s", n.Log)
	}
}
