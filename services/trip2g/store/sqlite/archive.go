package sqlite

import (
	"context"

	"trip2g/services/trip2g"
)

var _ trip2g.NoteArchive = (*DB)(nil)

const archivedColumns = `
	SELECT n.id, n.path, n.hidden, v.id, v.hash, v.size, n.created_at, n.published_at
	FROM notes n JOIN note_versions v ON v.id = n.published_version_id `

func scanArchived(scan scanner) (trip2g.ArchivedNote, error) {
	var n trip2g.ArchivedNote
	var created, published int64
	err := scan(&n.ID, &n.Path, &n.Hidden, &n.VersionID, &n.Hash, &n.Size, &created, &published)
	n.CreatedAt, n.PublishedAt = fromMillis(created), fromMillis(published)
	return n, err
}

// ArchivedNotes implements trip2g.NoteArchive.
func (db *DB) ArchivedNotes(ctx context.Context) ([]trip2g.ArchivedNote, error) {
	var notes []trip2g.ArchivedNote
	err := db.read(ctx, "list all notes", func(t *tx) error {
		for rows, err := range t.each(archivedColumns + `ORDER BY n.path`) {
			if err != nil {
				return err
			}
			n, err := scanArchived(rows.Scan)
			if err != nil {
				return err
			}
			notes = append(notes, n)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return notes, nil
}

// ArchivedNote implements trip2g.NoteArchive.
func (db *DB) ArchivedNote(ctx context.Context, path string) (trip2g.ArchivedNote, error) {
	var n trip2g.ArchivedNote
	err := db.read(ctx, "find a note", func(t *tx) error {
		found := false
		var err error
		if trip2g.ValidatePath(path) == nil {
			found, err = t.find(archivedColumns+`WHERE n.path = ?`, []any{path}, func(scan scanner) (err error) {
				n, err = scanArchived(scan)
				return err
			})
		}
		if err == nil && !found {
			return trip2g.Errorf(trip2g.ENOTFOUND, "there is no note with this path, and there has never been one")
		}
		if err != nil {
			return err
		}
		_, err = t.get(`SELECT count(*) FROM note_versions WHERE note_id = ? AND published_at IS NOT NULL`, []any{n.ID}, &n.Versions)
		return err
	})
	if err != nil {
		return trip2g.ArchivedNote{}, err
	}
	return n, nil
}

const versionColumns = `
	SELECT v.id, v.note_id, n.path, v.hash, v.size, v.published_at, v.id = n.published_version_id, v.created_by`

const versionTables = ` FROM note_versions v JOIN notes n ON n.id = v.note_id `

// scanVersion returns a version with its author as it is stored; see nameAuthor.
func scanVersion(scan scanner, more ...any) (trip2g.NoteVersion, error) {
	var v trip2g.NoteVersion
	var published int64
	err := scan(append([]any{&v.ID, &v.NoteID, &v.Path, &v.Hash, &v.Size, &published, &v.Current, &v.Author}, more...)...)
	v.PublishedAt = fromMillis(published)
	return v, err
}

// nameAuthor replaces the author of a version by the current name of the key or user. The rows of
// revoked keys and removed users stay.
func (t *tx) nameAuthor(v *trip2g.NoteVersion) (err error) {
	author := trip2g.Author(v.Author)
	if id, ok := author.KeyID(); ok {
		v.ByKey = true
		_, err = t.get(`SELECT name FROM api_keys WHERE id = ?`, []any{id}, &v.Author)
	} else if id, ok := author.UserID(); ok {
		_, err = t.get(`SELECT email FROM users WHERE id = ?`, []any{id}, &v.Author)
	}
	return err
}

// NoteVersions implements trip2g.NoteArchive.
func (db *DB) NoteVersions(ctx context.Context, noteID, before int64, limit int) ([]trip2g.NoteVersion, error) {
	var versions []trip2g.NoteVersion
	err := db.read(ctx, "list the versions of a note", func(t *tx) error {
		for rows, err := range t.each(versionColumns+versionTables+`
			WHERE v.note_id = ?1 AND v.published_at IS NOT NULL AND (?2 = 0 OR v.id < ?2) ORDER BY v.id DESC LIMIT ?3`, noteID, before, max(0, limit)) {
			if err != nil {
				return err
			}
			v, err := scanVersion(rows.Scan)
			if err != nil {
				return err
			}
			versions = append(versions, v)
		}
		for i := range versions {
			if err := t.nameAuthor(&versions[i]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return versions, nil
}

// NoteVersion implements trip2g.NoteArchive.
func (db *DB) NoteVersion(ctx context.Context, id int64) (trip2g.NoteVersion, error) {
	var v trip2g.NoteVersion
	err := db.read(ctx, "read a version of a note", func(t *tx) error {
		var content string
		found, err := t.find(versionColumns+`, c.content`+versionTables+`JOIN version_contents c ON c.version_id = v.id
			WHERE v.id = ? AND v.published_at IS NOT NULL`, []any{id}, func(scan scanner) (err error) {
			v, err = scanVersion(scan, &content)
			return err
		})
		if err == nil && !found {
			return trip2g.Errorf(trip2g.ENOTFOUND, "there is no version %d", id)
		}
		if err != nil {
			return err
		}
		v.Content = content
		return t.nameAuthor(&v)
	})
	if err != nil {
		return trip2g.NoteVersion{}, err
	}
	return v, nil
}

// LatestVersion implements trip2g.NoteArchive.
func (db *DB) LatestVersion(ctx context.Context) (trip2g.NoteVersion, error) {
	var v trip2g.NoteVersion
	err := db.read(ctx, "find the newest version", func(t *tx) error {
		found, err := t.find(versionColumns+versionTables+`WHERE v.published_at IS NOT NULL ORDER BY v.id DESC LIMIT 1`, nil, func(scan scanner) (err error) {
			v, err = scanVersion(scan)
			return err
		})
		if err == nil && !found {
			return trip2g.Errorf(trip2g.ENOTFOUND, "nothing was published yet")
		}
		if err != nil {
			return err
		}
		return t.nameAuthor(&v)
	})
	if err != nil {
		return trip2g.NoteVersion{}, err
	}
	return v, nil
}

// ArchiveStats implements trip2g.NoteArchive.
func (db *DB) ArchiveStats(ctx context.Context) (trip2g.ArchiveStats, error) {
	var s trip2g.ArchiveStats
	err := db.read(ctx, "measure the database", func(t *tx) error {
		var pages, free, size int64
		for _, part := range []struct {
			query string
			dest  []any
		}{
			{`SELECT coalesce(sum(hidden = 0), 0), coalesce(sum(hidden), 0) FROM notes WHERE published_version_id IS NOT NULL`, []any{&s.Notes, &s.Hidden}},
			{`SELECT count(*) FROM missing_pages`, []any{&s.NotFound}},
			{`SELECT * FROM pragma_page_count, pragma_freelist_count, pragma_page_size`, []any{&pages, &free, &size}},
			{`SELECT coalesce(sum(size), 0) FROM note_versions`, []any{&s.Versions}},
			{`SELECT coalesce(sum(size), 0), count(*) FROM assets`, []any{&s.Assets, &s.Files}},
		} {
			if _, err := t.get(part.query, nil, part.dest...); err != nil {
				return err
			}
		}
		s.Database, s.Free = pages*size, free*size
		return nil
	})
	if err != nil {
		return trip2g.ArchiveStats{}, err
	}
	return s, nil
}
