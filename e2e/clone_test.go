package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"trip2g/e2e/internal/stack"
)

// TestACloneStartsWithDockerAlone does what the README says: docker compose up on a clean clone.
func TestACloneStartsWithDockerAlone(t *testing.T) {
	c := stack.NewClone(t)
	stack.SaveLogsOnFailure(t, c.Stack)
	c.MustCompose(t, "up", "--build", "--wait")

	describe := exec.CommandContext(t.Context(), "git", "-C", c.Dir, "describe", "--tags", "--always")
	if got, want := c.MustCompose(t, "exec", "-T", "app", "trip2g", "version"), stack.MustRun(t, describe); got != want {
		t.Errorf("the image has version %q, want %q", got, want)
	}
	c.CreateKey(t)
	checkReplicas(t, c.Stack)

	secrets := c.App.MustExec(t, stack.ServerUser, "cat", stack.SecretsFile)
	c.MustCompose(t, "down")
	c.MustCompose(t, "up", "--wait")
	if again := c.App.MustExec(t, stack.ServerUser, "cat", stack.SecretsFile); again != secrets {
		t.Error("the secrets are others after docker compose down and up")
	}
	checkReplicas(t, c.Stack)

	t.Run("with secrets in compose/.env", func(t *testing.T) { checkGivenSecrets(t, c) })
}

// checkGivenSecrets restarts the clone with secrets as earlier versions of "make up" left them.
func checkGivenSecrets(t *testing.T, c *stack.Clone) {
	c.MustCompose(t, "down", "--volumes")
	secret := stack.RandomHex(32)
	stack.WriteFiles(t, filepath.Join(c.Dir, "compose"), map[string]string{
		".env": "TRIP2G_JWT_SECRET=" + secret + "\nTRIP2G_DATA_ENCRYPTION_KEY=" + stack.RandomHex(16) + "\n",
	})
	c.MustCompose(t, "up", "--wait")
	for _, n := range c.Nodes() {
		if got := strings.TrimSpace(n.MustExec(t, stack.ServerUser, "printenv", "TRIP2G_JWT_SECRET")); got != secret {
			t.Errorf("%s runs with another secret than that of compose/.env", n.Service)
		}
		if r := n.Exec(t, stack.ServerUser, "test", "-e", stack.SecretsFile); r.ExitCode == 0 {
			t.Errorf("%s has a file of secrets beside those of compose/.env", n.Service)
		}
	}
	// Node to node and forwarded, both signed with the secret.
	c.CreateKey(t)
	stack.CheckWriteForwarded(t, c.Replica)
}

// TestComposeFilesAreValid reads each stack, built here and released.
func TestComposeFilesAreValid(t *testing.T) {
	for _, file := range []string{"compose.yaml", "compose/litefs.yml", "compose/shared.yml", "compose/single.yml"} {
		for _, env := range [][]string{nil, {"TRIP2G_VERSION=1.2.3", "TRIP2G_IMAGE=registry.example/trip2g"}} {
			command := append(stack.ComposeCommand(t.Context()), "--file", file, "config", "--images")
			cmd := exec.CommandContext(t.Context(), command[0], command[1:]...)
			cmd.Dir = stack.Root
			cmd.Env = stack.WithoutSettings(os.Environ(), env...)
			images := stack.MustRun(t, cmd)
			if released := strings.Contains(images, "registry.example/trip2g:1.2.3"); released != (env != nil) {
				t.Errorf("%s with %v runs the image %s", file, env, images)
			}
		}
	}
}
