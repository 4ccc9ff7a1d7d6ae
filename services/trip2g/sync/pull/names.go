package pull

import (
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"trip2g/services/trip2g"
)

// names are those of the files and folders in a folder, by path: a file system may have a name in another
// Unicode form than the server, or in another letter case.
type names struct {
	actual map[string]string   // by path, in the form of trip2g.NormalizePath
	folded map[string][]string // paths, by trip2g.FoldPath
}

// readNames lists the folder. What cannot be read is found when something is to go there.
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

// add takes a name in. Of two in different Unicode forms the one in NFC counts.
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

// local returns the name under which the folder has, or is to have, what is at a path.
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

// variant returns the one path in the folder that differs from p in letter case alone.
func (n names) variant(p string) (string, bool) {
	if _, there := n.actual[p]; there {
		return "", false
	}
	if found := n.folded[trip2g.FoldPath(p)]; len(found) == 1 {
		return found[0], true
	}
	return "", false
}

// findRenames plans to rename the files of the folder that the server has under a name in another letter case:
// where the file system cannot keep the two apart, and where a file was pulled under the old name.
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

// isSame reports whether the file system takes two names for one file.
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

// rename gives the files of the plan their new names.
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

// rename renames a file, and with it the folders that it is in where the file system cannot keep the two names
// apart; keep reports whether a folder is to keep its name.
func (f *folder) rename(from, to string, keep func(dir string) bool) error {
	name, wanted := f.names.local(from), f.names.local(to)
	if !f.isSame(from, to) {
		if err := f.root.MkdirAll(path.Dir(wanted), 0o755); err != nil {
			return unwritten(to, err)
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
		if err := f.respell(path.Join(append(is[:i:i], was[i])...), path.Join(is[:i+1]...)); err != nil {
			return err
		}
	}
	f.names.actual[to] = path.Join(is...)
	return nil
}

// respell gives a file or folder a name that the file system takes for the one that it has. Some systems take
// that for done already: there another name comes between the two.
func (f *folder) respell(from, to string) error {
	if err := f.move(from, to); err != nil || f.lists(to) {
		return err
	}
	between := path.Join(path.Dir(to), ".trip2g-"+path.Base(to))
	if err := f.move(from, between); err != nil {
		return err
	}
	return f.move(between, to)
}

// lists reports whether a folder has just this name.
func (f *folder) lists(name string) bool {
	entries, err := fs.ReadDir(f.root.FS(), path.Dir(name))
	return err == nil && slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Name() == path.Base(name) })
}

func (f *folder) move(from, to string) error {
	if err := f.root.Rename(from, to); err != nil {
		return unwritten(to, err)
	}
	f.dirs[path.Dir(from)], f.dirs[path.Dir(to)] = true, true
	return nil
}
