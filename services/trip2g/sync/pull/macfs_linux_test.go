package pull_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"

	"trip2g/services/trip2g"
)

// macFolder mounts a folder with a Mac's rules. Names are stored as given, and found in any letter
// case and Unicode form.
func macFolder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	server, err := fs.Mount(dir, &macNode{backing: t.TempDir()}, &fs.Options{MountOptions: fuse.MountOptions{DirectMount: true}})
	if err != nil {
		t.Fatalf("mount a folder as a Mac has it: %v", err)
	}
	t.Cleanup(func() {
		if err := server.Unmount(); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// macNode is a file or a folder of a macFolder.
type macNode struct {
	fs.Inode
	backing string
}

var (
	_ fs.NodeLookuper  = (*macNode)(nil)
	_ fs.NodeGetattrer = (*macNode)(nil)
	_ fs.NodeSetattrer = (*macNode)(nil)
	_ fs.NodeReaddirer = (*macNode)(nil)
	_ fs.NodeOpener    = (*macNode)(nil)
	_ fs.NodeCreater   = (*macNode)(nil)
	_ fs.NodeMkdirer   = (*macNode)(nil)
	_ fs.NodeUnlinker  = (*macNode)(nil)
	_ fs.NodeRmdirer   = (*macNode)(nil)
	_ fs.NodeRenamer   = (*macNode)(nil)
	_ fs.NodeFsyncer   = (*macNode)(nil)
)

// real returns the path of the node, or of a name in it, in the backing folder.
func (n *macNode) real(names ...string) string {
	current := n.backing
	for _, part := range append(strings.Split(n.Path(nil), "/"), names...) {
		if part == "" || part == "." {
			continue
		}
		next := filepath.Join(current, part)
		if entries, err := os.ReadDir(current); err == nil {
			for _, e := range entries {
				if trip2g.FoldPath(e.Name()) == trip2g.FoldPath(part) {
					next = filepath.Join(current, e.Name())
				}
			}
		}
		current = next
	}
	return current
}

func (n *macNode) child(ctx context.Context, name string, out *fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	var st syscall.Stat_t
	if err := syscall.Lstat(n.real(name), &st); err != nil {
		return nil, fs.ToErrno(err)
	}
	out.Attr.FromStat(&st)
	return n.NewInode(ctx, &macNode{backing: n.backing}, fs.StableAttr{Mode: st.Mode, Ino: st.Ino}), 0
}

func (n *macNode) Lookup(ctx context.Context, name string, out *fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	return n.child(ctx, name, out)
}

func (n *macNode) Getattr(_ context.Context, _ fs.FileHandle, out *fuse.AttrOut) syscall.Errno {
	var st syscall.Stat_t
	if err := syscall.Lstat(n.real(), &st); err != nil {
		return fs.ToErrno(err)
	}
	out.FromStat(&st)
	return 0
}

func (n *macNode) Setattr(ctx context.Context, f fs.FileHandle, in *fuse.SetAttrIn, out *fuse.AttrOut) syscall.Errno {
	if size, ok := in.GetSize(); ok {
		if err := os.Truncate(n.real(), int64(size)); err != nil {
			return fs.ToErrno(err)
		}
	}
	return n.Getattr(ctx, f, out)
}

func (n *macNode) Readdir(context.Context) (fs.DirStream, syscall.Errno) {
	return fs.NewLoopbackDirStream(n.real())
}

func (n *macNode) Open(_ context.Context, flags uint32) (fs.FileHandle, uint32, syscall.Errno) {
	fd, err := syscall.Open(n.real(), int(flags)&^syscall.O_APPEND, 0)
	if err != nil {
		return nil, 0, fs.ToErrno(err)
	}
	return fs.NewLoopbackFile(fd), 0, 0
}

func (n *macNode) Create(ctx context.Context, name string, flags, mode uint32, out *fuse.EntryOut) (*fs.Inode, fs.FileHandle, uint32, syscall.Errno) {
	fd, err := syscall.Open(n.real(name), int(flags)|syscall.O_CREAT, mode)
	if err != nil {
		return nil, nil, 0, fs.ToErrno(err)
	}
	child, errno := n.child(ctx, name, out)
	return child, fs.NewLoopbackFile(fd), 0, errno
}

func (n *macNode) Mkdir(ctx context.Context, name string, mode uint32, out *fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	if err := syscall.Mkdir(n.real(name), mode); err != nil {
		return nil, fs.ToErrno(err)
	}
	return n.child(ctx, name, out)
}

func (n *macNode) Unlink(_ context.Context, name string) syscall.Errno {
	return fs.ToErrno(syscall.Unlink(n.real(name)))
}

func (n *macNode) Rmdir(_ context.Context, name string) syscall.Errno {
	return fs.ToErrno(syscall.Rmdir(n.real(name)))
}

func (n *macNode) Rename(_ context.Context, name string, parent fs.InodeEmbedder, newName string, _ uint32) syscall.Errno {
	from, to := n.real(name), parent.(*macNode).real(newName)
	if from == to { // the name alone changes
		to = filepath.Join(filepath.Dir(to), newName)
	}
	return fs.ToErrno(syscall.Rename(from, to))
}

func (n *macNode) Fsync(context.Context, fs.FileHandle, uint32) syscall.Errno { return 0 }
