package e2e

import (
	"errors"
	"testing"

	"trip2g/internal/testwait"
)

// signIn signs somebody in on the pages for that, by the code in the leader's log, and ends at next.
func (w *window) signIn(email, next string) {
	w.t.Helper()
	w.open("/_system/signin?next=" + next)
	w.fill("#email", email)
	known := len(codesFor(w.t, w.node.stack, email))
	w.click("form[action='/_system/signin'] button.primary")
	w.await("#code")
	w.fill("#code", nextCode(w.t, w.node.stack, email, known))
	w.click("form[action='/_system/signin/code'] button")
	w.awaitTrue("the page after the sign-in is there", "location.pathname === '"+next+"' && document.readyState === 'complete'")
}

// nextCode waits for the sign-in code that the leader logs after so many.
func nextCode(t *testing.T, s *stack, email string, known int) (code string) {
	t.Helper()
	testwait.NoError(t, "the leader logs the code for "+email, func() error {
		now := codesFor(t, s, email)
		if len(now) == known {
			return errors.New("no new code in the leader's log")
		}
		code = now[len(now)-1]
		return nil
	})
	return code
}

// TestMemberReadsUntilTheOwnerRemovesThem invites a member in the browser on one node, reads and finds a
// member's note as that member on another, and sees both refused on every node once the owner has
// removed them.
func TestMemberReadsUntilTheOwnerRemovesThem(t *testing.T) {
	s := litefsStack(t)
	name, word := "members_"+randomHex(4), "secret"+randomHex(4)
	s.app.api().mustPush(t, note{name + ".md", "---\nfree: false\n---\nFor members: " + word})
	email := name + "@example.com"

	owners := openWindow(t, s.replica, desktop)
	owners.asOwner()
	owners.open("/_system/members")
	owners.fill("#email", email)
	owners.click("#send")
	owners.awaitText("#members tbody", email)
	owners.shot("members")

	members := openWindow(t, s.replica2, phone)
	members.expect("status of 403")
	members.open("/" + name)
	members.awaitText("main", "For members")
	members.shot("refused")
	members.signIn(email, "/"+name)
	members.awaitText("main", word)
	members.open("/_system/search?q=" + word)
	members.awaitText("main .results", name)

	guest := openWindow(t, s.replica2, desktop)
	guest.open("/_system/search?q=" + word)
	guest.awaitText("main", "Nothing was found")

	owners.pressButton("#members", "Remove "+email)
	owners.pressButton("dialog[open]", "Remove")
	owners.awaitText("#toast", "no member any more")
	testwait.NoError(t, "the member is refused", func() error {
		members.open("/" + name)
		if ask[bool](members, `document.body.textContent.includes("`+word+`")`) {
			return errors.New("the page still shows what is for members")
		}
		return nil
	})
	members.open("/_system/search?q=" + word)
	members.awaitText("main", "Nothing was found")
}
