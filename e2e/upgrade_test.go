package e2e

import (
	"context"
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go/modules/compose"
)

// ownersVault has pages where documentation likes to be.
var ownersVault = map[string]string{
	"index.md":        "---\nfree: true\n---\n# The owner's home\n\nRead [[guides/start]] first.\n",
	"guides/start.md": "---\nfree: true\n---\n# The owner's start\n\nBack to [[index]].\n",
}

// TestTheOwnersPagesAreTheSameAfterAnUpgradeAndARestore replaces the containers, then loses the
// volumes and restores a backup by the commands that the documentation prints.
func TestTheOwnersPagesAreTheSameAfterAnUpgradeAndARestore(t *testing.T) {
	s := emptyStack(t)
	dir := t.TempDir()
	var err error
	if s.key, err = s.newKey(t.Context(), "laptop"); err != nil {
		t.Fatal(err)
	}
	writeFiles(t, filepath.Join(dir, "vault"), ownersVault)
	s.replica.mustPushFolder(t, filepath.Join(dir, "vault"))
	before := publishedPages(t, s)

	s.recreate(t, s.newerImage(t))
	checkOwnersSite(t, s, before)

	run := func(commands []string) {
		script := strings.ReplaceAll(strings.Join(commands, "\n"), "PROJECT", s.project)
		cmd := exec.CommandContext(t.Context(), "sh", "-ec", script)
		cmd.Dir = dir
		mustRun(t, cmd)
	}
	page := filepath.Join(repoRoot, "docs", "operate", "backup.md")
	run(printedCommands(t, page, "In the LiteFS stack, ", "In the shared stack, "))
	s.recreate(t, imageName(), compose.RemoveVolumes(true))
	mustBeGone(t, s.nodes(), "/guides/start")
	run(printedCommands(t, page, "**The LiteFS stack.**", "\n## "))
	checkOwnersSite(t, s, before)
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
		eventually(t, url+" is as it was", func() error {
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
