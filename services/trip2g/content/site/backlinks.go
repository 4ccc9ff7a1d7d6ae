package site

import (
	"cmp"
	"crypto/sha256"
	"path"
	"slices"
	"strings"

	"trip2g/services/trip2g"
)

// Bounds of what leads to a note: how many links that could are looked at, and how many notes are shown.
const (
	maxCandidates = 2000
	maxBacklinks  = 100
)

// inlink is a link by the name that it ends in. Which note it leads to is found when that is asked: a
// note that comes or goes changes that of links in any number of other notes.
type inlink struct {
	key    string
	from   *entry // nil comes before all
	number int    // among its links
}

func inlinkKey(l inlink) string { return l.key }

// compareInlinks puts the links of one name in order: those of notes that most may read first, then by path.
func compareInlinks(a, b inlink) int {
	if a.from == b.from || a.from == nil || b.from == nil {
		return cmp.Or(compareBool(a.from != nil, b.from != nil), cmp.Compare(a.number, b.number))
	}
	return cmp.Or(
		cmp.Compare(a.from.access.Level, b.from.access.Level), strings.Compare(a.from.Path, b.from.Path),
		cmp.Compare(a.from.ID, b.from.ID), cmp.Compare(a.number, b.number),
	)
}

func inlinksOf(e *entry) []inlink {
	var list []inlink
	for i, link := range e.doc.Links {
		if key := linkKey(link.Target, e.Path); key != "" {
			list = append(list, inlink{key, e, i})
		}
	}
	return list
}

// linkKey gives the name that a link ends in, as fileKey gives a note's; "" for one to no note.
func linkKey(target, from string) string {
	if isRooted(target) {
		var ok bool
		if target, ok = rooted(target, from); !ok {
			return ""
		}
	}
	return fileKey(path.Clean(target))
}

// fileKey gives the last part of a path, without the ending of a note.
func fileKey(p string) string {
	name := fold(path.Base(p))
	if ending := path.Ext(name); ending == ".md" || ending == ".html" {
		name = strings.TrimSuffix(name, ending)
	}
	if name == "." || name == ".." || name == "/" {
		return ""
	}
	return name
}

// keysOf gives the names that links to an entry can end in: that of its file, of its folder if it is the
// folder's page, the last part of its address, and its aliases.
func keysOf(e *entry) []string {
	keys := []string{fileKey(e.Path), fileKey(e.url)}
	if trip2g.FolderPageRank(e.Path) != trip2g.NoFolderPage {
		keys = append(keys, fileKey(path.Dir(e.Path)))
	}
	for _, alias := range e.doc.Aliases {
		keys = append(keys, fileKey(alias))
	}
	slices.Sort(keys)
	keys = slices.Compact(keys)
	return slices.DeleteFunc(keys, func(key string) bool { return key == "" })
}

// linking finds the first link to an entry in each other note that these readers may have, in order of
// the notes' titles. It resolves at most so many links, and returns how many.
func (s scope) linking(e *entry, most int) (list []inlink, resolved int) {
	seen := map[int64]bool{e.ID: true}
	left := maxCandidates
	for _, key := range keysOf(e) {
		for link := range s.inlinks.from(inlink{key: key}) {
			if left--; left < 0 || link.key != key {
				break
			}
			if !s.mayRead(link.from) {
				if s.reader == trip2g.Anyone {
					break // those that are public come first
				}
				continue
			}
			if seen[link.from.ID] || len(list) == maxBacklinks || resolved == most {
				continue
			}
			resolved++
			if url, ok := s.resolve(link.from, link.number); ok && url == e.url {
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

// resolve gives the page to which a link of an entry leads.
func (s scope) resolve(from *entry, number int) (url string, ok bool) {
	return from.doc.Links[number].Resolve(noteLinks{s, from})
}

// digest stands for texts: others have another one.
type digest [16]byte

func digestOf(texts ...string) digest {
	sum := sha256.New()
	for _, text := range texts {
		sum.Write([]byte(text))
		sum.Write([]byte{0})
	}
	return digest(sum.Sum(nil)[:16])
}

// digestLinking stands for what a page shows of the notes that lead to it.
func digestLinking(list []inlink) digest {
	var texts []string
	for _, link := range list {
		texts = append(texts, link.from.url, link.from.doc.Title, link.from.Hash)
	}
	return digestOf(texts...)
}

// backlinks lists the notes that lead to an entry, with the text around the link.
func (r *reading) backlinks(e *entry) []backlink {
	links, _ := r.linking(e, maxCandidates)
	r.answers[question{about: linksTo, of: e.url}] = digestLinking(links)
	var list []backlink
	for _, link := range links {
		b := backlink{Title: link.from.doc.Title, URL: link.from.url}
		if r.Context != nil {
			b.Context = r.Context(link.from.doc, link.from.doc.Links[link.number])
		}
		list = append(list, b)
	}
	return list
}
