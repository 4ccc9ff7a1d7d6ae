package vault

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"trip2g/services/trip2g"
)

// maxLinks bounds the links on the way to a file, as Linux does.
const maxLinks = 40

// link takes a link to a file of the vault as that file, unless a rule keeps the file out of a push. A link
// to a folder is not followed: its notes are found where they are, and a circle of links has no end.
func (w *walk) link(name string) {
	written, err := w.root.Readlink(name)
	var info fs.FileInfo
	if err == nil {
		info, err = w.root.Stat(name)
	}
	var target string
	if err == nil {
		target, err = w.resolve(name)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		w.warn(trip2g.Warning{Path: name, Text: fmt.Sprintf("is a link to %q, which does not exist; it is left out", written)})
	case err != nil:
		// os.Root returns an error without a name for a link out of it, and for one with an absolute target.
		w.warn(trip2g.Warning{Path: name, Text: fmt.Sprintf("is a link to %q, which is not followed (%v); it is left out", written, cause(err))})
	case info.IsDir():
		w.warn(trip2g.Warning{Path: name, Text: fmt.Sprintf("is a link to the folder %q; links to folders are not followed", written)})
	default:
		if rule := w.ruleFor(target); rule != "" {
			w.excludeFile(name, fmt.Sprintf("a link to %s: %s", shown(target), rule))
			return
		}
		w.file(name, info.Mode())
	}
}

// resolve returns the path of the file that a link leads to in the end. Links that lead out of the vault are
// for os.Root to refuse, before or when the file is opened.
func (w *walk) resolve(name string) (string, error) {
	done, rest := ".", name
	for links := 0; rest != ""; {
		segment, after, _ := strings.Cut(rest, "/")
		rest = after
		next := path.Join(done, segment)
		info, err := w.root.Lstat(next)
		if err != nil {
			return "", err
		}
		if info.Mode()&fs.ModeSymlink == 0 {
			done = next
			continue
		}
		if links++; links > maxLinks {
			return "", errors.New("too many links")
		}
		target, err := w.root.Readlink(next)
		if err != nil {
			return "", err
		}
		rest = strings.TrimSuffix(target+"/"+rest, "/")
	}
	return done, nil
}

// ruleFor returns the rule that keeps a path out of a push, wherever in the vault it is; "" if none does.
func (w *walk) ruleFor(name string) string {
	var ignore *ignoreFile
	segments := strings.Split(name, "/")
	for i, segment := range segments {
		if ignored(segment) {
			return "hidden files stay out"
		}
		ignore = w.ignoreFileOf(path.Join(".", path.Join(segments[:i]...)), ignore)
		rule, _ := w.rules.rule(path.Join(segments[:i+1]...), i < len(segments)-1, ignore)
		if rule != "" {
			return rule
		}
	}
	if normalized := trip2g.NormalizePath(name); isNote(normalized) && !w.rules.includes(normalized) {
		return notIncluded
	}
	return ""
}
