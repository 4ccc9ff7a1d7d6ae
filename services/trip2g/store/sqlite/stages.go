package sqlite

import (
	"context"
	"time"

	"trip2g/services/trip2g"
)

// stageUsedEvery is how often the use of a stage is written down: less than any lifetime by far, and
// not for each of the thousand requests of a push.
const stageUsedEvery = 5 * time.Second

// stageState says what became of a push.
type stageState string

const (
	stageOpen      stageState = "open"
	stageCommitted stageState = "committed"
	stageDiscarded stageState = "discarded"
	stageExpired   stageState = "expired"
)

// stageRow is a push in the database; with an id of 0 one that has staged nothing.
type stageRow struct {
	push  trip2g.Stage
	id    int64
	state stageState
	used  int64 // Unix milliseconds
}

// expired reports whether an open push had waited too long when its request came in.
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

// stageRow finds a push, open or over.
func (t *tx) stageRow(push trip2g.Stage) (*stageRow, error) {
	row := &stageRow{push: push, state: stageOpen}
	_, err := t.get(`SELECT id, state, used_at FROM stages WHERE author = ? AND push = ? AND client = ? AND address = ?`,
		[]any{push.Author, push.Push, push.Client, push.Address}, &row.id, &row.state, &row.used)
	return row, err
}

// stageFor returns the stage that a change goes to, or with publish the one that a change passes by.
func (t *tx) stageFor(push trip2g.Stage, publish bool) (*stageRow, error) {
	if publish {
		return t.findStage(push)
	}
	return t.openStage(push)
}

// findStage returns what an open push has staged: nothing if the push is over.
func (t *tx) findStage(push trip2g.Stage) (*stageRow, error) {
	row, err := t.stageRow(push)
	if err == nil && (row.state != stageOpen || t.expired(row)) {
		row.id = 0
	}
	return row, err
}

// openStage returns the stage of a push that goes on. EEXPIRED if it is over. An unnamed push that was left
// does not go on: another begins. A stage is written down when something is put there (beginStage), so that
// a push of what the server has already leaves no trace.
func (t *tx) openStage(push trip2g.Stage) (*stageRow, error) {
	row, err := t.stageRow(push)
	switch {
	case err != nil || row.id == 0:
		return row, err
	case row.state == stageOpen && !t.expired(row):
		if row.used <= t.now-stageUsedEvery.Milliseconds() {
			_, err = t.exec(`UPDATE stages SET used_at = ? WHERE id = ?`, t.now, row.id)
		}
		return row, err
	case push.Unnamed():
		err = t.closeStage(row, stageDiscarded)
		row.id = 0
		return row, err
	default:
		return row, pushIsOver(row.state)
	}
}

// beginStage writes a stage down that something is about to be put in.
func (t *tx) beginStage(row *stageRow) (err error) {
	if row.id == 0 {
		p := row.push
		row.id, err = t.insert(`INSERT INTO stages (author, push, client, address, created_at, used_at) VALUES (?, ?, ?, ?, ?, ?)`,
			p.Author, p.Push, p.Client, p.Address, t.now, t.now)
	}
	return err
}

// pushIsOver says why nothing can be added to a push.
func pushIsOver(state stageState) error {
	switch state {
	case stageCommitted:
		return trip2g.Errorf(trip2g.EEXPIRED, "this push was committed, and nothing can be added to it: run the push again, with a new %s", trip2g.PushIDHeader)
	case stageDiscarded:
		return trip2g.Errorf(trip2g.EEXPIRED, "this push was stopped, and nothing of it is published: run the push again")
	default:
		return trip2g.Errorf(trip2g.EEXPIRED, "this push has expired, and nothing of it is published: run the push again")
	}
}

// closeStage drops what a stage holds and ends its push. Notes and versions that nobody ever published stay,
// unseen, until they are purged. Another unnamed push may begin at once.
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
	var refusal error
	position, err = db.writeAt(ctx, "commit the staged notes", func(t *tx) error {
		row, err := t.stageRow(push)
		if err != nil {
			return err
		}
		if push.Unnamed() {
			if refusal, err = t.refuseUnnamed(row); refusal != nil || err != nil {
				return err // and what was dropped stays dropped
			}
		}
		switch {
		case row.id == 0, row.state == stageCommitted:
			return nil
		case row.state != stageOpen, t.expired(row):
			return pushIsOver(row.state)
		}
		if shown, err = t.commitStage(row); err != nil {
			return err
		}
		return t.closeStage(row, stageCommitted)
	})
	if err == nil {
		err = refusal
	}
	if err != nil {
		return nil, 0, err
	}
	return shown, position, nil
}

// refuseUnnamed drops the stage of an unnamed push that must not be committed, and says why: because it was
// left, or because the same program has staged something from another address as well. That can be the
// same client, whose address has changed, so that a commit could show half of what it has sent.
func (t *tx) refuseUnnamed(row *stageRow) (refusal, err error) {
	others, err := t.get(`SELECT 1 FROM stages WHERE author = ? AND push = '' AND client = ? AND id <> ? AND state = 'open' AND used_at >= ?`,
		[]any{row.push.Author, row.push.Client, row.id, t.now - trip2g.UnnamedPushLifetime.Milliseconds()}, new(int))
	switch {
	case err != nil:
		return nil, err
	case others:
		refusal = trip2g.Errorf(trip2g.ECONFLICT, "another push with this API key is under way from another address, and this program does not say which notes are whose, so nothing was published: "+
			"push again in %.0f minutes, and create a key for each device", trip2g.UnnamedPushLifetime.Minutes())
	case t.expired(row):
		refusal = pushIsOver(stageExpired)
	}
	if refusal == nil || row.id == 0 {
		return refusal, nil
	}
	return refusal, t.closeStage(row, stageDiscarded)
}

// Discard implements trip2g.VaultStore. A push that has not begun is over, too: what was sent before may come
// later.
func (db *DB) Discard(ctx context.Context, push trip2g.Stage) (committed bool, err error) {
	err = db.write(ctx, "discard the staged notes", func(t *tx) error {
		row, err := t.stageRow(push)
		committed = row.state == stageCommitted
		if err != nil || row.state != stageOpen || row.id == 0 && push.Unnamed() {
			return err
		}
		if err := t.beginStage(row); err != nil {
			return err
		}
		return t.closeStage(row, stageDiscarded)
	})
	return committed, err
}
