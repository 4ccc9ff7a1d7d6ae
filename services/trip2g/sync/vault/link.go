package vault

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"trip2g/services/trip2g"
)

// maxLinks is the maximum number of links in a path, as on Linux.
const maxLinks = 40

// link adds a link to a file of the vault as a file, unless a rule excludes its target. Links to
// folders are not followed, because they can form a cycle.
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
		w.warn(trip2g.Warning{Path: name, Text: fmt.Sprintf("is a link to %q, which does not exist; it is skipped", written)})
	case err != nil:
		// os.Root returns an error without a name for a link out of it, and for one with an
		// absolute target.
		w.warn(trip2g.Warning{Path: name, Text: fmt.Sprintf("is a link to %q, which is not followed (%v); it is skipped", written, cause(err))})
	case info.IsDir():
		w.warn(trip2g.Warning{Path: name, Text: fmt.Sprintf("is a link to the folder %q; links to folders are not followed", written)})
	default:
		if rule := w.ruleFor(target); rule != "" {
			w.excludeFile(name, fmt.Sprintf("a link to %s: %s", displayPath(target), rule))
			return
		}
		w.file(name, info.Mode())
	}
}

// resolve returns the final target of a link. os.Root rejects links that lead out of the vault.
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

// ruleFor returns the rule that excludes a path; "" if none does.
func (w *walk) ruleFor(name string) string {
	var ignore *ignoreFile
	segments := strings.Split(name, "/")
	for i, segment := range segments {
		if ignored(segment) {
			return "hidden files are excluded"
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
