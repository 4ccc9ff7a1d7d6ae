package pull

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"trip2g/services/trip2g"
)

// maxFaults is the maximum number of files that an error lists.
const maxFaults = 100

// plan lists the changes of a pull.
type plan struct {
	notes  []change
	files  []change
	remove []change
	forget []string // files that exist neither in the folder nor on the server

	renames map[string]string // old path by new path
}

// change is a file to write or to remove.
type change struct {
	path   string
	remote trip2g.RemoteFile // unless it is a note
	before fs.FileInfo       // the current file; nil if there is none
}

// want is a file that the folder should have.
type want struct {
	note bool
	hash string // SHA-256 of its bytes, lower-case hex
	file trip2g.RemoteFile
}

// wanted returns the server's files by path, without those that accepts rejects.
func (r *run) wanted(notes []trip2g.RemoteNote) map[string]want {
	out := make(map[string]want, len(notes))
	for i := range notes {
		n := &notes[i]
		n.Path = trip2g.NormalizePath(n.Path)
		for j := range n.Files {
			n.Files[j].Path = trip2g.NormalizePath(n.Files[j].Path)
		}
		hash, err := trip2g.HexHash(n.Hash)
		fault := trip2g.ValidatePath(n.Path)
		if err != nil {
			fault = trip2g.Errorf(trip2g.EINVALID, "hash is none")
		}
		if r.accepts(n.Path, fault) {
			out[n.Path] = want{note: true, hash: hash}
		}
	}
	for _, n := range notes {
		for _, f := range n.Files {
			known, ok := out[f.Path]
			switch {
			case ok && known.hash == f.Hash:
			case ok:
				r.Reporter.Warn(trip2g.Warning{Path: n.Path, Text: fmt.Sprintf("refers to a different version of %q than the one pulled; it is skipped", f.Path)})
			case r.accepts(f.Path, trip2g.ValidateAssetPath(f.Path)):
				out[f.Path] = want{hash: f.Hash, file: f}
			}
		}
	}
	return out
}

// accepts reports whether a path of the server is allowed in the folder, and warns if not. Names
// that start with a dot configure programs (.git, .obsidian), and no push sends them.
func (r *run) accepts(path string, fault error) bool {
	switch {
	case fault != nil:
		r.Reporter.Warn(trip2g.Warning{Path: path, Text: "is skipped: its " + trip2g.ErrorMessage(fault)})
	case !filepath.IsLocal(filepath.FromSlash(path)), ignored(path):
		r.Reporter.Warn(trip2g.Warning{Path: path, Text: "is left out: files of that name are not written"})
	default:
		return true
	}
	return false
}

func ignored(path string) bool {
	for segment := range strings.SplitSeq(path, "/") {
		if strings.HasPrefix(segment, ".") || segment == "node_modules" {
			return true
		}
	}
	return false
}

// compare makes the plan. Its error names the files that block it.
func (r *run) compare(ctx context.Context, wants map[string]want) error {
	var conflicts, obstacles []trip2g.FieldError
	for _, path := range slices.Sorted(maps.Keys(wants)) {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		w := wants[path]
		from, renamed := r.plan.renames[path]
		if !renamed {
			from = path
		}
		there, err := r.folder.look(from, w.note)
		if err != nil {
			obstacles = append(obstacles, trip2g.FieldError{Name: path, Value: err.Error()})
			continue
		}
		base, pulled := r.folder.pulled[from]
		if renamed {
			r.summary.Renamed = append(r.summary.Renamed, path)
		}
		switch {
		case there.info != nil && there.hash == w.hash:
			r.summary.Unchanged++
			r.folder.remember(from, w.hash)
		case there.info == nil, r.Force, pulled && there.hash == base:
			r.add(path, w, there)
		case pulled && base == w.hash:
			r.summary.Kept = append(r.summary.Kept, path)
		default:
			if w.note && there.hash != "" {
				had, err := r.Server.Had(ctx, path, there.hash)
				if err != nil {
					return err
				}
				if had { // an old version: nothing is lost
					r.add(path, w, there)
					continue
				}
			}
			conflicts = append(conflicts, trip2g.FieldError{Name: path, Value: "differs from the server's, and the server never had it"})
		}
	}
	conflicts = append(conflicts, r.compareMissing(wants)...)
	switch {
	case len(obstacles) > 0:
		return listed("nothing was written: something else stands where %s to go; move it away", obstacles)
	case len(conflicts) > 0:
		return listed("nothing was written: %s changes in the folder that would be lost; push them or move them away, or --force overwrites them", conflicts)
	}
	return nil
}

func (r *run) add(path string, w want, there found) {
	c := change{path: path, remote: w.file, before: there.info}
	if w.note {
		r.plan.notes = append(r.plan.notes, c)
		r.summary.Notes = append(r.summary.Notes, path)
		return
	}
	r.plan.files = append(r.plan.files, c)
	r.summary.Files = append(r.summary.Files, path)
}

// compareMissing plans what to do about pulled or pushed files that are no longer on
// the server. Other files are never removed.
func (r *run) compareMissing(wants map[string]want) (conflicts []trip2g.FieldError) {
	renamed := make(map[string]bool, len(r.plan.renames))
	for _, from := range r.plan.renames {
		renamed[from] = true
	}
	for path, base := range r.folder.pulled {
		if _, ok := wants[path]; ok || renamed[path] {
			continue
		}
		there, err := r.folder.look(path, isNote(path))
		switch {
		case err != nil, there.info == nil, r.isWanted(path, wants):
			r.plan.forget = append(r.plan.forget, path)
		case !r.Delete:
			r.summary.Gone = append(r.summary.Gone, path)
		case there.hash == base, r.Force:
			r.plan.remove = append(r.plan.remove, change{path: path, before: there.info})
			r.summary.Removed = append(r.summary.Removed, path)
		default:
			conflicts = append(conflicts, trip2g.FieldError{Name: path, Value: "has changed since it was pulled, and the server has it no more"})
		}
	}
	return conflicts
}

// isWanted reports whether the file system treats a path as another one that the server has.
func (r *run) isWanted(path string, wants map[string]want) bool {
	for _, variant := range r.folder.names.folded[trip2g.FoldPath(path)] {
		if _, wanted := wants[variant]; wanted && r.folder.isSame(path, variant) {
			return true
		}
	}
	return false
}

func isNote(path string) bool { return trip2g.ValidatePath(path) == nil }

// listed returns an error that lists files. message has a verb for their number.
func listed(message string, faults []trip2g.FieldError) error {
	slices.SortFunc(faults, func(a, b trip2g.FieldError) int { return strings.Compare(a.Name, b.Name) })
	subject := fmt.Sprintf("%d files have", len(faults))
	if len(faults) == 1 {
		subject = "a file has"
	}
	e := trip2g.Errorf(trip2g.ECONFLICT, message, subject)
	if len(faults) > maxFaults {
		e.Message += fmt.Sprintf(" (these are the first %d)", maxFaults)
		faults = faults[:maxFaults]
	}
	e.Fields = faults
	return e
}
