-- +goose Up

-- The files that a version refers to, as it is written: a JSON list. NULL for versions before this
-- migration; the leader fills in those of the current ones when it starts.
ALTER TABLE note_versions ADD COLUMN refs TEXT;

-- referenced: readers see a version that refers to the file. A row without stays for as long as the file
-- does, so that an older version finds its files when it is restored.
ALTER TABLE note_assets ADD COLUMN referenced INTEGER NOT NULL DEFAULT 1 CHECK (referenced IN (0, 1));

UPDATE assets SET used_at = unixepoch() * 1000
WHERE id IN (SELECT a.asset_id FROM note_assets a JOIN notes n ON n.id = a.note_id WHERE n.hidden = 1);
UPDATE note_assets SET referenced = 0 WHERE note_id IN (SELECT id FROM notes WHERE hidden = 1);

-- It was what the leader's machine made of the file's name. The name says it, by one table of ours.
ALTER TABLE assets DROP COLUMN content_type;
