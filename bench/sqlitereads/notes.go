package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"sync"

	"github.com/ncruces/go-sqlite3/driver"

	"trip2g/internal/sqlitevfs"
	"trip2g/services/trip2g"
	"trip2g/services/trip2g/content/markdown"
)

// notes reads pages from the database.
type notes struct {
	db *sql.DB

	mu      sync.Mutex
	ids     map[string]int64 // address → note
	changes int64            // the last one in ids
}

func openNotes(path string, connections int) (*notes, error) {
	vfs, err := sqlitevfs.ForFile(path)
	if err != nil {
		return nil, err
	}
	query := url.Values{"mode": {"rw"}, "vfs": {vfs}, "_pragma": {"busy_timeout(10000)", "query_only(1)", "temp_store(MEMORY)"}}
	source := url.URL{Scheme: "file", Path: path, RawQuery: query.Encode()}
	db, err := driver.Open(source.String())
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	return &notes{db: db}, nil
}

func (n *notes) Close() error { return n.db.Close() }

func (n *notes) serveReady(w http.ResponseWriter, r *http.Request) {
	if _, err := n.list(r.Context()); err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
	}
}

func (n *notes) servePage(w http.ResponseWriter, r *http.Request) {
	page, err := n.page(r.Context(), r.URL.Path)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		http.NotFound(w, r)
		return
	case err != nil:
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(page)))
	w.Write(page)
}

// page reads and renders a note in one transaction, so that the page is consistent. The error is
// sql.ErrNoRows if there is none.
func (n *notes) page(ctx context.Context, address string) ([]byte, error) {
	id, err := n.find(ctx, address) // before the transaction: it may need a connection of its own
	if err != nil {
		return nil, err
	}
	tx, err := n.db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	defer tx.Rollback()
	var path, content string
	err = tx.QueryRowContext(ctx, `
		SELECT n.path, c.content FROM notes n JOIN version_contents c ON c.version_id = n.published_version_id
		WHERE n.id = ? AND n.hidden = 0`, id).Scan(&path, &content)
	if err != nil {
		return nil, err
	}
	return markdown.Render(markdown.Parse(path, content), nowhere{})
}

// find returns the note at a URL. If it is unknown, find looks for new notes.
func (n *notes) find(ctx context.Context, address string) (int64, error) {
	n.mu.Lock()
	id, known := n.ids[address]
	changes := n.changes
	n.mu.Unlock()
	if known {
		return id, nil
	}
	var newest int64
	if err := n.db.QueryRowContext(ctx, `SELECT coalesce(max(seq), 0) FROM changes`).Scan(&newest); err != nil {
		return 0, err
	}
	if newest == changes {
		return 0, sql.ErrNoRows
	}
	ids, err := n.list(ctx)
	if err != nil {
		return 0, err
	}
	n.mu.Lock()
	// Read before the list: a list with newer notes is then only read once more.
	n.ids, n.changes = ids, newest
	n.mu.Unlock()
	if id, known = ids[address]; !known {
		return 0, sql.ErrNoRows
	}
	return id, nil
}

// list returns the notes by URL.
func (n *notes) list(ctx context.Context) (map[string]int64, error) {
	rows, err := n.db.QueryContext(ctx, `SELECT id, path FROM notes WHERE hidden = 0 AND published_version_id IS NOT NULL`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	ids := make(map[string]int64)
	for rows.Next() {
		var id int64
		var path string
		if err := rows.Scan(&id, &path); err != nil {
			return nil, err
		}
		if address, ok := trip2g.NoteURL(path, ""); ok {
			ids[address] = id
		}
	}
	return ids, rows.Err()
}

// nowhere resolves no links, because link resolution is not measured.
type nowhere struct{}

func (nowhere) Note(string) (string, bool)            { return "", false }
func (nowhere) Asset(string) (trip2g.NoteAsset, bool) { return trip2g.NoteAsset{}, false }

func (nowhere) Embed(string) (trip2g.Embed, bool) { return trip2g.Embed{}, false }

func (nowhere) Settings() trip2g.Settings { return trip2g.Settings{} }
