package e2e

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go/modules/compose"

	"trip2g/internal/testwait"
)

// ownersVault has pages where documentation likes to be.
var ownersVault = map[string]string{
	"index.md":        "---\nfree: true\n---\n# The owner's home\n\nRead [[guides/start]] first.\n",
	"guides/start.md": "---\nfree: true\n---\n# The owner's start\n\nBack to [[index]].\n",
}

// startOwnersSite starts a stack with the owner's vault published. It returns a folder for backups and
// the pages as they are.
func startOwnersSite(t *testing.T) (s *stack, dir string, before map[string]string) {
	t.Helper()
	s = emptyStack(t)
	dir = t.TempDir()
	var err error
	if s.key, err = s.newKey(t.Context(), "laptop"); err != nil {
		t.Fatal(err)
	}
	writeFiles(t, filepath.Join(dir, "vault"), ownersVault)
	s.replica.mustPushFolder(t, filepath.Join(dir, "vault"))
	return s, dir, publishedPages(t, s)
}

// TestTheOwnersPagesAreTheSameAfterAnUpgradeAndARestore replaces the containers, then loses the
// volumes and restores a backup by the commands that the documentation prints.
func TestTheOwnersPagesAreTheSameAfterAnUpgradeAndARestore(t *testing.T) {
	s, dir, before := startOwnersSite(t)

	s.recreate(t, s.newerImage(t))
	checkOwnersSite(t, s, before)

	s.backUp(t, dir)
	s.recreate(t, imageName(), compose.RemoveVolumes(true))
	mustBeGone(t, s.nodes(), "/guides/start")
	s.restore(t, dir)
	checkOwnersSite(t, s, before)
}

// TestARestoreOntoANewLeaderBringsTheReplicasAlong loses the leader's disk after a backup, while the
// replicas keep theirs: they serve what they have and send nothing to the empty leader. One printed
// command makes all of them one site again.
func TestARestoreOntoANewLeaderBringsTheReplicasAlong(t *testing.T) {
	s, dir, before := startOwnersSite(t)
	s.backUp(t, dir)
	s.app.api().mustPush(t, note{"late.md", "---\nfree: true\n---\nAfter the backup"})
	awaitText(t, s.nodes(), "/late", "After the backup")

	s.app.loseDisk(t)
	for _, replica := range s.replicas() {
		testwait.NoError(t, replica.service+" says that its database is not the leader's", func() error {
			a, err := fetch(t.Context(), http.MethodGet, replica.internal+"/readyz", nil, "")
			if err == nil && (a.status != http.StatusServiceUnavailable || !strings.Contains(a.body, "this node's database has another database than the leader's")) {
				err = &statusError{a}
			}
			return err
		})
		if err := replica.shows(t.Context(), "/late", "After the backup"); err != nil {
			t.Errorf("it does not serve what it has: %v", err)
		}
	}
	s.restore(t, dir)
	checkOwnersSite(t, s, before)
	mustBeGone(t, s.nodes(), "/late")
	s.replica.api().mustPush(t, note{"after.md", "---\nfree: true\n---\nAfter the restore"})
	awaitText(t, s.nodes(), "/after", "After the restore")
}

// backUp runs the printed commands that leave a backup of the stack in a folder.
func (s *stack) backUp(t *testing.T, dir string) {
	t.Helper()
	s.runPrinted(t, dir, printedCommands(t, backupPage(), "In the LiteFS stack, ", "In the shared stack, "))
}

// restore runs the printed command that restores the backup in a folder.
func (s *stack) restore(t *testing.T, dir string) {
	t.Helper()
	s.runPrinted(t, dir, printedCommands(t, backupPage(), "**The LiteFS stack.**", "**LiteFS on machines with systemd.**"))
}

func backupPage() string { return filepath.Join(repoRoot, "docs", "operate", "backup.md") }

// runPrinted runs commands of the documentation in a folder, for this stack. Those of make run in the
// checkout.
func (s *stack) runPrinted(t *testing.T, dir string, commands []string) {
	t.Helper()
	script := strings.NewReplacer(
		"PROJECT", s.project,
		"make restore", "make --no-print-directory -C '"+repoRoot+"' restore PROJECT="+s.project,
		"BACKUP=", "BACKUP='"+dir+"'/",
	).Replace(strings.Join(commands, "\n"))
	cmd := exec.CommandContext(t.Context(), "sh", "-ec", script)
	cmd.Dir = dir
	mustRun(t, cmd)
}

