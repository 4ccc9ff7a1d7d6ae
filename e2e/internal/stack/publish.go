package stack

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// PushFolder runs "bin/trip2g push" with the node's URL.
func (n *Node) PushFolder(ctx context.Context, dir string, flags ...string) (Result, error) {
	cmd := exec.CommandContext(ctx, binary(), append([]string{"push", dir, "--url", n.Public}, flags...)...)
	cmd.Env = WithoutSettings(os.Environ(), "TRIP2G_KEY="+n.Stack.Key)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	r := Result{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
	var ended *exec.ExitError
	if errors.As(err, &ended) {
		return r, nil
	}
	return r, err
}

// MustPushFolder is PushFolder; a failed push fails the test.
func (n *Node) MustPushFolder(t *testing.T, dir string, flags ...string) Result {
	t.Helper()
	r, err := n.PushFolder(t.Context(), dir, flags...)
	if err != nil {
		t.Fatalf("run trip2g push: %v", err)
	}
	if r.ExitCode != 0 {
		t.Fatalf("trip2g push %s ended with %d: %s%s", dir, r.ExitCode, r.Stdout, r.Stderr)
	}
	return r
}

// publishDocs publishes docs/ through a replica.
func (s *Stack) publishDocs(ctx context.Context) error {
	r, err := s.Replica.PushFolder(ctx, filepath.Join(Root, "docs"))
	if err != nil {
		return err
	}
	if r.ExitCode != 0 {
		return fmt.Errorf("trip2g push docs ended with %d: %s%s", r.ExitCode, r.Stdout, r.Stderr)
	}
	return nil
}

// WithoutSettings returns the environment without the developer's own TRIP2G_ settings, and with
// more.
func WithoutSettings(environ []string, more ...string) []string {
	var kept []string
	for _, pair := range environ {
		if !strings.HasPrefix(pair, "TRIP2G_") {
			kept = append(kept, pair)
		}
	}
	return append(kept, more...)
}

// PageAddress returns the URL path of a folder or note whose name consists of letters, digits and
// single spaces.
func PageAddress(name string) string { return strings.ReplaceAll(strings.ToLower(name), " ", "_") }

// CurrentPosition returns the leader's position, from a mutation that changes nothing.
func CurrentPosition(t *testing.T, s *Stack) int64 {
	t.Helper()
	position, err := s.App.API().Commit(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return position
}

// WriteFiles writes files, path to content, into a folder.
func WriteFiles(t *testing.T, dir string, files map[string]string) {
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

// CheckWriteForwarded pushes a note through a replica. The leader must show it as soon as the push
// returns.
func CheckWriteForwarded(t *testing.T, replica *Node) {
	text := "forwarded " + RandomHex(8)
	replica.API().MustPush(t, Note{"Check/" + replica.Service + " write.md", text})
	path := "/check/" + strings.ReplaceAll(replica.Service, "-", "_") + "_write"
	if err := replica.Stack.App.Shows(t.Context(), path, text); err != nil {
		t.Error(err)
	}
}
