package push_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/auth"
	"trip2g/services/trip2g/content/history"
	"trip2g/services/trip2g/content/markdown"
	"trip2g/services/trip2g/content/publish"
	"trip2g/services/trip2g/content/site"
	"trip2g/services/trip2g/store/sqlite"
	"trip2g/services/trip2g/sync/client"
	"trip2g/services/trip2g/sync/push"
	"trip2g/services/trip2g/sync/vault"
	"trip2g/services/trip2g/web/graphql"
	trip2ghttp "trip2g/services/trip2g/web/http"
)

// server is the API on a real socket with a real database.
type server struct {
	*httptest.Server
	t    *testing.T
	db   *sqlite.DB
	keys *auth.Keys
	key  string

	mu     sync.Mutex
	before func(operation string, w http.ResponseWriter, r *http.Request) // may abort; may be nil
	// after is called after an operation was carried out and before its answer is sent.
	after   func(operation string)
	answers map[string]http.HandlerFunc // in the API's place

	mutations atomic.Int64
	reads     http.Handler
	lacking   atomic.Int64 // reads that are still answered with an older position
}

// operations are the client's names for its operations, without Warnings, on which nothing depends.
var operations = []string{"NotePaths", "PushNotes", "UploadNoteAsset", "HideNotes", "CommitNotes"}

func start(t *testing.T) *server {
	t.Helper()
	t.Parallel()
	return startOther(t)
}

// startOther starts a server for a test that already has one.
func startOther(t *testing.T) *server {
	t.Helper()
	s := &server{t: t}
	var err error
	s.db, err = sqlite.OpenLeader(t.Context(), filepath.Join(t.TempDir(), "data.sqlite3"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.db.Close() })
	if _, err := s.db.SetSiteAccess(t.Context(), trip2g.AccessEveryone, trip2g.AnyPosition); err != nil {
		t.Fatal(err)
	}
	s.keys = auth.NewKeys(s.db, nil)
	s.key = s.newKey()
	refresh := func(ctx context.Context) (trip2g.Position, error) {
		set, err := s.db.Changes(ctx, 0, 1)
		return set.Head, err
	}
	signIn, err := auth.NewSignIn(auth.Options{Users: s.db, Secret: []byte("secret"), Refresh: refresh, Mail: func(context.Context, string, string, string) error { return nil }})
	if err != nil {
		t.Fatal(err)
	}
	follower := site.NewFollower(s.db, site.Options{Parse: markdown.Parse, Render: markdown.Render, Log: zerolog.Nop()})
	publisher := publish.New(publish.Options{Vault: s.db, Assets: s.db, References: markdown.AssetRefs, Refresh: follower.Refresh,
		Settings: func(content string) trip2g.Settings { return *markdown.Parse(trip2g.SettingsPath, content).Settings },
	})
	noPages := func(int64) (trip2g.NotePage, bool) { return trip2g.NotePage{}, false }
	api, err := graphql.New(graphql.Options{
		Publisher: publisher,
		Site:      follower.Current,
		SignIn:    signIn,
		Keys:      s.keys,
		History:   history.New(history.Options{Archive: s.db, Publisher: publisher, Page: noPages}),
	})
	if err != nil {
		t.Fatal(err)
	}
	s.reads = trip2ghttp.ReadYourWrites(http.NotFoundHandler(), trip2ghttp.ConsistencyOptions{Served: s.served, Lag: func() trip2ghttp.Lag { return trip2ghttp.Lag{} }})
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.handle(api, w, r) }))
	t.Cleanup(s.Server.Close)
	return s
}

// served returns the position that readers see.
func (s *server) served() trip2g.Position {
	_, _, position := s.published()
	if s.lacking.Add(-1) >= 0 {
		position--
	}
	return position
}

func (s *server) newKey() string {
	s.t.Helper()
	secret, _, err := s.keys.CreateKey(s.t.Context(), "test", trip2g.OwnerGrant, time.Time{})
	if err != nil {
		s.t.Fatal(err)
	}
	return secret
}

// handle determines a request's operation, calls the test's hooks and carries it out.
func (s *server) handle(api http.Handler, w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		s.reads.ServeHTTP(w, r)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	operation := ""
	for _, name := range append([]string{"Warnings", "DiscardNotes"}, operations...) {
		if strings.Contains(string(body), "query "+name) || strings.Contains(string(body), "mutation "+name) {
			operation = name
		}
	}
	s.mu.Lock()
	before, after, answered := s.before, s.after, s.answers[operation]
	s.mu.Unlock()
	if answered != nil {
		answered(w, r)
		return
	}
	if before != nil {
		before(operation, w, r)
	}
	if strings.Contains(string(body), "mutation ") {
		s.mutations.Add(1)
	}
	r.Body = io.NopCloser(strings.NewReader(string(body)))
	answer := httptest.NewRecorder()
	api.ServeHTTP(answer, r)
	if after != nil {
		after(operation)
	}
	for name, values := range answer.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(answer.Code)
	w.Write(answer.Body.Bytes())
}

