package e2e

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"trip2g/e2e/internal/stack"
	"trip2g/internal/testwait"
)

// TestFolderPushedThroughAReplicaIsLiveOnAllNodes pushes a folder with the command line and reads
// it, its files too, on every node.
func TestFolderPushedThroughAReplicaIsLiveOnAllNodes(t *testing.T) {
	s := stack.LiteFS(t)
	dir := t.TempDir()
	folder := "folder " + stack.RandomHex(4)
	text := "live " + stack.RandomHex(8)
	stack.WriteFiles(t, filepath.Join(dir, folder), map[string]string{
		"index.md":      "# A folder\n\n[[Deep note]] and ![numbers](data/numbers.csv) " + text,
		"Deep note.md":  "Deep " + text,
		"data/note.md":  "In a folder " + text,
		"unrelated.txt": "Nothing refers to this.",
	})
	stack.WriteFiles(t, filepath.Join(dir, folder, "data"), map[string]string{"numbers.csv": "n\n1\n" + text})
	s.Replica.MustPushFolder(t, dir)

	base := "/" + stack.PageAddress(folder)
	for _, path := range []string{base, base + "/deep_note", base + "/data/note"} {
		stack.AwaitText(t, s.Nodes(), path, text)
	}
	asset := assetLink(t, s.App, base)
	for _, n := range s.Nodes() {
		if err := n.Shows(t.Context(), asset, text); err != nil {
			t.Error(err)
		}
	}
}

// TestPushSurvivesTheLeadersDeath kills the leader while a folder is being pushed through a
// replica: the command line continues when it is back, and no reader sees half of the folder.
func TestPushSurvivesTheLeadersDeath(t *testing.T) {
	const count = 1500
	s := stack.LiteFS(t)
	dir, folder := t.TempDir(), "big "+stack.RandomHex(4)
	files := make(map[string]string, count)
	for i := range count {
		files[fmt.Sprintf("%s/Note %d.md", folder, i)] = strings.Repeat(fmt.Sprintf("Note %d of many. ", i), 100)
	}
	stack.WriteFiles(t, dir, files)
	pushed := make(chan stack.Result, 1)
	go func() {
		r, err := s.Replica.PushFolder(context.WithoutCancel(t.Context()), dir)
		if err != nil {
			r = stack.Result{ExitCode: -1, Stderr: err.Error()}
		}
		pushed <- r
	}()
	testwait.NoError(t, "the push is under way", func() error {
		paths, err := s.App.API().NotePathsLike(t.Context(), folder+"/%")
		if err == nil && len(paths) == 0 {
			err = errors.New("the server has none of the notes")
		}
		return err
	})
	s.App.Kill(t)
	s.App.Start(t)

	first, last := fmt.Sprintf("/%s/note_0", stack.PageAddress(folder)), fmt.Sprintf("/%s/note_%d", stack.PageAddress(folder), count-1)
	for ended := false; !ended; {
		select {
		case r := <-pushed:
			if r.ExitCode != 0 {
				t.Fatalf("trip2g push ended with %d: %s%s", r.ExitCode, r.Stdout, r.Stderr)
			}
			ended = true
		default:
		}
		for _, n := range s.Nodes() {
			if n.Shows(t.Context(), first, "Note 0") == nil {
				if err := n.Shows(t.Context(), last, "of many"); err != nil {
					t.Fatalf("half of the folder is visible: %v", err)
				}
			}
		}
	}
	for i := range count {
		stack.AwaitText(t, s.Nodes(), fmt.Sprintf("/%s/note_%d", stack.PageAddress(folder), i), fmt.Sprintf("Note %d of many", i))
	}
	// Other tests walk over the whole site.
	if err := s.App.API().Hide(t.Context(), slices.Collect(maps.Keys(files))...); err != nil {
		t.Error(err)
	}
}

