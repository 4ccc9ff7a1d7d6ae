package graphql_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"trip2g/services/trip2g"
)

// pushedAsset is a file in a response to a vault client.
type pushedAsset struct {
	ID, Path, AbsolutePath, URL string
	Sha256Hash                  *string
}

// listAll lists all notes with their files as a plugin does.
func (s *server) listAll() (notes map[string][]pushedAsset, ids map[string]int64) {
	s.t.Helper()
	var data struct {
		PushNotes struct {
			Notes []struct {
				ID     int64
				Path   string
				Assets []pushedAsset
			}
		}
	}
	s.post(pushQuery, map[string]any{"input": map[string]any{"updates": []any{}}}, s.withKey()).decode(s.t, &data)
	notes, ids = map[string][]pushedAsset{}, map[string]int64{}
	for _, n := range data.PushNotes.Notes {
		notes[n.Path], ids[n.Path] = n.Assets, n.ID
	}
	return notes, ids
}

func TestAPushOfNothingListsAllNotesWithAllTheirFiles(t *testing.T) {
	s := startWithServices(t)
	pushed := s.pushed(map[string]string{
		"a.md": "![[known.png]] ![[unknown.png]]", "_templates/t.md": "![[t.png]]", "hidden.md": "no longer there", "plain.md": "text",
	}, false)
	for _, n := range pushed.Notes {
		if n.Path == "a.md" {
			s.upload(uploadInput(n.ID, "known.png", "pixels"), "pixels", s.withKey()).get(t, "uploadNoteAsset")
		}
	}
	s.post(hideQuery, map[string]any{"input": map[string]any{"paths": []string{"hidden.md"}}}, s.withKey()).get(t, "hideNotes")
	s.pushed(map[string]string{"staged.md": "![[s.png]]", "plain.md": "text ![[new.png]]"}, true)
	_, before := s.notes()

	notes, _ := s.listAll()
	refs := map[string]string{}
	for path, assets := range notes {
		for _, a := range assets {
			refs[path] += a.Path + " "
			if known := a.Path == "known.png"; known != (a.Sha256Hash != nil) || known != (a.URL != "") || a.ID != a.Path || a.AbsolutePath == "" {
				t.Errorf("%s refers to %+v", path, a)
			}
		}
	}
	want := map[string]string{"a.md": "known.png unknown.png ", "_templates/t.md": "t.png ", "plain.md": "new.png ", "staged.md": "s.png "}
	if diff := cmp.Diff(want, refs); diff != "" {
		t.Error(diff)
	}
	if _, after := s.notes(); after != before {
		t.Errorf("the push of nothing moved the position from %d to %d", before, after)
	}
}

func TestAVaultOfTenThousandNotesIsListedWhole(t *testing.T) {
	s := startWithServices(t)
	const notes, batch = 10_000, 1000
	for first := 0; first < notes; first += batch {
		part := map[string]string{}
		for i := first; i < first+batch; i++ {
			part[fmt.Sprintf("folder/note %d.md", i)] = fmt.Sprintf("# Note %d\n\n![[%d.png]]", i, i)
		}
		s.pushed(part, true)
	}
	s.post(commitQuery, nil, s.withKey()).get(t, "commitNotes")
	listed, _ := s.listAll()
	if len(listed) != notes {
		t.Fatalf("%d notes are listed", len(listed))
	}
	for i := range notes {
		assets := listed[fmt.Sprintf("folder/note %d.md", i)]
		if len(assets) != 1 || assets[0].Path != fmt.Sprintf("%d.png", i) {
			t.Fatalf("note %d refers to %+v", i, assets)
		}
	}
}

const updatedFields = `updated { id path url versionId warnings { level message } }`

type updatedNote struct {
	ID, VersionID int64
	Path, URL     string
	Warnings      []struct{ Level, Message string }
}

// pushUpdated pushes path → content and returns what became visible, by path.
func (s *server) pushUpdated(notes map[string]string, skipCommit bool) map[string]updatedNote {
	s.t.Helper()
	updates := []map[string]string{}
	for path, content := range notes {
		updates = append(updates, map[string]string{"path": path, "content": content})
	}
	var data struct {
		PushNotes struct{ Updated []updatedNote }
	}
	s.post(`mutation ($input: PushNotesInput!) { pushNotes(input: $input) { ... on PushNotesPayload { notes { id path } `+updatedFields+` } ... on ErrorPayload { message } } }`,
		map[string]any{"input": map[string]any{"updates": updates, "skipCommit": skipCommit}}, s.withKey()).decode(s.t, &data)
	return byPath(data.PushNotes.Updated)
}

func byPath(list []updatedNote) map[string]updatedNote {
	notes := map[string]updatedNote{}
	for _, n := range list {
		notes[n.Path] = n
	}
	return notes
}

