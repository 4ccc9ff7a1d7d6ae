package stack

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go/modules/compose"
)

// BackUp runs the documented commands that back the stack up into a folder.
func (s *Stack) BackUp(t *testing.T, dir string) {
	t.Helper()
	s.runPrinted(t, dir, PrintedCommands(t, backupPage(), "In the LiteFS stack, ", "In the shared stack, "))
}

// Restore runs the documented command that restores the backup in a folder.
func (s *Stack) Restore(t *testing.T, dir string) {
	t.Helper()
	s.runPrinted(t, dir, PrintedCommands(t, backupPage(), "**The LiteFS stack.**", "**LiteFS on machines with systemd.**"))
}

func backupPage() string { return filepath.Join(Root, "docs", "operate", "backup.md") }

// runPrinted runs documented commands in a folder, for this stack. The make commands run in the
// checkout.
func (s *Stack) runPrinted(t *testing.T, dir string, commands []string) {
	t.Helper()
	script := strings.NewReplacer(
		"PROJECT", s.Project,
		"make restore", "make --no-print-directory -C '"+Root+"' restore PROJECT="+s.Project,
		"BACKUP=", "BACKUP='"+dir+"'/",
	).Replace(strings.Join(commands, "\n"))
	cmd := exec.CommandContext(t.Context(), "sh", "-ec", script)
	cmd.Dir = dir
	MustRun(t, cmd)
}

// NewerImage tags the image with another name, like a newer build. The sweeper removes the tag.
func (s *Stack) NewerImage(t *testing.T) string {
	t.Helper()
	name := s.Project + ":latest"
	if _, err := s.Docker.ImageTag(t.Context(), client.ImageTagOptions{Source: ImageName(), Target: name}); err != nil {
		t.Fatal(err)
	}
	return name
}

// Recreate takes the stack down and starts it with an image.
func (s *Stack) Recreate(t *testing.T, image string, options ...compose.StackDownOption) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), upTimeout)
	defer cancel()
	if err := s.Compose.Down(ctx, options...); err != nil {
		t.Fatalf("take the stack down: %v", err)
	}
	s.Env["STACK_IMAGE"] = image
	if err := s.Compose.Up(ctx, compose.Wait(true)); err != nil {
		t.Fatalf("bring the stack up on %s: %v", image, err)
	}
}

// MakeUp returns the command that "make up" runs once the image is built.
func (s *Stack) MakeUp(t *testing.T, image string) *exec.Cmd {
	up := exec.CommandContext(t.Context(), "sh", "compose/up.sh", image)
	up.Dir = Root
	up.Env = append(os.Environ(), "STACK=litefs", "PROJECT="+s.Project)
	for name, value := range s.Env {
		up.Env = append(up.Env, name+"="+value)
	}
	return up
}
