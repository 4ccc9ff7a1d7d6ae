package sqlite

import (
	"context"
	"database/sql"
	"time"

	"trip2g/services/trip2g"
)

// memberColumns has the time at which sessions are valid as its parameter.
const memberColumns = `
	SELECT ` + userColumns + `, u.invited_at,
	       (SELECT count(*) FROM sessions s WHERE s.user_id = u.id AND s.ended_at IS NULL AND s.expires_at > ?)
	FROM users u WHERE u.owner = 0 AND u.removed_at IS NULL `

func scanMembership(scan scanner) (trip2g.Membership, error) {
	var row userRow
	var invited sql.NullInt64
	var sessions int
	err := scan(append(row.dest(), &invited, &sessions)...)
	return trip2g.Membership{User: row.get(), InvitedAt: optionalTime(invited), Sessions: sessions}, err
}

// Members implements trip2g.UserStore.
func (db *DB) Members(ctx context.Context, now time.Time) ([]trip2g.Membership, error) {
	var members []trip2g.Membership
	err := db.read(ctx, "list members", func(t *tx) error {
		for rows, err := range t.each(memberColumns+`ORDER BY u.email`, millis(now)) {
			if err != nil {
				return err
			}
			member, err := scanMembership(rows.Scan)
			if err != nil {
				return err
			}
			members = append(members, member)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return members, nil
}

// InviteMember implements trip2g.UserStore.
func (db *DB) InviteMember(ctx context.Context, email string, now time.Time) (trip2g.Membership, error) {
	email = trip2g.FoldEmail(email)
	var member trip2g.Membership
	err := db.write(ctx, "invite a member", func(t *tx) error {
		_, err := t.exec(`
			INSERT INTO users (email, created_at, invited_at) VALUES (?1, ?2, ?2)
			ON CONFLICT (email) DO UPDATE SET
				invited_at = excluded.invited_at, removed_at = NULL,
				joined_at = CASE WHEN removed_at IS NULL THEN joined_at END
			WHERE owner = 0`, email, millis(now))
		if err != nil {
			return err
		}
		found, err := t.find(memberColumns+`AND u.email = ?`, []any{millis(now), email}, func(scan scanner) (err error) {
			member, err = scanMembership(scan)
			return err
		})
		if err == nil && !found {
			return trip2g.Errorf(trip2g.ECONFLICT, "this is the owner's address: the owner needs no invitation")
		}
		return err
	})
	if err != nil {
		return trip2g.Membership{}, err
	}
	return member, nil
}

// RemoveMember implements trip2g.UserStore. The row stays without rights, because versions refer to
// it.
func (db *DB) RemoveMember(ctx context.Context, id int64) (trip2g.Position, error) {
	return db.writeAt(ctx, "remove a member", func(t *tx) error {
		removed, err := t.exec(`UPDATE users SET removed_at = ? WHERE id = ? AND owner = 0 AND removed_at IS NULL`, t.now, id)
		if err != nil {
			return err
		}
		if removed == 0 {
			return trip2g.Errorf(trip2g.ENOTFOUND, "there is no member %d", id)
		}
		if _, err := t.exec(`DELETE FROM member_groups WHERE user_id = ?`, id); err != nil {
			return err
		}
		if _, err := t.exec(`DELETE FROM sign_in_codes WHERE email = (SELECT email FROM users WHERE id = ?)`, id); err != nil {
			return err
		}
		return t.endSessions(id, 0)
	})
}

// SetMemberGroups implements trip2g.UserStore.
func (db *DB) SetMemberGroups(ctx context.Context, id int64, groups trip2g.Groups, now time.Time) (trip2g.Membership, trip2g.Position, error) {
	var member trip2g.Membership
	position, err := db.writeAt(ctx, "choose the groups of a member", func(t *tx) error {
		found, err := t.member(id, now, &member)
		if err != nil {
			return err
		}
		if !found {
			return trip2g.Errorf(trip2g.ENOTFOUND, "there is no member %d", id)
		}
		if member.Groups == groups {
			return nil
		}
		if _, err := t.exec(`DELETE FROM member_groups WHERE user_id = ?`, id); err != nil {
			return err
		}
		_, err = t.exec(`INSERT INTO member_groups (user_id, name) SELECT ?, value FROM json_each(?)`, id, jsonList(groups.Names()))
		if err != nil {
			return err
		}
		member.Groups = groups
		return t.recordSessionChanges(id)
	})
	return member, position, err
}

func (t *tx) member(id int64, now time.Time, member *trip2g.Membership) (found bool, err error) {
	return t.find(memberColumns+`AND u.id = ?`, []any{millis(now), id}, func(scan scanner) (err error) {
		*member, err = scanMembership(scan)
		return err
	})
}
