package index

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"trip2g/services/trip2g"
)

// Bounds of backlinks: links examined for one note, and notes shown.
const (
	MaxLinkCandidates = 2000
	maxBacklinks      = 100
)

// Inlink is a link indexed by the last segment of its target. The target is resolved on demand,
// because adding or removing one note can change the targets of links in any other.
type Inlink struct {
	name     string
	From     *Entry // nil sorts first
	Position int    // in the links of from
}

func inlinkName(l Inlink) string { return l.name }

// compareInlinks orders the links of one name by access level, public first, then by path.
func compareInlinks(a, b Inlink) int {
	if a.From == b.From || a.From == nil || b.From == nil {
		return cmp.Or(compareBool(a.From != nil, b.From != nil), cmp.Compare(a.Position, b.Position))
	}
	return cmp.Or(
		cmp.Compare(a.From.Access.Level, b.From.Access.Level), strings.Compare(a.From.Path, b.From.Path),
		cmp.Compare(a.From.ID, b.From.ID), cmp.Compare(a.Position, b.Position),
	)
}

func inlinksOf(e *Entry) []Inlink {
	var list []Inlink
	for i, link := range e.Doc.Links {
		if name := linkName(link.Target, e.Path); name != "" {
			list = append(list, Inlink{name, e, i})
		}
	}
	return list
}

// linkName returns the name that a link ends in, comparable to fileName; "" if it leads to no note.
func linkName(target, from string) string {
	if isExplicit(target) {
		var ok bool
		if target, ok = explicitPath(target, from); !ok {
			return ""
		}
	}
	return fileName(path.Clean(target))
}

// fileName returns the last segment of a path without a note's file extension.
func fileName(p string) string {
	name := fold(path.Base(p))
	if ending := path.Ext(name); ending == ".md" || ending == ".html" {
		name = strings.TrimSuffix(name, ending)
	}
	if name == "." || name == ".." || name == "/" {
		return ""
	}
	return name
}

// linkNamesOf returns the names that links to e can end in: of its file, of its folder if it is the
// folder's page, of its URL, and its aliases.
func linkNamesOf(e *Entry) []string {
	names := []string{fileName(e.Path), fileName(e.URL)}
	if trip2g.FolderPageRank(e.Path) != trip2g.NoFolderPage {
		names = append(names, fileName(path.Dir(e.Path)))
	}
	for _, alias := range e.Doc.Aliases {
		names = append(names, fileName(alias))
	}
	slices.Sort(names)
	names = slices.Compact(names)
	return slices.DeleteFunc(names, func(name string) bool { return name == "" })
}

// Backlinks returns the first link to e in each other readable note, ordered by title, and the
// number of links resolved, which limit bounds.
func (s Scope) Backlinks(e *Entry, limit int) (list []Inlink, resolved int) {
	seen := map[int64]bool{e.ID: true}
	left := MaxLinkCandidates
	for _, name := range linkNamesOf(e) {
		for link := range s.inlinks.From(Inlink{name: name}) {
			if left--; left < 0 || link.name != name {
				break
			}
			if !s.MayRead(link.From) {
				if s.Reader == trip2g.Anonymous {
					break // public links sort first
				}
				continue
			}
			if seen[link.From.ID] || len(list) == maxBacklinks || resolved == limit {
				continue
			}
			resolved++
			if url, ok := s.ResolveLink(link.From, link.Position); ok && url == e.URL {
				seen[link.From.ID] = true
				list = append(list, link)
			}
		}
	}
	slices.SortFunc(list, func(a, b Inlink) int {
		return cmp.Or(strings.Compare(strings.ToLower(a.From.Doc.Title), strings.ToLower(b.From.Doc.Title)), strings.Compare(a.From.URL, b.From.URL))
	})
	return list, resolved
}

// ResolveLink returns the page that a link of from leads to.
func (s Scope) ResolveLink(from *Entry, position int) (url string, ok bool) {
	return from.Doc.Links[position].Resolve(NoteLinks{s, from})
}
