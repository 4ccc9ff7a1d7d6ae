package server_test

import (
	"net/http"
	"net/url"
	"testing"

	"trip2g/services/trip2g/server/servertest"
)

// TestASignInCodeIsForTheBrowserThatAskedForIt has an owner sign in through a replica while another
// person, who knows the address and even the code, tries on both nodes.
func TestASignInCodeIsForTheBrowserThatAskedForIt(t *testing.T) {
	p := startPeople(t, nil)
	owners := p.browser(p.replica)
	page := owners.get("/_system/signin")
	page.want(t, http.StatusOK, "Enter your email address")
	code := p.code(owners, testOwner)
	form := url.Values{"email": {testOwner}, "code": {code}}
	for _, node := range []*servertest.Node{p.leader, p.replica} {
		other := p.browser(node)
		other.get("/_system/signin")
		other.post("/_system/signin/code", form).want(t, http.StatusUnauthorized, "another browser asked for it")
		p.browser(node).post("/_system/signin/code", form).want(t, http.StatusUnauthorized, "another browser asked for it")
		for range 6 {
			other.post("/_system/signin/code", url.Values{"email": {testOwner}, "code": {"00000000"}}).want(t, http.StatusUnauthorized, "wrong")
		}
		p.code(other, testOwner) // a code for another browser does not replace the owner's
	}
	owners.node = p.leader // the same host: another port has the same cookies
	if answer := owners.post("/_system/signin/code", form); answer.status != http.StatusSeeOther {
		t.Errorf("the owner's own browser: status %d: %s", answer.status, answer.body)
	}
}
