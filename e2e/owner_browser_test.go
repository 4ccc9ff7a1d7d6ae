package e2e

import (
	"fmt"
	"net/http"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"trip2g/internal/testwait"
)

// asOwner signs the owner in as a browser is that has been here before: by its cookie. A session counts on
// every node, and a code may be asked for only so often.
func (w *window) asOwner() {
	w.t.Helper()
	n, s := w.node, w.node.stack
	s.signIn.Do(func() {
		c := &apiClient{node: s.app}
		signIn(w.t, c)
		s.session = c.token
	})
	testwait.NoError(w.t, "the node knows the session", func() error {
		page, err := fetch(w.t.Context(), http.MethodGet, n.public+"/_system/account", http.Header{"Authorization": {"Bearer " + s.session}}, "")
		if err == nil && page.status != http.StatusOK {
			err = fmt.Errorf("the account's page of %s answers %d", n.service, page.status)
		}
		return err
	})
	_, err := chromedp.Call(w.ctx, network.SetCookie, network.SetCookieParams{Name: n.cookie, Value: s.session, URL: n.public})
	if err != nil {
		w.t.Fatalf("give the browser the session at %s: %v", n.service, err)
	}
}

// pressButton clicks the button or link that has a name, within a part of the page.
func (w *window) pressButton(within, name string) {
	w.t.Helper()
	find := fmt.Sprintf(`[...document.querySelectorAll(%q)].flatMap((e) => [...e.querySelectorAll("button, a")])
		.find((b) => !b.disabled && b.checkVisibility() && (b.getAttribute("aria-label") ?? b.textContent).trim() === %q)`, within, name)
	w.awaitTrue("there is "+name, find)
	ask[bool](w, "("+find+").click() ?? true")
}

// TestOwnerPublishesByDraggingAFolderIntoAnyNode drops a folder on each node's page, reads it on all of
// them, and finds it with the keyboard alone.
func TestOwnerPublishesByDraggingAFolderIntoAnyNode(t *testing.T) {
	s := litefsStack(t)
	for _, n := range s.nodes() {
		t.Run(n.service, func(t *testing.T) {
			folder, word := "dragged_"+randomHex(4), "quokka"+randomHex(4)
			dir := filepath.Join(t.TempDir(), "a vault")
			writeFiles(t, filepath.Join(dir, folder), map[string]string{
				"First.md":      "# First of " + folder + "\n\nSee [[Second]], ![numbers](numbers.csv) and " + word,
				"sub/Second.md": "Second " + word,
				".obsidian.md":  "not for readers",
			})
			writeFiles(t, filepath.Join(dir, folder), map[string]string{"numbers.csv": "n\n1\n", "Diary/monday.md": "not for readers"})
			writeFiles(t, dir, map[string]string{".trip2gignore": "Diary/\n"})
			w := openWindow(t, n, desktop)
			w.asOwner()
			w.open("/_system/publish")
			w.dropFolder("#drop", dir)
			w.awaitText("#work-title", "a vault")
			w.shot("what-will-change")
			w.pressButton("#plan", "Publish")
			w.awaitText("#plan", "2 notes sent, 1 file sent")
			w.shot("published")
			for _, path := range []string{"/" + folder + "/first", "/" + folder + "/sub/second"} {
				awaitText(t, s.nodes(), path, word)
			}
			mustBeGone(t, s.nodes(), "/"+folder+"/obsidian")
			mustBeGone(t, s.nodes(), "/"+folder+"/diary/monday")

			reader := openWindow(t, n, phone)
			reader.open("/")
			reader.press("/")
			reader.await("#_search[open] input")
			reader.press(word)
			reader.awaitText("#_found", "First of")
			reader.shot("search")
			reader.press(kb.ArrowDown + kb.Enter)
			reader.awaitTrue("the page that was found is open", `location.pathname.startsWith("/`+folder+`/")`)
			reader.awaitText("main", word)
		})
	}
}

