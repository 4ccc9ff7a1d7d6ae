package sqlite

import (
	"context"
	"database/sql"

	"trip2g/services/trip2g"
)

// changeKind is the kind of an item that readers can see.
type changeKind string

const (
	noteChange     changeKind = "note"
	sessionChange  changeKind = "session"
	redirectChange changeKind = "redirect"
	accessChange   changeKind = "access" // of the access default, which every ChangeSet contains
)

// manyChanges is the number of changes from which on read-ahead pays: a start, or a large push.
const manyChanges = 200

// maxChangeBytes bounds the text of one ChangeSet, and so how long its transaction delays
// replication on a LiteFS replica: 16 MiB take about 0.5 s through the mount.
const maxChangeBytes = 16 << 20

// Changes returns the items that changed for readers after a position, oldest first: at most limit,
// and fewer if their text is long. If after is past the newest position, the set is empty and its
// Head is before after: an older database was restored. Since shows that even once the database has
// grown past after again. The error is EUNAVAILABLE once the leader has migrated the database past
// this binary.
func (r *ReadDB) Changes(ctx context.Context, after trip2g.Position, limit int) (trip2g.ChangeSet, error) {
	if limit <= 0 {
		return trip2g.ChangeSet{}, trip2g.Errorf(trip2g.EINVALID, "limit is %d: it must be at least 1", limit)
	}
	var set trip2g.ChangeSet
	err := r.readWide(ctx, "read changes", func(t *tx, readAhead func() error) error {
		if err := t.readHead(&set); err != nil {
			return err
		}
		if set.Head-after >= manyChanges {
			if err := readAhead(); err != nil {
				return err
			}
		}
		if err := checkSchema(r.path, set.Schema, r.known); err != nil {
			return err
		}
		if err := t.readChanged(after, limit, &set); err != nil {
			return err
		}
		var err error
		if set.Since, err = t.lineage(after); err != nil {
			return err
		}
		if set.Lineage, err = t.lineage(set.Position); err != nil {
			return err
		}
		set.Lineages, err = t.lastLineages()
		return err
	})
	if err != nil {
		return trip2g.ChangeSet{}, err
	}
	return set, nil
}

// readHead sets the fields of the database, and the position of an empty set.
func (t *tx) readHead(set *trip2g.ChangeSet) error {
	var head int64
	var at sql.NullInt64
	var access string
	_, err := t.get(`
		SELECT (SELECT value FROM settings WHERE key = 'database_id'),
		       (SELECT coalesce(max(version_id), 0) FROM `+schemaTable+`),
		       (SELECT coalesce(max(seq), 0) FROM changes),
		       (SELECT at FROM changes ORDER BY seq DESC LIMIT 1),
		       coalesce((SELECT value FROM settings WHERE key = '`+publicURLSetting+`'), ''),
		       coalesce((SELECT value FROM settings WHERE key = '`+vaultNameSetting+`'), ''),
		       EXISTS (SELECT 1 FROM users WHERE owner = 1),
		       coalesce((SELECT value FROM settings WHERE key = '`+accessSetting+`'), '')`, nil,
		&set.DatabaseID, &set.Schema, &head, &at, &set.PublicURL, &set.VaultName, &set.Owned, &access)
	set.SiteAccess, _ = trip2g.ParseSiteAccess(access)
	set.Head, set.Position, set.ChangedAt = trip2g.Position(head), trip2g.Position(head), optionalTime(at)
	return err
}

// readChanged adds the items that changed after a position.
func (t *tx) readChanged(after trip2g.Position, limit int, set *trip2g.ChangeSet) error {
	if after >= set.Head {
		return nil
	}
	changed, err := t.changed(after, limit, set)
	if err != nil {
		return err
	}
	if err := t.readNotes(changed[noteChange], set); err != nil {
		return err
	}
	if err := t.readRedirects(changed[redirectChange], set); err != nil {
		return err
	}
	return t.readSessions(changed[sessionChange], set)
}

