package pull

import (
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"trip2g/services/trip2g"
)

// names maps paths to the names in the folder, which can have another Unicode form or letter case
// than on the server.
type names struct {
	actual map[string]string   // by path, in the form of trip2g.NormalizePath
	folded map[string][]string // paths, by trip2g.FoldPath
}

// readNames lists the folder. It ignores errors: a later write to the same place reports them.
func (f *folder) readNames() {
	f.names = names{actual: make(map[string]string), folded: make(map[string][]string)}
	if f.root == nil {
		return
	}
	fs.WalkDir(f.root.FS(), ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case name == ".":
			return nil
		case err != nil:
			return fs.SkipDir
		case ignored(path.Base(name)):
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		f.names.add(name)
		return nil
	})
}

// add adds a name. Of two in different Unicode forms, the one in NFC is used.
func (n names) add(name string) {
	p := trip2g.NormalizePath(name)
	if _, taken := n.actual[p]; taken && name != p {
		return
	} else if !taken {
		key := trip2g.FoldPath(p)
		n.folded[key] = append(n.folded[key], p)
	}
	n.actual[p] = name
}

// local returns the name in the folder for a path.
func (n names) local(p string) string {
	if name, ok := n.actual[p]; ok {
		return name
	}
	dir := path.Dir(p)
	if dir == "." || dir == "/" || dir == p {
		return p
	}
	return path.Join(n.local(dir), path.Base(p))
}

// variant returns the only path in the folder that differs from p in letter case alone.
func (n names) variant(p string) (string, bool) {
	if _, there := n.actual[p]; there {
		return "", false
	}
	if found := n.folded[trip2g.FoldPath(p)]; len(found) == 1 {
		return found[0], true
	}
	return "", false
}

// findRenames plans to rename files whose letter case differs on the server, if the file system
// does not distinguish the names, or if the file was pulled under the old name.
func (r *run) findRenames(wants map[string]want) {
	r.plan.renames = make(map[string]string)
	for to := range wants {
		from, ok := r.folder.names.variant(to)
		if !ok {
			continue
		}
		if _, wanted := wants[from]; wanted {
			continue
		}
		if _, pulled := r.folder.pulled[from]; pulled || r.folder.isSame(from, to) {
			r.plan.renames[to] = from
		}
	}
}

// isSame reports whether two names are the same file.
func (f *folder) isSame(a, b string) bool {
	if f.root == nil {
		return false
	}
	one, err := f.root.Lstat(f.names.local(a))
	if err != nil {
		return false
	}
	other, err := f.root.Lstat(f.names.local(b))
	return err == nil && os.SameFile(one, other)
}

// rename renames the files of the plan.
func (r *run) rename() error {
	for to, from := range r.plan.renames {
		if err := r.folder.rename(from, to, func(dir string) bool { return r.wantsBelow(dir) }); err != nil {
			return err
		}
		r.folder.moved(from, to)
	}
	return nil
}

// wantsBelow reports whether the server has anything in a folder.
func (r *run) wantsBelow(dir string) bool {
	for p := range r.wants {
		if strings.HasPrefix(p, dir+"/") {
			return true
		}
	}
	return false
}

// rename renames a file, and its folders if the file system does not distinguish the names. keep
// reports whether a folder keeps its name.
func (f *folder) rename(from, to string, keep func(dir string) bool) error {
	name, wanted := f.names.local(from), f.names.local(to)
	if !f.isSame(from, to) {
		if err := f.root.MkdirAll(path.Dir(wanted), 0o755); err != nil {
			return writeError(to, err)
		}
		if err := f.move(name, wanted); err != nil {
			return err
		}
		f.prune(path.Dir(name))
		return nil
	}
	was, is := strings.Split(name, "/"), strings.Split(wanted, "/")
	for i := range min(len(was), len(is)) {
		last := i == len(was)-1
		if was[i] == is[i] || !last && keep(trip2g.NormalizePath(path.Join(was[:i+1]...))) {
			is[i] = was[i]
			continue
		}
		if err := f.renameCase(path.Join(append(is[:i:i], was[i])...), path.Join(is[:i+1]...)); err != nil {
			return err
		}
	}
	f.names.actual[to] = path.Join(is...)
	return nil
}

// renameCase changes the letter case of a name. Some systems ignore such a rename; there it goes
// through a temporary name.
func (f *folder) renameCase(from, to string) error {
	if err := f.move(from, to); err != nil || f.lists(to) {
		return err
	}
	between := path.Join(path.Dir(to), ".trip2g-"+path.Base(to))
	if err := f.move(from, between); err != nil {
		return err
	}
	return f.move(between, to)
}

// lists reports whether a folder lists exactly this name.
func (f *folder) lists(name string) bool {
	entries, err := fs.ReadDir(f.root.FS(), path.Dir(name))
	return err == nil && slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Name() == path.Base(name) })
}

func (f *folder) move(from, to string) error {
	if err := f.root.Rename(from, to); err != nil {
		return writeError(to, err)
	}
	f.dirs[path.Dir(from)], f.dirs[path.Dir(to)] = true, true
	return nil
}
