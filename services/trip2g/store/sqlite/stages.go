package sqlite

import (
	"context"
	"time"

	"trip2g/services/trip2g"
)

// stageUseInterval is how often the use of a stage is recorded: far more often than any lifetime,
// but not for each of a push's thousand requests.
const stageUseInterval = 5 * time.Second

// stageState is the state of a push.
type stageState string

const (
	stageOpen      stageState = "open"
	stageCommitted stageState = "committed"
	stageDiscarded stageState = "discarded"
	stageExpired   stageState = "expired"
)

// stageRow is a push in the database. Its id is 0 if it has staged nothing.
type stageRow struct {
	push  trip2g.Stage
	id    int64
	state stageState
	used  int64 // Unix milliseconds
}

// expired reports whether an open push had exceeded its lifetime when its request was received.
func (t *tx) expired(row *stageRow) bool {
	if row.id == 0 {
		return false
	}
	received, lifetime := t.now, trip2g.PushLifetime
	if !row.push.ReceivedAt.IsZero() {
		received = millis(row.push.ReceivedAt)
	}
	if row.push.Unnamed() {
		lifetime = trip2g.UnnamedPushLifetime
	}
	return row.state == stageExpired || row.used < received-lifetime.Milliseconds()
}

// stageRow returns a push, open or closed.
func (t *tx) stageRow(push trip2g.Stage) (*stageRow, error) {
	row := &stageRow{push: push, state: stageOpen}
	_, err := t.get(`SELECT id, state, used_at FROM stages WHERE author = ? AND push = ? AND client = ? AND address = ?`,
		[]any{push.Author, push.Push, push.Client, push.Address}, &row.id, &row.state, &row.used)
	return row, err
}

// stageFor returns the stage for a change. With publish the change bypasses the stage, which can be
// missing.
func (t *tx) stageFor(push trip2g.Stage, publish bool) (*stageRow, error) {
	if publish {
		return t.findStage(push)
	}
	return t.openStage(push)
}

// findStage returns the stage of an open push, with the id 0 if the push is closed.
func (t *tx) findStage(push trip2g.Stage) (*stageRow, error) {
	row, err := t.stageRow(push)
	if err == nil && (row.state != stageOpen || t.expired(row)) {
		row.id = 0
	}
	return row, err
}

// openStage returns the stage of a push, EEXPIRED if the push is closed. An unnamed push that
// expired is replaced by a new one. The stage's row is created with its first content
// (createStage), so that a push without changes writes nothing.
func (t *tx) openStage(push trip2g.Stage) (*stageRow, error) {
	row, err := t.stageRow(push)
	switch {
	case err != nil || row.id == 0:
		return row, err
	case row.state == stageOpen && !t.expired(row):
		if row.used <= t.now-stageUseInterval.Milliseconds() {
			_, err = t.exec(`UPDATE stages SET used_at = ? WHERE id = ?`, t.now, row.id)
		}
		return row, err
	case push.Unnamed():
		err = t.closeStage(row, stageDiscarded)
		row.id = 0
		return row, err
	default:
		return row, pushClosed(row.state)
	}
}

// createStage creates the row of a stage unless it exists.
func (t *tx) createStage(row *stageRow) (err error) {
	if row.id == 0 {
		p := row.push
		row.id, err = t.insert(`INSERT INTO stages (author, push, client, address, created_at, used_at) VALUES (?, ?, ?, ?, ?, ?)`,
			p.Author, p.Push, p.Client, p.Address, t.now, t.now)
	}
	return err
}

// pushClosed returns the error of a change to a closed push.
func pushClosed(state stageState) error {
	switch state {
	case stageCommitted:
		return trip2g.Errorf(trip2g.EEXPIRED, "this push was committed, and nothing can be added to it: run the push again, with a new %s", trip2g.PushIDHeader)
	case stageDiscarded:
		return trip2g.Errorf(trip2g.EEXPIRED, "this push was stopped, and nothing of it is published: run the push again")
	default:
		return trip2g.Errorf(trip2g.EEXPIRED, "this push has expired, and nothing of it is published: run the push again")
	}
}

