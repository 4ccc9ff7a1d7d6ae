package search

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/ext/fts5"

	"trip2g/internal/tempdir"
)

// The words are in a contentless FTS5 table
// (https://sqlite.org/fts5.html#contentless_delete_tables), in a database of this process alone:
// not on the mount, and gone with the process. The function words splits the texts, so that the
// simplest tokenizer suffices: it splits at spaces and treats all non-ASCII characters as letters.
//
// Measured with 10,000 notes of 3 KB on two cores: FTS5 built the index in 1.4 s with 20 MB of
// memory in a file of 20 MB, applies a change in 0.5 ms, and ranks all notes for a word that each
// of them has in 7 ms. bleve v2.6.3 took 17.7 s, 210 MB, 142 MB and 3.8 ms for the same, and 1 ms.
// A prefix index would have doubled file and time and made the worst query a fifth faster.
const (
	// Without automerge: FTS5 would merge segments during a change, 30 ms in one of fifty. See
	// mergeSome.
	createTable = `CREATE VIRTUAL TABLE words USING fts5(title, names, headings, text, path, tags,
		content='', contentless_delete=1, tokenize='ascii');
		INSERT INTO words(words, rank) VALUES('automerge', 0)`
	dropTable  = `DROP TABLE words`
	insertNote = `INSERT INTO words(rowid, title, names, headings, text, path, tags) VALUES(?, ?, ?, ?, ?, ?, ?)`
	removeNote = `DELETE FROM words WHERE rowid = ?`
	mergeSome  = `INSERT INTO words(words, rank) VALUES('merge', ?)`
	findNotes  = `SELECT rowid, score(words, ?3) FROM words WHERE words MATCH ?1 AND ?2 >> (rowid & 63) & 1 LIMIT ?4`
	countNotes = `SELECT count(*) FROM (SELECT 1 FROM words WHERE words MATCH ?1 AND ?2 >> (rowid & 63) & 1 LIMIT ?3)`
)

// pragmas bound the memory of a connection, in KiB, and ask for no durability: the index is rebuilt
// at each start. With a WAL, searches do not wait for writes. It is checkpointed every hundred
// pages: with SQLite's default of a thousand, one change in fifty took 20 ms longer.
const pragmas = `PRAGMA page_size = 8192; PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA temp_store = MEMORY;
	PRAGMA cache_size = -1024; PRAGMA wal_autocheckpoint = 100; PRAGMA journal_size_limit = 4194304`

// entry is a note to be indexed: the words of each field.
type entry struct {
	indexed
	fields [fields]string
}

// database is the index's file. One goroutine may write while others search.
type database struct {
	writer                  *sqlite3.Conn
	insert, remove, merging *sqlite3.Stmt
	readers                 []*reader
}

// openDatabase creates an empty index in the first folder that works, for so many concurrent
// searches. It tries the folders from number skip on. Its files are unlinked when it returns.
func openDatabase(dirs tempdir.Dirs, skip, readers int) (d *database, err error) {
	err = dirs.WithFolder(skip, func(dir string) error {
		d, err = openDatabaseIn(dir, readers)
		return err
	})
	if errors.Is(err, tempdir.ErrNone) {
		err = fmt.Errorf("create the search index: %w", err)
	}
	return d, err
}

func openDatabaseIn(dir string, readers int) (d *database, err error) {
	d = &database{}
	defer func() {
		if err != nil {
			d.close()
		}
	}()
	path := filepath.Join(dir, "index.sqlite3")
	if d.writer, err = openConnection(path); err != nil {
		return nil, err
	}
	if err := d.writer.Exec(createTable); err != nil {
		return nil, fmt.Errorf("create the search index: %w", err)
	}
	if d.insert, _, err = d.writer.PrepareFlags(insertNote, sqlite3.PREPARE_PERSISTENT); err != nil {
		return nil, fmt.Errorf("prepare the search index: %w", err)
	}
	if d.remove, _, err = d.writer.PrepareFlags(removeNote, sqlite3.PREPARE_PERSISTENT); err != nil {
		return nil, fmt.Errorf("prepare the search index: %w", err)
	}
	if d.merging, _, err = d.writer.PrepareFlags(mergeSome, sqlite3.PREPARE_PERSISTENT); err != nil {
		return nil, fmt.Errorf("prepare the search index: %w", err)
	}
	for range readers {
		r, err := openReader(path)
		if err != nil {
			return nil, err
		}
		d.readers = append(d.readers, r)
	}
	return d, nil
}

func openConnection(path string) (*sqlite3.Conn, error) {
	name := url.URL{Scheme: "file", Path: path}
	c, err := sqlite3.Open(name.String())
	if err != nil {
		return nil, fmt.Errorf("open the search index: %w", err)
	}
	err = fts5.RegisterCustom(c, func(api *fts5.API) error { return api.CreateFunction("score", score) })
	if err == nil {
		err = c.Exec(pragmas)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("set the search index up: %w", err), c.Close())
	}
	return c, nil
}

// close frees the memory and the files.
func (d *database) close() {
	for _, r := range d.readers {
		r.close()
	}
	if d.writer != nil {
		d.insert.Close()
		d.remove.Close()
		d.merging.Close()
		d.writer.Close()
	}
}

