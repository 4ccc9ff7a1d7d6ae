package graphql_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/web/graphql"
)

func TestAnyoneCanAskWhetherTheAPIIsThere(t *testing.T) {
	s := start(t, nil)
	for name, headers := range map[string]header{"no key": nil, "wrong key": {"X-API-Key": "t2g_wrong"}, "a key": s.withKey()} {
		a := s.send("application/json", strings.NewReader(`{"query":"{__typename}"}`), headers)
		if want := `{"data":{"__typename":"Query"}}`; a.status != http.StatusOK || a.body != want {
			t.Errorf("%s: status %d, body %s; want %s", name, a.status, a.body, want)
		}
	}
}

func TestAClientPublishesAVault(t *testing.T) {
	s := start(t, nil)
	if a := s.post(`query FetchServerHashes { notePaths { path: value hash: latestContentHash } }`, nil, s.withKey()); a.body != `{"data":{"notePaths":[]}}` {
		t.Fatalf("an empty vault: %s", a.body)
	}
	pushed := s.pushed(map[string]string{"trips/japan.md": "# Japan ![[a.png]]", "index.md": "hello"}, true)
	if notes, position := s.notes(); len(notes) != 0 || position != 0 {
		t.Fatalf("readers see staged notes: %v at %d", notes, position)
	}
	for _, note := range pushed.Notes {
		if note.Path != "trips/japan.md" {
			continue
		}
		if len(note.Assets) != 1 {
			t.Fatalf("files of the note: %+v", note.Assets)
		}
		asset := note.Assets[0]
		if asset.Path != "a.png" || asset.AssetID != 0 || asset.Sha256Hash != nil || asset.AbsolutePath != "trips/a.png" || asset.URL != "" {
			t.Errorf("a file that the server lacks: %+v", asset)
		}
		input := uploadInput(note.ID, "a.png", "pixels")
		input["skipCommit"] = true
		if p := s.upload(input, "pixels", s.withKey()).get(t, "uploadNoteAsset"); p.Typename != "UploadNoteAssetPayload" || p.UploadSkipped {
			t.Fatalf("upload: %+v", p)
		}
	}
	a := s.post(commitQuery, nil, s.withKey())
	if !a.get(t, "commitNotes").Success {
		t.Fatal(a.body)
	}
	notes, position := s.notes()
	if diff := cmp.Diff(map[string]string{"trips/japan.md": "# Japan ![[a.png]]", "index.md": "hello"}, notes); diff != "" {
		t.Error(diff)
	}
	if got := a.header.Get(trip2g.PositionHeader); got != strconv.FormatInt(int64(position), 10) || position == 0 {
		t.Errorf("the answer carries position %q, the change has %d", got, position)
	}
	// A browser follows a redirect without our headers, but sends the cookie, on every port of the
	// host.
	if c := a.cookies()[trip2g.PositionCookie]; c == nil || c.Value != a.header.Get(trip2g.PositionHeader) || c.Path != "/" || c.Domain != "" ||
		c.MaxAge != 60 || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode {
		t.Errorf("the position's cookie is %v", c)
	}
	fetched := s.post(`query FetchNoteContents($filter: NotePathsFilter) { notePaths(filter: $filter) {
		path: value content hash: latestContentHash assetReplaces { id url hash absolutePath } } }`,
		map[string]any{"filter": map[string]any{"paths": []string{"trips/japan.md"}}}, s.withKey())
	want := fmt.Sprintf(`{"data":{"notePaths":[{"path":"trips/japan.md","content":"# Japan ![[a.png]]","hash":%q,"assetReplaces":[{"id":"a.png","url":"%s/_system/assets/%s/a.png","hash":%q,"absolutePath":"img/a.png"}]}]}}`,
		trip2g.ContentHash("# Japan ![[a.png]]"), s.URL, hexHash("pixels"), hexHash("pixels"))
	if fetched.body != want {
		t.Errorf("the server has %s\nwant %s", fetched.body, want)
	}
	again := s.pushed(map[string]string{"trips/japan.md": "# Japan ![[a.png]]"}, true).Notes[0].Assets[0]
	if again.Sha256Hash == nil || *again.Sha256Hash != hexHash("pixels") || again.AssetID == 0 || again.AbsolutePath != "img/a.png" || again.URL == "" {
		t.Errorf("a file that the server has: %+v", again)
	}
	s.wantNoTempFiles()
}

