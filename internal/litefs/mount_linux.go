package litefs

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// Mounted reports whether the file at path lies on a LiteFS mount. The file
// need not exist, its directory must. Symbolic links are followed.
//
// A mount whose LiteFS process has died without unmounting is an error that
// wraps [ErrStale].
func Mounted(path string) (bool, error) {
	dir, err := directoryOf(path)
	if err != nil {
		return false, staleOr(path, err)
	}
	var fs unix.Statfs_t
	if err := unix.Statfs(dir, &fs); err != nil {
		return false, staleOr(path, &os.PathError{Op: "statfs", Path: dir, Err: err})
	}
	if fs.Type != unix.FUSE_SUPER_MAGIC {
		return false, nil
	}
	var st unix.Stat_t
	if err := unix.Stat(dir, &st); err != nil {
		return false, staleOr(path, &os.PathError{Op: "stat", Path: dir, Err: err})
	}
	f, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return false, fmt.Errorf("tell whether %s is on LiteFS: %w", path, err)
	}
	defer f.Close()
	source, err := mountSource(f, fmt.Sprintf("%d:%d", unix.Major(st.Dev), unix.Minor(st.Dev)))
	if err != nil {
		return false, fmt.Errorf("tell whether %s is on LiteFS: read /proc/self/mountinfo: %w", path, err)
	}
	return source == "litefs", nil
}

// directoryOf returns the real directory of the file that opening path would
// open or make.
func directoryOf(path string) (string, error) {
	real, err := filepath.EvalSymlinks(path)
	if errors.Is(err, os.ErrNotExist) {
		return filepath.EvalSymlinks(filepath.Dir(path))
	}
	if err != nil {
		return "", err
	}
	info, err := os.Stat(real)
	if err != nil {
		return "", err
	}
	if info.IsDir() {
		return real, nil
	}
	return filepath.Dir(real), nil
}

// mountSource finds the mount of a device ("major:minor") in a mountinfo file
// and returns its source; "" where the device is not listed. The format is that
// of proc_pid_mountinfo(5): the device is the third field, the source the
// second after the lone hyphen. LiteFS mounts with the source "litefs".
func mountSource(mountinfo io.Reader, device string) (string, error) {
	lines := bufio.NewScanner(mountinfo)
	for lines.Scan() {
		head, tail, found := strings.Cut(lines.Text(), " - ")
		if !found {
			return "", fmt.Errorf("line without a separator: %q", lines.Text())
		}
		before, after := strings.Fields(head), strings.Fields(tail)
		if len(before) < 3 || len(after) < 2 {
			return "", fmt.Errorf("line with too few fields: %q", lines.Text())
		}
		if before[2] == device {
			return after[1], nil
		}
	}
	return "", lines.Err()
}
