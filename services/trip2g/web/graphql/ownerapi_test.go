package graphql_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/content/access"
	"trip2g/services/trip2g/content/history"
	"trip2g/services/trip2g/content/markdown"
	"trip2g/services/trip2g/content/notefeed"
	"trip2g/services/trip2g/content/publish"
	"trip2g/services/trip2g/content/settings"
	"trip2g/services/trip2g/content/site"
	"trip2g/services/trip2g/ops/jobs"
	"trip2g/services/trip2g/replication/nodes"
	"trip2g/services/trip2g/web/graphql"
)

// startWithServices starts an API with every service that the admin pages use, over a real site.
func startWithServices(t *testing.T) *server {
	t.Helper()
	return startWith(t, func(s *server, o *graphql.Options) {
		s.feed = notefeed.New()
		o.Feed, o.KeepAlive = s.feed, 20*time.Millisecond
		follower := site.NewFollower(s.db, site.Options{Parse: markdown.Parse, Render: markdown.Render, Log: zerolog.Nop(), Observe: s.feed.Observe})
		if _, err := follower.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		publisher := publish.New(publish.Options{
			Vault: s.db, Assets: s.db, Refresh: follower.Refresh,
			References:   markdown.AssetRefs,
			Published:    func(id int64) (trip2g.PublishedNote, bool) { return follower.Current().Published(id) },
			Settings:     func(content string) trip2g.Settings { return *markdown.Parse(trip2g.SettingsPath, content).Settings },
			StoredAccess: func() trip2g.SiteAccess { return follower.Current().Access().Stored },
		})
		runner, err := jobs.NewRunner(s.db, zerolog.Nop())
		if err != nil {
			t.Fatal(err)
		}
		o.Publisher = publisher
		o.History = history.New(history.Options{Archive: s.db, Publisher: publisher, Page: func(id int64) (trip2g.NotePage, bool) {
			return follower.Current().NoteByID(id, trip2g.Owner)
		}})
		o.Settings = settings.New(settings.Options{Archive: s.db, Publisher: publisher, Parse: markdown.Parse, SetFields: markdown.SetFields})
		o.Access = access.New(access.Options{Store: s.db, Site: follower.Current, Refresh: follower.Refresh, Parse: markdown.Parse})
		o.Redirects = publish.NewRedirects(s.db, follower.Refresh)
		o.Missing, o.Jobs, o.Site = s.db, runner, follower.Current
		o.Nodes = nodes.New(nodes.Options{
			Sample: func() trip2g.NodeReport {
				return trip2g.NodeReport{Name: "app", Role: trip2g.RoleLeader, Missing: []string{"it waits"}}
			},
			Answered: func() float64 { return 0 },
			Served:   func() (trip2g.Position, time.Time) { return 1, time.Now() },
		})
		o.NodeSettings = []trip2g.NodeSetting{{Name: "TRIP2G_X", Value: "x", Help: "help", IsSet: true}}
	})
}

// asOwner returns the headers of a signed-in owner.
func (s *server) asOwner() header {
	s.t.Helper()
	token := s.signIn(s.code(nil), nil).get(s.t, "signInByEmail").Token
	return header{"Authorization": "Bearer " + token}
}

// into decodes the data of an answer without errors.
func (a answer) into(t *testing.T, out any) {
	t.Helper()
	if a.status != 200 || len(a.Errors) > 0 {
		t.Fatalf("status %d: %s", a.status, a.body)
	}
	var whole struct{ Data json.RawMessage }
	if err := json.Unmarshal([]byte(a.body), &whole); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(whole.Data, out); err != nil {
		t.Fatal(err)
	}
}

const failedFragment = ` ... on ErrorPayload { message byFields { name value } } } }`

