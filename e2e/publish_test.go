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

	"trip2g/internal/testwait"
)

// TestFolderPushedThroughAReplicaIsLiveOnAllNodes pushes a folder with the command line and reads
// it, its files too, on every node.
func TestFolderPushedThroughAReplicaIsLiveOnAllNodes(t *testing.T) {
	s := litefsStack(t)
	dir := t.TempDir()
	folder := "folder " + randomHex(4)
	text := "live " + randomHex(8)
	writeFiles(t, filepath.Join(dir, folder), map[string]string{
		"index.md":      "# A folder\n\n[[Deep note]] and ![numbers](data/numbers.csv) " + text,
		"Deep note.md":  "Deep " + text,
		"data/note.md":  "In a folder " + text,
		"unrelated.txt": "Nothing refers to this.",
	})
	writeFiles(t, filepath.Join(dir, folder, "data"), map[string]string{"numbers.csv": "n\n1\n" + text})
	s.replica.mustPushFolder(t, dir)

	base := "/" + address(folder)
	for _, path := range []string{base, base + "/deep_note", base + "/data/note"} {
		awaitText(t, s.nodes(), path, text)
	}
	asset := assetLink(t, s.app, base)
	for _, n := range s.nodes() {
		if err := n.shows(t.Context(), asset, text); err != nil {
			t.Error(err)
		}
	}
}

// TestPushSurvivesTheLeadersDeath kills the leader while a folder is being pushed through a
// replica: the command line goes on when it is back, and no reader sees half of the folder.
func TestPushSurvivesTheLeadersDeath(t *testing.T) {
	const count = 1500
	s := litefsStack(t)
	dir, folder := t.TempDir(), "big "+randomHex(4)
	files := make(map[string]string, count)
	for i := range count {
		files[fmt.Sprintf("%s/Note %d.md", folder, i)] = strings.Repeat(fmt.Sprintf("Note %d of many. ", i), 100)
	}
	writeFiles(t, dir, files)
	pushed := make(chan result, 1)
	go func() {
		r, err := s.replica.pushFolder(context.WithoutCancel(t.Context()), dir)
		if err != nil {
			r = result{exitCode: -1, stderr: err.Error()}
		}
		pushed <- r
	}()
	testwait.NoError(t, "the push is under way", func() error {
		paths, err := s.app.api().notePathsLike(t.Context(), folder+"/%")
		if err == nil && len(paths) == 0 {
			err = errors.New("the server has none of the notes")
		}
		return err
	})
	s.app.kill(t)
	s.app.start(t)

	first, last := fmt.Sprintf("/%s/note_0", address(folder)), fmt.Sprintf("/%s/note_%d", address(folder), count-1)
	for ended := false; !ended; {
		select {
		case r := <-pushed:
			if r.exitCode != 0 {
				t.Fatalf("trip2g push ended with %d: %s%s", r.exitCode, r.stdout, r.stderr)
			}
			ended = true
		default:
		}
		for _, n := range s.nodes() {
			if n.shows(t.Context(), first, "Note 0") == nil {
				if err := n.shows(t.Context(), last, "of many"); err != nil {
					t.Fatalf("half of the folder is visible: %v", err)
				}
			}
		}
	}
	for i := range count {
		awaitText(t, s.nodes(), fmt.Sprintf("/%s/note_%d", address(folder), i), fmt.Sprintf("Note %d of many", i))
	}
	// Other tests walk over the whole site.
	if err := s.app.api().hide(t.Context(), slices.Collect(maps.Keys(files))...); err != nil {
		t.Error(err)
	}
}