// cut closes the connection on the first n requests of an operation, before or after they are
// carried out.
func (s *server) cut(operation string, n int, carriedOut bool) {
	var left atomic.Int64
	left.Store(int64(n))
	hangUp := func(asked string) {
		if asked == operation && left.Add(-1) >= 0 {
			panic(http.ErrAbortHandler)
		}
	}
	if carriedOut {
		s.interfere(nil, hangUp)
		return
	}
	s.interfere(func(asked string, _ http.ResponseWriter, _ *http.Request) { hangUp(asked) }, nil)
}

// instead answers an operation in the API's place, until answer is nil.
func (s *server) instead(operation string, answer http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers = map[string]http.HandlerFunc{operation: answer}
}

// away closes the connection on operations, until the test changes that.
func (s *server) away(operations ...string) {
	s.interfere(func(asked string, _ http.ResponseWriter, _ *http.Request) {
		if slices.Contains(operations, asked) {
			panic(http.ErrAbortHandler)
		}
	}, nil)
}

// stages returns the state of each push, the oldest first.
func (s *server) stages() string {
	s.t.Helper()
	var states string
	err := s.db.Writer().QueryRowContext(s.t.Context(), `SELECT coalesce(group_concat(state, ' '), '') FROM (SELECT state FROM stages ORDER BY id)`).Scan(&states)
	if err != nil {
		s.t.Fatal(err)
	}
	return states
}

func (s *server) interfere(before func(string, http.ResponseWriter, *http.Request), after func(string)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.before, s.after = before, after
}

// published returns what readers see: each note's text, and its files as "ref -> path hash".
func (s *server) published() (notes map[string]string, files map[string]string, position trip2g.Position) {
	s.t.Helper()
	set, err := s.db.Changes(s.t.Context(), 0, 100_000)
	if err != nil {
		s.t.Fatal(err)
	}
	notes, files = map[string]string{}, map[string]string{}
	for _, n := range set.Notes {
		notes[n.Path] = n.Content
		for _, a := range n.Assets {
			files[n.Path+" "+a.Ref] = a.AbsolutePath + " " + a.Hash
		}
	}
	return notes, files, set.Head
}

// report is a Reporter that records its calls.
type report struct {
	mu       sync.Mutex
	warnings []string
	would    []string
	total    int64
	done     int64
}

func (r *report) Warn(w trip2g.Warning) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.warnings = append(r.warnings, w.Path+": "+w.Text)
}

func (r *report) Would(action, path string)           { r.would = append(r.would, action+" "+path) }
func (r *report) Begin(_ string, total int64, _ bool) { r.total += total }
func (r *report) End()                                {}
func (r *report) Add(n int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.done += n
}

// push pushes a folder with a client of its own. change, if not nil, changes the options.
func (s *server) push(ctx context.Context, dir string, change func(*push.Options, *client.Options)) (push.Summary, *report, error) {
	s.t.Helper()
	v, err := vault.Open(ctx, dir, vault.Options{MaxNoteSize: 20 << 20})
	if err != nil {
		s.t.Fatal(err)
	}
	defer v.Close()
	told := &report{}
	o := push.Options{Vault: v, Reporter: told, References: markdown.AssetRefs}
	connection := client.Options{URL: s.URL, Key: s.key, RetryFor: 20 * time.Second}
	if change != nil {
		change(&o, &connection)
	}
	o.Server, err = client.New(connection)
	if err != nil {
		s.t.Fatal(err)
	}
	summary, err := push.Run(ctx, o)
	return summary, told, err
}

func (s *server) mustPush(dir string, change func(*push.Options, *client.Options)) (push.Summary, *report) {
	s.t.Helper()
	summary, told, err := s.push(s.t.Context(), dir, change)
	if err != nil {
		s.t.Fatal(err)
	}
	return summary, told
}

func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		write(t, dir, name, content)
	}
	return dir
}

func write(t *testing.T, dir, name, content string) {
	t.Helper()
	name = filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func remove(t *testing.T, dir, name string) {
	t.Helper()
	if err := os.Remove(filepath.Join(dir, name)); err != nil {
		t.Fatal(err)
	}
}