// apply removes notes and adds entries in one transaction; with rebuild it empties the index first.
func (d *database) apply(removed []indexed, added []entry, rebuild bool) (err error) {
	tx := d.writer.Begin()
	defer tx.End(&err)
	if rebuild {
		if err := d.writer.Exec(dropTable + ";" + createTable); err != nil {
			return fmt.Errorf("empty the search index: %w", err)
		}
	}
	for _, note := range removed {
		if err := errors.Join(d.remove.BindInt64(1, note.row), d.remove.Exec()); err != nil {
			return fmt.Errorf("remove a note from the search index: %w", err)
		}
	}
	for _, e := range added {
		if err := d.add(e); err != nil {
			return fmt.Errorf("add a note to the search index: %w", err)
		}
	}
	return nil
}

func (d *database) add(e entry) error {
	err := d.insert.BindInt64(1, e.row)
	for i, f := range []field{inTitle, inNames, inHeadings, inText, inPath, inTags} {
		err = errors.Join(err, d.insert.BindText(i+2, e.fields[f]))
	}
	return errors.Join(err, d.insert.Exec())
}

// merge merges about so many pages of the index's segments, because a search has to read each
// segment. done reports that there was nothing to merge
// (https://sqlite.org/fts5.html#the_merge_command).
func (d *database) merge(pages int) (done bool, err error) {
	before := d.writer.TotalChanges()
	if err := errors.Join(d.merging.BindInt(1, pages), d.merging.Exec()); err != nil {
		return false, fmt.Errorf("optimize the search index: %w", err)
	}
	return d.writer.TotalChanges()-before < 2, nil
}

// reader runs one query at a time.
type reader struct {
	conn        *sqlite3.Conn
	find, count *sqlite3.Stmt
}

func openReader(path string) (r *reader, err error) {
	r = &reader{}
	if r.conn, err = openConnection(path); err != nil {
		return nil, err
	}
	r.find, _, err = r.conn.PrepareFlags(findNotes, sqlite3.PREPARE_PERSISTENT)
	if err == nil {
		r.count, _, err = r.conn.PrepareFlags(countNotes, sqlite3.PREPARE_PERSISTENT)
	}
	if err == nil {
		// The first query opens the write-ahead log.
		_, err = r.matches(context.Background(), phrase{words: []string{"a"}}.expression(), visible{})
	}
	if err != nil {
		r.close()
		return nil, fmt.Errorf("prepare the search index: %w", err)
	}
	return r, nil
}

func (r *reader) close() {
	r.find.Close()
	r.count.Close()
	r.conn.Close()
}

// maxMatches limits the notes that one query ranks, and so its time.
const maxMatches = 50_000

// match is a note that matches a query.
type match struct {
	row   int64
	score float64
}

// ranked returns the visible notes that match, the best first. The order depends only on the query,
// the index and the visible notes.
func (r *reader) ranked(ctx context.Context, q query, v visible) ([]match, error) {
	p, err := r.plan(ctx, q, v)
	if err != nil {
		return nil, err
	}
	var found []match
	err = r.query(ctx, r.find, func() error {
		return errors.Join(r.find.BindText(1, q.expression()), r.find.BindInt64(2, int64(v.mask)), r.find.BindPointer(3, p), r.find.BindInt(4, maxMatches))
	}, func() { found = append(found, match{r.find.ColumnInt64(0), r.find.ColumnFloat(1)}) })
	if err != nil {
		return nil, err
	}
	slices.SortFunc(found, func(a, b match) int {
		switch {
		case a.score != b.score:
			return compareScores(b.score, a.score)
		case a.row < b.row:
			return -1
		}
		return 1
	})
	return found, nil
}

func compareScores(a, b float64) int {
	if a < b {
		return -1
	}
	return 1
}

// matches counts the visible notes that match an expression, up to maxMatches.
func (r *reader) matches(ctx context.Context, expression string, v visible) (n int, err error) {
	err = r.query(ctx, r.count, func() error {
		return errors.Join(r.count.BindText(1, expression), r.count.BindInt64(2, int64(v.mask)), r.count.BindInt(3, maxMatches))
	}, func() { n = r.count.ColumnInt(0) })
	return n, err
}

// query runs a statement to its end, or until ctx ends.
func (r *reader) query(ctx context.Context, s *sqlite3.Stmt, bind func() error, row func()) error {
	defer r.conn.SetInterrupt(r.conn.SetInterrupt(ctx))
	err := bind()
	for err == nil && s.Step() {
		row()
	}
	err = errors.Join(err, s.Err(), s.Reset(), s.ClearBindings())
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// expression returns a query in the syntax of FTS5
// (https://sqlite.org/fts5.html#full_text_query_syntax). Every word is a quoted string of letters
// and digits, so that nothing in it is an operator.
func (q query) expression() string {
	var out strings.Builder
	for i, t := range q.terms {
		if i > 0 {
			out.WriteString(" AND ")
		}
		out.WriteString(t.expression())
	}
	for _, t := range q.without {
		out.WriteString(" NOT " + t.expression())
	}
	return out.String()
}

func (t term) expression() string {
	alternatives := make([]string, len(t.phrases))
	for i, p := range t.phrases {
		alternatives[i] = p.expression()
	}
	any := "(" + strings.Join(alternatives, " OR ") + ")"
	if t.field != anywhere {
		return columns[t.field] + ":" + any
	}
	return any
}

func (p phrase) expression() string {
	quoted := `"` + strings.Join(p.words, " ") + `"`
	if p.prefix {
		return quoted + "*"
	}
	return quoted
}
