package index

import (
	"fmt"
	"path"
	"strings"

	"trip2g/services/trip2g"
)

// homeRule chooses the home page if no path determines it.
type homeRule struct {
	setting   string // path or title in the owner's settings, "" without one
	vaultName string // name of the published folder, "" if unknown
}

// Ranks of claims to the home page, relative to trip2g.FolderPageRank times two.
const (
	rankHomePath  = -2
	rankHomeTitle = -1
	rankHomeName  = 2*trip2g.ReadmePage - 1 // Home.md
	rankHomeVault = 2*trip2g.ReadmePage + 1 // a note named like the vault
)

// rank returns the rank of the note's claim to the home page; ok is false if there is no claim.
func (h homeRule) rank(n *Note) (rank int, ok bool) {
	stem := strings.TrimSuffix(n.Path, path.Ext(n.Path))
	if h.setting != "" {
		named := fold(strings.Trim(h.setting, "/"))
		switch {
		case fold(n.Path) == named, fold(stem) == named:
			return rankHomePath, true
		case fold(n.Doc.Title) == named:
			return rankHomeTitle, true
		}
	}
	switch {
	case strings.Contains(stem, "/") || n.Doc.Slug != "":
		return 0, false
	case fold(stem) == "home":
		return rankHomeName, true
	case h.vaultName != "" && fold(stem) == fold(h.vaultName):
		return rankHomeVault, true
	}
	return 0, false
}

// claimOf returns the URL claim of a note; ok is false for an unpublished note.
func (h homeRule) claimOf(n *Note) (c urlClaim, ok bool) {
	if n == nil {
		return urlClaim{}, false
	}
	url, ok := n.Doc.Address(n.Path)
	c = urlClaim{url: url, since: max(0, n.FirstPublishedAt.UnixMilli()), path: n.Path, id: n.ID}
	if rank := trip2g.FolderPageRank(n.Path); rank != trip2g.NoFolderPage && n.Doc.Slug == "" {
		c.rank = 2 * rank
		switch {
		case rank == trip2g.ReadmePage:
			c.fallbackURL = path.Join(url, readmeSegment)
		case rank == trip2g.IndexPage && url == "/":
			c.fallbackURL = "/index"
		}
	}
	if rank, isHome := h.rank(n); ok && isHome && (url != "/" || rank < c.rank) {
		if url != "/" {
			c.fallbackURL = url
		}
		c.url, c.rank, c.byHomeRule = "/", rank, true
	}
	return c, ok
}

// readmeSegment is the last URL segment of a README that is not its folder's page.
const readmeSegment = "readme"

// nextHome returns the current rule and marks notes dirty whose claims it changes.
func (b *Builder) nextHome() homeRule {
	next := homeRule{vaultName: b.vaultName}
	if owner := b.nextSettingsNote(); owner != nil {
		next.setting = owner.Doc.Settings.Home
	}
	if next == b.home {
		return next
	}
	for id, n := range b.notes {
		old, _ := b.home.claimOf(n)
		if now, _ := next.claimOf(n); old != now {
			b.markDirty(id)
		}
	}
	return next
}

// updateHomeWarning warns if no note matches the home page setting.
func (b *Builder) updateHomeWarning() {
	text := ""
	if first, ok := b.urlClaims.First(urlClaim{url: "/", rank: rankHomePath}); b.home.setting != "" && (!ok || first.url != "/" || first.rank > rankHomeTitle) {
		text = fmt.Sprintf("home names %q, and no published note has that path or title", b.home.setting)
	}
	if text == b.homeWarning {
		return
	}
	w := warning{about: aboutHome, path: trip2g.SettingsPath}
	b.warnings.Delete(w)
	if w.text = text; text != "" {
		b.warnings.Put(w)
	}
	b.homeWarning = text
}
