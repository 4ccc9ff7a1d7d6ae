package site_test

import (
	"fmt"
	"strings"
	"testing"

	"trip2g/services/trip2g"
)

func TestANoteShowsBacklinksWithContext(t *testing.T) {
	s := refresh(t, newFollower(garden(), 0))
	wantIn(t, body(t, s, "/guides/pear"), `<a href="/apple">Apple</a><p>Round &amp; sweet. It grows beside the pear.</p>`, `<a href="/">Garden</a><p>See Apple and a pear.</p>`)
	apple := body(t, s, "/apple")
	if strings.Contains(apple, "Secret") || strings.Contains(apple, "Hidden") {
		t.Error("everybody is told of a members' note")
	}
	wantIn(t, bodyFor(t, s, "/apple", trip2g.Member), `<a href="/guides/secret">Secret</a><p>Hidden: apple</p>`)
}

func TestBacklinksAreFoundByEveryNameOfANote(t *testing.T) {
	var vault []string
	for i, link := range []string{"[[The Note]]", "[[the note.md]]", "[[F/The note#x]]", "[l](F/The%20note.md)", "[[/f/named]]", "[[Alias]]", "![[The note]]", "[[../F/The note]]"} {
		vault = append(vault, fmt.Sprintf("g/n%d.md", i), link)
	}
	s := memory(append(vault, "F/The note.md", "---\nslug: named\naliases: alias\n---\n[[The note]]", "g/other.md", "[[F]] [[nothing]]", "F/index.md", "")...)
	text := body(t, s, "/f/named")
	_, text, _ = strings.Cut(text, `class="backlinks"`)
	if got := strings.Join(texts(text[:strings.Index(text, "</section>")]), " "); got != "n0 n1 n2 n3 n4 n5 n6 n7" {
		t.Errorf("what leads there is %s", got)
	}
	wantIn(t, body(t, memory("a.md", "[f](F/) [[sub/]]", "sub/index.md", "x", "F/README.md", "x"), "/f"), `<a href="/a">a</a>`)
}