func (s *server) commitUpdated() map[string]updatedNote {
	s.t.Helper()
	var data struct {
		CommitNotes struct{ Updated []updatedNote }
	}
	s.post(`mutation { commitNotes { ... on CommitNotesPayload { success `+updatedFields+` } ... on ErrorPayload { message } } }`, nil, s.withKey()).decode(s.t, &data)
	return byPath(data.CommitNotes.Updated)
}

// makePublic sets the default access to everyone.
func (s *server) makePublic() {
	s.post(`mutation { setSiteAccess(input: {access: EVERYONE, expectedPublic: 0}) { __typename } }`, nil, s.withKey())
}

func TestAClientLearnsWhatBecameVisibleAndWhere(t *testing.T) {
	s := startWithServices(t)
	s.makePublic()
	first := s.pushUpdated(map[string]string{"Guides/My note (2).md": "# One", "_templates/t.md": "no page"}, false)
	note := first["Guides/My note (2).md"]
	if len(first) != 1 || note.URL != s.URL+"/guides/my_note_2" || len(note.Warnings) != 0 || note.ID == 0 || note.VersionID == 0 {
		t.Errorf("became visible: %+v", first)
	}
	if again := s.pushUpdated(map[string]string{"Guides/My note (2).md": "# One"}, false); len(again) != 0 {
		t.Errorf("a push of the same text made visible: %+v", again)
	}
	if staged := s.pushUpdated(map[string]string{"b.md": "B", "Guides/My note (2).md": "# Two", "broken.md": "---\na: [\n---\ntext"}, true); len(staged) != 0 {
		t.Errorf("a staged push made visible: %+v", staged)
	}
	committed := s.commitUpdated()
	if len(committed) != 3 || committed["b.md"].URL != s.URL+"/b" || committed["Guides/My note (2).md"].VersionID == note.VersionID {
		t.Errorf("the commit made visible: %+v", committed)
	}
	if w := committed["broken.md"].Warnings; len(w) != 1 || w[0].Level != "CRITICAL" || !strings.Contains(w[0].Message, "YAML") {
		t.Errorf("warnings about frontmatter that is no YAML: %+v", w)
	}
	if nothing := s.commitUpdated(); len(nothing) != 0 {
		t.Errorf("a commit of nothing made visible: %+v", nothing)
	}
}

func TestWarningsAboutANotesURLComeWithIt(t *testing.T) {
	s := startWithServices(t)
	s.makePublic()
	updated := s.pushUpdated(map[string]string{"a b.md": "A", "a_b.md": "B"}, false)
	if w := updated["a_b.md"].Warnings; len(w) != 1 || w[0].Level != "WARNING" || !strings.Contains(w[0].Message, "/a_b") {
		t.Errorf("two notes want one URL: %+v", updated)
	}
}

func TestFilesOfOtherKindsAreLeftOutOneByOne(t *testing.T) {
	s := startWithServices(t)
	for _, skipCommit := range []bool{false, true} {
		files := map[string]string{
			"board.canvas": "{}", "list.base": "views: []", "drawing.excalidraw": "{}", "page.html.json": "{}", "../up.txt": "x", "note.md": fmt.Sprint("text ", skipCommit),
		}
		updated := s.pushUpdated(files, skipCommit)
		var leftOut []string
		for path, u := range updated {
			if path == "note.md" {
				continue
			}
			leftOut = append(leftOut, path)
			if u.URL != "" || len(u.Warnings) != 1 || u.Warnings[0].Level != "WARNING" || !strings.Contains(u.Warnings[0].Message, "left out") {
				t.Errorf("%s: %+v", path, u)
			}
		}
		slices.Sort(leftOut)
		if diff := cmp.Diff([]string{"../up.txt", "board.canvas", "drawing.excalidraw", "list.base", "page.html.json"}, leftOut); diff != "" {
			t.Error(diff)
		}
	}
	s.commitUpdated()
	if notes, _ := s.notes(); len(notes) != 1 || notes["note.md"] != "text true" {
		t.Errorf("readers see %v", notes)
	}
	if p := s.push(map[string]string{"board.canvas": "{}"}, false, s.withKey()).get(t, "pushNotes"); p.Typename != "PushNotesPayload" || len(p.Notes) != 0 {
		t.Errorf("a batch of nothing else: %+v", p)
	}
}

func TestOneWrongPathOfANoteRefusesTheBatchAndWritesNothing(t *testing.T) {
	s := startWithServices(t)
	p := s.push(map[string]string{"good.md": "x", "../up.md": "x", strings.Repeat("a", 300) + ".md": "x"}, false, s.withKey()).get(t, "pushNotes")
	if p.Typename != "ErrorPayload" || len(p.ByFields) != 2 {
		t.Errorf("got %+v", p)
	}
	s.wantUntouched()
}

const viewQuery = `query ($filter: NotePathsFilter) { notePaths(filter: $filter) { id path: value latestNoteView { url versionId title content path warnings { level message } } } }`

type viewedNote struct {
	ID             int64
	Path           string
	LatestNoteView *struct {
		URL, Title, Content, Path string
		VersionID                 int64
		Warnings                  []struct{ Level, Message string }
	}
}