// TestOwnerRestoresAVersionOnAReplica sees in the browser what differs between two versions, and makes
// the first one what readers see on every node.
func TestOwnerRestoresAVersionOnAReplica(t *testing.T) {
	s := litefsStack(t)
	name := "restored_" + randomHex(4)
	path, url := name+".md", "/"+name
	s.app.api().mustPush(t, note{path, "The first text of it."})
	s.app.api().mustPush(t, note{path, "The second text of it."})
	awaitText(t, s.nodes(), url, "second text")

	w := openWindow(t, s.replica, desktop)
	w.asOwner()
	w.open("/_system/notes")
	w.fill("#text", path)
	w.awaitText("#notes tbody", path)
	w.shot("notes")
	w.open("/_system/note?path=" + path)
	w.awaitText("#versions", "now")
	w.click("#compare")
	w.awaitText("#shown .removed", "first text")
	w.awaitText("#shown .added", "second text")
	w.shot("difference")
	w.pressButton("#versions", "Restore")
	w.pressButton("dialog[open]", "Restore")
	w.awaitText("#toast", "Restored")
	awaitText(t, s.nodes(), url, "first text")
}

// TestOwnerWatchesAReplicaStopAndReturn keeps the page of nodes open on another replica meanwhile.
func TestOwnerWatchesAReplicaStopAndReturn(t *testing.T) {
	s := litefsStack(t)
	w := openWindow(t, s.replica, desktop)
	w.asOwner()
	w.open("/_system/nodes")
	w.awaitText("#stream", "Live")
	stopped := `[...document.querySelectorAll("#replicas > li")].find((n) => n.querySelector(".node-head").textContent.includes("app-replica2"))`
	w.awaitTrue("all nodes are drawn", `document.querySelectorAll("#leader > li").length === 1 && document.querySelectorAll("#replicas > li").length === 2`)
	w.awaitTrue("the replica is well", stopped+`.querySelector(".node-state").textContent.includes("well")`)
	w.shot("all-well")
	s.replica2.stop(t)
	t.Cleanup(func() { s.replica2.start(t) })
	w.awaitTrue("the replica is told as stopped", "!"+stopped+`.querySelector(".node-state").textContent.includes("well")`)
	w.shot("one-stopped")
	s.replica2.start(t)
	w.awaitTrue("the replica is well again", stopped+`.querySelector(".node-state").textContent.includes("well")`)
}

// ownersPages are the paths under /_system/ that the owner's menu leads to, and the reader's account.
var ownersPages = []string{"", "notes", "publish", "warnings", "missing", "redirects", "members", "keys", "settings", "jobs", "nodes", "api", "account"}

// TestOwnersPagesFitEveryScreen opens each page of the owner's on a desk and a phone, in light and dark.
func TestOwnersPagesFitEveryScreen(t *testing.T) {
	s := litefsStack(t)
	for on, n := range map[screen]*node{desktop: s.app, desktop.inTheDark(): s.replica, phone: s.replica2, phone.inTheDark(): s.replica} {
		t.Run(on.name, func(t *testing.T) {
			w := openWindow(t, n, on)
			w.asOwner()
			w.open("/_system/")
			for _, page := range ownersPages {
				w.open("/_system/" + page)
				w.await("main h1")
				w.awaitTrue("nothing is being loaded", `!document.querySelector("main [aria-busy=true]")`)
				w.fits()
				w.accessible()
				w.shot("system-" + page)
			}
		})
	}
}

// TestOwnerWorksWithTheKeyboardAlone signs in, finds a note and reads its text without a pointer.
func TestOwnerWorksWithTheKeyboardAlone(t *testing.T) {
	s := litefsStack(t)
	name := "keys_" + randomHex(4)
	s.app.api().mustPush(t, note{name + ".md", "Read without a mouse."})
	w := openWindow(t, s.replica2, desktop)
	w.open("/_system/signin?next=/_system/notes")
	known := len(codesFor(t, s, owner))
	w.press(owner + kb.Enter) // the field has the focus already
	w.await("#code")
	w.press(nextCode(t, s, owner, known) + kb.Enter)
	w.await("#notes table")
	w.tabTo(`document.activeElement.id === "text"`)
	w.press(name)
	w.awaitTrue("only the note is listed", `document.querySelectorAll("#notes tbody tr").length === 1`)
	w.tabTo(`document.activeElement.closest("#notes tbody") && document.activeElement.textContent.includes("` + name + `")`)
	w.press(kb.Enter)
	w.await("#versions table")
	w.tabTo(`document.activeElement.textContent === "Show the text"`)
	w.press(kb.Enter)
	w.awaitText("#shown", "Read without a mouse.")
	w.shot("text")
}
