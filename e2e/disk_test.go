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

	"trip2g/internal/testwait"
)

// smallDisk is the size of the disk of e2e/small-disk.yml, as mount takes it.
const smallDisk = "256m"

// mountSmallDisk mounts the leader's disk and unmounts it after the test. It needs root, or sudo without a
// password.
func mountSmallDisk(t *testing.T) func(*stack) error {
	return func(s *stack) error {
		dir := filepath.Join(s.env["STACK_DATA"], "disk")
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
// is refused with the cause, pages are served, also by a leader that is killed and started meanwhile, and
// once there is room writing goes on by itself.
func TestAFullDiskLosesNothingAndReadingGoesOn(t *testing.T) {
	s := ownStack(t, "disk", append(slices.Clone(litefsFixture.files), "e2e/small-disk.yml"), mountSmallDisk(t))
	var err error
	if s.key, err = s.newKey(t.Context(), "laptop"); err != nil {
		t.Fatal(err)
	}
	if err := s.app.api().setSiteAccess(t.Context(), "EVERYONE"); err != nil {
		t.Fatal(err)
	}
	s.app.api().mustPush(t, note{"Before.md", "written before"})
	awaitText(t, s.nodes(), "/before", "written before")
	w := startWriters(t, []*node{s.app, s.replica}, "Full")
	w.awaitProgress(t, 3)

	s.app.mustExec(t, "root", "sh", "-c", "cat /dev/zero >/var/lib/litefs/filler 2>/dev/null || true")
	awaitDiskFull := func() {
		t.Helper()
		testwait.NoError(t, "the leader says that its disk is full", func() error { return wantDiskFull(t, s.app) })
	}
	awaitDiskFull()
	for i := range w.writers {
		testwait.NoError(t, "writers are told that the disk is full", func() error {
			if err := w.lastFailure(i); err == nil || !strings.Contains(err.Error(), "disk is full") {
				return fmt.Errorf("the last failure is %w", err)
			}
			return nil
		})
	}
	awaitText(t, s.nodes(), "/before", "written before")
	if n := s.app.restarts(t); n != 0 {
		t.Errorf("the leader was restarted %d times", n)
	}

	s.app.kill(t)
	if _, err := s.docker.ContainerStart(t.Context(), s.app.containerID(t), client.ContainerStartOptions{}); err != nil {
		t.Fatal(err)
	}
	awaitText(t, s.nodes(), "/before", "written before")
	awaitDiskFull()

	s.app.mustExec(t, "root", "rm", "/var/lib/litefs/filler")
	w.awaitProgress(t, 3)
	w.stop()
	w.checkNothingLost(t, s.nodes())
	s.app.awaitReady(t)
}

// wantDiskFull returns what keeps a node's readiness from saying that its disk is full.
func wantDiskFull(t *testing.T, n *node) error {
	a, err := fetch(t.Context(), http.MethodGet, n.internal+"/readyz", nil, "")
	if err == nil && (a.status != http.StatusServiceUnavailable || !strings.Contains(a.body, `"disk":"full`)) {
		err = errors.New(a.body)
	}
	return err
}