// closeStage deletes the content of a stage and closes its push. Notes and versions that were never
// published stay, invisible, until they are purged. Another unnamed push can begin at once.
func (t *tx) closeStage(row *stageRow, state stageState) error {
	_, err := t.exec(`UPDATE assets SET used_at = ? WHERE id IN (SELECT asset_id FROM staged_assets WHERE stage_id = ?)`, t.now, row.id)
	if err != nil {
		return err
	}
	for _, table := range []string{"staged_assets", "staged_notes"} {
		if _, err := t.exec(`DELETE FROM `+table+` WHERE stage_id = ?`, row.id); err != nil {
			return err
		}
	}
	if row.push.Unnamed() {
		_, err = t.exec(`DELETE FROM stages WHERE id = ?`, row.id)
	} else {
		_, err = t.exec(`UPDATE stages SET state = ?, used_at = ? WHERE id = ?`, string(state), t.now, row.id)
	}
	return err
}

// Commit implements trip2g.VaultStore.
func (db *DB) Commit(ctx context.Context, push trip2g.Stage) (shown []int64, position trip2g.Position, err error) {
	var rejection error
	position, err = db.writeAt(ctx, "commit the staged notes", func(t *tx) error {
		row, err := t.stageRow(push)
		if err != nil {
			return err
		}
		if push.Unnamed() {
			if rejection, err = t.rejectUnnamed(row); rejection != nil || err != nil {
				return err // the dropped stage stays dropped
			}
		}
		switch {
		case row.id == 0, row.state == stageCommitted:
			return nil
		case row.state != stageOpen, t.expired(row):
			return pushClosed(row.state)
		}
		if shown, err = t.commitStage(row); err != nil {
			return err
		}
		return t.closeStage(row, stageCommitted)
	})
	if err == nil {
		err = rejection
	}
	if err != nil {
		return nil, 0, err
	}
	return shown, position, nil
}

// rejectUnnamed drops the stage of an unnamed push that must not be committed and returns the
// reason. Either the push has expired, or the same program has staged changes from another address
// as well. That can be the same client with a new address, and a commit could publish half of its
// changes.
func (t *tx) rejectUnnamed(row *stageRow) (rejection, err error) {
	others, err := t.get(`SELECT 1 FROM stages WHERE author = ? AND push = '' AND client = ? AND id <> ? AND state = 'open' AND used_at >= ?`,
		[]any{row.push.Author, row.push.Client, row.id, t.now - trip2g.UnnamedPushLifetime.Milliseconds()}, new(int))
	switch {
	case err != nil:
		return nil, err
	case others:
		rejection = trip2g.Errorf(trip2g.ECONFLICT, "another push with this API key is in progress from another address, and this program sends no push IDs, so nothing was published: "+
			"push again in %.0f minutes, and create a key for each device", trip2g.UnnamedPushLifetime.Minutes())
	case t.expired(row):
		rejection = pushClosed(stageExpired)
	}
	if rejection == nil || row.id == 0 {
		return rejection, nil
	}
	return rejection, t.closeStage(row, stageDiscarded)
}

// Discard implements trip2g.VaultStore. It also closes a push that has not begun, because delayed
// requests can arrive later.
func (db *DB) Discard(ctx context.Context, push trip2g.Stage) (committed bool, err error) {
	err = db.write(ctx, "discard the staged notes", func(t *tx) error {
		row, err := t.stageRow(push)
		committed = row.state == stageCommitted
		if err != nil || row.state != stageOpen || row.id == 0 && push.Unnamed() {
			return err
		}
		if err := t.createStage(row); err != nil {
			return err
		}
		return t.closeStage(row, stageDiscarded)
	})
	return committed, err
}
