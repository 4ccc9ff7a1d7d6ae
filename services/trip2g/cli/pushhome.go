package cli

import (
	"context"
	"path"
	"slices"
	"strings"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/content/markdown"
	"trip2g/services/trip2g/sync/push"
	"trip2g/services/trip2g/sync/vault"
)

// noHome explains what a site without a home page shows, and how to set one.
const noHome = "The site has no home page and shows a list of notes instead. Name a note index.md or Home.md, or set one in " +
	trip2g.SettingsPath + " (home: Guides/Welcome)"

// lacksHome reports whether the home page is a list because neither a note of the folder nor one
// that a push leaves on the server is meant for it. The notes are read only where no name decides
// it. A note that cannot be read decides nothing: the push has succeeded.
func (f pushFlags) lacksHome(ctx context.Context, notes *vault.Vault, s push.Summary) bool {
	paths := slices.Concat(s.Left, s.NeverHad, s.StillPublished)
	for _, n := range notes.Notes() {
		paths = append(paths, n.Path)
	}
	if len(paths) == 0 || slices.ContainsFunc(paths, f.namesHome) {
		return false
	}
	for _, n := range notes.Notes() {
		content, err := notes.ReadNote(ctx, n.Path)
		if err != nil {
			return false
		}
		doc := markdown.Parse(n.Path, content)
		if url, _ := doc.Address(n.Path); url == "/" || doc.Settings != nil && doc.Settings.Home != "" {
			return false
		}
	}
	return true
}

// namesHome reports whether a note's path alone makes it the home page.
func (f pushFlags) namesHome(notePath string) bool {
	if strings.Contains(notePath, "/") {
		return false
	}
	name := trip2g.FoldPath(strings.TrimSuffix(notePath, path.Ext(notePath)))
	return trip2g.FolderPageRank(notePath) != trip2g.NoFolderPage || name == "home" || name == trip2g.FoldPath(f.vaultName)
}
