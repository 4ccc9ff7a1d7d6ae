package graphql_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"trip2g/services/trip2g"
)

const updateQuery = `mutation ($input: UpdateNotesInput!) { updateNotes(input: $input) { __typename
	... on UpdateNotesSuccessPayload { paths updated { path url versionId warnings { level message } } }
	... on ErrorPayload { message byFields { name value } } } }`

type change = map[string]any

func (s *server) update(query string, changes ...change) answer {
	s.t.Helper()
	return s.post(query, map[string]any{"input": map[string]any{"changes": changes}}, s.withKey())
}

func TestSeveralChangesAreMadeAtOnce(t *testing.T) {
	s := startWithServices(t)
	s.pushed(map[string]string{"list.md": "- [ ] one\n- [ ] two\n", "old.md": "old", "kept.md": "kept"}, false)
	a := s.update(updateQuery,
		change{"patch": change{"path": "list.md", "find": "- [ ] one", "replace": "- [x] one", "expectedHash": trip2g.ContentHash("- [ ] one\n- [ ] two\n")}},
		change{"patch": change{"path": "list.md", "find": "- [ ] two", "replace": "- [x] two"}},
		change{"hide": change{"path": "old.md", "expectedHash": trip2g.ContentHash("old")}},
		change{"upsert": change{"path": "new.md", "content": "new", "expectedHash": ""}},
		change{"hide": change{"path": "never there.md"}},
	)
	var data struct {
		UpdateNotes struct {
			Paths   []string
			Updated []updatedNote
		}
	}
	a.decode(t, &data)
	if diff := cmp.Diff([]string{"list.md", "old.md", "new.md", "never there.md"}, data.UpdateNotes.Paths); diff != "" {
		t.Error(diff)
	}
	updated := byPath(data.UpdateNotes.Updated)
	if len(updated) != 2 || updated["new.md"].URL != s.URL+"/new" || updated["list.md"].VersionID == 0 {
		t.Errorf("updated: %+v", updated)
	}
	notes, position := s.notes()
	if diff := cmp.Diff(map[string]string{"list.md": "- [x] one\n- [x] two\n", "new.md": "new", "kept.md": "kept"}, notes); diff != "" {
		t.Error(diff)
	}
	if got := a.header.Get(trip2g.PositionHeader); got != fmt.Sprint(int64(position)) {
		t.Errorf("the answer carries position %s, the change has %d", got, position)
	}
}

func TestAChangeOfWhatAnotherChangedMeanwhileWritesNothing(t *testing.T) {
	s := startWithServices(t)
	s.pushed(map[string]string{"a.md": "theirs", "b.md": "two two"}, false)
	before, _ := s.notes()
	mine := trip2g.ContentHash("mine")
	for name, tt := range map[string]struct {
		change change
		fields []string // path and a part of the message
	}{
		"upsert":           {change{"upsert": change{"path": "a.md", "content": "x", "expectedHash": mine}}, []string{"a.md", trip2g.ContentHash("theirs")}},
		"create only":      {change{"upsert": change{"path": "a.md", "content": "x", "expectedHash": ""}}, []string{"a.md", "changed meanwhile"}},
		"patch":            {change{"patch": change{"path": "a.md", "find": "theirs", "replace": "x", "expectedHash": mine}}, []string{"a.md", "changed meanwhile"}},
		"hide":             {change{"hide": change{"path": "a.md", "expectedHash": mine}}, []string{"a.md", "changed meanwhile"}},
		"note that went":   {change{"upsert": change{"path": "gone.md", "content": "x", "expectedHash": mine}}, []string{"gone.md", "no such note"}},
		"text not there":   {change{"patch": change{"path": "a.md", "find": "nowhere", "replace": "x"}}, []string{"a.md", "does not have"}},
		"text twice":       {change{"patch": change{"path": "b.md", "find": "two", "replace": "x"}}, []string{"b.md", "more than once"}},
		"no note to patch": {change{"patch": change{"path": "none.md", "find": "a", "replace": "x"}}, []string{"none.md", "no such note"}},
		"wrong path":       {change{"upsert": change{"path": "../a.md", "content": "x"}}, []string{"../a.md", "segment"}},
		"nothing to find":  {change{"patch": change{"path": "a.md", "find": "", "replace": "x"}}, []string{"a.md", "without a text"}},
		"two in one":       {change{"hide": change{"path": "a.md"}, "upsert": change{"path": "a.md", "content": "x"}}, []string{"changes.1", "2"}},
	} {
		t.Run(name, func(t *testing.T) {
			a := s.update(updateQuery, change{"upsert": change{"path": "good.md", "content": "good"}}, tt.change)
			p := a.get(t, "updateNotes")
			if p.Typename != "ErrorPayload" || len(p.ByFields) != 1 || p.ByFields[0].Name != tt.fields[0] || !strings.Contains(p.ByFields[0].Value, tt.fields[1]) {
				t.Errorf("got %s", a.body)
			}
			if after, _ := s.notes(); !cmp.Equal(before, after) {
				t.Errorf("written: %v", after)
			}
		})
	}
}

