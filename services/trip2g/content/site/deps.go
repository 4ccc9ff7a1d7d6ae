package site

import (
	"cmp"
	"crypto/sha256"
	"strconv"

	"trip2g/services/trip2g"
)

// A rendered page stays valid for a later snapshot if it shows the same resource in the same layout
// and everything else it looked up has the same value there. Pages look things up through a
// renderContext, which records them.

// dep is something that a page looks up in the index.
type dep struct {
	kind depKind
	key  string
	from *entry // the note that contains the reference; nil for pages without a note
}

// depKind is a kind of dep. Each has a case in lookup and in revisions.of.
type depKind uint8

const (
	depLink      depKind = iota // reference to a note: its URL, "" for none, WithheldPage for one withheld from the reader
	depFile                     // reference to a file: its trip2g.NoteAsset, zero for none
	depCrumb                    // folder URL: its crumb
	depFolder                   // folder URL: its *folder, replaced when its contents change
	depEmbed                    // reference to an embedded note: its *entry, nil for none
	depPage                     // URL path: its pageSummary
	depBacklinks                // URL path of a note: the digest of its backlinks
	depGraph                    // URL path of a note: the digest of its graph
	depFeed                     // the digest of the newest notes
	depTag                      // URL path of a tag: its *tag, replaced when its page changes
	depSitemap                  // the revision of the public pages
)

// recordedDep is a dep and the value that was found. Values are comparable.
type recordedDep struct {
	dep
	value any
}

// lookup returns the current value of d.
func (s scope) lookup(d dep) any {
	switch d.kind {
	case depLink:
		url, _ := noteLinks{s, d.from}.Note(d.key)
		if e := at(s.byURL, url); e != nil && !s.mayRead(e) {
			return trip2g.WithheldPage
		}
		return url
	case depFile:
		asset, _ := noteLinks{s, d.from}.Asset(d.key)
		return asset
	case depPage:
		return s.pageSummary(d.key)
	case depBacklinks:
		if e := at(s.byURL, d.key); e != nil {
			links, _ := s.backlinks(e, maxLinkCandidates)
			return digestBacklinks(links)
		}
		return digest{}
	case depGraph:
		return digestOf(string(s.graphJSON(d.key)))
	case depFeed:
		return s.digestNewestNotes()
	case depSitemap:
		return s.revisions.datedPages
	case depFolder:
		return at(s.view().folders, d.key)
	case depTag:
		return s.view().tagAt(d.key)
	case depEmbed:
		return noteLinks{s, d.from}.embeddedNote(d.key)
	default:
		return s.view().crumbAt(d.key)
	}
}

// of returns the revision that the values of a kind depend on, apart from the entry with the
// reference.
func (s *revisions) of(kind depKind) uint64 {
	switch kind {
	case depCrumb, depFolder, depPage:
		return s.folders
	case depBacklinks:
		return max(s.names, s.links)
	case depGraph:
		return max(s.names, s.links, s.folders)
	case depSitemap:
		return s.datedPages
	case depEmbed, depFeed, depTag: // may change with any note's text
		return s.generation
	}
	return s.names
}

// digest is a hash of texts.
type digest [16]byte

func digestOf(texts ...string) digest {
	sum := sha256.New()
	for _, text := range texts {
		sum.Write([]byte(text))
		sum.Write([]byte{0})
	}
	return digest(sum.Sum(nil)[:16])
}

// digestBacklinks returns the digest of what a page shows of its backlinks.
func digestBacklinks(list []inlink) digest {
	var texts []string
	for _, link := range list {
		texts = append(texts, link.from.url, link.from.doc.Title, link.from.Hash)
	}
	return digestOf(texts...)
}

func (s scope) digestNewestNotes() digest {
	var texts []string
	for _, e := range s.newestNotes() {
		texts = append(texts, e.url, e.doc.Title, e.Hash, strconv.FormatInt(e.written().Unix(), 10), strconv.FormatInt(e.changed().Unix(), 10))
	}
	return digestOf(texts...)
}

// pageSummary is what a page shows of another one.
type pageSummary struct {
	title    string
	readable bool // by the reader
}

// pageSummary returns the summary of the note or folder at a URL path.
func (s scope) pageSummary(url string) pageSummary {
	if e := at(s.byURL, url); e != nil {
		if !s.mayRead(e) {
			return pageSummary{}
		}
		return pageSummary{e.doc.Title, true}
	}
	if f := at(s.view().folders, url); f != nil {
		return pageSummary{cmp.Or(f.title, s.layout.name), true}
	}
	return pageSummary{}
}
