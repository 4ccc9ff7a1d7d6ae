package site_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"trip2g/services/trip2g"
)

func TestTheExplorerOpensTheFoldersAboveAPage(t *testing.T) {
	s := memory("index.md", "x", "a/b/c/note.md", "x", "a/b/other.md", "x", "z/last.md", "x", "a/members.md", "---\nfree: false\n---\n", "Z.md", "beside its folder")
	text := body(t, s, "/a/b/other")
	wantIn(t, text, `data-tree="/_system/tree/a"`, `data-tree="/_system/tree/a/b/c"`, `data-tree="/_system/tree/z"`, `<a href="/a/b/other" aria-current="page">`)
	if strings.Contains(text, `href="/a/b/c/note"`) || strings.Contains(text, `href="/z/last"`) {
		t.Error("a folder is open that is not above the page")
	}
	wantIn(t, body(t, s, "/a/b"), `<a href="/a" aria-current="true">`, `<a href="/a/b" aria-current="page">`)
	wantIn(t, body(t, s, "/z"), `<a href="/z" aria-current="page">`)
	if got := body(t, s, "/_system/tree/a"); got != `[{"title":"b","url":"/a/b","folder":true,"tree":"/_system/tree/a/b"}]`+"\n" {
		t.Errorf("the folder has %s", got)
	}
	wantIn(t, bodyFor(t, s, "/_system/tree/a", trip2g.Member), `{"title":"members","url":"/a/members"}`)
	wantIn(t, body(t, s, "/_system/tree/"), `{"title":"Z","url":"/z","folder":true,"tree":"/_system/tree/z"}`)
	for _, url := range []string{"/_system/tree/none", "/_system/tree", "/_system/tree/a/b/other", "/_system/graph/none", "/_system/preview/a"} {
		if page, found := s.Page(url, trip2g.Owner); page != nil || found.URL != "" {
			t.Errorf("there is something at %s, or it leads to %q", url, found.URL)
		}
	}
}

func TestTheExplorerShowsThePageInALargeFolder(t *testing.T) {
	var vault []string
	for i := range 300 {
		vault = append(vault, fmt.Sprintf("f/n%03d.md", i), "x")
	}
	s := memory(vault...)
	wantIn(t, body(t, s, "/f/n299"), `<a href="/f/n299" aria-current="page"><bdi>n299</bdi></a>`, "More …")
	if n := strings.Count(body(t, s, "/f/n299"), `href="/f/n`); n > 210 {
		t.Errorf("the explorer has %d notes", n)
	}
}

func TestAGraphContainsTheNeighbours(t *testing.T) {
	s := refresh(t, newFollower(garden(), 0))
	var g struct {
		Nodes []struct {
			URL   string
			Depth int
		}
		Edges [][2]int
	}
	read := func(reader trip2g.Visitor) string {
		if err := json.Unmarshal([]byte(bodyFor(t, s, "/_system/graph/guides/pear", reader)), &g); err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(g.Nodes, g.Edges)
	}
	if got, want := read(trip2g.Anonymous), "[{/guides/pear 0} {/apple 1} {/ 1}] [[0 1] [1 2] [0 2]]"; got != want {
		t.Errorf("the graph is %s, want %s", got, want)
	}
	if got := read(trip2g.Member); !strings.Contains(got, "/guides/secret 2") {
		t.Errorf("a member's graph is %s", got)
	}
}

func TestAPreviewShowsTitleAndExcerpt(t *testing.T) {
	s := refresh(t, newFollower(garden(), 0))
	text := body(t, s, "/_system/preview/apple")
	wantIn(t, text, "<strong>Apple</strong>", "<p>Round &amp; sweet. It grows beside the pear.</p>")
	if strings.Contains(text, "<html") {
		t.Error("it is a whole page")
	}
	wantIn(t, body(t, s, "/_system/preview/start"), "auf deutsch")
}
