-- +goose Up

-- An address can have several codes, each for the browser that asked for it, so that nobody else can use up or
-- replace the code of whoever is signing in. Codes from before this migration are dropped: they last minutes.
DROP TABLE sign_in_codes;

CREATE TABLE sign_in_codes (
    id         INTEGER PRIMARY KEY,
    email      TEXT NOT NULL,
    browser    TEXT NOT NULL,
    hash       TEXT NOT NULL,
    attempts   INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE INDEX sign_in_codes_browser ON sign_in_codes (email, browser);
