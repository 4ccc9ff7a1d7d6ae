package site

import (
	"cmp"
	"path"
	"strings"

	"trip2g/services/trip2g"
)

// layout holds what every page shows.
type layout struct {
	name  string // of the site
	lang  string // language of pages that name none
	empty bool   // there are no notes

	// publicURL is the base URL of the site for feeds and search engines, without a trailing slash.
	// If it is "", URLs are relative and there are no canonical ones.
	publicURL string

	allPrivate bool // there are notes, and none is public

	settingsNote *entry // the owner's settings, nil without them
	settings     trip2g.Settings
}

// untitled is the name of a site without one.
const untitled = "Untitled site"

// isTitledByFile reports whether the title of e is only its file name. That of an index is "Home".
func isTitledByFile(e *entry) bool {
	return fold(e.doc.Title) == "home" || fold(e.doc.Title) == fold(strings.TrimSuffix(path.Base(e.Path), path.Ext(e.Path)))
}

// manualName is the site name of the documentation.
const manualName = "trip2g documentation"

func (x *noteIndex) makeLayout(b *builder) *layout {
	owner := b.settingsNote
	l := &layout{
		name: cmp.Or(b.vaultName, untitled), lang: "en", empty: x.notes == 0 || x.notes == 1 && owner != nil, publicURL: b.publicURL, settingsNote: owner,
	}
	if e := at(x.byURL, "/"); e != nil && e.access.Level == trip2g.Public {
		l.lang = cmp.Or(e.doc.Lang, l.lang)
		if named, _ := b.home.claimOf(e.note); !named.byHomeRule && !isTitledByFile(e) {
			l.name = e.doc.Title
		}
	}
	counts := x.access
	l.allPrivate = counts.Public == 0 && counts.Members+counts.Groups > 0
	if x.Manual != nil {
		l.name = manualName
	}
	if owner != nil {
		l.settings = *owner.doc.Settings
		l.name, l.lang = cmp.Or(l.settings.Title, l.name), cmp.Or(l.settings.Lang, l.lang)
	}
	return l
}