// Clients that know the specific payloads learn from them how to continue.
func TestAClientGetsThePayloadThatItKnowsForAConflict(t *testing.T) {
	s := startWithServices(t)
	s.pushed(map[string]string{"a.md": "theirs"}, false)
	query := `mutation ($input: UpdateNotesInput!) { updateNotes(input: $input) { __typename
		... on UpdateNotesSuccessPayload { paths }
		... on UpdateNotesHashMismatchPayload { path actualHash }
		... on UpdateNotesPatchNotFoundPayload { path find }
		... on ErrorPayload { message } } }`
	for want, c := range map[string]change{
		`{"__typename":"UpdateNotesHashMismatchPayload","path":"a.md","actualHash":"` + trip2g.ContentHash("theirs") + `"}`: {
			"upsert": change{"path": "a.md", "content": "x", "expectedHash": trip2g.ContentHash("mine")}},
		`{"__typename":"UpdateNotesPatchNotFoundPayload","path":"a.md","find":"mine"}`: {
			"patch": change{"path": "a.md", "find": "mine", "replace": "x"}},
	} {
		if a := s.update(query, c); string(a.Data["updateNotes"]) != want {
			t.Errorf("got %s, want %s", a.body, want)
		}
	}
}

// watch is an open subscription.
type watch struct {
	t      *testing.T
	status int
	lines  *bufio.Scanner
	close  func()
}

const watchQuery = `subscription NoteChanges($filter: NoteChangesFilter!) { noteChanges(filter: $filter) { changes { __typename
	... on NoteUpsertEvent { path eventType versionId title noteView { path content } } ... on NoteHideEvent { path } } } }`

func (s *server) watch(filter map[string]any, headers header) *watch {
	s.t.Helper()
	body, _ := json.Marshal(map[string]any{"query": watchQuery, "variables": map[string]any{"filter": filter}})
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.URL, bytes.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "text/event-stream")
	for name, value := range headers {
		r.Header.Set(name, value)
	}
	response, err := s.Client().Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { response.Body.Close() })
	if got := response.Header.Get("Content-Type"); got != "text/event-stream" {
		s.t.Fatalf("status %d, Content-Type %q", response.StatusCode, got)
	}
	return &watch{s.t, response.StatusCode, bufio.NewScanner(response.Body), func() { response.Body.Close() }}
}

// next returns the next frame other than a comment, "" at the end.
func (w *watch) next() string {
	var frame []string
	for w.lines.Scan() {
		switch line := w.lines.Text(); {
		case line != "":
			frame = append(frame, line)
		case strings.Join(frame, "") == ":":
			frame = nil
		case len(frame) > 0:
			return strings.Join(frame, "\n")
		}
	}
	return ""
}

type event struct {
	Typename  string `json:"__typename"`
	Path      string
	EventType string
	VersionID int64
	Title     string
	NoteView  struct{ Path, Content string }
}

// events returns the changes of the next frame.
func (w *watch) events() []event {
	w.t.Helper()
	frame := w.next()
	text, ok := strings.CutPrefix(frame, "event: next\ndata: ")
	var body struct {
		Data struct{ NoteChanges struct{ Changes []event } }
	}
	if err := json.Unmarshal([]byte(text), &body); !ok || err != nil {
		w.t.Fatalf("frame %q: %v", frame, err)
	}
	return body.Data.NoteChanges.Changes
}

func TestASubscriberIsToldOfChangesAsTheyBecomeVisible(t *testing.T) {
	s := startWithServices(t)
	w := s.watch(map[string]any{"includePatterns": []string{"**"}, "excludePatterns": []string{"drafts/**"}}, s.withKey())
	s.pushed(map[string]string{"a/b.md": "# Title\n\ntext", "drafts/d.md": "draft", "_t.md": "no page"}, false)
	got := w.events()
	if len(got) != 2 || got[0].Path != "_t.md" || got[1].EventType != "create" || got[1].Title != "Title" ||
		got[1].NoteView.Path != "a/b.md" || got[1].NoteView.Content != "# Title\n\ntext" || got[1].VersionID != s.view("a/b.md").LatestNoteView.VersionID {
		t.Errorf("of new notes: %+v", got)
	}
	s.pushed(map[string]string{"a/b.md": "staged"}, true)
	s.pushed(map[string]string{"other.md": "x"}, false)
	if got := w.events(); len(got) != 1 || got[0].Path != "other.md" {
		t.Errorf("what is staged is told: %+v", got)
	}
	s.post(commitQuery, nil, s.withKey()).get(t, "commitNotes")
	if got := w.events(); len(got) != 1 || got[0].EventType != "update" || got[0].NoteView.Content != "staged" {
		t.Errorf("of a commit: %+v", got)
	}
	s.post(hideQuery, map[string]any{"input": map[string]any{"paths": []string{"other.md"}}}, s.withKey()).get(t, "hideNotes")
	if got := w.events(); len(got) != 1 || got[0].Typename != "NoteHideEvent" || got[0].Path != "other.md" {
		t.Errorf("of a hidden note: %+v", got)
	}
	s.feed.End()
	if frame := w.next(); frame != "event: complete" {
		t.Errorf("at the end: %q", frame)
	}
	if frame := w.next(); frame != "" {
		t.Errorf("after the end: %q", frame)
	}
}