func TestFiltersPickNotes(t *testing.T) {
	s := start(t, nil)
	s.pushed(map[string]string{"a.md": "apple", "b/c.md": "Ünïcode", "b/d.html": "100%"}, false)
	for name, tt := range map[string]struct {
		filter map[string]any
		want   string
	}{
		"none":              {nil, "a.md b/c.md b/d.html"},
		"null":              {map[string]any{"paths": nil, "like": nil, "search": nil}, "a.md b/c.md b/d.html"},
		"like":              {map[string]any{"like": "b/%"}, "b/c.md b/d.html"},
		"search":            {map[string]any{"search": "üNÏ"}, "b/c.md"},
		"search over like":  {map[string]any{"search": "apple", "like": "b/%"}, "a.md"},
		"paths over search": {map[string]any{"paths": []string{"b/d.html", "no.md"}, "search": "apple"}, "b/d.html"},
	} {
		t.Run(name, func(t *testing.T) {
			a := s.post(`query($filter: NotePathsFilter) { notePaths(filter: $filter) { value content } }`, map[string]any{"filter": tt.filter}, s.withKey())
			var notes []struct{ Value, Content string }
			if err := json.Unmarshal(a.Data["notePaths"], &notes); err != nil {
				t.Fatal(a.body, err)
			}
			var got []string
			for _, n := range notes {
				got = append(got, n.Value)
				if n.Content == "" {
					t.Errorf("%s came without its content", n.Value)
				}
			}
			if strings.Join(got, " ") != tt.want {
				t.Errorf("got %v, want %s", got, tt.want)
			}
		})
	}
}

func TestPushingTheSameAgainChangesNothing(t *testing.T) {
	s := start(t, nil)
	notes := map[string]string{"a.md": "one"}
	first := s.push(notes, false, s.withKey()).header.Get(trip2g.PositionHeader)
	for _, skipCommit := range []bool{false, true} {
		if again := s.push(notes, skipCommit, s.withKey()).header.Get(trip2g.PositionHeader); again != first || first == "" {
			t.Errorf("position %q, then %q with skipCommit %v", first, again, skipCommit)
		}
	}
	if changed := s.push(map[string]string{"a.md": "two"}, false, s.withKey()).header.Get(trip2g.PositionHeader); changed == first {
		t.Errorf("a change left the position at %q", first)
	}
}

func TestHiddenNotesGoAndComeBack(t *testing.T) {
	s := start(t, nil)
	hide := func(input map[string]any) payload {
		return s.post(hideQuery, map[string]any{"input": input}, s.withKey()).get(t, "hideNotes")
	}
	s.pushed(map[string]string{"a.md": "one", "b.md": "two"}, false)
	if p := hide(map[string]any{"paths": []string{"a.md", "unknown.md"}, "skipCommit": true}); !p.Success {
		t.Errorf("hide: %+v", p)
	}
	if notes, _ := s.notes(); len(notes) != 2 {
		t.Errorf("a staged hiding shows: %v", notes)
	}
	s.post(commitQuery, nil, s.withKey())
	if notes, _ := s.notes(); len(notes) != 1 {
		t.Errorf("after the commit readers see %v", notes)
	}
	s.pushed(map[string]string{"a.md": "one"}, false)
	if notes, _ := s.notes(); len(notes) != 2 {
		t.Errorf("a hidden note that is pushed again stays hidden: %v", notes)
	}
	hide(map[string]any{"paths": []string{"b.md"}})
	if notes, _ := s.notes(); len(notes) != 1 {
		t.Errorf("a hiding without skipCommit waits: %v", notes)
	}
}

func TestOneClientsCommitLeavesTheOthersStageAlone(t *testing.T) {
	s := start(t, nil)
	other := header{"X-API-Key": s.newKey()}
	s.pushed(map[string]string{"mine.md": "mine"}, true)
	s.push(map[string]string{"theirs.md": "half of it"}, true, other)
	s.post(commitQuery, nil, s.withKey())
	if notes, _ := s.notes(); !cmp.Equal(notes, map[string]string{"mine.md": "mine"}) {
		t.Errorf("readers see %v", notes)
	}
	s.post(commitQuery, nil, other)
	if notes, _ := s.notes(); len(notes) != 2 {
		t.Errorf("readers see %v", notes)
	}
}

