-- +goose Up

-- Changes from begins on, up to the next row's, were made by the leader that started with this
-- token: two databases that were one until a backup was restored have different rows after it.
CREATE TABLE lineages (
    id     INTEGER PRIMARY KEY AUTOINCREMENT,
    token  TEXT NOT NULL,
    begins INTEGER NOT NULL
) STRICT;
