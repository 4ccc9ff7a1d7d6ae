package index

import (
	"cmp"
	"fmt"
	"strings"
	"sync"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/content/site/ordered"
)

// maxWarnings bounds the warnings of a site.
const maxWarnings = 1000

// warning is a problem with a note.
type warning struct {
	about warningKind
	path  string
	id    int64
	doc   *trip2g.Document // for warnings in its text
	text  string           // for other warnings
}

// warningKind is the primary sort key of warnings.
type warningKind uint8

const (
	aboutText warningKind = iota
	aboutSlug
	aboutClash
	aboutHome
)

func compareWarnings(a, b warning) int {
	if c := cmp.Compare(a.about, b.about); c != 0 {
		return c
	}
	if c := strings.Compare(a.path, b.path); c != 0 {
		return c
	}
	return cmp.Compare(a.id, b.id)
}

// warningsOf returns the warnings about an entry's URL.
func warningsOf(e *Entry) []warning {
	var list []warning
	if text, ok := slugWarning(e); ok {
		list = append(list, warning{about: aboutSlug, path: e.Path, id: e.ID, text: text})
	}
	if text, ok := urlClashWarning(e); ok {
		list = append(list, warning{about: aboutClash, path: e.Path, id: e.ID, text: text})
	}
	return list
}

// levelNames complete "which is …".
var levelNames = map[trip2g.NoteAccess]string{trip2g.ForMembers: "for members", trip2g.ForGroups: "for members of its groups"}

// RestrictedLinks warns of links in public notes to notes with restricted access. It resolves every
// link in public notes, so it runs on demand.
func (x *Index) RestrictedLinks() []trip2g.Warning {
	if x.Access.Members+x.Access.Groups == 0 {
		return nil
	}
	var list []trip2g.Warning
	s := x.Scope(trip2g.Owner)
	for item := range x.byURL.From(urlItem[*Entry]{}) {
		from, seen := item.value, make(map[*Entry]bool)
		if from.Access.Level != trip2g.Public {
			continue
		}
		for i := range from.Doc.Links {
			url, _ := s.ResolveLink(from, i)
			to := at(x.byURL, url)
			if to == nil || to.Access.Level == trip2g.Public || seen[to] {
				continue
			}
			seen[to] = true
			list = append(list, trip2g.Warning{Path: from.Path, Text: fmt.Sprintf("is public and links to %s, which is %s: other readers cannot follow the link", to.Path, levelNames[to.Access.Level])})
			if len(list) == maxWarnings {
				return list
			}
		}
	}
	return list
}

// warningList collects the warnings at the first call. Snapshots with equal warnings share one.
type warningList struct {
	of   ordered.Set[warning]
	once sync.Once
	list []trip2g.Warning
}

func (l *warningList) all() []trip2g.Warning {
	l.once.Do(func() {
		for w := range l.of.From(warning{}) {
			if w.doc != nil {
				l.list = append(l.list, w.doc.Warnings...)
			} else {
				l.list = append(l.list, trip2g.Warning{Path: w.path, Text: w.text})
			}
			if len(l.list) >= maxWarnings {
				l.list = l.list[:maxWarnings]
				return
			}
		}
	})
	return l.list
}

// Warnings returns the warnings about the notes.
func (x *Index) Warnings() []trip2g.Warning { return x.warnings.all() }

// SameWarnings reports whether no warning changed between two snapshots.
func (x *Index) SameWarnings(other *Index) bool { return x.warnings == other.warnings }