func (s *server) view(path string) viewedNote {
	s.t.Helper()
	var data struct{ NotePaths []viewedNote }
	s.post(viewQuery, map[string]any{"filter": map[string]any{"paths": []string{path}}}, s.withKey()).decode(s.t, &data)
	if len(data.NotePaths) != 1 {
		s.t.Fatalf("%s: %+v", path, data.NotePaths)
	}
	return data.NotePaths[0]
}

func TestAClientSeesTheVersionThatReadersSee(t *testing.T) {
	s := startWithServices(t)
	s.pushed(map[string]string{"a.md": "# Seen", "_t.md": "no page"}, false)
	s.pushed(map[string]string{"a.md": "# Staged", "new.md": "staged"}, true)
	seen := s.view("a.md").LatestNoteView
	if seen == nil || seen.URL != s.URL+"/a" || seen.Title != "Seen" || seen.Content != "# Seen" || seen.Path != "a.md" || seen.VersionID == 0 {
		t.Errorf("a.md is seen as %+v", seen)
	}
	if v := s.view("_t.md").LatestNoteView; v == nil || v.URL != "" || v.VersionID == 0 {
		t.Errorf("a note without a page is seen as %+v", v)
	}
	if v := s.view("new.md").LatestNoteView; v != nil {
		t.Errorf("a note that is only staged is seen as %+v", v)
	}
}

// Builds of the plugin upload a file for a note by the version id in latestNoteView.
func TestAnUploadForAVersionGoesToItsNoteAndToNoOther(t *testing.T) {
	s := startWithServices(t)
	s.pushed(map[string]string{"other.md": "![[a.png]]", "a.md": "![[a.png]]"}, false)
	for i := range 5 {
		s.pushed(map[string]string{"a.md": fmt.Sprintf("![[a.png]] %d", i)}, false)
	}
	view := s.view("a.md")
	input := uploadInput(view.LatestNoteView.VersionID, "a.png", "pixels")
	input["noteId"] = fmt.Sprint(input["noteId"]) // as some builds send ids
	if p := s.upload(input, "pixels", s.withKey()).get(t, "uploadNoteAsset"); p.Typename != "UploadNoteAssetPayload" {
		t.Fatalf("upload: %+v", p)
	}
	notes, ids := s.listAll()
	if a := notes["a.md"]; a[0].Sha256Hash == nil || *a[0].Sha256Hash != hexHash("pixels") {
		t.Errorf("a.md has %+v", a)
	}
	if other := notes["other.md"]; other[0].Sha256Hash != nil {
		t.Errorf("the other note got the file: %+v", other)
	}
	for path, id := range ids {
		if view.LatestNoteView.VersionID == id {
			t.Errorf("the version has the id of %s", path)
		}
	}
	var version struct{ NoteVersion struct{ Path string } }
	s.post(fmt.Sprintf(`{ noteVersion(id: %d) { path } }`, view.LatestNoteView.VersionID), nil, s.withKey()).decode(t, &version)
	if version.NoteVersion.Path != "a.md" {
		t.Errorf("noteVersion finds %+v", version)
	}
	unknown := uploadInput(view.LatestNoteView.VersionID+1000, "a.png", "pixels")
	if p := s.upload(unknown, "pixels", s.withKey()).get(t, "uploadNoteAsset"); p.Typename != "ErrorPayload" {
		t.Errorf("a version that does not exist: %+v", p)
	}
}

func TestAWrongKeyIsToldWith200AndWritesNothing(t *testing.T) {
	s := startWithServices(t)
	for name, headers := range map[string]header{"none": {}, "wrong": {"X-API-Key": "t2g_wrong"}} {
		p := s.push(map[string]string{"a.md": "x"}, false, headers).get(t, "pushNotes")
		if p.Typename != "ErrorPayload" || !strings.Contains(p.Message, "key") {
			t.Errorf("%s: %+v", name, p)
		}
		a := s.post(viewQuery, nil, headers)
		if a.status != http.StatusOK || len(a.Errors) != 1 {
			t.Errorf("%s: status %d: %s", name, a.status, a.body)
		}
	}
	s.wantUntouched()
}

func TestThePluginsHeadersAndOriginsAreNoReasonToRefuse(t *testing.T) {
	s := startWithServices(t)
	for i, origin := range []string{"app://obsidian.md", "capacitor://localhost", "http://localhost", "https://elsewhere.example"} {
		headers := s.withKey()
		headers["Origin"], headers["Sec-Fetch-Site"], headers["X-Plugin-Version"] = origin, "cross-site", "0.12.0"
		path := fmt.Sprintf("%d.md", i)
		if p := s.push(map[string]string{path: "x"}, false, headers).get(t, "pushNotes"); p.Typename != "PushNotesPayload" {
			t.Errorf("%s: %+v", origin, p)
		}
	}
	if notes, position := s.notes(); len(notes) != 4 || position == trip2g.Position(0) {
		t.Errorf("readers see %v", notes)
	}
}
