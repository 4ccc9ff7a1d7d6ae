package client

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"time"

	"golang.org/x/sync/errgroup"

	"trip2g/services/trip2g"
)

const (
	allNotesQuery = `query AllNotes($offset: Int!) { notes(filter: {show: ALL, offset: $offset, first: 200}) { total notes { id path } } }`
	noteQuery     = `query Note($path: String!) { note(path: $path) { id path } }`
	versionsQuery = `query Versions($note: Int64!, $before: Int64) {
  noteVersions(noteId: $note, before: $before, first: 200) { id contentHash size publishedAt } }`
	versionQuery = `query Version($id: Int64!) { noteVersion(id: $id) { content } }`

	// pageOfVersions is the maximum number of versions in a response.
	pageOfVersions = 200
	// parallelRequests keeps the connection busy while the server reads.
	parallelRequests = 4
)

type historyNote struct {
	ID   int64
	Path string
}

type historyVersion struct {
	ID          int64
	ContentHash string
	Size        int64
	PublishedAt time.Time
}

// History lists the published versions of all notes, hidden ones too.
func (c *Client) History(ctx context.Context) ([]trip2g.RemoteVersion, error) {
	notes, err := c.allNotes(ctx)
	if err != nil {
		return nil, err
	}
	lists := make([][]historyVersion, len(notes))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(parallelRequests)
	for i, n := range notes {
		group.Go(func() (err error) {
			lists[i], err = c.versions(ctx, n.ID)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	var out []trip2g.RemoteVersion
	for i, n := range notes {
		for _, v := range lists[i] {
			out = append(out, trip2g.RemoteVersion{ID: v.ID, Path: n.Path, Size: v.Size, PublishedAt: v.PublishedAt})
		}
	}
	return out, nil
}

func (c *Client) allNotes(ctx context.Context) (all []historyNote, err error) {
	for {
		var data struct {
			Notes struct {
				Total int
				Notes []historyNote
			}
		}
		if err := c.call(ctx, allNotesQuery, map[string]any{"offset": len(all)}, maxResult, &data); err != nil {
			return nil, err
		}
		all = append(all, data.Notes.Notes...)
		if len(all) >= data.Notes.Total || len(data.Notes.Notes) == 0 {
			return all, nil
		}
	}
}

// versions lists a note's versions, the newest first.
func (c *Client) versions(ctx context.Context, note int64) (all []historyVersion, err error) {
	variables := map[string]any{"note": note}
	for {
		var data struct{ NoteVersions []historyVersion }
		if err := c.call(ctx, versionsQuery, variables, maxResult, &data); err != nil {
			return nil, err
		}
		all = append(all, data.NoteVersions...)
		if len(data.NoteVersions) < pageOfVersions {
			return all, nil
		}
		variables["before"] = all[len(all)-1].ID
	}
}

// VersionText returns the text of a version. ENOTFOUND if there is none.
func (c *Client) VersionText(ctx context.Context, id int64) (string, error) {
	var data struct{ NoteVersion *struct{ Content *string } }
	if err := c.call(ctx, versionQuery, map[string]any{"id": id}, maxList, &data); err != nil {
		return "", err
	}
	if data.NoteVersion == nil || data.NoteVersion.Content == nil {
		return "", trip2g.Errorf(trip2g.ENOTFOUND, "%s no longer has version %d", c.base, id)
	}
	return *data.NoteVersion.Content, nil
}

// Had reports whether a note's history contains a text with this SHA-256, in lower-case hex.
func (c *Client) Had(ctx context.Context, path, hash string) (bool, error) {
	sum, err := hex.DecodeString(hash)
	if err != nil {
		return false, nil
	}
	var data struct{ Note *historyNote }
	if err := c.call(ctx, noteQuery, map[string]any{"path": path}, maxResult, &data); err != nil {
		return false, err
	}
	if data.Note == nil {
		return false, nil
	}
	versions, err := c.versions(ctx, data.Note.ID)
	if err != nil {
		return false, err
	}
	wanted := base64.URLEncoding.EncodeToString(sum)
	for _, v := range versions {
		if v.ContentHash == wanted {
			return true, nil
		}
	}
	return false, nil
}
