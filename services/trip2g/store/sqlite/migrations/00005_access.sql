-- +goose Up

-- The groups that a member is in, by their folded names.
CREATE TABLE member_groups (
    user_id INTEGER NOT NULL REFERENCES users (id),
    name    TEXT NOT NULL,
    PRIMARY KEY (user_id, name)
) STRICT, WITHOUT ROWID;

-- Who may read notes that do not say. A database that has published notes keeps what it had; a new
-- one has no default yet.
INSERT INTO settings (key, value) SELECT 'access', 'everyone' WHERE EXISTS (SELECT 1 FROM notes WHERE published_version_id IS NOT NULL);

-- changes takes further kinds. A CHECK cannot be changed in place; the numbers go on where they were.
CREATE TABLE changes_5 (
    seq  INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    ref  INTEGER NOT NULL,
    at   INTEGER NOT NULL,
    UNIQUE (kind, ref)
) STRICT;

INSERT INTO changes_5 (seq, kind, ref, at) SELECT seq, kind, ref, at FROM changes;
INSERT INTO sqlite_sequence (name, seq) SELECT 'changes_5', 0 WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'changes_5');
UPDATE sqlite_sequence
SET seq = max(seq, coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'changes'), 0))
WHERE name = 'changes_5';
DROP TABLE changes;
ALTER TABLE changes_5 RENAME TO changes;
