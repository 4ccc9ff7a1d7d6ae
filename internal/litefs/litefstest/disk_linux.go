package litefstest

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
)

// filler is the name of the file that takes the rest of a node's disk.
const filler = "filler"

// OnDisk puts the node's data on a disk of its own, of size bytes: a tmpfs that
// [Node.FillDisk] fills. It needs root, or sudo without a password.
func OnDisk(size int64) Option {
	return func(n *Node) {
		n.tb.Helper()
		if err := os.Mkdir(n.Data, 0o755); err != nil {
			n.tb.Fatal(err)
		}
		owner := fmt.Sprintf("size=%d,uid=%d,gid=%d", size, os.Getuid(), os.Getgid())
		asRoot(n, "mount", "-t", "tmpfs", "-o", owner, "tmpfs", n.Data)
		// Cleanup functions run last added first: LiteFS has ended by then.
		n.tb.Cleanup(func() { asRoot(n, "umount", "-l", n.Data) })
	}
}

// asRoot runs a command that root alone may run.
func asRoot(n *Node, command ...string) {
	n.tb.Helper()
	if os.Geteuid() != 0 {
		command = append([]string{"sudo", "-n"}, command...)
	}
	if out, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
		n.tb.Fatalf("%v: %v: run the tests as root, or allow sudo without a password\n%s", command, err, out)
	}
}

// FillDisk takes all but some bytes of the disk of a node that is [OnDisk].
func (n *Node) FillDisk(but int64) {
	n.tb.Helper()
	n.FreeDisk()
	f, err := os.Create(filepath.Join(n.Data, filler))
	if err != nil {
		n.tb.Fatal(err)
	}
	defer f.Close()
	piece := make([]byte, 4096)
	for err == nil {
		_, err = f.Write(piece)
	}
	size, seekErr := f.Seek(0, io.SeekEnd)
	if !errors.Is(err, syscall.ENOSPC) || seekErr != nil {
		n.tb.Fatalf("fill the disk: %v", errors.Join(err, seekErr))
	}
	if err := f.Truncate(max(0, size-but)); err != nil {
		n.tb.Fatal(err)
	}
}

// FreeDisk undoes FillDisk.
func (n *Node) FreeDisk() {
	n.tb.Helper()
	if err := os.Remove(filepath.Join(n.Data, filler)); err != nil && !errors.Is(err, os.ErrNotExist) {
		n.tb.Fatal(err)
	}
}
