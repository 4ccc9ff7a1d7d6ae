package sqlite

import (
	"context"
	"time"

	"trip2g/services/trip2g"
)

const sessionColumns = `
	SELECT s.id, s.token_hash, s.user_agent, s.address, s.created_at, s.expires_at, ` + userColumns + `
	FROM sessions s JOIN users u ON u.id = s.user_id `

func scanSession(scan scanner) (trip2g.Session, error) {
	var s trip2g.Session
	var created, expires int64
	var user userRow
	err := scan(append([]any{&s.ID, &s.TokenHash, &s.UserAgent, &s.Address, &created, &expires}, user.dest()...)...)
	s.CreatedAt, s.ExpiresAt, s.User = fromMillis(created), fromMillis(expires), user.get()
	return s, err
}

func (t *tx) session(where string, args ...any) (session trip2g.Session, found bool, err error) {
	found, err = t.find(sessionColumns+where, args, func(scan scanner) (err error) {
		session, err = scanSession(scan)
		return err
	})
	return session, found, err
}

// CreateSession implements trip2g.UserStore. It returns ENOTFOUND if the user s.User.ID does not
// exist.
func (db *DB) CreateSession(ctx context.Context, s trip2g.Session) (trip2g.Session, trip2g.Position, error) {
	var made trip2g.Session
	position, err := db.writeAt(ctx, "create a session", func(t *tx) error {
		known, err := t.exec(`UPDATE users SET joined_at = coalesce(joined_at, ?) WHERE id = ? AND removed_at IS NULL`, millis(s.CreatedAt), s.User.ID)
		if err != nil {
			return err
		}
		if known == 0 {
			return trip2g.Errorf(trip2g.ENOTFOUND, "there is no such user")
		}
		id, err := t.insert(`INSERT INTO sessions (user_id, token_hash, user_agent, address, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)`,
			s.User.ID, s.TokenHash, s.UserAgent, s.Address, millis(s.CreatedAt), millis(s.ExpiresAt))
		if err != nil {
			return err
		}
		made, _, err = t.session(`WHERE s.id = ?`, id)
		if err != nil {
			return err
		}
		return t.recordChange(sessionChange, id)
	})
	if err != nil {
		return trip2g.Session{}, 0, err
	}
	return made, position, nil
}

// SessionByTokenHash implements trip2g.UserStore.
func (db *DB) SessionByTokenHash(ctx context.Context, hash string, now time.Time) (trip2g.Session, error) {
	var session trip2g.Session
	err := db.read(ctx, "find a session", func(t *tx) error {
		var found bool
		var err error
		session, found, err = t.session(`WHERE s.token_hash = ? AND s.ended_at IS NULL AND s.expires_at > ?`, hash, millis(now))
		if err == nil && !found {
			return trip2g.Errorf(trip2g.EUNAUTHORIZED, "the session has ended: sign in again")
		}
		return err
	})
	if err != nil {
		return trip2g.Session{}, err
	}
	return session, nil
}

// DeleteSession implements trip2g.UserStore.
func (db *DB) DeleteSession(ctx context.Context, id int64) (trip2g.Position, error) {
	return db.writeAt(ctx, "end a session", func(t *tx) error {
		ended, err := t.exec(`UPDATE sessions SET ended_at = ? WHERE id = ? AND ended_at IS NULL`, t.now, id)
		if err != nil || ended == 0 {
			return err
		}
		return t.recordChange(sessionChange, id)
	})
}

// DeleteOtherSessions implements trip2g.UserStore.
func (db *DB) DeleteOtherSessions(ctx context.Context, keep trip2g.Session, now time.Time) (int, trip2g.Position, error) {
	count := 0
	position, err := db.writeAt(ctx, "end other sessions", func(t *tx) error {
		_, err := t.get(`SELECT count(*) FROM sessions WHERE user_id = ? AND id <> ? AND ended_at IS NULL AND expires_at > ?`,
			[]any{keep.User.ID, keep.ID, millis(now)}, &count)
		if err != nil {
			return err
		}
		return t.endSessions(keep.User.ID, keep.ID)
	})
	if err != nil {
		return 0, 0, err
	}
	return count, position, nil
}

// endSessions ends the sessions of a user, except one.
func (t *tx) endSessions(user, except int64) error {
	_, err := t.exec(`INSERT OR REPLACE INTO changes (kind, ref, at) SELECT ?, id, ? FROM sessions WHERE user_id = ? AND id <> ? AND ended_at IS NULL`,
		string(sessionChange), t.now, user, except)
	if err != nil {
		return err
	}
	_, err = t.exec(`UPDATE sessions SET ended_at = ? WHERE user_id = ? AND id <> ? AND ended_at IS NULL`, t.now, user, except)
	return err
}

// Sessions implements trip2g.UserStore.
func (db *DB) Sessions(ctx context.Context, user int64, now time.Time) ([]trip2g.Session, error) {
	var sessions []trip2g.Session
	err := db.read(ctx, "list sessions", func(t *tx) error {
		for rows, err := range t.each(sessionColumns+`
			WHERE s.ended_at IS NULL AND s.expires_at > ?1 AND (?2 = 0 OR s.user_id = ?2) ORDER BY s.id DESC`, millis(now), user) {
			if err != nil {
				return err
			}
			session, err := scanSession(rows.Scan)
			if err != nil {
				return err
			}
			sessions = append(sessions, session)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return sessions, nil
}
