package sqlite

import (
	"context"
	"database/sql"
	"path"
	"slices"
	"strings"

	"trip2g/services/trip2g"
)

var _ trip2g.RedirectStore = (*DB)(nil)

const redirectColumns = `SELECT id, from_path, coalesce(note_id, 0), coalesce(to_url, ''), created_at FROM redirects `

func scanRedirect(scan scanner) (trip2g.Redirect, error) {
	var r trip2g.Redirect
	var created int64
	err := scan(&r.ID, &r.From, &r.NoteID, &r.To, &created)
	r.CreatedAt = fromMillis(created)
	return r, err
}

func (t *tx) redirects(query string, args ...any) ([]trip2g.Redirect, error) {
	var list []trip2g.Redirect
	for rows, err := range t.each(redirectColumns+query, args...) {
		if err != nil {
			return nil, err
		}
		r, err := scanRedirect(rows.Scan)
		if err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	return list, nil
}

// Redirects implements trip2g.RedirectStore.
func (db *DB) Redirects(ctx context.Context) (list []trip2g.Redirect, err error) {
	err = db.read(ctx, "list redirects", func(t *tx) (err error) {
		list, err = t.redirects(`ORDER BY from_path`)
		return err
	})
	return list, err
}

// PutRedirect implements trip2g.RedirectStore. An identical redirect does not change the position.
func (db *DB) PutRedirect(ctx context.Context, from, to string) (trip2g.Redirect, trip2g.Position, error) {
	from, to, err := trip2g.CleanRedirect(from, to)
	if err != nil {
		return trip2g.Redirect{}, 0, err
	}
	var put trip2g.Redirect
	position, err := db.writeAt(ctx, "set a redirect", func(t *tx) error {
		if err := t.checkLoop(from, to); err != nil {
			return err
		}
		if err := t.putRedirect(trip2g.Redirect{From: from, To: to}); err != nil {
			return err
		}
		list, err := t.redirects(`WHERE from_path = ?`, from)
		if err == nil {
			put = list[0]
		}
		return err
	})
	if err != nil {
		return trip2g.Redirect{}, 0, err
	}
	return put, position, nil
}

// checkLoop rejects a redirect that closes a loop.
func (t *tx) checkLoop(from, to string) error {
	seen := map[string]bool{from: true}
	for next := to; strings.HasPrefix(next, "/"); {
		if seen[next] {
			const loop = "leads back to where it came from, by other redirects: delete one of them first"
			return &trip2g.Error{Code: trip2g.EINVALID, Message: "to " + loop, Fields: []trip2g.FieldError{{Name: "to", Value: loop}}}
		}
		seen[next] = true
		found, err := t.get(`SELECT to_url FROM redirects WHERE from_path = ? AND to_url IS NOT NULL`, []any{next}, &next)
		if err != nil || !found {
			return err
		}
	}
	return nil
}

// DeleteRedirect implements trip2g.RedirectStore.
func (db *DB) DeleteRedirect(ctx context.Context, id int64) (trip2g.Position, error) {
	return db.writeAt(ctx, "delete a redirect", func(t *tx) error {
		deleted, err := t.exec(`DELETE FROM redirects WHERE id = ?`, id)
		if err != nil {
			return err
		}
		if deleted == 0 {
			return trip2g.Errorf(trip2g.ENOTFOUND, "there is no redirect %d", id)
		}
		return t.recordChange(redirectChange, id)
	})
}

// putRedirect stores a redirect, if that is a change. It replaces the redirect of the same URL.
func (t *tx) putRedirect(r trip2g.Redirect) error {
	note, to := sql.NullInt64{Int64: r.NoteID, Valid: r.NoteID != 0}, sql.NullString{String: r.To, Valid: r.NoteID == 0}
	var id int64
	changed, err := t.get(`
		INSERT INTO redirects (from_path, note_id, to_url, created_at) VALUES (?, ?, ?, ?)
		ON CONFLICT (from_path) DO UPDATE SET note_id = excluded.note_id, to_url = excluded.to_url, created_at = excluded.created_at
		WHERE redirects.note_id IS NOT excluded.note_id OR redirects.to_url IS NOT excluded.to_url
		RETURNING id`, []any{r.From, note, to, t.now}, &id)
	if err != nil || !changed {
		return err
	}
	return t.recordChange(redirectChange, id)
}

// addRedirect redirects a previous URL of a note to it, unless the owner has set a redirect for
// that URL.
func (t *tx) addRedirect(from string, note int64) error {
	set, err := t.get(`SELECT 1 FROM redirects WHERE from_path = ? AND to_url IS NOT NULL`, []any{from}, new(int))
	if err != nil || set {
		return err
	}
	return t.putRedirect(trip2g.Redirect{From: from, NoteID: note})
}

// redirectRenamed makes the redirects of a renamed note lead to its new note, and adds one for its
// URL.
func (t *tx) redirectRenamed(old, new *noteState) error {
	moved, err := t.redirects(`WHERE note_id = ? ORDER BY id`, old.id)
	if err != nil {
		return err
	}
	for _, r := range moved {
		r.NoteID = new.id
		if err := t.putRedirect(r); err != nil {
			return err
		}
	}
	if old.publishedURL == new.stagedURL {
		return nil
	}
	return t.addRedirect(old.publishedURL, new.id)
}

// renames returns the renamed notes of a commit, as pairs of the old and the new note: one is
// removed and one with the same text is added. Of several notes with the same text it pairs those
// with the same file name, and none if that is ambiguous.
func renames(staged []*noteState) (pairs [][2]*noteState) {
	added := make(map[string][]*noteState) // by hash
	removed := make(map[string][]*noteState)
	for _, n := range staged {
		switch {
		case n.stagedVersion == 0 && n.visible() && n.publishedURL != "":
			removed[n.publishedHash] = append(removed[n.publishedHash], n)
		case n.stagedVersion != 0 && !n.visible() && n.stagedURL != "":
			added[n.stagedHash] = append(added[n.stagedHash], n)
		}
	}
	for _, old := range staged {
		if !slices.Contains(removed[old.publishedHash], old) {
			continue
		}
		if new := renameTarget(old, removed[old.publishedHash], added[old.publishedHash]); new != nil {
			pairs = append(pairs, [2]*noteState{old, new})
		}
	}
	return pairs
}

// renameTarget returns the note that old was renamed to, nil if there is none or several.
func renameTarget(old *noteState, removed, added []*noteState) *noteState {
	if len(removed) == 1 && len(added) == 1 {
		return added[0]
	}
	name := path.Base(old.path)
	if onlyNamed(removed, name) == nil {
		return nil
	}
	return onlyNamed(added, name)
}

// onlyNamed returns the one note with a file name, nil if there is none or several.
func onlyNamed(notes []*noteState, name string) (found *noteState) {
	for _, n := range notes {
		if path.Base(n.path) != name {
			continue
		}
		if found != nil {
			return nil
		}
		found = n
	}
	return found
}
