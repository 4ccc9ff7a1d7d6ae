package graphql

import (
	"context"
	"fmt"
	"net/url"
	"slices"

	"trip2g/services/trip2g"
)

func (a *api) noteView(c *call, n trip2g.PublishedNote) *NoteView {
	return &NoteView{
		Path: n.Path, Title: n.Doc.Title, Content: n.Content, URL: a.pageURL(c, n.URL),
		VersionID: versionHandle(n.VersionID), Warnings: noteWarnings(n.Warnings),
	}
}

// pageURL returns the absolute URL of a page, "" without one.
func (a *api) pageURL(c *call, path string) string {
	if path == "" {
		return ""
	}
	return a.siteURL(c) + (&url.URL{Path: path}).EscapedPath()
}

func noteWarnings(list []trip2g.Warning) []NoteWarning {
	out := make([]NoteWarning, len(list))
	for i, w := range list {
		out[i] = NoteWarning{Level: warningLevels[w.Level], Message: w.Text}
	}
	return out
}

var warningLevels = map[trip2g.WarningLevel]WarningLevel{
	trip2g.LevelInfo:     WarningLevelInfo,
	trip2g.LevelWarning:  WarningLevelWarning,
	trip2g.LevelCritical: WarningLevelCritical,
}

// updatedNotes returns those of the notes that are visible.
func (a *api) updatedNotes(c *call, ids []int64) []UpdatedNote {
	out := make([]UpdatedNote, 0, len(ids))
	site := a.Site()
	unspecified, first := 0, 0 // notes that are members-only because they set no access
	for _, id := range ids {
		n, ok := site.Published(id)
		if !ok {
			continue
		}
		if n.URL != "" && n.Doc.Access.Level == trip2g.Unspecified {
			if unspecified++; unspecified == 1 {
				first = len(out)
			}
		}
		out = append(out, UpdatedNote{
			ID: n.ID, Path: n.Path, URL: a.pageURL(c, n.URL), VersionID: versionHandle(n.VersionID), Warnings: noteWarnings(n.Warnings),
		})
	}
	if unspecified > 0 && site.Access().Default == trip2g.AccessNotChosen {
		out[first].Warnings = append(out[first].Warnings, NoteWarning{Level: WarningLevelWarning, Message: unspecifiedWarning(unspecified)})
	}
	return out
}

// unspecifiedWarning returns the warning, once per push, that notes are members-only by default.
func unspecifiedWarning(notes int) string {
	const how = "to make a note public, write free: true in its frontmatter; to make all such notes public, choose that at /_system/settings"
	if notes == 1 {
		return "the note does not say who may read it, so that it is for members: " + how
	}
	return fmt.Sprintf("this note and %d others of this push do not say who may read them, so that they are for members: %s", notes-1, how)
}

// shownNotes returns updatedNotes without those that have neither a page nor a warning.
func (a *api) shownNotes(c *call, ids []int64) []UpdatedNote {
	return slices.DeleteFunc(a.updatedNotes(c, ids), func(n UpdatedNote) bool { return n.URL == "" && len(n.Warnings) == 0 })
}

// versionHandles is added to the ids of versions sent to vault clients. Notes and versions have
// separate ids, and builds of the plugin send a versionId as the noteId of an upload, which must
// never be mistaken for another note's id.
const versionHandles = 1 << 40

func versionHandle(versionID int64) int64 { return versionID + versionHandles }

// versionID returns the id of the version for a handle or an id.
func versionID(given int64) int64 {
	if given > versionHandles {
		return given - versionHandles
	}
	return given
}

// noteID returns the note for its id or for the handle of one of its versions.
func (a *api) noteID(ctx context.Context, given int64) (int64, error) {
	if given <= versionHandles {
		return given, nil
	}
	version, err := a.History.Version(ctx, versionID(given))
	return version.NoteID, err
}
