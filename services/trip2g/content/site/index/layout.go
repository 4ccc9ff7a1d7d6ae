package index

import (
	"cmp"
	"path"
	"strings"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/i18n"
)

// Layout holds what every page shows.
type Layout struct {
	Name  string // of the site
	Lang  string // language of pages that name none
	Texts *i18n.Language
	Empty bool // there are no notes

	// publicURL is the base URL of the site for feeds and search engines, without a trailing slash.
	// If it is "", URLs are relative and there are no canonical ones.
	PublicURL string

	AllPrivate bool // there are notes, and none is public

	SettingsNote *Entry // the owner's settings, nil without them
	Settings     trip2g.Settings
}

// isTitledByFile reports whether the title of e is only its file name. That of an index is "Home".
func isTitledByFile(e *Entry) bool {
	return fold(e.Doc.Title) == "home" || fold(e.Doc.Title) == fold(strings.TrimSuffix(path.Base(e.Path), path.Ext(e.Path)))
}

func (x *Index) makeLayout(b *Builder) *Layout {
	owner := b.settingsNote
	l := &Layout{
		Name: b.vaultName, Lang: "en", Empty: x.Notes == 0 || x.Notes == 1 && owner != nil, PublicURL: b.publicURL, SettingsNote: owner,
	}
	if e := at(x.byURL, "/"); e != nil && e.Access.Level == trip2g.Public {
		l.Lang = cmp.Or(e.Doc.Lang, l.Lang)
		if named, _ := b.home.claimOf(e.Note); !named.byHomeRule && !isTitledByFile(e) {
			l.Name = e.Doc.Title
		}
	}
	counts := x.Access
	l.AllPrivate = counts.Public == 0 && counts.Members+counts.Groups > 0
	l.Name = cmp.Or(x.SiteName, l.Name)
	if owner != nil {
		l.Settings = *owner.Doc.Settings
		l.Name, l.Lang = cmp.Or(l.Settings.Title, l.Name), cmp.Or(l.Settings.Lang, l.Lang)
	}
	l.Texts = i18n.ForSite(l.Lang)
	l.Name = cmp.Or(l.Name, l.Texts.Text("page.untitled"))
	return l
}