// TestSymlinkOutOfAFolderIsNotPublished pushes a folder with a link to a file beside it.
func TestSymlinkOutOfAFolderIsNotPublished(t *testing.T) {
	s := litefsStack(t)
	dir, folder := t.TempDir(), "linked "+randomHex(4)
	writeFiles(t, dir, map[string]string{"secret.md": "not for readers", "vault/" + folder + "/Open.md": "open"})
	if err := os.Symlink(filepath.Join(dir, "secret.md"), filepath.Join(dir, "vault", folder, "Leak.md")); err != nil {
		t.Fatal(err)
	}
	r := s.replica.mustPushFolder(t, filepath.Join(dir, "vault"))
	if !strings.Contains(r.stderr, "Leak.md") {
		t.Errorf("no warning names the link: %s", r.stderr)
	}
	awaitText(t, s.nodes(), "/"+address(folder)+"/open", "open")
	mustBeGone(t, s.nodes(), "/"+address(folder)+"/leak")
}

// TestPushingAgainChangesNothing pushes the same folder twice: the second push takes no position.
func TestPushingAgainChangesNothing(t *testing.T) {
	s := litefsStack(t)
	s.replica.mustPushFolder(t, "testdata/vault")
	before := currentPosition(t, s)
	s.replica.mustPushFolder(t, "testdata/vault")
	if after := currentPosition(t, s); after != before {
		t.Errorf("the position went from %d to %d", before, after)
	}
}

// TestStagedNotesAreInvisibleUntilCommit stages a push, lets every node follow past it by a push
// of another client, and only then commits it.
func TestStagedNotesAreInvisibleUntilCommit(t *testing.T) {
	s := litefsStack(t)
	mark := randomHex(4)
	staging := s.replica.api()
	for _, name := range []string{"One", "Two"} {
		if _, err := staging.push(t.Context(), true, note{"Staged " + mark + "/" + name + ".md", "text " + mark}); err != nil {
			t.Fatal(err)
		}
	}
	key, err := s.newKey(t.Context(), "another client")
	if err != nil {
		t.Fatal(err)
	}
	other := &apiClient{node: s.replica2, key: key}
	other.mustPush(t, note{"Barrier.md", "barrier " + mark})
	awaitText(t, s.nodes(), "/barrier", mark)
	mustBeGone(t, s.nodes(), "/staged_"+mark+"/one")
	mustBeGone(t, s.nodes(), "/staged_"+mark+"/two")

	if _, err := staging.commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, n := range s.nodes() {
		awaitText(t, []*node{n}, "/staged_"+mark+"/one", mark)
		// Both came in one step, so who shows the first shows the second.
		if err := n.shows(t.Context(), "/staged_"+mark+"/two", mark); err != nil {
			t.Error(err)
		}
	}
}

// TestHiddenNotesAreGoneOnAllNodes takes a note back.
func TestHiddenNotesAreGoneOnAllNodes(t *testing.T) {
	s := litefsStack(t)
	c := s.replica.api()
	c.mustPush(t, note{"Taken back.md", "soon gone"})
	awaitText(t, s.nodes(), "/taken_back", "soon gone")
	if err := c.hide(t.Context(), "Taken back.md"); err != nil {
		t.Fatal(err)
	}
	for _, n := range s.nodes() {
		testwait.NoError(t, n.service+" hides the note", func() error {
			a, err := n.get(t.Context(), "/taken_back")
			if err == nil && a.status != http.StatusNotFound {
				err = &statusError{a}
			}
			return err
		})
	}
}

// address is the address of a folder or note whose name has letters, digits and single spaces alone.
func address(name string) string { return strings.ReplaceAll(strings.ToLower(name), " ", "_") }

// assetLink gives the address that a page refers to for its only file.
func assetLink(t *testing.T, n *node, page string) string {
	t.Helper()
	for _, link := range links(t, page, n.mustGet(t, page).body) {
		if filepath.Ext(link) == ".csv" {
			return link
		}
	}
	t.Fatalf("%s refers to no file", page)
	return ""
}

// currentPosition asks the leader for its position, by a mutation that has nothing to do.
func currentPosition(t *testing.T, s *stack) int64 {
	t.Helper()
	position, err := s.app.api().commit(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return position
}

func writeFiles(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
