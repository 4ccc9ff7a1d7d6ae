package e2e

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/testcontainers/testcontainers-go/modules/compose"
)

// emptyStack starts the default stack as it is right after its first start, and removes it with the test.
func emptyStack(t *testing.T) *stack {
	t.Helper()
	return ownStack(t, "empty", litefsFixture.files)
}

// ownStack starts a stack for one test, after prepare, and removes it with the test.
func ownStack(t *testing.T, kind string, files []string, prepare ...func(*stack) error) *stack {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), upTimeout)
	defer cancel()
	s, err := startEmptyStack(ctx, kind, files, prepare...)
	if s != nil {
		saveLogsOnFailure(t, s)
	}
	if err != nil {
		t.Fatalf("start the %s stack: %v", kind, err)
	}
	t.Cleanup(func() {
		if err := s.compose.Down(context.WithoutCancel(t.Context()), compose.RemoveVolumes(true)); err != nil {
			t.Errorf("remove the %s stack: %v", kind, err)
		}
	})
	return s
}

// TestANewcomerPublishesAVaultInTheBrowser goes the whole way in: from the welcome page through the sign-in
// with the code from the log to a vault that is dragged in. Nothing of it is public before the owner says
// so, and then everybody can read it on every node.
func TestANewcomerPublishesAVaultInTheBrowser(t *testing.T) {
	s := emptyStack(t)
	for _, n := range s.nodes() {
		guest := openWindow(t, n, phone)
		guest.open("/")
		guest.awaitText("main", "Your site is running")
		guest.fits()
		guest.shot("welcome")
	}

	w := openWindow(t, s.replica, desktop)
	w.open("/")
	w.shot("welcome")
	w.pressButton("main", "Publish a folder")
	w.await("form[action='/_system/signin'] #email")
	w.signIn(owner, "/_system/publish")
	w.dropFolder("#drop", filepath.Join(repoRoot, "services", "trip2g", "testdata", "vaults", "features"))
	w.awaitText("#work-title", "features")
	w.shot("what-will-change")
	w.pressButton("#plan", "Publish")
	w.awaitText("#work-title", "Who may read your notes?")
	w.shot("who-may-read")
	mustBeGone(t, s.nodes(), "/callouts")
	w.pressButton("#access", "Everyone")
	w.awaitText("#work-title", "Published")
	w.awaitText("header.site .name", "The keeper's notebook")
	w.shot("published")

	awaitText(t, s.nodes(), "/callouts", "<main")
	for _, n := range s.nodes() {
		guest := openWindow(t, n, desktop)
		guest.open("/")
		guest.awaitTrue("the home page is the vault's", `document.querySelector("main h1") && !document.body.textContent.includes("Your site is running")`)
		guest.shot("home")
		guest.open("/callouts")
		guest.awaitText("main", "Callouts")
		guest.shot("note")
	}
}
