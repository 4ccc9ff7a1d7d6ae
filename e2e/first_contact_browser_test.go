package e2e

import (
	"path/filepath"
	"testing"

	"trip2g/e2e/internal/stack"
)

// TestANewcomerPublishesAVaultInTheBrowser goes the whole way in: from the welcome page through the sign-in
// with the code from the log to a vault that is dragged in. Nothing of it is public before the owner says
// so, and then everybody can read it on every node.
func TestANewcomerPublishesAVaultInTheBrowser(t *testing.T) {
	s := stack.Empty(t)
	for _, n := range s.Nodes() {
		guest := stack.OpenWindow(t, n, stack.Phone)
		guest.Open("/")
		guest.AwaitText("main", "Your site is running")
		guest.Fits()
		guest.Screenshot("welcome")
	}

	w := stack.OpenWindow(t, s.Replica, stack.Desktop)
	w.Open("/")
	w.Screenshot("welcome")
	w.PressButton("main", "Publish a folder")
	w.Await("form[action='/_system/signin'] #email")
	w.SignIn(stack.Owner, "/_system/publish")
	w.DropFolder("#drop", filepath.Join(stack.Root, "services", "trip2g", "testdata", "vaults", "features"))
	w.AwaitText("#work-title", "features")
	w.Screenshot("what-will-change")
	w.PressButton("#plan", "Publish")
	w.AwaitText("#work-title", "Who may read your notes?")
	w.Screenshot("who-may-read")
	stack.MustNotBeFound(t, s.Nodes(), "/callouts")
	w.PressButton("#access", "Everyone")
	w.AwaitText("#work-title", "Published")
	w.AwaitText("header.site .name", "The keeper's notebook")
	w.Screenshot("published")

	stack.AwaitText(t, s.Nodes(), "/callouts", "<main")
	for _, n := range s.Nodes() {
		guest := stack.OpenWindow(t, n, stack.Desktop)
		guest.Open("/")
		guest.AwaitTrue("the home page is the vault's", `document.querySelector("main h1") && !document.body.textContent.includes("Your site is running")`)
		guest.Screenshot("home")
		guest.Open("/callouts")
		guest.AwaitText("main", "Callouts")
		guest.Screenshot("note")
	}
}
