package e2e

import (
	"errors"
	"testing"

	"trip2g/e2e/internal/stack"
	"trip2g/internal/testwait"
)

// TestMemberReadsUntilTheOwnerRemovesThem invites a member in the browser on one node, reads and finds a
// member's note as that member on another, and sees both refused on every node once the owner has
// removed them.
func TestMemberReadsUntilTheOwnerRemovesThem(t *testing.T) {
	s := stack.LiteFS(t)
	name, word := "members_"+stack.RandomHex(4), "secret"+stack.RandomHex(4)
	s.App.API().MustPush(t, stack.Note{Path: name + ".md", Content: "---\nfree: false\n---\nFor members: " + word})
	email := name + "@example.com"

	owners := stack.OpenWindow(t, s.Replica, stack.Desktop)
	owners.AsOwner()
	owners.Open("/_system/members")
	owners.Fill("#email", email)
	owners.Click("#send")
	owners.AwaitText("#members tbody", email)
	owners.Screenshot("members")

	members := stack.OpenWindow(t, s.Replica2, stack.Phone)
	members.ExpectFault("status of 403")
	members.Open("/" + name)
	members.AwaitText("main", "For members")
	members.Screenshot("refused")
	members.SignIn(email, "/"+name)
	members.AwaitText("main", word)
	members.Open("/_system/search?q=" + word)
	members.AwaitText("main .results", name)

	guest := stack.OpenWindow(t, s.Replica2, stack.Desktop)
	guest.Open("/_system/search?q=" + word)
	guest.AwaitText("main", "Nothing found")

	owners.PressButton("#members", "Remove "+email)
	owners.PressButton("dialog[open]", "Remove")
	owners.AwaitText("#toast", "no member any more")
	testwait.NoError(t, "the member is refused", func() error {
		members.Open("/" + name)
		if stack.Evaluate[bool](members, `document.body.textContent.includes("`+word+`")`) {
			return errors.New("the page still shows what is for members")
		}
		return nil
	})
	members.Open("/_system/search?q=" + word)
	members.AwaitText("main", "Nothing found")
}
