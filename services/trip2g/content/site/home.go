package site

import (
	"fmt"
	"path"
	"strings"

	"trip2g/services/trip2g"
)

// homeRule chooses the home page among the notes that no path makes it.
type homeRule struct {
	setting string // path or title of the note that the owner names, "" without one
	vault   string // name of the folder that was published, "" if it is not known
}

// Ranks of claims to the home page. Between them are those of trip2g.FolderPageRank, doubled.
const (
	homeByPath  = -2
	homeByTitle = -1
	homeByName  = 2*trip2g.ReadmePage - 1 // "Home.md"
	homeByVault = 2*trip2g.ReadmePage + 1 // a note called as the folder is
)

// rank returns the rank with which a note claims the home page; ok is false for a note that does not.
func (h homeRule) rank(n *note) (rank int, ok bool) {
	stem := strings.TrimSuffix(n.Path, path.Ext(n.Path))
	if h.setting != "" {
		named := fold(strings.Trim(h.setting, "/"))
		switch {
		case fold(n.Path) == named, fold(stem) == named:
			return homeByPath, true
		case fold(n.doc.Title) == named:
			return homeByTitle, true
		}
	}
	switch {
	case strings.Contains(stem, "/") || n.doc.Slug != "":
		return 0, false
	case fold(stem) == "home":
		return homeByName, true
	case h.vault != "" && fold(stem) == fold(h.vault):
		return homeByVault, true
	}
	return 0, false
}

// claimOf returns what a note wants; ok is false for one that is not to be seen.
func (h homeRule) claimOf(n *note) (c claim, ok bool) {
	if n == nil {
		return claim{}, false
	}
	url, ok := n.doc.Address(n.Path)
	c = claim{url: url, since: max(0, n.FirstPublishedAt.UnixMilli()), path: n.Path, id: n.ID}
	if rank := trip2g.FolderPageRank(n.Path); rank != trip2g.NoFolderPage && n.doc.Slug == "" {
		c.rank = 2 * rank
		switch {
		case rank == trip2g.ReadmePage:
			c.own = path.Join(url, readmeSegment)
		case rank == trip2g.IndexPage && url == "/":
			c.own = "/index"
		}
	}
	if rank, isHome := h.rank(n); ok && isHome && (url != "/" || rank < c.rank) {
		if url != "/" {
			c.own = url
		}
		c.url, c.rank, c.home = "/", rank, true
	}
	return c, ok
}

// readmeSegment is the last one of a README's URL that is not its folder's page.
const readmeSegment = "readme"

// nextHome returns the rule by the settings and the folder's name as they are now, and marks the notes whose
// claims it changes.
func (c *catalog) nextHome() homeRule {
	next := homeRule{vault: c.vaultName}
	if owner := c.nextOwner(); owner != nil {
		next.setting = owner.doc.Settings.Home
	}
	if next == c.home {
		return next
	}
	for id, n := range c.notes {
		was, _ := c.home.claimOf(n)
		if now, _ := next.claimOf(n); was != now {
			c.touch(id)
		}
	}
	return next
}

// warnOfHome warns of a home page in the settings that no note is.
func (c *catalog) warnOfHome() {
	text := ""
	if first, ok := c.claims.first(claim{url: "/", rank: homeByPath}); c.home.setting != "" && (!ok || first.url != "/" || first.rank > homeByTitle) {
		text = fmt.Sprintf("home names %q, and no published note has that path or title", c.home.setting)
	}
	if text == c.homeWarning {
		return
	}
	w := warning{about: aboutHome, path: trip2g.SettingsPath}
	c.warnings.drop(w)
	if w.text = text; text != "" {
		c.warnings.put(w)
	}
	c.homeWarning = text
}
