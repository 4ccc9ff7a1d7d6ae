package tempdir

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// smallFolder mounts a file system with space for size bytes.
func smallFolder(t *testing.T, size string) string {
	t.Helper()
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size="+size); err != nil {
		t.Fatalf("mount a small file system: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// readOnlyFolder mounts a read-only file system.
func readOnlyFolder(t *testing.T) string {
	t.Helper()
	dir := smallFolder(t, "64k")
	if err := unix.Mount("", dir, "", unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	return dir
}

func wantEmpty(t *testing.T, dirs ...string) {
	t.Helper()
	for _, dir := range dirs {
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("%s has %v, %v", dir, left, err)
		}
	}
}

func content(size int) []byte {
	b := make([]byte, size)
	rand.NewChaCha8([32]byte{1}).Read(b)
	return b
}

// The upload starts in a folder that becomes full, after one that does not exist and one that is
// read-only.
func TestAnUploadContinuesInAFolderWithSpace(t *testing.T) {
	small, large := smallFolder(t, "64k"), t.TempDir()
	s, err := Of(filepath.Join(large, "gone"), readOnlyFolder(t), small, large).NewSpool()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	want := content(300 << 10)
	if n, err := io.Copy(s, bytes.NewReader(want)); err != nil || n != int64(len(want)) {
		t.Fatalf("%d bytes are written: %v", n, err)
	}
	got, err := io.ReadAll(s.Reader())
	if err != nil || !bytes.Equal(got, want) || s.Size() != int64(len(want)) {
		t.Errorf("%d of %d bytes come back, %v", len(got), len(want), err)
	}
	wantEmpty(t, small, large)
}

// The error must not look like a mistake of the sender.
func TestAnUploadWithoutSpaceReportsAFullDisk(t *testing.T) {
	s, err := Of(smallFolder(t, "64k"), smallFolder(t, "96k")).NewSpool()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	_, err = io.Copy(s, bytes.NewReader(content(300<<10)))
	if !errors.Is(err, syscall.ENOSPC) || !errors.Is(err, ErrNone) {
		t.Errorf("it ended with %v", err)
	}
}

func TestWithoutAUsableFolderTheErrorNamesEach(t *testing.T) {
	dirs := Of("/gone/one", readOnlyFolder(t))
	_, spoolErr := dirs.NewSpool()
	_, fileErr := dirs.Create()
	folderErr := dirs.WithFolder(1, func(string) error { return nil })
	for _, err := range []error{spoolErr, fileErr, folderErr} {
		if !errors.Is(err, ErrNone) || !strings.Contains(err.Error(), "/gone/one") || !strings.Contains(err.Error(), "read-only") {
			t.Errorf("it says %v", err)
		}
	}
}

// A folder that became full during a write is tried last.
func TestAFolderThatFailedIsTriedLast(t *testing.T) {
	one, two := t.TempDir(), t.TempDir()
	for skip, want := range []string{one, two, one} {
		err := Of(one, two).WithFolder(skip, func(dir string) error {
			if filepath.Dir(dir) != want {
				t.Errorf("without %d it is %s", skip, dir)
			}
			return os.WriteFile(filepath.Join(dir, "file"), nil, 0o600)
		})
		if err != nil {
			t.Error(err)
		}
	}
	wantEmpty(t, one, two)
}
