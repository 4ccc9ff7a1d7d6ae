package site

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"trip2g/services/trip2g"
)

// Bounds of backlinks: links examined for one note, and notes shown.
const (
	maxLinkCandidates = 2000
	maxBacklinks      = 100
)

// inlink is a link indexed by the last segment of its target. The target is resolved on demand,
// because adding or removing one note can change the targets of links in any other.
type inlink struct {
	name     string
	from     *entry // nil sorts first
	position int    // in the links of from
}

func inlinkName(l inlink) string { return l.name }

// compareInlinks orders the links of one name by access level, public first, then by path.
func compareInlinks(a, b inlink) int {
	if a.from == b.from || a.from == nil || b.from == nil {
		return cmp.Or(compareBool(a.from != nil, b.from != nil), cmp.Compare(a.position, b.position))
	}
	return cmp.Or(
		cmp.Compare(a.from.access.Level, b.from.access.Level), strings.Compare(a.from.Path, b.from.Path),
		cmp.Compare(a.from.ID, b.from.ID), cmp.Compare(a.position, b.position),
	)
}

func inlinksOf(e *entry) []inlink {
	var list []inlink
	for i, link := range e.doc.Links {
		if name := linkName(link.Target, e.Path); name != "" {
			list = append(list, inlink{name, e, i})
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
func linkNamesOf(e *entry) []string {
	names := []string{fileName(e.Path), fileName(e.url)}
	if trip2g.FolderPageRank(e.Path) != trip2g.NoFolderPage {
		names = append(names, fileName(path.Dir(e.Path)))
	}
	for _, alias := range e.doc.Aliases {
		names = append(names, fileName(alias))
	}
	slices.Sort(names)
	names = slices.Compact(names)
	return slices.DeleteFunc(names, func(name string) bool { return name == "" })
}

// backlinks returns the first link to e in each other readable note, ordered by title, and the
// number of links resolved, which limit bounds.
func (s scope) backlinks(e *entry, limit int) (list []inlink, resolved int) {
	seen := map[int64]bool{e.ID: true}
	left := maxLinkCandidates
	for _, name := range linkNamesOf(e) {
		for link := range s.inlinks.from(inlink{name: name}) {
			if left--; left < 0 || link.name != name {
				break
			}
			if !s.mayRead(link.from) {
				if s.reader == trip2g.Anonymous {
					break // public links sort first
				}
				continue
			}
			if seen[link.from.ID] || len(list) == maxBacklinks || resolved == limit {
				continue
			}
			resolved++
			if url, ok := s.resolveLink(link.from, link.position); ok && url == e.url {
				seen[link.from.ID] = true
				list = append(list, link)
			}
		}
	}
	slices.SortFunc(list, func(a, b inlink) int {
		return cmp.Or(strings.Compare(strings.ToLower(a.from.doc.Title), strings.ToLower(b.from.doc.Title)), strings.Compare(a.from.url, b.from.url))
	})
	return list, resolved
}

// resolveLink returns the page that a link of from leads to.
func (s scope) resolveLink(from *entry, position int) (url string, ok bool) {
	return from.doc.Links[position].Resolve(noteLinks{s, from})
}
