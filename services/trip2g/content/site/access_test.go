package site_test

import (
	"context"
	"strings"
	"testing"

	"trip2g/services/trip2g"
)

func (g *given) Changes(context.Context, trip2g.Position, int) (trip2g.ChangeSet, error) {
	set := (*g)[0]
	if len(*g) > 1 {
		*g = (*g)[1:]
	}
	return set, nil
}

// TestANoteIsNeverServedAsAFile has a client that attached a hidden note's text to a reference.
func TestANoteIsNeverServedAsAFile(t *testing.T) {
	secret := trip2g.NoteAsset{Ref: "Node.js", AbsolutePath: "Node.js.MD", Hash: "abc"}
	source := &given{{DatabaseID: "x", SiteAccess: trip2g.AccessEveryone, Head: 1, Position: 1, Notes: []trip2g.Note{
		{ID: 1, Path: "open.md", Content: "[[Node.js]]", Assets: []trip2g.NoteAsset{secret}},
		{ID: 2, Path: "Node.js.MD", Content: "---\npublish: false\n---\nsecret"},
	}}}
	s := refresh(t, newFollower(source, 0))
	wantIn(t, body(t, s, "/open"), `title="There is no note “Node.js”">Node.js</span>`)
	if _, _, ok := s.Asset("abc"); ok {
		t.Error("the text of a hidden note can be read as a file")
	}
}

// TestPagesMadeOfAMembersNoteAreForMembers covers the graph, the preview and redirects.
func TestPagesMadeOfAMembersNoteAreForMembers(t *testing.T) {
	s := refresh(t, newFollower(garden(), 0))
	for _, url := range []string{"/guides/secret", "/_system/graph/guides/secret", "/_system/preview/guides/secret", "/Guides/Secret.md"} {
		page, found := s.Page(url, trip2g.Anonymous)
		if page == nil || !page.Withheld() || found.URL != "" || strings.Contains(text(page), "Hidden") || page.ContentType() != "text/html; charset=utf-8" {
			t.Errorf("%s is told to everybody", url)
		}
		if page, _ := s.Page(url, trip2g.Member); strings.HasPrefix(url, "/_system") && (page == nil || page.Withheld()) {
			t.Errorf("%s is not for members", url)
		}
	}
	if _, ok := s.NoteByID(5, trip2g.Anonymous); ok {
		t.Error("everybody finds it by its number")
	}
	want := trip2g.NotePage{ID: 5, Title: "Secret", URL: "/guides/secret", Access: trip2g.Access{Level: trip2g.ForMembers}}
	got, _ := s.NoteByID(5, trip2g.Member)
	if got.Doc = nil; got != want {
		t.Errorf("a member finds %+v", got)
	}
}

// TestTheFirstNoteForMembersSplitsTheLists restricts a note and makes it public again: both kinds
// of readers must see what a node shows them that loads this vault.
func TestTheFirstNoteForMembersSplitsTheLists(t *testing.T) {
	const open, closed = "---\ntitle: Kept\ntags: [a/b, c]\n---\n", "---\ntitle: Kept\ntags: [a/b, c]\nfree: false\n---\n"
	source := newMemory("folder/kept.md", open, "folder/other.md", "---\ntags: [a]\n---\n", "alone/kept.md", open)
	f := newFollower(source, 0)
	refresh(t, f)
	for _, content := range []string{closed, open, closed} {
		source.put("folder/kept.md", content)
		source.put("alone/kept.md", content)
		s := refresh(t, f)
		fresh := refresh(t, newFollower(source, 0))
		for _, reader := range []trip2g.Visitor{trip2g.Anonymous, trip2g.Member} {
			for _, url := range []string{"/", "/folder", "/alone", "/tags", "/tags/a", "/tags/a/b", "/tags/c", "/nothing/kept", "/_system/tree/"} {
				got, want := shown(s, url, reader), shown(fresh, url, reader)
				if got != want {
					t.Errorf("%s for reader %v, after a change to %q, is\n%s\nand on a node that starts\n%s", url, reader, content, got, want)
				}
				if hidden := reader == trip2g.Anonymous && content == closed; hidden && strings.Contains(got, "Kept") {
					t.Errorf("%s tells everybody of a note for members", url)
				}
			}
		}
		wantIn(t, bodyFor(t, s, "/folder", trip2g.Member), "Kept", "other")
		wantIn(t, bodyFor(t, s, "/tags/a/b", trip2g.Member), "/folder/kept", "/alone/kept")
	}
}
