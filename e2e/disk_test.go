package e2e

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/moby/moby/client"

	"trip2g/e2e/internal/stack"
	"trip2g/internal/testwait"
)

// smallDisk is the size of the disk of e2e/small-disk.yml, as mount takes it.
const smallDisk = "256m"

// mountSmallDisk mounts the leader's disk and unmounts it after the test. It needs root, or sudo without a
// password.
func mountSmallDisk(t *testing.T) func(*stack.Stack) error {
	return func(s *stack.Stack) error {
		dir := filepath.Join(s.Env["STACK_DATA"], "disk")
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
		if err := asRoot("mount", "-t", "tmpfs", "-o", "size="+smallDisk, "tmpfs", dir); err != nil {
			return err
		}
		t.Cleanup(func() {
			if err := asRoot("umount", "-l", dir); err != nil {
				t.Error(err)
			}
		})
		return nil
	}
}

func asRoot(command ...string) error {
	if os.Geteuid() != 0 {
		command = append([]string{"sudo", "-n"}, command...)
	}
	if out, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
		return fmt.Errorf("%v: %w: run the suite as root, or allow sudo without a password\n%s", command, err, out)
	}
	return nil
}

// TestAFullDiskLosesNothingAndReadingGoesOn fills the leader's disk to the last byte amid writes. Every write
// is rejected with the cause, pages are served, also by a leader that is killed and started meanwhile, and
// writing resumes by itself when there is space.
func TestAFullDiskLosesNothingAndReadingGoesOn(t *testing.T) {
	s := stack.Own(t, "disk", append(slices.Clone(stack.LiteFSFiles), "e2e/small-disk.yml"), mountSmallDisk(t))
	var err error
	if s.Key, err = s.NewKey(t.Context(), "laptop"); err != nil {
		t.Fatal(err)
	}
	if err := s.App.API().SetSiteAccess(t.Context(), "EVERYONE"); err != nil {
		t.Fatal(err)
	}
	s.App.API().MustPush(t, stack.Note{Path: "Before.md", Content: "written before"})
	stack.AwaitText(t, s.Nodes(), "/before", "written before")
	w := stack.StartWriters(t, []*stack.Node{s.App, s.Replica}, "Full")
	w.AwaitProgress(t, 3)

	s.App.MustExec(t, "root", "sh", "-c", "cat /dev/zero >/var/lib/litefs/filler 2>/dev/null || true")
	awaitDiskFull := func() {
		t.Helper()
		testwait.NoError(t, "the leader says that its disk is full", func() error { return wantDiskFull(t, s.App) })
	}
	awaitDiskFull()
	for i := range w.Writers {
		testwait.NoError(t, "writers are told that the disk is full", func() error {
			if err := w.LastFailure(i); err == nil || !strings.Contains(err.Error(), "disk is full") {
				return fmt.Errorf("the last failure is %w", err)
			}
			return nil
		})
	}
	stack.AwaitText(t, s.Nodes(), "/before", "written before")
	if n := s.App.Restarts(t); n != 0 {
		t.Errorf("the leader was restarted %d times", n)
	}

	s.App.Kill(t)
	if _, err := s.Docker.ContainerStart(t.Context(), s.App.ContainerID(t), client.ContainerStartOptions{}); err != nil {
		t.Fatal(err)
	}
	stack.AwaitText(t, s.Nodes(), "/before", "written before")
	awaitDiskFull()

	s.App.MustExec(t, "root", "rm", "/var/lib/litefs/filler")
	w.AwaitProgress(t, 3)
	w.Stop()
	w.CheckNothingLost(t, s.Nodes())
	s.App.AwaitReady(t)
}

// wantDiskFull returns an error unless /readyz of the node reports that its disk is full.
func wantDiskFull(t *testing.T, n *stack.Node) error {
	a, err := stack.Fetch(t.Context(), http.MethodGet, n.Internal+"/readyz", nil, "")
	if err == nil && (a.Status != http.StatusServiceUnavailable || !strings.Contains(a.Body, `"disk":"full`)) {
		err = errors.New(a.Body)
	}
	return err
}
