package site_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"trip2g/services/trip2g"
)

// TestLinksToAddressesAndFoldersWork has links that name a page's address or a folder, not a note.
func TestLinksToAddressesAndFoldersWork(t *testing.T) {
	for link, want := range map[string]string{
		"[l](/)":               `<a href="/">`,
		"[l](/new/place)":      `<a href="/new/place">`,
		"[l](../other/)":       `<a href="/other">`,
		"[l](../with%20note/)": `<a href="/with_note">`,
		"[[/other]]":           `<a href="/other">`,
		"[l](../nothing/)":     `<span class="missing"`,
		"[l](/_system/x)":      `<span class="missing"`,
		"[[other]]":            `<span class="missing"`,
	} {
		s := published(t, "x/from.md", link, "moved.md", "---\nslug: /new/place\n---\n", "Other/note.md", "text", "with note/index.md", "text")
		_, text, _ := strings.Cut(body(t, s, "/x/from"), "<main")
		if !strings.Contains(text, want) {
			t.Errorf("%s: no %s in %s", link, want, text)
		}
	}
}

// given gives prepared sets, and then their last again and again.
type given []trip2g.ChangeSet

func (g *given) Changes(context.Context, trip2g.Position, int) (trip2g.ChangeSet, error) {
	set := (*g)[0]
	if len(*g) > 1 {
		*g = (*g)[1:]
	}
	return set, nil
}

// TestANoteIsNeverGivenOutAsAFile has a client that joined a hidden note's text to a reference.
func TestANoteIsNeverGivenOutAsAFile(t *testing.T) {
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

// TestTheOwnerIsWarnedOfLinksThatReadersCannotFollow has links from public notes to notes for some readers.
func TestTheOwnerIsWarnedOfLinksThatReadersCannotFollow(t *testing.T) {
	m := newMemory(
		"a.md", "[[m]] and [[m|again]], [[g]], [[b]], [[nowhere]]", "b.md", "![[m]]", "m.md", "---\nfree: false\n---\n[[g]]", "g.md", "---\nsubgraph: x\n---\n",
	)
	f := newFollower(m, 0)
	var got []string
	for _, w := range refresh(t, f).RestrictedLinks() {
		got = append(got, w.Path+" "+w.Text)
	}
	want := []string{
		"a.md is public and links to m.md, which is for members: other readers cannot follow the link",
		"a.md is public and links to g.md, which is for members of its groups: other readers cannot follow the link",
		"b.md is public and links to m.md, which is for members: other readers cannot follow the link",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	m.put("m.md", "---\nfree: true\n---\n")
	m.put("g.md", "---\nfree: true\n---\n")
	if list := refresh(t, f).RestrictedLinks(); len(list) > 0 {
		t.Errorf("all is public: %v", list)
	}
}