func TestWithoutAValidKeyNothingIsReadOrWritten(t *testing.T) {
	s := start(t, nil)
	revoked, key, err := s.keys.CreateKey(t.Context(), "revoked", trip2g.OwnerGrant, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.db.RevokeKey(t.Context(), key.ID, key.CreatedAt); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		headers header
		message string
	}{
		"missing":           {nil, "an API key is needed"},
		"empty":             {header{"X-API-Key": ""}, "an API key is needed"},
		"wrong":             {header{"X-API-Key": s.key + "x"}, "the API key is not valid"},
		"revoked":           {header{"X-API-Key": revoked}, "the API key is not valid"},
		"not a session":     {header{"Authorization": "Bearer " + s.key}, "sign in"},
		"cookie of nobody":  {header{"Cookie": "session=x", graphql.PreflightHeader: "1"}, "sign in"},
		"wrong over cookie": {header{"X-API-Key": "x", "Cookie": "session=x"}, "the API key is not valid"},
	} {
		t.Run(name, func(t *testing.T) {
			for field, a := range map[string]answer{
				"pushNotes":       s.push(map[string]string{"a.md": "x"}, false, tt.headers),
				"uploadNoteAsset": s.upload(uploadInput(1, "a.png", "x"), "x", tt.headers),
				"hideNotes":       s.post(hideQuery, map[string]any{"input": map[string]any{"paths": []string{"a.md"}}}, tt.headers),
				"commitNotes":     s.post(commitQuery, nil, tt.headers),
			} {
				p := a.get(t, field)
				if p.Typename != "ErrorPayload" || !strings.Contains(p.Message, tt.message) || a.header.Get(trip2g.PositionHeader) != "" || len(a.cookies()) != 0 {
					t.Errorf("%s: %s", field, a.body)
				}
			}
			a := s.post(`{ notePaths { value } }`, nil, tt.headers)
			if a.status != http.StatusOK || len(a.Errors) != 1 || !strings.Contains(a.Errors[0].Message, tt.message) {
				t.Errorf("notePaths: status %d, %s", a.status, a.body)
			}
		})
	}
	s.wantUntouched()
	s.wantNoTempFiles()
	if log := s.log.String(); strings.Contains(log, "t2g_") || strings.Contains(log, `"error"`) {
		t.Errorf("the log has %s", log)
	}
}

func TestFaultsOfAPushComeByPath(t *testing.T) {
	s := start(t, nil)
	p := s.push(map[string]string{"../a.md": "", "b//c.md": "", "good.md": ""}, false, s.withKey()).get(t, "pushNotes")
	if p.Typename != "ErrorPayload" || len(p.ByFields) != 2 {
		t.Errorf("got %+v", p)
	}
	contains(t, fmt.Sprint(p.ByFields), "{../a.md path has an empty", "{b//c.md path has an empty")
	s.wantUntouched()
}

func TestAnUploadWithAnotherHashIsRefused(t *testing.T) {
	s := start(t, nil)
	note := s.pushed(map[string]string{"a.md": "![[a.png]]"}, false).Notes[0]
	_, before := s.notes()
	p := s.upload(uploadInput(note.ID, "a.png", "pixels"), "other pixels", s.withKey()).get(t, "uploadNoteAsset")
	if p.Typename != "ErrorPayload" {
		t.Errorf("got %+v", p)
	}
	p = s.upload(uploadInput(note.ID+100, "a.png", "pixels"), "pixels", s.withKey()).get(t, "uploadNoteAsset")
	if p.Typename != "ErrorPayload" {
		t.Errorf("a file for an unknown note: %+v", p)
	}
	if _, after := s.notes(); after != before {
		t.Errorf("the position went from %d to %d", before, after)
	}
	if _, err := s.db.Asset(t.Context(), hexHash("other pixels")); trip2g.ErrorCode(err) != trip2g.ENOTFOUND {
		t.Errorf("the refused file is stored: %v", err)
	}
	s.wantNoTempFiles()
}

