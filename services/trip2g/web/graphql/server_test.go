package graphql_test

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"trip2g/internal/tempdir"
	"trip2g/services/trip2g"
	"trip2g/services/trip2g/auth"
	"trip2g/services/trip2g/content/notefeed"
	"trip2g/services/trip2g/content/publish"
	"trip2g/services/trip2g/store/sqlite"
	"trip2g/services/trip2g/web/graphql"
)

const owner = "owner@example.com"

// server is the API on a real socket over a real database.
type server struct {
	*httptest.Server
	t       *testing.T
	db      *sqlite.DB
	keys    *auth.Keys
	key     string // of a program
	codes   chan string
	invited chan [2]string // address and site of each invitation
	log     *lockedBuffer
	tempDir string
	feed    *notefeed.Feed // for an API with a site
}

type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

var reference = regexp.MustCompile(`!\[\[(.+?)\]\]`)

func references(_, content string) (refs []string) {
	for _, match := range reference.FindAllStringSubmatch(content, -1) {
		refs = append(refs, match[1])
	}
	return refs
}

// start runs the API; change, if not nil, changes its options.
func start(t *testing.T, change func(*graphql.Options)) *server {
	t.Helper()
	return startWith(t, func(_ *server, o *graphql.Options) {
		if change != nil {
			change(o)
		}
	})
}

// startWith is start for a change that needs the database.
func startWith(t *testing.T, change func(*server, *graphql.Options)) *server {
	t.Helper()
	t.Parallel()
	s := &server{t: t, codes: make(chan string, 100), invited: make(chan [2]string, 100), log: &lockedBuffer{}, tempDir: t.TempDir()}
	var err error
	s.db, err = sqlite.OpenLeader(t.Context(), filepath.Join(t.TempDir(), "data.sqlite3"), sqlite.Options{TempDirs: tempdir.Of(s.tempDir)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.db.Close() })
	if err := s.db.EnsureOwner(t.Context(), owner); err != nil {
		t.Fatal(err)
	}
	refresh := func(ctx context.Context) (trip2g.Position, error) {
		set, err := s.db.Changes(ctx, 0, 1)
		return set.Head, err
	}
	log := zerolog.New(s.log)
	signIn, err := auth.NewSignIn(auth.Options{
		Users: s.db, Log: log, Secret: []byte("secret"), Refresh: refresh,
		Mail: func(_ context.Context, _, code, _ string) error { s.codes <- code; return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	s.keys = auth.NewKeys(s.db, nil)
	s.key = s.newKey()
	o := graphql.Options{
		Publisher: publish.New(publish.Options{Vault: s.db, Assets: s.db, References: references, Refresh: refresh}),
		SignIn:    signIn,
		People:    auth.NewPeople(auth.PeopleOptions{Users: s.db, Refresh: refresh, Log: log, MailInvitation: s.mailInvitation}),
		Keys:      s.keys,
		TempDirs:  tempdir.Of(s.tempDir),
	}
	change(s, &o)
	api, err := graphql.New(o)
	if err != nil {
		t.Fatal(err)
	}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		log := log.With().Str("request_id", r.Header.Get("X-Test-Id")).Logger()
		api.ServeHTTP(w, r.WithContext(log.WithContext(r.Context())))
	}))
	t.Cleanup(s.Server.Close)
	s.runMail(signIn)
	return s
}

func (s *server) runMail(signIn *auth.SignIn) {
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { signIn.Run(ctx); close(ended) }()
	s.t.Cleanup(func() { stop(); <-ended })
}

func (s *server) mailInvitation(_ context.Context, email, site, _ string) error {
	s.invited <- [2]string{email, site}
	return nil
}

func (s *server) newKey() string {
	s.t.Helper()
	secret, _, err := s.keys.CreateKey(s.t.Context(), "test", trip2g.OwnerGrant, time.Time{})
	if err != nil {
		s.t.Fatal(err)
	}
	return secret
}

const (
	pushQuery = `mutation PushNotes($input: PushNotesInput!) { pushNotes(input: $input) { __typename
		... on PushNotesPayload { notes { id path assets { id assetId path sha256Hash absolutePath url } } }
		... on ErrorPayload { message byFields { name value } } } }`
	uploadQuery = `mutation UploadNoteAsset($input: UploadNoteAssetInput!) { uploadNoteAsset(input: $input) { __typename
		... on UploadNoteAssetPayload { uploadSkipped } ... on ErrorPayload { message byFields { name value } } } }`
	hideQuery = `mutation HideNotes($input: HideNotesInput!) { hideNotes(input: $input) { __typename
		... on HideNotesPayload { success } ... on ErrorPayload { message byFields { name value } } } }`
	commitQuery  = `mutation CommitNotes { commitNotes { __typename ... on CommitNotesPayload { success } ... on ErrorPayload { message } } }`
	requestQuery = `mutation ($input: RequestEmailSignInCodeInput!) { requestEmailSignInCode(input: $input) { __typename
		... on RequestEmailSignInCodePayload { success } ... on ErrorPayload { message byFields { name value } } } }`
	signInQuery = `mutation ($input: SignInByEmailInput!) { signInByEmail(input: $input) { __typename
		... on SignInPayload { token viewer { id role user { email } } } ... on ErrorPayload { message } } }`
	signOutQuery = `mutation { signOut { __typename ... on SignOutPayload { viewer { id role user { email } } } ... on ErrorPayload { message } } }`
	viewerQuery  = `{ viewer { id role user { email } } }`
)

// notes returns the published notes, path → content, and the newest position.
func (s *server) notes() (notes map[string]string, position trip2g.Position) {
	s.t.Helper()
	set, err := s.db.Changes(s.t.Context(), 0, 10_000)
	if err != nil {
		s.t.Fatal(err)
	}
	notes = map[string]string{}
	for _, n := range set.Notes {
		notes[n.Path] = n.Content
	}
	return notes, set.Head
}

// wantUntouched fails if anything was published, staged or stored.
func (s *server) wantUntouched() {
	s.t.Helper()
	if notes, _ := s.notes(); len(notes) > 0 {
		s.t.Errorf("readers see %v", notes)
	}
	for _, query := range []string{"SELECT count(*) FROM notes", "SELECT count(*) FROM assets"} {
		var n int
		if err := s.db.Writer().QueryRowContext(s.t.Context(), query).Scan(&n); err != nil || n != 0 {
			s.t.Errorf("%s = %d, %v", query, n, err)
		}
	}
}

// wantNoTempFiles fails if an upload left a temporary file.
func (s *server) wantNoTempFiles() {
	s.t.Helper()
	left, err := os.ReadDir(s.tempDir)
	if err != nil || len(left) > 0 {
		s.t.Errorf("left in the temporary folder: %v, %v", left, err)
	}
}
