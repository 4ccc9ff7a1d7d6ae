package e2e

import (
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/testcontainers/testcontainers-go/modules/compose"

	"trip2g/e2e/internal/stack"
	"trip2g/internal/testwait"
)

// ownersVault has notes at URLs that documentation commonly uses.
var ownersVault = map[string]string{
	"index.md":        "---\nfree: true\n---\n# The owner's home\n\nRead [[guides/start]] first.\n",
	"guides/start.md": "---\nfree: true\n---\n# The owner's start\n\nBack to [[index]].\n",
}

// startOwnersSite starts a stack with the owner's vault published. It returns a folder for backups and
// the pages as they are.
func startOwnersSite(t *testing.T) (s *stack.Stack, dir string, before map[string]string) {
	t.Helper()
	s = stack.Empty(t)
	dir = t.TempDir()
	var err error
	if s.Key, err = s.NewKey(t.Context(), "laptop"); err != nil {
		t.Fatal(err)
	}
	stack.WriteFiles(t, filepath.Join(dir, "vault"), ownersVault)
	s.Replica.MustPushFolder(t, filepath.Join(dir, "vault"))
	return s, dir, publishedPages(t, s)
}

// TestTheOwnersPagesAreTheSameAfterAnUpgradeAndARestore replaces the containers, then loses the
// volumes and restores a backup by the commands that the documentation prints.
func TestTheOwnersPagesAreTheSameAfterAnUpgradeAndARestore(t *testing.T) {
	s, dir, before := startOwnersSite(t)

	s.Recreate(t, s.NewerImage(t))
	checkOwnersSite(t, s, before)

	s.BackUp(t, dir)
	s.Recreate(t, stack.ImageName(), compose.RemoveVolumes(true))
	stack.MustNotBeFound(t, s.Nodes(), "/guides/start")
	s.Restore(t, dir)
	checkOwnersSite(t, s, before)
}

// TestARestoreOntoANewLeaderBringsTheReplicasAlong loses the leader's disk after a backup, while the
// replicas keep theirs: they serve what they have and send nothing to the empty leader. One printed
// command makes all of them one site again.
func TestARestoreOntoANewLeaderBringsTheReplicasAlong(t *testing.T) {
	s, dir, before := startOwnersSite(t)
	s.BackUp(t, dir)
	s.App.API().MustPush(t, stack.Note{Path: "late.md", Content: "---\nfree: true\n---\nAfter the backup"})
	stack.AwaitText(t, s.Nodes(), "/late", "After the backup")

	s.App.LoseDisk(t)
	for _, replica := range s.Replicas() {
		testwait.NoError(t, replica.Service+" says that its database is not the leader's", func() error {
			a, err := stack.Fetch(t.Context(), http.MethodGet, replica.Internal+"/readyz", nil, "")
			if err == nil && (a.Status != http.StatusServiceUnavailable || !strings.Contains(a.Body, "this node's database has another database than the leader's")) {
				err = &stack.StatusError{Answer: a}
			}
			return err
		})
		if err := replica.Shows(t.Context(), "/late", "After the backup"); err != nil {
			t.Errorf("it does not serve what it has: %v", err)
		}
	}
	s.Restore(t, dir)
	checkOwnersSite(t, s, before)
	stack.MustNotBeFound(t, s.Nodes(), "/late")
	s.Replica.API().MustPush(t, stack.Note{Path: "after.md", Content: "---\nfree: true\n---\nAfter the restore"})
	stack.AwaitText(t, s.Nodes(), "/after", "After the restore")
}

// publishedPages returns what each node shows of the owner's vault, by URL.
func publishedPages(t *testing.T, s *stack.Stack) map[string]string {
	t.Helper()
	pages := make(map[string]string)
	for path, text := range map[string]string{"/": "The owner&#39;s home", "/guides/start": "The owner&#39;s start"} {
		stack.AwaitText(t, s.Nodes(), path, text)
		for _, n := range s.Nodes() {
			pages[n.Public+path] = n.MustGet(t, path).Body
		}
	}
	return pages
}

// checkOwnersSite waits until every page has the bytes that it had, and reports notes that are
// not the owner's.
func checkOwnersSite(t *testing.T, s *stack.Stack, before map[string]string) {
	t.Helper()
	for url, body := range before {
		testwait.NoError(t, url+" is as it was", func() error {
			a, err := stack.Fetch(t.Context(), http.MethodGet, url, nil, "")
			if err == nil && (a.Status != http.StatusOK || a.Body != body) {
				err = fmt.Errorf("%w; it was:\n%s", &stack.StatusError{Answer: a}, body)
			}
			return err
		})
	}
	paths, err := s.App.API().NotePaths(t.Context())
	slices.Sort(paths)
	if want := []string{"guides/start.md", "index.md"}; err != nil || !slices.Equal(paths, want) {
		t.Errorf("the site has the notes %q, want %q (error %v)", paths, want, err)
	}
}

// TestAnUpgradeTakesOneNodeAwayAtATime changes the image of a running stack as "make up" does: whoever
// looks at all nodes sees two of them serve at any time.
func TestAnUpgradeTakesOneNodeAwayAtATime(t *testing.T) {
	s, err := stack.NewStack(t.Context(), "upgrade")
	if err == nil {
		err = stack.Sweeper.Own(s.Project)
	}
	if err != nil {
		t.Fatal(err)
	}
	stack.SaveLogsOnFailure(t, s)
	stack.MustRun(t, s.MakeUp(t, stack.ImageName()))
	if s.Key, err = s.NewKey(t.Context(), "laptop"); err != nil {
		t.Fatal(err)
	}
	s.App.API().MustPush(t, stack.Note{Path: "index.md", Content: "---\nfree: true\n---\nServed throughout"})
	stack.AwaitText(t, s.Nodes(), "/", "Served throughout")

	before := make(map[string]string)
	for _, n := range s.Nodes() {
		before[n.Service] = n.ContainerID(t)
	}
	up := s.MakeUp(t, s.NewerImage(t))
	upgraded := make(chan struct{})
	var out []byte
	go func() {
		defer close(upgraded)
		out, err = up.CombinedOutput()
	}()
	seen := make(map[string]bool) // services that were away for a while
	for running := true; running; {
		select {
		case <-upgraded:
			running = false
		default:
		}
		var away []string
		for _, n := range s.Nodes() {
			if n.Shows(t.Context(), "/", "Served throughout") != nil {
				away = append(away, n.Service)
				seen[n.Service] = true
			}
		}
		if len(away) > 1 {
			t.Errorf("%v were away at one time", away)
			break
		}
	}
	<-upgraded
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, n := range s.Nodes() {
		if n.ContainerID(t) == before[n.Service] {
			t.Errorf("%s has not been upgraded", n.Service)
		}
	}
	if len(seen) == 0 {
		t.Error("no node was ever away: the test proves nothing")
	}
}
