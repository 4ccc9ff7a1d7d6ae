package vault

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"trip2g/services/trip2g"
)

// maxFaults is the maximum number of faults that an error lists.
const maxFaults = 100

// findings are the problems of a vault. Faults prevent a push, warnings do not.
type findings struct {
	faults   []trip2g.FieldError
	warnings []trip2g.Warning
}

func (f *findings) fault(path, format string, args ...any) {
	f.faults = append(f.faults, trip2g.FieldError{Name: displayPath(path), Value: fmt.Sprintf(format, args...)})
}

func (f *findings) warn(w trip2g.Warning) {
	w.Path = displayPath(w.Path)
	f.warnings = append(f.warnings, w)
}

func (f *findings) leaveOut(path, why string) {
	f.warn(trip2g.Warning{Path: path, Text: why + "; it is skipped"})
}

func (f *findings) sortedWarnings() []trip2g.Warning {
	slices.SortStableFunc(f.warnings, func(a, b trip2g.Warning) int { return cmp.Compare(a.Path, b.Path) })
	return f.warnings
}

func (f *findings) err(dir string) error {
	if len(f.faults) == 0 {
		return nil
	}
	slices.SortStableFunc(f.faults, func(a, b trip2g.FieldError) int { return cmp.Compare(a.Name, b.Name) })
	message := fmt.Sprintf("nothing was sent: %s has %d files to fix first", dir, len(f.faults))
	if len(f.faults) == 1 {
		message = fmt.Sprintf("nothing was sent: %s has a file to fix first", dir)
	}
	if len(f.faults) > maxFaults {
		message += fmt.Sprintf(", of which these are the first %d", maxFaults)
		f.faults = f.faults[:maxFaults]
	}
	return &trip2g.Error{Code: trip2g.EINVALID, Message: message, Fields: f.faults}
}

// walk finds the files of a vault.
type walk struct {
	findings
	root  *os.Root
	rules rules
	notes []string // paths
	files index

	ignoreFiles map[string]*ignoreFile // by folder, of those that were looked for
	unmatched   []unmatched

	kept     map[string]bool   // notes that an ignore file includes explicitly
	excluded map[string]string // the rule of each excluded note and file
	outside  index             // the excluded files
	names    index             // the notes, without their extension
	onDisk   map[string]string // the folder's names of notes and files, by path
}

func newWalk(root *os.Root) *walk {
	return &walk{
		root: root, files: newIndex(), kept: map[string]bool{}, excluded: map[string]string{}, outside: newIndex(), names: newIndex(),
		onDisk: map[string]string{}, ignoreFiles: map[string]*ignoreFile{},
	}
}

// folder walks one folder; "." is the vault itself. It returns only errors of ctx.
func (w *walk) folder(ctx context.Context, dir string, ignore *ignoreFile) error {
	entries, err := w.entries(dir)
	if errors.Is(err, fs.ErrNotExist) && dir != "." {
		return nil // removed since its name was read
	}
	if err != nil {
		w.fault(dir, "the folder cannot be read: %v", cause(err))
	}
	if slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Name() == trip2g.IgnoreFile }) {
		ignore = w.ignoreFileOf(dir, ignore)
	}
	for _, entry := range entries {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if ignored(entry.Name()) {
			continue
		}
		name := path.Join(dir, entry.Name())
		w.markMatched(name, entry.IsDir())
		rule, kept := w.rules.rule(name, entry.IsDir(), ignore)
		switch {
		case rule != "":
			err = w.exclude(ctx, name, entry, rule)
		case entry.IsDir():
			err = w.folder(ctx, name, ignore)
		default:
			w.kept[trip2g.NormalizePath(name)] = kept
			w.entry(name, entry.Type())
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// exclude records the names of excluded files, for reports. It opens only folders, and ignores
// errors.
func (w *walk) exclude(ctx context.Context, name string, entry fs.DirEntry, rule string) error {
	if !entry.IsDir() {
		w.excludeFile(name, rule)
		return nil
	}
	entries, _ := w.entries(name)
	for _, inside := range entries {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if ignored(inside.Name()) {
			continue
		}
		insideName := path.Join(name, inside.Name())
		w.markMatched(insideName, inside.IsDir())
		if err := w.exclude(ctx, insideName, inside, rule); err != nil {
			return err
		}
	}
	return nil
}

func (w *walk) excludeFile(name, rule string) {
	path := trip2g.NormalizePath(name)
	w.excluded[path] = rule
	if !isNote(path) {
		w.outside.add(path)
	}
}

// notIncluded is the rule for notes that no pattern of include matches.
const notIncluded = "not in include of " + trip2g.SettingsPath

// ignored reports whether a file or folder name is never part of a vault.
func ignored(name string) bool { return strings.HasPrefix(name, ".") || name == "node_modules" }

// entries lists a folder in byte order.
func (w *walk) entries(dir string) ([]fs.DirEntry, error) {
	f, err := w.root.Open(dir)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	entries, err := f.ReadDir(-1)
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return cmp.Compare(a.Name(), b.Name()) })
	return entries, err
}

// entry adds a file or link.
func (w *walk) entry(name string, mode fs.FileMode) {
	if mode&fs.ModeSymlink != 0 {
		w.link(name)
		return
	}
	w.file(name, mode)
}

func (w *walk) file(name string, mode fs.FileMode) {
	if !mode.IsRegular() {
		w.warn(trip2g.Warning{Path: name, Text: fmt.Sprintf("is %s, not a regular file; it is skipped", kind(mode))})
		return
	}
	path := trip2g.NormalizePath(name)
	if !isNote(path) {
		// A file with an invalid path is reported as missing if a note refers to it.
		if trip2g.ValidateAssetPath(path) == nil && w.claim(path, name) {
			w.files.add(path)
		}
		return
	}
	if err := trip2g.ValidatePath(path); err != nil {
		w.leaveOut(name, "cannot be published: its "+trip2g.ErrorMessage(err))
		return
	}
	if !w.claim(path, name) {
		return
	}
	w.names.add(noteEnding.ReplaceAllString(path, ""))
	if !w.rules.includes(path) {
		w.excluded[path] = notIncluded
		return
	}
	w.notes = append(w.notes, path)
}

// claim records the name of a path's file, and reports whether the path is new. Of two names in
// different Unicode forms, the one in NFC is used.
func (w *walk) claim(path, name string) bool {
	other, taken := w.onDisk[path]
	switch {
	case !taken:
		w.onDisk[path] = name
	case name == path:
		w.onDisk[path], name = name, other
	}
	if taken {
		w.leaveOut(name, "has the same name as another file, in another Unicode form")
	}
	return !taken
}

func kind(mode fs.FileMode) string {
	switch {
	case mode&fs.ModeNamedPipe != 0:
		return "a named pipe"
	case mode&fs.ModeSocket != 0:
		return "a socket"
	default:
		return "a device"
	}
}

// warnAboutVariants warns about notes whose paths differ only in letter case. Some file systems can
// store only one of them, and the second one gets another URL.
func (w *walk) warnAboutVariants(notes []trip2g.NotePath) {
	first := make(map[string]string, len(notes))
	for _, n := range notes {
		key := trip2g.FoldPath(n.Path)
		if other, ok := first[key]; ok {
			w.warn(trip2g.Warning{Path: n.Path, Text: fmt.Sprintf("differs from %q only in letter case; both are published", other)})
			continue
		}
		first[key] = n.Path
	}
}
