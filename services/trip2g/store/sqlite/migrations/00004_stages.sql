-- +goose Up

-- A push. What it has staged waits for its own commit; what was staged before this migration belonged to
-- a key, which can have had several pushes under way: it is dropped, and whoever was pushing pushes again.
-- push is '' if the client named none: then its program and address have to do. A push that is over stays
-- for a while, so that what belongs to it and comes late is told so.
CREATE TABLE stages (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    author     TEXT NOT NULL,
    push       TEXT NOT NULL,
    client     TEXT NOT NULL,
    address    TEXT NOT NULL,
    state      TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'committed', 'discarded', 'expired')),
    created_at INTEGER NOT NULL,
    used_at    INTEGER NOT NULL,
    UNIQUE (author, push, client, address)
) STRICT;

UPDATE assets SET used_at = max(used_at, unixepoch() * 1000) WHERE id IN (SELECT asset_id FROM staged_assets);

DROP TABLE staged_notes;
DROP TABLE staged_assets;

-- What a stage would do to a note when it is committed: show a version, or hide the note (NULL).
CREATE TABLE staged_notes (
    stage_id   INTEGER NOT NULL REFERENCES stages (id),
    note_id    INTEGER NOT NULL REFERENCES notes (id),
    version_id INTEGER REFERENCES note_versions (id),
    PRIMARY KEY (stage_id, note_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX staged_notes_note ON staged_notes (note_id);
CREATE INDEX staged_notes_version ON staged_notes (version_id);

CREATE TABLE staged_assets (
    stage_id      INTEGER NOT NULL REFERENCES stages (id),
    note_id       INTEGER NOT NULL REFERENCES notes (id),
    ref           TEXT NOT NULL,
    asset_id      INTEGER NOT NULL REFERENCES assets (id),
    absolute_path TEXT NOT NULL,
    PRIMARY KEY (stage_id, note_id, ref)
) STRICT, WITHOUT ROWID;

CREATE INDEX staged_assets_note ON staged_assets (note_id);
CREATE INDEX staged_assets_asset ON staged_assets (asset_id);
