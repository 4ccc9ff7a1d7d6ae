package e2e

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"trip2g/e2e/internal/stack"
)

// TestTheReadmesCommandsPublishAFolder runs the README's commands as they stand there, on a clean
// clone. Only the port and the API key are others.
func TestTheReadmesCommandsPublishAFolder(t *testing.T) {
	c := stack.NewClone(t)
	stack.SaveLogsOnFailure(t, c.Stack)
	c.AddHome(t)
	var printed string
	for _, section := range []string{"\n## Start\n", "\n## Publish your notes\n"} {
		for _, command := range stack.PrintedCommands(t, filepath.Join(c.Dir, "README.md"), section, "\n## ") {
			command = strings.NewReplacer("t2g_...", c.Key, "20081", c.Env["APP_PORT"]).Replace(command)
			out := c.MustRun(t, "sh", "-c", command)
			if strings.HasPrefix(out, "t2g_") {
				c.Key = strings.TrimSpace(out)
			}
			printed += out
		}
	}
	if !stack.ContainsAll(printed, []string{c.App.Public + "/_system/", stack.Owner}) {
		t.Errorf("the commands do not print where and as whom to sign in:\n%s", printed)
	}
	stack.AwaitText(t, c.Nodes(), "/", "Published by the README")
	for _, n := range c.Nodes() {
		if a := n.MustGet(t, "/diary"); a.Status != http.StatusForbidden {
			t.Errorf("a note for members on %s: status %d, want 403", n.Service, a.Status)
		}
	}
}
