package graphql_test

import (
	"testing"

	"trip2g/services/trip2g"
)

func TestAVersionIsRestoredAndSeenAtItsPosition(t *testing.T) {
	s := startWithServices(t)
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
	s := startWithServices(t)
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
