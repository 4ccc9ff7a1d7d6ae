-- +goose Up

-- What a key may do: the names of its scopes with blanks between them, and the folder below which it may
-- publish, '' for everywhere. Keys from before this migration keep reading and publishing. They lose the
-- settings that give power over all pages, which nobody had chosen to give them.
ALTER TABLE api_keys ADD COLUMN scopes TEXT NOT NULL DEFAULT 'read publish';
ALTER TABLE api_keys ADD COLUMN folder TEXT NOT NULL DEFAULT '';
ALTER TABLE api_keys ADD COLUMN expires_at INTEGER;
