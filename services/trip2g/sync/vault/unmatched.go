package vault

import (
	"fmt"
	"slices"
	"strings"

	"trip2g/services/trip2g"
)

// unmatched is a pattern that has matched nothing of the folder so far.
type unmatched struct {
	pattern
	folder string // folded, with a "/" at its end: the pattern's base; "" for the vault
	path   string // of the file with the pattern
	line   int    // of that file; 0 for a place without lines
	text   string // of the pattern, as written
}

// expect adds a pattern that must match something.
func (w *walk) expect(u unmatched) {
	if !u.isAboutHidden() {
		w.unmatched = append(w.unmatched, u)
	}
}

// isAboutHidden reports whether the pattern names files that every push leaves out anyway.
func (u unmatched) isAboutHidden() bool {
	for segment := range strings.SplitSeq(u.glob, "/") {
		if ignored(segment) {
			return true
		}
	}
	return false
}

// markMatched removes the patterns that match a path. Unlike a rule, a pattern counts as used also
// where an earlier one has decided.
func (w *walk) markMatched(name string, isDir bool) {
	if len(w.unmatched) == 0 {
		return
	}
	key := trip2g.FoldPath(name)
	w.unmatched = slices.DeleteFunc(w.unmatched, func(u unmatched) bool {
		inside, ok := strings.CutPrefix(key, u.folder)
		return ok && u.matches(inside, isDir)
	})
}

// reportUnmatched reports the patterns that match nothing. A misspelled name keeps nothing private.
// A pattern that ends in a supposed comment is a fault, because its owner relies on it.
func (w *walk) reportUnmatched() {
	for _, u := range w.unmatched {
		place := u.path
		if u.line > 0 {
			place = fmt.Sprintf("%s:%d", u.path, u.line)
		}
		if hasComment(u.text) {
			w.fault(place, `%q matches nothing: a comment needs its own line (write "\#" if the # is part of a name)`, u.text)
			continue
		}
		w.warn(trip2g.Warning{Path: u.path, Line: u.line, Text: fmt.Sprintf("%q matches nothing in this folder", u.text)})
	}
}

// hasComment reports whether a pattern ends in what looks like a comment. In the syntax of
// .gitignore a comment begins a line.
func hasComment(text string) bool {
	return strings.Contains(text, " #") || strings.Contains(text, "\t#")
}
