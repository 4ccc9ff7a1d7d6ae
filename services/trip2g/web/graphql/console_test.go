package graphql_test

import (
	"context"
	"encoding/json"
	"fmt"
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

// startConsole runs an API that has all which the owner's pages ask for, over a real site.
func startConsole(t *testing.T) *server {
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
			References:   func(path, content string) []string { return markdown.Parse(path, content).AssetRefs },
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

// asOwner signs in.
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

// consoleOperations is every operation of the owner's pages. A key may do those that are about notes.
var consoleOperations = []struct {
	query   string
	byKey   bool
	answers string // what an owner's answer has
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
	s := startConsole(t)
	s.pushed(map[string]string{"a.md": "# A"}, false)
	note := struct{ Note struct{ ID, VersionID int64 } }{}
	s.post(`{ note(path: "a.md") { id versionId } }`, nil, s.withKey()).into(t, &note)
	if note.Note.VersionID != 1 {
		t.Fatalf("the operations below mean version 1, which is %d", note.Note.VersionID)
	}
	ownersHeader := s.asOwner()
	for _, operation := range consoleOperations {
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

func TestAVersionIsRestoredAndSeenAtItsPosition(t *testing.T) {
	s := startConsole(t)
	s.pushed(map[string]string{"a.md": "one\ntwo\n"}, false)
	s.pushed(map[string]string{"a.md": "one\n2\n"}, false)
	var list struct {
		Note struct {
			ID       int64
			URL      string
			Title    string
			Versions int
		}
	}
	s.post(`{ note(path: "a.md") { id url title versions } }`, nil, s.withKey()).into(t, &list)
	if list.Note.Versions != 2 || list.Note.URL != "/a" || list.Note.Title != "a" {
		t.Fatalf("%+v", list)
	}
	var versions struct {
		NoteVersions []struct {
			ID      int64
			Author  string
			ByKey   bool
			Content *string
		}
	}
	s.post(`query ($id: Int64!) { noteVersions(noteId: $id) { id author byKey content } }`, map[string]any{"id": list.Note.ID}, s.withKey()).into(t, &versions)
	if v := versions.NoteVersions; len(v) != 2 || v[0].Author != "test" || !v[0].ByKey || v[0].Content != nil {
		t.Fatalf("%+v", v)
	}
	ids := map[string]any{"from": versions.NoteVersions[1].ID, "to": versions.NoteVersions[0].ID}
	difference := s.post(`query ($from: Int64!, $to: Int64!) { noteDifference(from: $from, to: $to) { added removed hunks { lines { kind text } } } }`, ids, s.withKey())
	contains(t, difference.body, `"added":1`, `{"kind":"REMOVED","text":"two"},{"kind":"ADDED","text":"2"}`)
	restored := s.post(`mutation ($id: Int64!) { restoreNoteVersion(input: {versionId: $id}) { __typename ... on RestoreNoteVersionPayload { note { versions } } } }`,
		map[string]any{"id": versions.NoteVersions[1].ID}, s.withKey())
	contains(t, restored.body, `"versions":3`)
	notes, position := s.notes()
	if notes["a.md"] != "one\ntwo\n" {
		t.Errorf("readers see %q", notes["a.md"])
	}
	if got, ok := trip2g.ParsePosition(restored.header.Get(trip2g.PositionHeader)); !ok || got != position {
		t.Errorf("the answer carries position %d, the change has %d", got, position)
	}
}

func TestListsAreBounded(t *testing.T) {
	s := startConsole(t)
	owner := s.asOwner()
	for _, query := range []string{
		`{ notes(filter: {first: 201}) { total } }`, `{ notes(filter: {offset: -1}) { total } }`, `{ noteVersions(noteId: 1, first: 1000) { id } }`,
		`{ missingPages(first: 1001) { path } }`, `{ missingPages(first: 0) { path } }`,
	} {
		if a := s.post(query, nil, owner); len(a.Errors) != 1 || a.Errors[0].Extensions["code"] != trip2g.EINVALID {
			t.Errorf("%s: %s", query, a.body)
		}
	}
}

func TestTheOverviewSaysWhatIsWrong(t *testing.T) {
	s := startConsole(t)
	owner := s.asOwner()
	s.pushed(map[string]string{"a.md": "---\ntitle: [\n---\n"}, false)
	if err := s.db.PutJobRun(t.Context(), trip2g.JobRun{Name: "purge", StartedAt: time.Now(), FinishedAt: time.Now(), Error: "the disk is on fire"}); err != nil {
		t.Fatal(err)
	}
	a := s.post(`{ overview { warnings problems { text page } } }`, nil, owner)
	contains(t, a.body, `"warnings":1`, "There is a warning about a note", "/_system/warnings", "The job purge failed", "/_system/jobs", "Something is wrong with a node", "/_system/nodes")
}

func TestSettingsAreSavedByTheAPI(t *testing.T) {
	s := startConsole(t)
	owner := s.asOwner()
	const save = `mutation ($input: SaveSiteSettingsInput!) { saveSiteSettings(input: $input) { __typename ... on SaveSiteSettingsPayload { settings { contentHash exists } }` + failedFragment
	input := func(hash, key, value string) map[string]any {
		return map[string]any{"input": map[string]any{"contentHash": hash, "values": []map[string]string{{"key": key, "value": value}}}}
	}
	saved := s.post(save, input("", "title", "My site"), owner)
	contains(t, saved.body, `"exists":true`)
	if notes, _ := s.notes(); notes[trip2g.SettingsPath] != "---\ntitle: My site\n---\n" {
		t.Errorf("the note is %q", notes[trip2g.SettingsPath])
	}
	contains(t, s.post(save, input("", "title", "Another"), owner).body, "ErrorPayload", "changed meanwhile")
	contains(t, s.post(save, input(trip2g.ContentHash("---\ntitle: My site\n---\n"), "graph", "perhaps"), owner).body, "ErrorPayload", `{"name":"graph","value":"must be true or false"}`)
}

// TestAHomePageThatIsNoNoteIsNamedInTheSettings names one in the form, whose owner would look at the page in
// vain, and then one that there is.
func TestAHomePageThatIsNoNoteIsNamedInTheSettings(t *testing.T) {
	s := startConsole(t)
	owner := s.asOwner()
	s.pushed(map[string]string{"a.md": "# A"}, false)
	const save = `mutation ($hash: String!, $home: String!) { saveSiteSettings(input: {contentHash: $hash, values: [{key: "home", value: $home}]}) {
		__typename ... on SaveSiteSettingsPayload { settings { warnings { text } } } } }`
	const warning = `home names \"nowhere\"`
	contains(t, s.post(save, map[string]any{"hash": "", "home": "nowhere"}, owner).body, warning)
	contains(t, s.post(`{ siteSettings { warnings { text } } }`, nil, owner).body, warning)
	contains(t, s.post(save, map[string]any{"hash": trip2g.ContentHash("---\nhome: nowhere\n---\n"), "home": "a"}, owner).body, `"warnings":[]`)
}

// A page asks with the browser's own cookie: what another site makes the browser send is refused.
func TestAnotherSiteCannotDoWhatThePagesDo(t *testing.T) {
	s := startConsole(t)
	token := strings.TrimPrefix(s.asOwner()["Authorization"], "Bearer ")
	a := s.post(`mutation { runJob(input: {name: "purge"}) { __typename } }`, nil, header{"Cookie": "session=" + token, "Sec-Fetch-Site": "cross-site"})
	if a.status != 403 {
		t.Errorf("status %d: %s", a.status, a.body)
	}
	if list, err := s.db.JobRuns(context.Background()); err != nil || len(list) != 0 {
		t.Error(list, err)
	}
}

func TestARedirectToNothingIsToldApart(t *testing.T) {
	s := startConsole(t)
	s.pushed(map[string]string{"a.md": "# A"}, false)
	owner := s.asOwner()
	for to, dangling := range map[string]bool{
		"/a": false, "/A": false, "/feed.xml": false, "/_system/signin": false, "https://example.com/a": false, "/none": true,
	} {
		put := s.post(`mutation ($to: String!) { putRedirect(input: {from: "/old", to: $to}) {
			__typename ... on PutRedirectPayload { redirect { dangling } } } }`, map[string]any{"to": to}, owner)
		contains(t, put.body, fmt.Sprintf(`"dangling":%t`, dangling))
	}
	s.post(`mutation { putRedirect(input: {from: "/old", to: "/none"}) { __typename } }`, nil, owner)
	s.pushed(map[string]string{"none.md": "# There now"}, false)
	contains(t, s.post(`{ redirects { from dangling } }`, nil, owner).body, `"dangling":false`)
}
