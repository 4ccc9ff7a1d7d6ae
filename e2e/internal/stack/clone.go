package stack

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

// cloneTimeout limits "docker compose up" in a clone, which downloads and compiles everything.
const cloneTimeout = 25 * time.Minute

// Clone is a new clone of the checkout, whose commands find nothing but Docker in their PATH.
type Clone struct {
	*Stack
	Dir string
	bin string // the whole PATH
}

// SecretsFile is the file of the secrets that are not set, in the containers.
const SecretsFile = "/var/lib/secrets/trip2g"

// CreateKey creates an API key as documented, and makes notes public by default.
func (c *Clone) CreateKey(t *testing.T) {
	t.Helper()
	c.Key = strings.TrimSpace(c.MustCompose(t, "exec", "-T", "app", "trip2g", "keys", "create", "--name", "laptop", "--scope", "read,publish,settings"))
	if !strings.HasPrefix(c.Key, "t2g_") {
		t.Fatalf("trip2g keys create printed %q, want an API key alone", c.Key)
	}
	if err := c.App.API().SetSiteAccess(t.Context(), "EVERYONE"); err != nil {
		t.Fatal(err)
	}
}

// NewClone clones the checkout and chooses a project and ports for the clone. If no registry can be
// reached, it builds the base images of the Dockerfile.
func NewClone(t *testing.T) *Clone {
	t.Helper()
	docker, err := testcontainers.NewDockerClientWithOpts(t.Context())
	if err != nil {
		t.Fatalf("connect to Docker: %v", err)
	}
	c := &Clone{Stack: &Stack{Project: OwnProject(t, "clone"), Docker: docker, Env: map[string]string{}}}
	if err := c.addNodes(); err != nil {
		t.Fatal(err)
	}
	c.Dir = filepath.Join(projectDir(c.Project), "clone")
	MustRun(t, exec.CommandContext(t.Context(), "git", "clone", "--quiet", Root, c.Dir))
	c.bin = t.TempDir()
	program, err := exec.LookPath("docker")
	if err == nil {
		err = os.Symlink(program, filepath.Join(c.bin, "docker"))
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, image := range []string{"GO_IMAGE", "BASE_IMAGE"} {
		c.Env[image] = upstreamImage(t, image)
	}
	for _, name := range []string{"GOPROXY", "GOSUMDB", "GOFLAGS"} {
		c.Env[name] = strings.TrimSpace(MustRun(t, exec.CommandContext(t.Context(), "go", "env", name)))
	}
	return c
}

// upstreamImage returns the value of the Dockerfile's argument on this machine.
func upstreamImage(t *testing.T, argument string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sh", "docker/upstream.sh", argument)
	cmd.Dir = Root
	return strings.TrimSpace(MustRun(t, cmd))
}

// MustCompose runs Docker Compose in the clone and returns what it prints.
func (c *Clone) MustCompose(t *testing.T, args ...string) string {
	t.Helper()
	return c.MustRun(t, append(ComposeCommand(t.Context()), args...)...)
}

// MustRun runs a command in the clone, with the clone's environment only.
func (c *Clone) MustRun(t *testing.T, command ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), cloneTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Dir = c.Dir
	cmd.Env = []string{"PATH=" + c.bin, "HOME=" + os.Getenv("HOME"), "COMPOSE_PROJECT_NAME=" + c.Project}
	for _, name := range []string{"DOCKER_HOST", "DOCKER_BUILDKIT", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"} {
		if value, ok := os.LookupEnv(name); ok {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.Env)) {
		cmd.Env = append(cmd.Env, name+"="+c.Env[name])
	}
	return MustRun(t, cmd)
}

// ComposeCommand returns the command of Docker's Compose plugin or, without it, of the one that
// "make compose" builds.
func ComposeCommand(ctx context.Context) []string {
	if exec.CommandContext(ctx, "docker", "compose", "version").Run() == nil {
		return []string{"docker", "compose"}
	}
	return []string{filepath.Join(Root, "bin", "docker-compose")}
}

// MustRun runs a command that has to succeed and returns what it prints.
func MustRun(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(cmd.Args, " "), err, lastLines(stdout.String()+stderr.String(), 60))
	}
	return stdout.String()
}

// lastLines returns the end of a text.
func lastLines(text string, count int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-count):], "\n")
}

// AddHome creates a home with notes for the clone's user, and what the README expects to be
// installed: trip2g and Docker with Compose.
func (c *Clone) AddHome(t *testing.T) {
	t.Helper()
	home := t.TempDir()
	WriteFiles(t, filepath.Join(home, "notes"), map[string]string{
		"index.md": "---\nfree: true\n---\nPublished by the README\n",
		"diary.md": "For members\n",
	})
	c.Env["DOCKER_CONFIG"] = dockerConfig(t)
	c.Env["HOME"] = home
	if err := os.Symlink(binary(), filepath.Join(c.bin, "trip2g")); err != nil {
		t.Fatal(err)
	}
}

// dockerConfig returns a configuration of Docker that has the Compose plugin: the user's own, or
// one with what "make compose" builds.
func dockerConfig(t *testing.T) string {
	t.Helper()
	if program := ComposeCommand(t.Context())[0]; program != "docker" {
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

// PrintedCommands returns the lines of a page's shell commands between two texts.
func PrintedCommands(t *testing.T, page, from, to string) []string {
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
