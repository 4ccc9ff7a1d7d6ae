-- Times are Unix milliseconds, UTC.

-- +goose Up
CREATE TABLE settings (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO settings (key, value) VALUES ('database_id', lower(hex(randomblob(16))));

-- One row for each thing that readers can see, moved to the newest seq whenever it changes, so
-- that the table stays as small as the site. AUTOINCREMENT: no number is ever used twice.
CREATE TABLE changes (
    seq  INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL CHECK (kind IN ('note', 'session')),
    ref  INTEGER NOT NULL,
    at   INTEGER NOT NULL,
    UNIQUE (kind, ref)
) STRICT;

-- A note without a published version is known to a stage only. The defaults and the first id below
-- let the seed's check of a replica, INSERT INTO notes(id) VALUES(1), fail at the write and at
-- nothing before it.
CREATE TABLE notes (
    id                   INTEGER PRIMARY KEY AUTOINCREMENT,
    path                 TEXT NOT NULL UNIQUE DEFAULT '',
    hidden               INTEGER NOT NULL DEFAULT 0 CHECK (hidden IN (0, 1)),
    published_version_id INTEGER REFERENCES note_versions (id),
    published_at         INTEGER,
    created_at           INTEGER NOT NULL DEFAULT 0
) STRICT;

INSERT INTO sqlite_sequence (name, seq) VALUES ('notes', 1000);

CREATE UNIQUE INDEX notes_published_version ON notes (published_version_id);

-- The history: versions that have been published are never changed or removed.
CREATE TABLE note_versions (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    note_id      INTEGER NOT NULL REFERENCES notes (id),
    hash         TEXT NOT NULL,
    size         INTEGER NOT NULL,
    created_at   INTEGER NOT NULL,
    created_by   TEXT NOT NULL,
    published_at INTEGER
) STRICT;

CREATE INDEX note_versions_note ON note_versions (note_id);
CREATE INDEX note_versions_unpublished ON note_versions (id) WHERE published_at IS NULL;

-- Texts have a table of their own: publishing a version rewrites its row, and must not rewrite
-- every page of its text as well.
CREATE TABLE version_contents (
    version_id INTEGER PRIMARY KEY REFERENCES note_versions (id) ON DELETE CASCADE,
    content    TEXT NOT NULL
) STRICT;

-- What a stage would do to a note when it is committed: show a version, or hide the note (NULL).
CREATE TABLE staged_notes (
    stage      TEXT NOT NULL,
    note_id    INTEGER NOT NULL REFERENCES notes (id),
    version_id INTEGER REFERENCES note_versions (id),
    staged_at  INTEGER NOT NULL,
    PRIMARY KEY (stage, note_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX staged_notes_note ON staged_notes (note_id);
CREATE INDEX staged_notes_version ON staged_notes (version_id);

-- used_at: when a note last stopped referring to the file, or when it was stored.
CREATE TABLE assets (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    hash         TEXT NOT NULL UNIQUE,
    size         INTEGER NOT NULL,
    content_type TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    used_at      INTEGER NOT NULL
) STRICT;

CREATE TABLE asset_chunks (
    asset_id INTEGER NOT NULL REFERENCES assets (id) ON DELETE CASCADE,
    n        INTEGER NOT NULL,
    data     BLOB NOT NULL,
    PRIMARY KEY (asset_id, n)
) STRICT;

CREATE TABLE note_assets (
    note_id       INTEGER NOT NULL REFERENCES notes (id),
    ref           TEXT NOT NULL,
    asset_id      INTEGER NOT NULL REFERENCES assets (id),
    absolute_path TEXT NOT NULL,
    PRIMARY KEY (note_id, ref)
) STRICT, WITHOUT ROWID;

CREATE INDEX note_assets_asset ON note_assets (asset_id);

CREATE TABLE staged_assets (
    stage         TEXT NOT NULL,
    note_id       INTEGER NOT NULL REFERENCES notes (id),
    ref           TEXT NOT NULL,
    asset_id      INTEGER NOT NULL REFERENCES assets (id),
    absolute_path TEXT NOT NULL,
    staged_at     INTEGER NOT NULL,
    PRIMARY KEY (stage, note_id, ref)
) STRICT, WITHOUT ROWID;

CREATE INDEX staged_assets_note ON staged_assets (note_id);
CREATE INDEX staged_assets_asset ON staged_assets (asset_id);

CREATE TABLE users (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    email      TEXT NOT NULL UNIQUE,
    owner      INTEGER NOT NULL DEFAULT 0 CHECK (owner IN (0, 1)),
    created_at INTEGER NOT NULL
) STRICT;

-- An ended session stays until it would have run out, so that no follower can miss its end.
CREATE TABLE sessions (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id    INTEGER NOT NULL REFERENCES users (id),
    token_hash TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    ended_at   INTEGER
) STRICT;

CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_expiry ON sessions (expires_at);

CREATE TABLE sign_in_codes (
    email      TEXT PRIMARY KEY,
    hash       TEXT NOT NULL,
    attempts   INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE api_keys (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    name         TEXT NOT NULL,
    hash         TEXT NOT NULL UNIQUE,
    hint         TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    last_used_at INTEGER,
    revoked_at   INTEGER
) STRICT;

CREATE TABLE missing_pages (
    path         TEXT PRIMARY KEY,
    count        INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX missing_pages_count ON missing_pages (count, last_seen_at);

CREATE TABLE job_runs (
    name        TEXT PRIMARY KEY,
    started_at  INTEGER NOT NULL,
    finished_at INTEGER NOT NULL,
    error       TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The job queue. Its name, columns and text times are those that maragu.dev/goqite works with.
CREATE TABLE goqite (
    id       TEXT PRIMARY KEY DEFAULT ('m_' || lower(hex(randomblob(16)))),
    created  TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ')),
    queue    TEXT NOT NULL,
    timeout  TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ')),
    received INTEGER NOT NULL DEFAULT 0,
    priority INTEGER NOT NULL DEFAULT 0,
    body     BLOB NOT NULL
) STRICT;

CREATE INDEX goqite_order ON goqite (queue, priority DESC, created);
