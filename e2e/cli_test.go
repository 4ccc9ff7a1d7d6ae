package e2e

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

// pushFolder runs "bin/trip2g push" against a node, as a user does on their machine.
func (n *node) pushFolder(ctx context.Context, dir string, flags ...string) (result, error) {
	cmd := exec.CommandContext(ctx, trip2gBinary(), append([]string{"push", dir, "--url", n.public}, flags...)...)
	cmd.Env = withoutSettings(os.Environ(), "TRIP2G_KEY="+n.stack.key)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	r := result{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
	var ended *exec.ExitError
	if errors.As(err, &ended) {
		return r, nil
	}
	return r, err
}

// mustPushFolder is pushFolder for a push that has to succeed.
func (n *node) mustPushFolder(t *testing.T, dir string, flags ...string) result {
	t.Helper()
	r, err := n.pushFolder(t.Context(), dir, flags...)
	if err != nil {
		t.Fatalf("run trip2g push: %v", err)
	}
	if r.exitCode != 0 {
		t.Fatalf("trip2g push %s ended with %d: %s%s", dir, r.exitCode, r.stdout, r.stderr)
	}
	return r
}

// publishDocs publishes docs/ through a replica.
func (s *stack) publishDocs(ctx context.Context) error {
	r, err := s.replica.pushFolder(ctx, filepath.Join(repoRoot, "docs"))
	if err != nil {
		return err
	}
	if r.exitCode != 0 {
		return fmt.Errorf("trip2g push docs ended with %d: %s%s", r.exitCode, r.stdout, r.stderr)
	}
	return nil
}

// withoutSettings takes the developer's own TRIP2G_ settings out of an environment.
func withoutSettings(environ []string, more ...string) []string {
	var kept []string
	for _, pair := range environ {
		if !strings.HasPrefix(pair, "TRIP2G_") {
			kept = append(kept, pair)
		}
	}
	return append(kept, more...)
}
