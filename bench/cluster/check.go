package cluster

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// check returns an error that lists everything this machine lacks.
func check(root string, plain bool) error {
	missing := []error{checkBinary(root, "trip2g")}
	if !plain {
		missing = append(missing, checkBinary(root, "litefs"), checkFUSE())
	}
	return errors.Join(missing...)
}

func checkBinary(root, name string) error {
	path := filepath.Join(root, "bin", name)
	if _, err := exec.LookPath(path); err != nil {
		return fmt.Errorf("%s is needed: run `make %s` (%w)", path, name, err)
	}
	return nil
}

func checkFUSE() error {
	device, err := os.OpenFile("/dev/fuse", os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("LiteFS needs FUSE: %w: load the kernel module (modprobe fuse), give a container --device /dev/fuse, or run as root", err)
	}
	device.Close()
	helper, err := exec.LookPath("fusermount3")
	if err != nil {
		return errors.New("LiteFS needs fusermount3: install it with `apt-get install fuse3`")
	}
	info, err := os.Stat(helper)
	if err != nil {
		return err
	}
	if os.Geteuid() != 0 && info.Mode()&os.ModeSetuid == 0 {
		return fmt.Errorf("LiteFS needs to mount: run as root, or `chmod u+s %s` as root", helper)
	}
	return nil
}
