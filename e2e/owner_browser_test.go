package e2e

import (
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"trip2g/e2e/internal/stack"
)

// TestOwnerPublishesByDraggingAFolderIntoAnyNode drops a folder on each node's page, reads it on all of
// them, and finds it with the keyboard alone.
func TestOwnerPublishesByDraggingAFolderIntoAnyNode(t *testing.T) {
	s := stack.LiteFS(t)
	for _, n := range s.Nodes() {
		t.Run(n.Service, func(t *testing.T) {
			folder, word := "dragged_"+stack.RandomHex(4), "quokka"+stack.RandomHex(4)
			dir := filepath.Join(t.TempDir(), "a vault")
			stack.WriteFiles(t, filepath.Join(dir, folder), map[string]string{
				"First.md":      "# First of " + folder + "\n\nSee [[Second]], ![numbers](numbers.csv) and " + word,
				"sub/Second.md": "Second " + word,
				".obsidian.md":  "not for readers",
			})
			stack.WriteFiles(t, filepath.Join(dir, folder), map[string]string{"numbers.csv": "n\n1\n", "Diary/monday.md": "not for readers"})
			stack.WriteFiles(t, dir, map[string]string{".trip2gignore": "Diary/\n"})
			w := stack.OpenWindow(t, n, stack.Desktop)
			w.AsOwner()
			w.Open("/_system/publish")
			w.DropFolder("#drop", dir)
			w.AwaitText("#work-title", "a vault")
			w.Screenshot("what-will-change")
			w.PressButton("#plan", "Publish")
			w.AwaitText("#plan", "2 notes sent, 1 file sent")
			w.Screenshot("published")
			for _, path := range []string{"/" + folder + "/first", "/" + folder + "/sub/second"} {
				stack.AwaitText(t, s.Nodes(), path, word)
			}
			stack.MustNotBeFound(t, s.Nodes(), "/"+folder+"/obsidian")
			stack.MustNotBeFound(t, s.Nodes(), "/"+folder+"/diary/monday")

			reader := stack.OpenWindow(t, n, stack.Phone)
			reader.Open("/")
			reader.Press("/")
			reader.Await("#_search[open] input")
			reader.Press(word)
			reader.AwaitText("#_found", "First of")
			reader.Screenshot("search")
			reader.Press(kb.ArrowDown + kb.Enter)
			reader.AwaitTrue("the page that was found is open", `location.pathname.startsWith("/`+folder+`/")`)
			reader.AwaitText("main", word)
		})
	}
}

// TestOwnerRestoresAVersionOnAReplica sees in the browser what differs between two versions, and makes
// the first one what readers see on every node.
func TestOwnerRestoresAVersionOnAReplica(t *testing.T) {
	s := stack.LiteFS(t)
	name := "restored_" + stack.RandomHex(4)
	path, url := name+".md", "/"+name
	s.App.API().MustPush(t, stack.Note{Path: path, Content: "The first text of it."})
	s.App.API().MustPush(t, stack.Note{Path: path, Content: "The second text of it."})
	stack.AwaitText(t, s.Nodes(), url, "second text")

	w := stack.OpenWindow(t, s.Replica, stack.Desktop)
	w.AsOwner()
	w.Open("/_system/notes")
	w.Fill("#text", path)
	w.AwaitText("#notes tbody", path)
	w.Screenshot("notes")
	w.Open("/_system/note?path=" + path)
	w.AwaitText("#versions", "now")
	w.Click("#compare")
	w.AwaitText("#shown .removed", "first text")
	w.AwaitText("#shown .added", "second text")
	w.Screenshot("difference")
	w.PressButton("#versions", "Restore")
	w.PressButton("dialog[open]", "Restore")
	w.AwaitText("#toast", "Restored")
	stack.AwaitText(t, s.Nodes(), url, "first text")
}

// TestOwnerWatchesAReplicaStopAndReturn keeps the page of nodes open on another replica meanwhile.
func TestOwnerWatchesAReplicaStopAndReturn(t *testing.T) {
	s := stack.LiteFS(t)
	w := stack.OpenWindow(t, s.Replica, stack.Desktop)
	w.AsOwner()
	w.Open("/_system/nodes")
	w.AwaitText("#stream", "Live")
	stopped := `[...document.querySelectorAll("#replicas > li")].find((n) => n.querySelector(".node-head").textContent.includes("app-replica2"))`
	w.AwaitTrue("all nodes are drawn", `document.querySelectorAll("#leader > li").length === 1 && document.querySelectorAll("#replicas > li").length === 2`)
	w.AwaitTrue("the replica is well", stopped+`.querySelector(".node-state").textContent.includes("well")`)
	w.Screenshot("all-well")
	s.Replica2.Stop(t)
	t.Cleanup(func() { s.Replica2.Start(t) })
	w.AwaitTrue("the replica is told as stopped", "!"+stopped+`.querySelector(".node-state").textContent.includes("well")`)
	w.Screenshot("one-stopped")
	s.Replica2.Start(t)
	w.AwaitTrue("the replica is well again", stopped+`.querySelector(".node-state").textContent.includes("well")`)
}

// ownersPages are the paths under /_system/ that the owner's menu leads to, and the reader's account.
var ownersPages = []string{"", "notes", "publish", "warnings", "404s", "redirects", "members", "keys", "settings", "jobs", "nodes", "api", "account"}

// TestOwnersPagesFitEveryScreen opens each page of the owner's on a desk and a phone, in light and dark.
func TestOwnersPagesFitEveryScreen(t *testing.T) {
	s := stack.LiteFS(t)
	for on, n := range map[stack.Screen]*stack.Node{stack.Desktop: s.App, stack.Desktop.Dark(): s.Replica, stack.Phone: s.Replica2, stack.Phone.Dark(): s.Replica} {
		t.Run(on.Name, func(t *testing.T) {
			w := stack.OpenWindow(t, n, on)
			w.AsOwner()
			w.Open("/_system/")
			for _, page := range ownersPages {
				w.Open("/_system/" + page)
				w.Await("main h1")
				w.AwaitTrue("nothing is being loaded", `!document.querySelector("main [aria-busy=true]")`)
				w.Fits()
				w.Accessible()
				w.Screenshot("system-" + page)
			}
		})
	}
}

// TestOwnerWorksWithTheKeyboardAlone signs in, finds a note and reads its text without a pointer.
func TestOwnerWorksWithTheKeyboardAlone(t *testing.T) {
	s := stack.LiteFS(t)
	name := "keys_" + stack.RandomHex(4)
	s.App.API().MustPush(t, stack.Note{Path: name + ".md", Content: "Read without a mouse."})
	w := stack.OpenWindow(t, s.Replica2, stack.Desktop)
	w.Open("/_system/signin?next=/_system/notes")
	known := len(stack.CodesFor(t, s, stack.Owner))
	w.Press(stack.Owner + kb.Enter) // the field has the focus already
	w.Await("#code")
	w.Press(stack.NextCode(t, s, stack.Owner, known) + kb.Enter)
	w.Await("#notes table")
	w.TabTo(`document.activeElement.id === "text"`)
	w.Press(name)
	w.AwaitTrue("only the note is listed", `document.querySelectorAll("#notes tbody tr").length === 1`)
	w.TabTo(`document.activeElement.closest("#notes tbody") && document.activeElement.textContent.includes("` + name + `")`)
	w.Press(kb.Enter)
	w.Await("#versions table")
	w.TabTo(`document.activeElement.textContent === "Show the text"`)
	w.Press(kb.Enter)
	w.AwaitText("#shown", "Read without a mouse.")
	w.Screenshot("text")
}
