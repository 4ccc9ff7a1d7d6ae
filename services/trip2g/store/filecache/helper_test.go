package filecache

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/rs/zerolog"

	"trip2g/internal/tempdir"
	"trip2g/internal/testwait"
	"trip2g/services/trip2g"
	"trip2g/services/trip2g/store/sqlite"
)

const mib = 1 << 20

// store is a database with files that counts reads and can block them.
type store struct {
	*sqlite.DB
	opened  atomic.Int64 // calls of OpenAsset
	closed  atomic.Int64
	atOnce  atomic.Int64  // reads under way
	overlap atomic.Bool   // two reads were under way
	hold    chan struct{} // if set, every read of content past holdAt takes one
	holdAt  int64
}

func newStore(t testing.TB) *store {
	t.Helper()
	return openStore(t, filepath.Join(t.TempDir(), "data.sqlite3"))
}

func openStore(t testing.TB, path string) *store {
	t.Helper()
	db, err := sqlite.OpenLeader(t.Context(), path, sqlite.Options{})
	ok(t, err)
	t.Cleanup(func() { db.Close() })
	return &store{DB: db}
}

// put stores size random bytes and returns them with their hash.
func (s *store) put(t testing.TB, seed uint64, size int) (hash string, content []byte) {
	t.Helper()
	content = make([]byte, size)
	rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8)}).Read(content)
	hash = sha256Hex(content)
	_, err := s.PutAsset(t.Context(), hash, int64(size), bytes.NewReader(content))
	ok(t, err)
	return hash, content
}

// damage changes the last byte of a stored file.
func (s *store) damage(t testing.TB, hash string) {
	t.Helper()
	_, err := s.Writer().Exec(`
		UPDATE asset_chunks SET data = CAST(substr(data, 1, length(data) - 1) || char(7) AS BLOB)
		WHERE (asset_id, n) = (SELECT c.asset_id, max(c.n) FROM asset_chunks c JOIN assets a ON a.id = c.asset_id WHERE a.hash = ?)`, hash)
	ok(t, err)
}

func (s *store) OpenAsset(ctx context.Context, hash string) (io.ReadSeekCloser, error) {
	s.opened.Add(1)
	file, err := s.DB.OpenAsset(ctx, hash)
	if err != nil {
		return nil, err
	}
	return &window{ReadSeekCloser: file, ctx: ctx, store: s}, nil
}

type window struct {
	io.ReadSeekCloser
	ctx    context.Context
	store  *store
	offset int64
}

func (w *window) Read(p []byte) (int, error) {
	if w.store.atOnce.Add(1) > 1 {
		w.store.overlap.Store(true)
	}
	defer w.store.atOnce.Add(-1)
	if w.store.hold != nil && w.offset >= w.store.holdAt {
		select {
		case <-w.store.hold:
		case <-w.ctx.Done():
			return 0, w.ctx.Err()
		}
	}
	n, err := w.ReadSeekCloser.Read(p)
	w.offset += int64(n)
	return n, err
}

func (w *window) Close() error {
	defer w.store.closed.Add(1)
	return w.ReadSeekCloser.Close()
}

// logText collects log lines.
type logText struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logText) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logText) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// newCache returns a cache with space for all files of a test, and its log.
func newCache(t testing.TB, source trip2g.AssetReader, change func(*Options)) (*Cache, *logText) {
	t.Helper()
	log := &logText{}
	o := Options{MemorySize: 8 * mib, DiskSize: 64 * mib, Dirs: tempdir.Of(t.TempDir()), Log: zerolog.New(log)}
	if change != nil {
		change(&o)
	}
	c := New(source, o)
	t.Cleanup(func() {
		testwait.Until(t, "all copiers have ended", func() bool { return c.copying() == 0 })
	})
	return c, log
}

// copying returns the number of copies in progress.
func (c *Cache) copying() (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, f := range c.files {
		if f.copying {
			n++
		}
	}
	return n
}

func open(t testing.TB, c *Cache, hash string) io.ReadSeekCloser {
	t.Helper()
	file, err := c.OpenAsset(t.Context(), hash)
	ok(t, err)
	return file
}

// wantContent reads a complete file.
func wantContent(t testing.TB, c *Cache, hash string, want []byte) {
	t.Helper()
	file := open(t, c, hash)
	got, err := io.ReadAll(file)
	ok(t, err)
	ok(t, file.Close())
	if !bytes.Equal(got, want) {
		t.Errorf("%d bytes came that are not the file's %d", len(got), len(want))
	}
}

func wantEmpty(t testing.TB, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	ok(t, err)
	if len(entries) != 0 {
		t.Errorf("%s has %v", dir, entries)
	}
}

func sha256Hex(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
