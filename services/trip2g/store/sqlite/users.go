package sqlite

import (
	"context"
	"crypto/subtle"
	"database/sql"
	"strings"
	"time"

	"trip2g/services/trip2g"
)

// EnsureOwner implements trip2g.UserStore. It records a change of the sessions of the old and the
// new owner.
func (db *DB) EnsureOwner(ctx context.Context, email string) error {
	email = trip2g.FoldEmail(email)
	if email == "" {
		return trip2g.Errorf(trip2g.EINVALID, "the owner's email address is empty")
	}
	return db.write(ctx, "make "+email+" the owner", func(t *tx) error { return t.ensureOwner(email) })
}

// EnsureFirstOwner implements trip2g.UserStore.
func (db *DB) EnsureFirstOwner(ctx context.Context, email string) error {
	email = trip2g.FoldEmail(email)
	return db.write(ctx, "make "+email+" the first owner", func(t *tx) error {
		owned, err := t.hasOwner()
		if err != nil {
			return err
		}
		if owned {
			return trip2g.Errorf(trip2g.ECONFLICT, "the site has an owner")
		}
		return t.ensureOwner(email)
	})
}

func (t *tx) ensureOwner(email string) error {
	_, err := t.exec(`INSERT INTO users (email, created_at) SELECT ?1, ?2 WHERE NOT EXISTS (SELECT 1 FROM users WHERE email = ?1)`, email, t.now)
	if err != nil {
		return err
	}
	if _, err := t.exec(`UPDATE users SET removed_at = NULL WHERE email = ? AND removed_at IS NOT NULL`, email); err != nil {
		return err
	}
	var changed []int64
	for rows, err := range t.each(`SELECT id FROM users WHERE owner <> (email = ?)`, email) {
		if err != nil {
			return err
		}
		var id int64
		if err := rows.Scan(&id); err != nil {
			return err
		}
		changed = append(changed, id)
	}
	for _, id := range changed {
		if err := t.toggleOwnership(id); err != nil {
			return err
		}
	}
	return nil
}

// HasOwner implements trip2g.UserStore.
func (db *DB) HasOwner(ctx context.Context) (found bool, err error) {
	err = db.read(ctx, "look for an owner", func(t *tx) error {
		found, err = t.hasOwner()
		return err
	})
	return found, err
}

func (t *tx) hasOwner() (bool, error) {
	return t.get(`SELECT 1 FROM users WHERE owner = 1`, nil, new(int))
}

func (t *tx) toggleOwnership(user int64) error {
	if _, err := t.exec(`UPDATE users SET owner = 1 - owner WHERE id = ?`, user); err != nil {
		return err
	}
	return t.recordSessionChanges(user)
}

// recordSessionChanges records a change of all sessions of a user whose rights changed.
func (t *tx) recordSessionChanges(user int64) error {
	_, err := t.exec(`INSERT OR REPLACE INTO changes (kind, ref, at) SELECT ?, id, ? FROM sessions WHERE user_id = ? AND ended_at IS NULL`,
		string(sessionChange), t.now, user)
	return err
}

// userColumns are the columns of users u that userRow scans.
const userColumns = `u.id, u.email, u.owner, u.created_at, u.joined_at,
	(SELECT group_concat(g.name, char(10)) FROM member_groups g WHERE g.user_id = u.id)`

// userRow scans userColumns.
type userRow struct {
	user    trip2g.User
	created int64
	joined  sql.NullInt64
	groups  sql.NullString
}

func (r *userRow) dest() []any {
	return []any{&r.user.ID, &r.user.Email, &r.user.Owner, &r.created, &r.joined, &r.groups}
}

func (r *userRow) get() trip2g.User {
	r.user.CreatedAt, r.user.JoinedAt = fromMillis(r.created), optionalTime(r.joined)
	if r.groups.Valid {
		r.user.Groups = trip2g.NewGroups(strings.Split(r.groups.String, "\n")...)
	}
	return r.user
}

// UserByEmail implements trip2g.UserStore.
func (db *DB) UserByEmail(ctx context.Context, email string) (trip2g.User, error) {
	var row userRow
	err := db.read(ctx, "find a user", func(t *tx) error {
		found, err := t.get(`SELECT `+userColumns+` FROM users u WHERE u.email = ? AND u.removed_at IS NULL`, []any{trip2g.FoldEmail(email)}, row.dest()...)
		if err == nil && !found {
			return trip2g.Errorf(trip2g.ENOTFOUND, "there is no user with this address")
		}
		return err
	})
	if err != nil {
		return trip2g.User{}, err
	}
	return row.get(), nil
}

// PutSignInCode implements trip2g.UserStore.
func (db *DB) PutSignInCode(ctx context.Context, code trip2g.SignInCode) error {
	return db.write(ctx, "store a sign-in code", func(t *tx) error {
		_, err := t.exec(`INSERT INTO sign_in_codes (email, browser, hash, attempts, expires_at) VALUES (?, ?, ?, ?, ?)`,
			trip2g.FoldEmail(code.Email), code.Browser, code.Hash, code.Attempts, millis(code.ExpiresAt))
		return err
	})
}

// TakeSignInCode implements trip2g.UserStore.
func (db *DB) TakeSignInCode(ctx context.Context, guess trip2g.SignInCode, now time.Time, maxAttempts int) error {
	guess.Email = trip2g.FoldEmail(guess.Email)
	right := false
	err := db.write(ctx, "check a sign-in code", func(t *tx) (err error) {
		if right, err = t.isCode(guess, now, maxAttempts); err != nil {
			return err
		}
		const theirs = ` WHERE email = ? AND browser = ?`
		if right {
			_, err = t.exec(`DELETE FROM sign_in_codes`+theirs, guess.Email, guess.Browser)
			return err
		}
		_, err = t.exec(`UPDATE sign_in_codes SET attempts = attempts + 1`+theirs, guess.Email, guess.Browser)
		return err
	})
	if err == nil && !right {
		return trip2g.Errorf(trip2g.EUNAUTHORIZED, "the code is wrong or has expired: request a new one")
	}
	return err
}

// isCode reports whether a guess is a valid code of its email address and browser.
func (t *tx) isCode(guess trip2g.SignInCode, now time.Time, maxAttempts int) (right bool, err error) {
	for rows, err := range t.each(`SELECT hash FROM sign_in_codes WHERE email = ? AND browser = ? AND attempts < ? AND expires_at > ?`,
		guess.Email, guess.Browser, maxAttempts, millis(now)) {
		if err != nil {
			return false, err
		}
		var hash string
		if err := rows.Scan(&hash); err != nil {
			return false, err
		}
		right = right || subtle.ConstantTimeCompare([]byte(hash), []byte(guess.Hash)) == 1
	}
	return right, nil
}
