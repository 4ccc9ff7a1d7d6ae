-- +goose Up

-- A member is a user who is not the owner. Removing one keeps the row, so that what was done by whom
-- can still be told, and a later invitation takes it up again.
ALTER TABLE users ADD COLUMN invited_at INTEGER;
ALTER TABLE users ADD COLUMN joined_at INTEGER;
ALTER TABLE users ADD COLUMN removed_at INTEGER;

-- What a person recognises a sign-in by.
ALTER TABLE sessions ADD COLUMN user_agent TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN address TEXT NOT NULL DEFAULT '';

-- The URL path that a version asks for; NULL for one that is no page and for versions before this
-- migration, whose moves nobody has seen.
ALTER TABLE note_versions ADD COLUMN url TEXT;

-- Addresses that lead elsewhere: to wherever a note is now that was once found there, or to what the
-- owner has set. A page of its own at from_path comes first.
CREATE TABLE redirects (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    from_path  TEXT NOT NULL UNIQUE,
    note_id    INTEGER REFERENCES notes (id),
    to_url     TEXT,
    created_at INTEGER NOT NULL,
    CHECK ((note_id IS NULL) <> (to_url IS NULL))
) STRICT;

CREATE INDEX redirects_note ON redirects (note_id);

-- changes takes a third kind. A CHECK cannot be changed in place; the numbers go on where they were.
CREATE TABLE changes_3 (
    seq  INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL CHECK (kind IN ('note', 'session', 'redirect')),
    ref  INTEGER NOT NULL,
    at   INTEGER NOT NULL,
    UNIQUE (kind, ref)
) STRICT;

INSERT INTO changes_3 (seq, kind, ref, at) SELECT seq, kind, ref, at FROM changes;
INSERT INTO sqlite_sequence (name, seq) SELECT 'changes_3', 0 WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'changes_3');
UPDATE sqlite_sequence
SET seq = max(seq, coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'changes'), 0))
WHERE name = 'changes_3';
DROP TABLE changes;
ALTER TABLE changes_3 RENAME TO changes;

-- The last batch of counts of missing pages that was added of each node's process, so that one which is
-- sent again after a lost answer does not count twice.
CREATE TABLE missing_senders (
    sender TEXT PRIMARY KEY,
    number INTEGER NOT NULL,
    at     INTEGER NOT NULL
) STRICT;