func TestALargeCommitIsToldInParts(t *testing.T) {
	s := startWithServices(t)
	w := s.watch(map[string]any{}, s.withKey())
	notes := map[string]string{}
	for i := range 250 {
		notes[fmt.Sprintf("%d.md", i)] = "text"
	}
	s.pushed(notes, false)
	told, frames := 0, 0
	for told < len(notes) {
		got := w.events()
		if len(got) > 100 {
			t.Fatalf("%d changes in one frame", len(got))
		}
		told, frames = told+len(got), frames+1
	}
	if told != len(notes) || frames != 3 {
		t.Errorf("%d changes in %d frames", told, frames)
	}
}

func TestASubscriptionWithoutARightToItSaysWhyAndEnds(t *testing.T) {
	s := startWithServices(t)
	for name, tt := range map[string]struct {
		headers header
		filter  map[string]any
		message string
	}{
		"no key":        {nil, nil, "key"},
		"wrong key":     {header{"X-API-Key": "t2g_wrong"}, nil, "not valid"},
		"wrong pattern": {s.withKey(), map[string]any{"includePatterns": []string{"[a"}}, "no pattern"},
		"costly":        {s.withKey(), map[string]any{"excludePatterns": []string{strings.Repeat("{a,a}", 30)}}, "several patterns"},
	} {
		filter := tt.filter
		if filter == nil {
			filter = map[string]any{}
		}
		w := s.watch(filter, tt.headers)
		if frame := w.next(); w.status != http.StatusOK || !strings.HasPrefix(frame, "event: next\ndata: ") || !strings.Contains(frame, tt.message) {
			t.Errorf("%s: status %d, %q", name, w.status, frame)
		}
		if frame := w.next(); frame != "event: complete" {
			t.Errorf("%s: ends with %q", name, frame)
		}
	}
}

func TestASubscriptionEndsWhenItsKeyIsRevoked(t *testing.T) {
	s := startWithServices(t)
	w := s.watch(map[string]any{}, s.withKey())
	keys, err := s.keys.Keys(t.Context())
	if err != nil || len(keys) != 1 {
		t.Fatal(keys, err)
	}
	if err := s.keys.RevokeKey(t.Context(), keys[0].ID); err != nil {
		t.Fatal(err)
	}
	if frame := w.next(); !strings.Contains(frame, "revoked") {
		t.Errorf("told %q", frame)
	}
	if frame := w.next(); frame != "event: complete" {
		t.Errorf("ends with %q", frame)
	}
}

// TestABusySubscriptionEndsWhenItsKeyIsRevoked publishes continuously.
func TestABusySubscriptionEndsWhenItsKeyIsRevoked(t *testing.T) {
	s := startWithServices(t)
	w := s.watch(map[string]any{}, s.withKey())
	keys, err := s.keys.Keys(t.Context())
	if err != nil || len(keys) != 1 {
		t.Fatal(keys, err)
	}
	other, _, err := s.keys.CreateKey(t.Context(), "other", trip2g.OwnerGrant, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.keys.RevokeKey(t.Context(), keys[0].ID); err != nil {
		t.Fatal(err)
	}
	for i := range 500 {
		s.push(map[string]string{"n.md": fmt.Sprint(i)}, false, header{"X-API-Key": other})
		if strings.Contains(w.next(), "revoked") {
			return
		}
	}
	t.Error("the subscription goes on")
}

func TestASubscriptionNeedsAClientThatTakesEvents(t *testing.T) {
	s := startWithServices(t)
	a := s.post(watchQuery, map[string]any{"filter": map[string]any{}}, s.withKey())
	if a.status != http.StatusNotAcceptable || len(a.Errors) != 1 || !strings.Contains(a.Errors[0].Message, "text/event-stream") {
		t.Errorf("status %d: %s", a.status, a.body)
	}
}
