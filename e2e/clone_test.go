package e2e

import (
	"bytes"
	"context"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/testcontainers/testcontainers-go"
)

// cloneTimeout bounds "docker compose up" on a clone, which downloads and compiles everything.
const cloneTimeout = 25 * time.Minute

// clone is a fresh clone of this checkout's commit, on a host that has Docker and nothing else.
type clone struct {
	*stack
	dir string
	bin string // the whole PATH
}

// TestACloneStartsWithDockerAlone does what the README says: docker compose up on a clean clone.
func TestACloneStartsWithDockerAlone(t *testing.T) {
	c := newClone(t)
	saveLogsOnFailure(t, c.stack)
	c.mustCompose(t, "up", "--build", "--wait")

	describe := exec.CommandContext(t.Context(), "git", "-C", c.dir, "describe", "--tags", "--always")
	if got, want := c.mustCompose(t, "exec", "-T", "app", "trip2g", "version"), mustRun(t, describe); got != want {
		t.Errorf("the image has version %q, want %q", got, want)
	}
	c.createKey(t)
	checkReplicas(t, c.stack)

	secrets := c.app.mustExec(t, server, "cat", secretsFile)
	c.mustCompose(t, "down")
	c.mustCompose(t, "up", "--wait")
	if again := c.app.mustExec(t, server, "cat", secretsFile); again != secrets {
		t.Error("the secrets are others after docker compose down and up")
	}
	checkReplicas(t, c.stack)

	t.Run("with secrets in compose/.env", func(t *testing.T) { checkGivenSecrets(t, c) })
}

// secretsFile is where the nodes keep the secrets that they were not given.
const secretsFile = "/var/lib/secrets/trip2g"

// checkGivenSecrets restarts the clone with secrets as earlier versions of "make up" left them.
func checkGivenSecrets(t *testing.T, c *clone) {
	c.mustCompose(t, "down", "--volumes")
	secret := randomHex(32)
	writeFiles(t, filepath.Join(c.dir, "compose"), map[string]string{
		".env": "TRIP2G_JWT_SECRET=" + secret + "\nTRIP2G_DATA_ENCRYPTION_KEY=" + randomHex(16) + "\n",
	})
	c.mustCompose(t, "up", "--wait")
	for _, n := range c.nodes() {
		if got := strings.TrimSpace(n.mustExec(t, server, "printenv", "TRIP2G_JWT_SECRET")); got != secret {
			t.Errorf("%s runs with another secret than that of compose/.env", n.service)
		}
		if r := n.exec(t, server, "test", "-e", secretsFile); r.exitCode == 0 {
			t.Errorf("%s has a file of secrets beside those of compose/.env", n.service)
		}
	}
	// Node to node and forwarded, both signed with the secret.
	c.createKey(t)
	checkWriteForwarded(t, c.replica)
}

// createKey creates an API key as the documentation says, and has notes public.
func (c *clone) createKey(t *testing.T) {
	t.Helper()
	c.key = strings.TrimSpace(c.mustCompose(t, "exec", "-T", "app", "trip2g", "keys", "create", "--name", "laptop", "--scope", "read,publish,settings"))
	if !strings.HasPrefix(c.key, "t2g_") {
		t.Fatalf("trip2g keys create printed %q, want an API key alone", c.key)
	}
	if err := c.app.api().setSiteAccess(t.Context(), "EVERYONE"); err != nil {
		t.Fatal(err)
	}
}

// newClone clones the checkout and chooses a project and ports for it. Where no registry can be
// reached, the images that the Dockerfile starts from are made here.
func newClone(t *testing.T) *clone {
	t.Helper()
	docker, err := testcontainers.NewDockerClientWithOpts(t.Context())
	if err != nil {
		t.Fatalf("connect to Docker: %v", err)
	}
	c := &clone{stack: &stack{project: ownProject(t, "clone"), docker: docker, env: map[string]string{}}}
	if err := c.addNodes(); err != nil {
		t.Fatal(err)
	}
	c.dir = filepath.Join(projectDir(c.project), "clone")
	mustRun(t, exec.CommandContext(t.Context(), "git", "clone", "--quiet", repoRoot, c.dir))
	c.bin = t.TempDir()
	program, err := exec.LookPath("docker")
	if err == nil {
		err = os.Symlink(program, filepath.Join(c.bin, "docker"))
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, image := range []string{"GO_IMAGE", "BASE_IMAGE"} {
		c.env[image] = upstreamImage(t, image)
	}
	for _, name := range []string{"GOPROXY", "GOSUMDB", "GOFLAGS"} {
		c.env[name] = strings.TrimSpace(mustRun(t, exec.CommandContext(t.Context(), "go", "env", name)))
	}
	return c
}

// upstreamImage returns what the Dockerfile's argument has to be on this machine.
func upstreamImage(t *testing.T, argument string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sh", "docker/upstream.sh", argument)
	cmd.Dir = repoRoot
	return strings.TrimSpace(mustRun(t, cmd))
}

// mustCompose runs Docker Compose in the clone and returns what it prints.
func (c *clone) mustCompose(t *testing.T, args ...string) string {
	t.Helper()
	return c.mustRun(t, append(composeCommand(t.Context()), args...)...)
}

// mustRun runs a command in the clone, with nothing but the clone's environment.
func (c *clone) mustRun(t *testing.T, command ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), cloneTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Dir = c.dir
	cmd.Env = []string{"PATH=" + c.bin, "HOME=" + os.Getenv("HOME"), "COMPOSE_PROJECT_NAME=" + c.project}
	for _, name := range []string{"DOCKER_HOST", "DOCKER_BUILDKIT", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"} {
		if value, ok := os.LookupEnv(name); ok {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.env)) {
		cmd.Env = append(cmd.Env, name+"="+c.env[name])
	}
	return mustRun(t, cmd)
}

// composeCommand is Docker's Compose, or the one that "make compose" builds where there is none.
func composeCommand(ctx context.Context) []string {
	if exec.CommandContext(ctx, "docker", "compose", "version").Run() == nil {
		return []string{"docker", "compose"}
	}
	return []string{filepath.Join(repoRoot, "bin", "docker-compose")}
}

// mustRun runs a command that has to succeed and returns what it prints.
func mustRun(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(cmd.Args, " "), err, lastLines(stdout.String()+stderr.String(), 60))
	}
	return stdout.String()
}

// TestComposeFilesAreValid reads each stack, built here and released.
func TestComposeFilesAreValid(t *testing.T) {
	for _, file := range []string{"compose.yaml", "compose/litefs.yml", "compose/shared.yml", "compose/single.yml"} {
		for _, env := range [][]string{nil, {"TRIP2G_VERSION=1.2.3", "TRIP2G_IMAGE=registry.example/trip2g"}} {
			command := append(composeCommand(t.Context()), "--file", file, "config", "--images")
			cmd := exec.CommandContext(t.Context(), command[0], command[1:]...)
			cmd.Dir = repoRoot
			cmd.Env = withoutSettings(os.Environ(), env...)
			images := mustRun(t, cmd)
			if released := strings.Contains(images, "registry.example/trip2g:1.2.3"); released != (env != nil) {
				t.Errorf("%s with %v runs the image %s", file, env, images)
			}
		}
	}
}

// lastLines returns the end of a text.
func lastLines(text string, count int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-count):], "\n")
}