// ownerOperations are all operations of the admin pages. A key can run those about notes.
var ownerOperations = []struct {
	query   string
	byKey   bool
	answers string // part of the owner's response
}{
	{`{ notes { total notes { path } } }`, true, `"total":1`},
	{`{ note(path: "a.md") { path versions } }`, true, `"versions":1`},
	{`{ note(path: "none.md") { path } }`, true, `"note":null`},
	{`{ noteVersions(noteId: 1) { id } }`, true, `"noteVersions":[`},
	{`{ noteVersion(id: 4711) { id } }`, true, `"noteVersion":null`},
	{`{ noteDifference(from: 1, to: 1) { added } }`, true, `"added":0`},
	{`{ warnings { path line text } }`, true, `"warnings":[`},
	{`mutation { discardNotes { __typename ... on DiscardNotesPayload { success }` + failedFragment, true, `"success":true`},
	{`mutation { restoreNoteVersion(input: {versionId: 1}) { __typename ... on RestoreNoteVersionPayload { note { path } }` + failedFragment, true, `"path":"a.md"`},
	{`mutation { showNotes(input: {paths: ["a.md"]}) { __typename ... on ShowNotesPayload { success }` + failedFragment, true, `"success":true`},
	{`{ overview { notes members problems { text page } storage { database } lastPublished { path } } }`, false, `"notes":1`},
	{`{ missingPages { path count } }`, false, `"missingPages":[`},
	{`{ siteSettings { path exists values { key value } } }`, false, `"exists":false`},
	{`{ nodeSettings { name value } }`, false, `"TRIP2G_X"`},
	{`{ jobs { name everySeconds lastError } }`, false, `"purge"`},
	{`{ redirects { from to } }`, false, `"redirects":[`},
	{`mutation { dismissMissingPage(input: {path: "/x"}) { __typename ... on DismissMissingPagePayload { success }` + failedFragment, false, `"success":true`},
	{`mutation { saveSiteSettings(input: {contentHash: "", values: []}) { __typename ... on SaveSiteSettingsPayload { settings { path } }` + failedFragment, false, `"_settings.md"`},
	{`mutation { runJob(input: {name: "purge"}) { __typename ... on RunJobPayload { success }` + failedFragment, false, `"success":true`},
	{`mutation { putRedirect(input: {from: "/x", to: "/a"}) { __typename ... on PutRedirectPayload { redirect { from to covered } }` + failedFragment, false, `"covered":false`},
	{`mutation { deleteRedirect(input: {id: 1}) { __typename ... on DeleteRedirectPayload { success }` + failedFragment, false, `"success":true`},
}

func TestOnlyAnOwnerDoesWhatThePagesDo(t *testing.T) {
	s := startWithServices(t)
	s.pushed(map[string]string{"a.md": "# A"}, false)
	note := struct{ Note struct{ ID, VersionID int64 } }{}
	s.post(`{ note(path: "a.md") { id versionId } }`, nil, s.withKey()).into(t, &note)
	if note.Note.VersionID != 1 {
		t.Fatalf("the operations below mean version 1, which is %d", note.Note.VersionID)
	}
	ownersHeader := s.asOwner()
	for _, operation := range ownerOperations {
		name, _, _ := strings.Cut(strings.TrimPrefix(operation.query, "mutation "), "(")
		guest := s.post(operation.query, nil, nil)
		if !strings.Contains(guest.body, `"unauthorized"`) && !strings.Contains(guest.body, `"ErrorPayload"`) {
			t.Errorf("%s: a guest gets %s", name, guest.body)
		}
		key := s.post(operation.query, nil, s.withKey())
		if allowed := strings.Contains(key.body, operation.answers) && len(key.Errors) == 0; allowed != operation.byKey {
			t.Errorf("%s: a key gets %s", name, key.body)
		}
		owner := s.post(operation.query, nil, ownersHeader)
		if len(owner.Errors) > 0 || strings.Contains(owner.body, `"ErrorPayload"`) || !strings.Contains(owner.body, operation.answers) {
			t.Errorf("%s: the owner gets %s", name, owner.body)
		}
	}
}

// The admin pages authenticate with the browser's cookie, so requests from other sites must be
// rejected.
func TestAnotherSiteCannotDoWhatThePagesDo(t *testing.T) {
	s := startWithServices(t)
	token := strings.TrimPrefix(s.asOwner()["Authorization"], "Bearer ")
	a := s.post(`mutation { runJob(input: {name: "purge"}) { __typename } }`, nil, header{"Cookie": "session=" + token, "Sec-Fetch-Site": "cross-site"})
	if a.status != 403 {
		t.Errorf("status %d: %s", a.status, a.body)
	}
	if list, err := s.db.JobRuns(context.Background()); err != nil || len(list) != 0 {
		t.Error(list, err)
	}
}
