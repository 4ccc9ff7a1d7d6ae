package sqlite

import (
	"context"
	"time"

	"trip2g/services/trip2g"
)

const sessionColumns = `
	SELECT s.id, s.token_hash, s.created_at, s.expires_at, u.id, u.email, u.owner, u.created_at
	FROM sessions s JOIN users u ON u.id = s.user_id `

func scanSession(scan scanner) (trip2g.Session, error) {
	var s trip2g.Session
	var created, expires, userCreated int64
	err := scan(&s.ID, &s.TokenHash, &created, &expires, &s.User.ID, &s.User.Email, &s.User.Owner, &userCreated)
	s.CreatedAt, s.ExpiresAt, s.User.CreatedAt = fromMillis(created), fromMillis(expires), fromMillis(userCreated)
	return s, err
}

func (t *tx) session(where string, args ...any) (session trip2g.Session, found bool, err error) {
	found, err = t.find(sessionColumns+where, args, func(scan scanner) (err error) {
		session, err = scanSession(scan)
		return err
	})
	return session, found, err
}

// CreateSession implements trip2g.UserStore. The session is for the user with s.User.ID; ENOTFOUND without one.
func (db *DB) CreateSession(ctx context.Context, s trip2g.Session) (trip2g.Session, trip2g.Position, error) {
	var made trip2g.Session
	position, err := db.writeAt(ctx, "make a session", func(t *tx) error {
		known, err := t.get(`SELECT 1 FROM users WHERE id = ?`, []any{s.User.ID}, new(int))
		if err != nil {
			return err
		}
		if !known {
			return trip2g.Errorf(trip2g.ENOTFOUND, "there is no such user")
		}
		id, err := t.insert(`INSERT INTO sessions (user_id, token_hash, created_at, expires_at) VALUES (?, ?, ?, ?)`,
			s.User.ID, s.TokenHash, millis(s.CreatedAt), millis(s.ExpiresAt))
		if err != nil {
			return err
		}
		made, _, err = t.session(`WHERE s.id = ?`, id)
		if err != nil {
			return err
		}
		return t.mark(sessionChange, id)
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
			return trip2g.Errorf(trip2g.EUNAUTHORIZED, "the session is over: sign in again")
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
		return t.mark(sessionChange, id)
	})
}