// TestSymlinkOutOfAFolderIsNotPublished pushes a folder with a link to a file beside it.
func TestSymlinkOutOfAFolderIsNotPublished(t *testing.T) {
	s := stack.LiteFS(t)
	dir, folder := t.TempDir(), "linked "+stack.RandomHex(4)
	stack.WriteFiles(t, dir, map[string]string{"secret.md": "not for readers", "vault/" + folder + "/Open.md": "open"})
	if err := os.Symlink(filepath.Join(dir, "secret.md"), filepath.Join(dir, "vault", folder, "Leak.md")); err != nil {
		t.Fatal(err)
	}
	r := s.Replica.MustPushFolder(t, filepath.Join(dir, "vault"))
	if !strings.Contains(r.Stderr, "Leak.md") {
		t.Errorf("no warning names the link: %s", r.Stderr)
	}
	stack.AwaitText(t, s.Nodes(), "/"+stack.PageAddress(folder)+"/open", "open")
	stack.MustNotBeFound(t, s.Nodes(), "/"+stack.PageAddress(folder)+"/leak")
}

// TestPushingAgainChangesNothing pushes the same folder twice: the second push takes no position.
func TestPushingAgainChangesNothing(t *testing.T) {
	s := stack.LiteFS(t)
	s.Replica.MustPushFolder(t, "testdata/vault")
	before := stack.CurrentPosition(t, s)
	s.Replica.MustPushFolder(t, "testdata/vault")
	if after := stack.CurrentPosition(t, s); after != before {
		t.Errorf("the position went from %d to %d", before, after)
	}
}

// TestStagedNotesAreInvisibleUntilCommit stages a push, lets every node follow past it by a push
// of another client, and only then commits it.
func TestStagedNotesAreInvisibleUntilCommit(t *testing.T) {
	s := stack.LiteFS(t)
	mark := stack.RandomHex(4)
	staging := s.Replica.API()
	for _, name := range []string{"One", "Two"} {
		if _, err := staging.Push(t.Context(), true, stack.Note{Path: "Staged " + mark + "/" + name + ".md", Content: "text " + mark}); err != nil {
			t.Fatal(err)
		}
	}
	key, err := s.NewKey(t.Context(), "another client")
	if err != nil {
		t.Fatal(err)
	}
	other := &stack.APIClient{Node: s.Replica2, Key: key}
	other.MustPush(t, stack.Note{Path: "Barrier.md", Content: "barrier " + mark})
	stack.AwaitText(t, s.Nodes(), "/barrier", mark)
	stack.MustNotBeFound(t, s.Nodes(), "/staged_"+mark+"/one")
	stack.MustNotBeFound(t, s.Nodes(), "/staged_"+mark+"/two")

	if _, err := staging.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, n := range s.Nodes() {
		stack.AwaitText(t, []*stack.Node{n}, "/staged_"+mark+"/one", mark)
		// Both came in one step, so who shows the first shows the second.
		if err := n.Shows(t.Context(), "/staged_"+mark+"/two", mark); err != nil {
			t.Error(err)
		}
	}
}

// TestHiddenNotesAreGoneOnAllNodes takes a note back.
func TestHiddenNotesAreGoneOnAllNodes(t *testing.T) {
	s := stack.LiteFS(t)
	c := s.Replica.API()
	c.MustPush(t, stack.Note{Path: "Taken back.md", Content: "soon gone"})
	stack.AwaitText(t, s.Nodes(), "/taken_back", "soon gone")
	if err := c.Hide(t.Context(), "Taken back.md"); err != nil {
		t.Fatal(err)
	}
	for _, n := range s.Nodes() {
		testwait.NoError(t, n.Service+" hides the note", func() error {
			a, err := n.Get(t.Context(), "/taken_back")
			if err == nil && a.Status != http.StatusNotFound {
				err = &stack.StatusError{Answer: a}
			}
			return err
		})
	}
}

// assetLink returns the URL of the only file that a page refers to.
func assetLink(t *testing.T, n *stack.Node, page string) string {
	t.Helper()
	for _, link := range stack.Links(t, page, n.MustGet(t, page).Body) {
		if filepath.Ext(link) == ".csv" {
			return link
		}
	}
	t.Fatalf("%s refers to no file", page)
	return ""
}