func TestAFileLargerThanMemoryAllowsComesWhole(t *testing.T) {
	s := start(t, nil)
	note := s.pushed(map[string]string{"a.md": "![[film.bin]]"}, false).Notes[0]
	film := strings.Repeat("0123456789abcdef", 20<<20/16)
	if p := s.upload(uploadInput(note.ID, "film.bin", film), film, s.withKey()).get(t, "uploadNoteAsset"); p.Typename != "UploadNoteAssetPayload" {
		t.Fatalf("got %+v", p)
	}
	if asset, err := s.db.Asset(t.Context(), hexHash(film)); err != nil || asset.Size != int64(len(film)) {
		t.Errorf("stored %+v, %v", asset, err)
	}
	if p := s.upload(uploadInput(note.ID, "film.bin", film), film, s.withKey()).get(t, "uploadNoteAsset"); !p.UploadSkipped {
		t.Errorf("the second time: %+v", p)
	}
	s.wantNoTempFiles()
}

func TestAddressesInAnswersAreWhatTheClientCanReach(t *testing.T) {
	for name, tt := range map[string]struct {
		change  func(*graphql.Options)
		headers header
		want    string
	}{
		"direct":          {nil, header{"Host": "notes.example:20081"}, "http://notes.example:20081/_system/assets/"},
		"through replica": {func(o *graphql.Options) { o.Origin = fixedOrigin("https", "replica.example") }, nil, "https://replica.example/_system/assets/"},
		"public URL":      {func(o *graphql.Options) { o.PublicURL = "https://public.example/" }, nil, "https://public.example/_system/assets/"},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, tt.change)
			note := s.pushed(map[string]string{"a.md": "![[a b.png]]"}, false).Notes[0]
			s.upload(uploadInput(note.ID, "a b.png", "x"), "x", s.withKey()).get(t, "uploadNoteAsset")
			headers := s.withKey()
			for name, value := range tt.headers {
				headers[name] = value
			}
			p := s.push(map[string]string{"a.md": "![[a b.png]]"}, false, headers).get(t, "pushNotes")
			if url := p.Notes[0].Assets[0].URL; url != tt.want+hexHash("x")+"/a%20b.png" {
				t.Errorf("the file is at %s", url)
			}
		})
	}
}

func fixedOrigin(scheme, host string) func(*http.Request) trip2g.Origin {
	return func(r *http.Request) trip2g.Origin {
		return trip2g.Origin{ClientAddr: r.RemoteAddr, Scheme: scheme, Host: host}
	}
}

func TestConcurrentPushesAllArrive(t *testing.T) {
	s := start(t, nil)
	const clients, rounds = 8, 5
	var all sync.WaitGroup
	for i := range clients {
		key := header{"X-API-Key": s.newKey()}
		all.Go(func() {
			last := 0
			for round := range rounds {
				a := s.push(map[string]string{fmt.Sprintf("%d/%d.md", i, round): "x", "shared.md": fmt.Sprint(i, round)}, round%2 == 0, key)
				if round%2 == 0 {
					a = s.post(commitQuery, nil, key)
				}
				position, err := strconv.Atoi(a.header.Get(trip2g.PositionHeader))
				if err != nil || position <= last {
					t.Errorf("client %d, round %d: position %q after %d: %s", i, round, a.header.Get(trip2g.PositionHeader), last, a.body)
				}
				last = position
			}
		})
	}
	all.Wait()
	if notes, _ := s.notes(); len(notes) != clients*rounds+1 {
		t.Errorf("readers see %d notes, want %d", len(notes), clients*rounds+1)
	}
}

func TestTheSchemaCanBeRead(t *testing.T) {
	s := start(t, nil)
	a := s.post(introspection, nil, nil)
	if a.status != http.StatusOK || len(a.Errors) > 0 {
		t.Fatalf("status %d: %.500s", a.status, a.body)
	}
	contains(t, a.body, `"PushNotesInput"`, `"Int64"`, `"ErrorPayload"`, `"skipCommit"`)
}

// introspection is the usual query of GraphQL tools.
const introspection = `query IntrospectionQuery { __schema {
	queryType { name } mutationType { name } subscriptionType { name }
	types { ...FullType }
	directives { name description locations args { ...InputValue } } } }
fragment FullType on __Type { kind name description
	fields(includeDeprecated: true) { name description args { ...InputValue } type { ...TypeRef } isDeprecated deprecationReason }
	inputFields { ...InputValue } interfaces { ...TypeRef }
	enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason } possibleTypes { ...TypeRef } }
fragment InputValue on __InputValue { name description type { ...TypeRef } defaultValue }
fragment TypeRef on __Type { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name
	ofType { kind name ofType { kind name ofType { kind name } } } } } } } }`
