package render

import (
	"cmp"
	"crypto/sha256"
	"strconv"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/content/site/index"
)

// A rendered page stays valid for a later snapshot if it shows the same resource in the same layout
// and everything else it looked up has the same value there. Pages look things up through a
// renderContext, which records them.

// dep is something that a page looks up in the index.
type dep struct {
	kind depKind
	key  string
	from *index.Entry // the note that contains the reference; nil for pages without a note
}

// depKind is a kind of dep. Each has a case in lookup and in revisionOf.
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
func (s scopedSite) lookup(d dep) any {
	switch d.kind {
	case depLink:
		url, _ := s.Links(d.from).Note(d.key)
		if e := s.EntryAt(url); e != nil && !s.MayRead(e) {
			return trip2g.WithheldPage
		}
		return url
	case depFile:
		asset, _ := s.Links(d.from).Asset(d.key)
		return asset
	case depPage:
		return s.pageSummary(d.key)
	case depBacklinks:
		if e := s.EntryAt(d.key); e != nil {
			links, _ := s.Backlinks(e, index.MaxLinkCandidates)
			return digestBacklinks(links)
		}
		return digest{}
	case depGraph:
		return digestOf(string(s.graphJSON(d.key)))
	case depFeed:
		return s.digestNewestNotes()
	case depSitemap:
		return s.Revisions.DatedPages
	case depFolder:
		return s.View().FolderAt(d.key)
	case depTag:
		return s.View().TagAt(d.key)
	case depEmbed:
		return s.Links(d.from).EmbeddedNote(d.key)
	default:
		return s.View().CrumbAt(d.key)
	}
}

// revisionOf returns the revision that the values of a kind depend on, apart from the entry with
// the reference.
func revisionOf(s *index.Revisions, kind depKind) uint64 {
	switch kind {
	case depCrumb, depFolder, depPage:
		return s.Folders
	case depBacklinks:
		return max(s.Names, s.Links)
	case depGraph:
		return max(s.Names, s.Links, s.Folders)
	case depSitemap:
		return s.DatedPages
	case depEmbed, depFeed, depTag: // may change with any note's text
		return s.Generation
	}
	return s.Names
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
func digestBacklinks(list []index.Inlink) digest {
	var texts []string
	for _, link := range list {
		texts = append(texts, link.From.URL, link.From.Doc.Title, link.From.Hash)
	}
	return digestOf(texts...)
}

func (s scopedSite) digestNewestNotes() digest {
	var texts []string
	for _, e := range s.NewestNotes(maxFeedItems) {
		texts = append(texts, e.URL, e.Doc.Title, e.Hash, strconv.FormatInt(e.Written().Unix(), 10), strconv.FormatInt(e.Changed().Unix(), 10))
	}
	return digestOf(texts...)
}

// pageSummary contains the facts about a page that other pages show.
type pageSummary struct {
	title    string
	readable bool // by the reader
}

// pageSummary returns the summary of the note or folder at a URL path.
func (s scopedSite) pageSummary(url string) pageSummary {
	if e := s.EntryAt(url); e != nil {
		if !s.MayRead(e) {
			return pageSummary{}
		}
		return pageSummary{e.Doc.Title, true}
	}
	if f := s.View().FolderAt(url); f != nil {
		return pageSummary{cmp.Or(f.Title, s.Layout.Name), true}
	}
	return pageSummary{}
}