// changed lists the items that changed after a position, by kind, and sets the position of the last
// one.
func (t *tx) changed(after trip2g.Position, limit int, set *trip2g.ChangeSet) (map[changeKind][]int64, error) {
	moved := make(map[changeKind][]int64)
	count, bytes := 0, int64(0)
	for rows, err := range t.each(`
		SELECT c.seq, c.kind, c.ref, c.at, coalesce(v.size, 0)
		FROM changes c
		LEFT JOIN notes n ON c.kind = 'note' AND n.id = c.ref AND n.hidden = 0
		LEFT JOIN note_versions v ON v.id = n.published_version_id
		WHERE c.seq > ? ORDER BY c.seq LIMIT ?`, int64(after), limit) {
		if err != nil {
			return nil, err
		}
		var seq, ref, at, size int64
		var kind string
		if err := rows.Scan(&seq, &kind, &ref, &at, &size); err != nil {
			return nil, err
		}
		if bytes += size; count > 0 && bytes > maxChangeBytes {
			break
		}
		count++
		set.Position, set.ChangedAt = trip2g.Position(seq), fromMillis(at)
		moved[changeKind(kind)] = append(moved[changeKind(kind)], ref)
	}
	return moved, nil
}

// readNotes adds published notes, and the ids of those that are no longer published.
func (t *tx) readNotes(ids []int64, set *trip2g.ChangeSet) error {
	if len(ids) == 0 {
		return nil
	}
	list := jsonList(ids)
	assets, err := t.noteAssets(&stageRow{}, list)
	if err != nil {
		return err
	}
	found := make(map[int64]bool, len(ids))
	for rows, err := range t.each(`
		SELECT n.id, n.path, v.id, v.hash, n.created_at, n.published_at, c.content,
			(SELECT published_at FROM note_versions WHERE note_id = n.id AND published_at IS NOT NULL ORDER BY id LIMIT 1)
		FROM notes n JOIN note_versions v ON v.id = n.published_version_id JOIN version_contents c ON c.version_id = v.id
		WHERE n.hidden = 0 AND n.id IN (SELECT value FROM json_each(?)) ORDER BY n.id`, list) {
		if err != nil {
			return err
		}
		var note trip2g.Note
		var created, published, first int64
		if err := rows.Scan(&note.ID, &note.Path, &note.VersionID, &note.Hash, &created, &published, &note.Content, &first); err != nil {
			return err
		}
		note.FirstPublishedAt = fromMillis(first)
		note.CreatedAt, note.PublishedAt, note.Assets = fromMillis(created), fromMillis(published), assets[note.ID]
		set.Notes = append(set.Notes, note)
		found[note.ID] = true
	}
	set.RemovedNotes = missingFrom(ids, found)
	return nil
}

// readSessions adds sessions with their users, and the ids of ended ones.
func (t *tx) readSessions(ids []int64, set *trip2g.ChangeSet) error {
	if len(ids) == 0 {
		return nil
	}
	found := make(map[int64]bool, len(ids))
	for rows, err := range t.each(sessionColumns+`
		WHERE s.ended_at IS NULL AND s.id IN (SELECT value FROM json_each(?)) ORDER BY s.id`, jsonList(ids)) {
		if err != nil {
			return err
		}
		session, err := scanSession(rows.Scan)
		if err != nil {
			return err
		}
		set.Sessions = append(set.Sessions, session)
		found[session.ID] = true
	}
	set.RemovedSessions = missingFrom(ids, found)
	return nil
}

// readRedirects adds redirects, and the ids of deleted ones.
func (t *tx) readRedirects(ids []int64, set *trip2g.ChangeSet) (err error) {
	if len(ids) == 0 {
		return nil
	}
	set.Redirects, err = t.redirects(`WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id`, jsonList(ids))
	if err != nil {
		return err
	}
	found := make(map[int64]bool, len(ids))
	for _, r := range set.Redirects {
		found[r.ID] = true
	}
	set.RemovedRedirects = missingFrom(ids, found)
	return nil
}

func missingFrom(ids []int64, found map[int64]bool) []int64 {
	var missing []int64
	for _, id := range ids {
		if !found[id] {
			missing = append(missing, id)
		}
	}
	return missing
}
