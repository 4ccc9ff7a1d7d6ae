-- +goose Up

-- Changes from begins on, up to the next row's, are those of one start of a leader, named by a
-- random token: two databases that were one until a backup was restored differ from there on.
CREATE TABLE lineages (
    id     INTEGER PRIMARY KEY AUTOINCREMENT,
    token  TEXT NOT NULL,
    begins INTEGER NOT NULL
) STRICT;
