package e2e

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestTheReadmesCommandsPublishAFolder runs the README's commands as they stand there, on a clean
// clone. Only the port and the API key are others.
func TestTheReadmesCommandsPublishAFolder(t *testing.T) {
	c := newClone(t)
	saveLogsOnFailure(t, c.stack)
	c.addHome(t)
	var printed string
	for _, section := range []string{"\n## Start\n", "\n## Publish your notes\n"} {
		for _, command := range printedCommands(t, filepath.Join(c.dir, "README.md"), section, "\n## ") {
			command = strings.NewReplacer("t2g_...", c.key, "20081", c.env["APP_PORT"]).Replace(command)
			out := c.mustRun(t, "sh", "-c", command)
			if strings.HasPrefix(out, "t2g_") {
				c.key = strings.TrimSpace(out)
			}
			printed += out
		}
	}
	if !containsAll(printed, []string{c.app.public + "/_system/", owner}) {
		t.Errorf("the commands do not print where and as whom to sign in:\n%s", printed)
	}
	awaitText(t, c.nodes(), "/", "Published by the README")
	for _, n := range c.nodes() {
		if a := n.mustGet(t, "/diary"); a.status != http.StatusForbidden {
			t.Errorf("a note for members on %s: status %d, want 403", n.service, a.status)
		}
	}
}

// addHome creates a home with notes for the clone's user, and what the README expects to be installed:
// trip2g and Docker with Compose.
func (c *clone) addHome(t *testing.T) {
	t.Helper()
	home := t.TempDir()
	writeFiles(t, filepath.Join(home, "notes"), map[string]string{
		"index.md": "---\nfree: true\n---\nPublished by the README\n",
		"diary.md": "For members\n",
	})
	c.env["DOCKER_CONFIG"] = dockerConfig(t)
	c.env["HOME"] = home
	if err := os.Symlink(trip2gBinary(), filepath.Join(c.bin, "trip2g")); err != nil {
		t.Fatal(err)
	}
}

// dockerConfig returns a configuration of Docker that has the Compose plugin: the user's own, or
// one with what "make compose" builds.
func dockerConfig(t *testing.T) string {
	t.Helper()
	if program := composeCommand(t.Context())[0]; program != "docker" {
		dir := t.TempDir()
		plugins := filepath.Join(dir, "cli-plugins")
		if err := os.Mkdir(plugins, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(program, filepath.Join(plugins, "docker-compose")); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	if dir := os.Getenv("DOCKER_CONFIG"); dir != "" {
		return dir
	}
	return filepath.Join(os.Getenv("HOME"), ".docker")
}

// printedCommands returns the lines of a page's shell commands between two texts.
func printedCommands(t *testing.T, page, from, to string) []string {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), from)
	section, _, _ = strings.Cut(section, to)
	var commands []string
	inside := false
	for line := range strings.Lines(section) {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "```"):
			inside = line == "```sh"
		case inside:
			commands = append(commands, line)
		}
	}
	if len(commands) == 0 {
		t.Fatalf("%s prints no commands after %q", page, from)
	}
	return commands
}