// publishedPages returns what each node shows of the owner's vault, by URL.
func publishedPages(t *testing.T, s *stack) map[string]string {
	t.Helper()
	pages := make(map[string]string)
	for path, text := range map[string]string{"/": "The owner&#39;s home", "/guides/start": "The owner&#39;s start"} {
		awaitText(t, s.nodes(), path, text)
		for _, n := range s.nodes() {
			pages[n.public+path] = n.mustGet(t, path).body
		}
	}
	return pages
}

// checkOwnersSite waits until every page has the bytes that it had, and reports notes that are
// not the owner's.
func checkOwnersSite(t *testing.T, s *stack, before map[string]string) {
	t.Helper()
	for url, body := range before {
		testwait.NoError(t, url+" is as it was", func() error {
			a, err := fetch(t.Context(), http.MethodGet, url, nil, "")
			if err == nil && (a.status != http.StatusOK || a.body != body) {
				err = fmt.Errorf("%w; it was:\n%s", &statusError{a}, body)
			}
			return err
		})
	}
	paths, err := s.app.api().notePaths(t.Context())
	slices.Sort(paths)
	if want := []string{"guides/start.md", "index.md"}; err != nil || !slices.Equal(paths, want) {
		t.Errorf("the site has the notes %q, want %q (error %v)", paths, want, err)
	}
}

// newerImage returns another name of the image, as a newer build has. The sweeper removes it.
func (s *stack) newerImage(t *testing.T) string {
	t.Helper()
	name := s.project + ":latest"
	if _, err := s.docker.ImageTag(t.Context(), client.ImageTagOptions{Source: imageName(), Target: name}); err != nil {
		t.Fatal(err)
	}
	return name
}

// recreate takes the stack down and brings it up on an image.
func (s *stack) recreate(t *testing.T, image string, options ...compose.StackDownOption) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), upTimeout)
	defer cancel()
	if err := s.compose.Down(ctx, options...); err != nil {
		t.Fatalf("take the stack down: %v", err)
	}
	s.env["STACK_IMAGE"] = image
	if err := s.compose.Up(ctx, compose.Wait(true)); err != nil {
		t.Fatalf("bring the stack up on %s: %v", image, err)
	}
}

// TestAnUpgradeTakesOneNodeAwayAtATime changes the image of a running stack as "make up" does: whoever
// looks at all nodes sees two of them serve at any time.
func TestAnUpgradeTakesOneNodeAwayAtATime(t *testing.T) {
	s, err := newStack(t.Context(), "upgrade")
	if err == nil {
		err = sweeper.own(s.project)
	}
	if err != nil {
		t.Fatal(err)
	}
	saveLogsOnFailure(t, s)
	mustRun(t, s.makeUp(t, imageName()))
	if s.key, err = s.newKey(t.Context(), "laptop"); err != nil {
		t.Fatal(err)
	}
	s.app.api().mustPush(t, note{"index.md", "---\nfree: true\n---\nServed throughout"})
	awaitText(t, s.nodes(), "/", "Served throughout")

	before := make(map[string]string)
	for _, n := range s.nodes() {
		before[n.service] = n.containerID(t)
	}
	up := s.makeUp(t, s.newerImage(t))
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
		for _, n := range s.nodes() {
			if n.shows(t.Context(), "/", "Served throughout") != nil {
				away = append(away, n.service)
				seen[n.service] = true
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
	for _, n := range s.nodes() {
		if n.containerID(t) == before[n.service] {
			t.Errorf("%s has not been upgraded", n.service)
		}
	}
	if len(seen) == 0 {
		t.Error("no node was ever away: the test proves nothing")
	}
}

// makeUp returns the command that "make up" runs when it has an image.
func (s *stack) makeUp(t *testing.T, image string) *exec.Cmd {
	up := exec.CommandContext(t.Context(), "sh", "compose/up.sh", image)
	up.Dir = repoRoot
	up.Env = append(os.Environ(), "STACK=litefs", "PROJECT="+s.project)
	for name, value := range s.env {
		up.Env = append(up.Env, name+"="+value)
	}
	return up
}
