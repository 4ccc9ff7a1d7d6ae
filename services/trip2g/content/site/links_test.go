package site_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"trip2g/services/trip2g"
)

// withheld is the target of a link to a page that the reader may not read.
const withheld = trip2g.WithheldPage

// TestALinkResolvesAsInObsidian writes one link into a note and reads its target.
func TestALinkResolvesAsInObsidian(t *testing.T) {
	notes := []string{
		"index", "note", "guides/start", "guides/deep/note", "other/note", "other/deep/only", "zoo/start", "zoo/index",
		"Ärger/Straße", "Case", "case", "v1.2", "Node.js", "a b", "moved", "members/secret", "hidden", "_private/note two",
	}
	for _, tt := range []struct{ from, link, want string }{
		{"guides/x", "[[note]]", "/note"}, // exact path in the root
		{"guides/x", "[[NOTE]]", "/note"},
		{"guides/x", "[[note.md]]", "/note"},
		{"x", "[[guides/start]]", "/guides/start"},
		{"x", "[[start]]", "/zoo/start"}, // as many folders, shorter path
		{"guides/x", "[[start]]", "/guides/start"},
		{"guides/deep/x", "[[start]]", "/zoo/start"},
		{"x", "[[deep/note]]", "/guides/deep/note"},
		{"x", "[[only]]", "/other/deep/only"},
		{"x", "[[deep/only]]", "/other/deep/only"},
		{"x", "[[eep/only]]", ""},
		{"guides/deep/x", "[[../start]]", "/guides/start"},
		{"guides/deep/x", "[[./note]]", "/guides/deep/note"},
		{"guides/x", "[[./note]]", ""},
		{"guides/x", "[[../../../note]]", ""},
		{"guides/x", "[[/note]]", "/note"},
		{"guides/x", "[[/start]]", ""},
		{"x", "[[A\u0308rger/straße]]", "/%C3%A4rger/stra%C3%9Fe"},
		{"x", "[[Case]]", "/case"},
		{"x", "[[case]]", "/case_2"},
		{"x", "[[v1.2]]", "/v1_2"},
		{"x", "[[Node.js]]", "/node_js"},
		{"x", "[[index]]", "/"},
		{"zoo/x", "[[zoo/]]", "/zoo"},
		{"x", "[[another name]]", "/note"}, // alias
		{"x", "[[Another NAME#a]]", "/note#a"},
		{"x", "[[other name]]", ""},
		{"x", "[[also/with a slash]]", "/note"},
		{"guides/x", "[[both]]", "/guides/start"}, // nearest of two notes with the alias
		{"x", "[[both]]", "/note"},
		{"x", "[[only]]", "/other/deep/only"}, // a name comes before an alias
		{"x", "[l](another%20name)", "/note"},
		{"x", "[[./another name]]", ""},
		{"x", "[[hidden]]", ""},
		{"x", "[[note two]]", ""},
		{"x", "[[secret]]", withheld},
		{"guides/x", "[l](start.md)", "/guides/start"},
		{"zoo/x", "[l](start.md)", "/zoo/start"},
		{"other/x", "[l](note.md)", "/other/note"}, // relative to the note, as in any Markdown
		{"guides/x", "[l](../a%20b.md)", "/a_b"},
		{"guides/x", "[l](../zoo/)", "/zoo"},
		{"guides/x", "[l](../other/)", "/other"}, // a folder with a generated list
		{"x", "[l](/)", "/"},
		{"x", "[l](/new/place)", "/new/place"}, // URL of a page
		{"x", "[l](/_system/graphql)", ""},
		{"x", "[l](/_system/)", "/_system/"}, // the server's own pages
		{"guides/x", "[l](/_system/search)", "/_system/search"},
		{"x", "[l](/feed.xml)", "/feed.xml"},
		{"x", "[l](..)", ""},
		{"x", "[l](.)", "/"},
		{"guides/x", "[l](../)", "/"}, // the root
		{"guides/x", "[l](..)", "/"},
		{"x", "[l](/_system/warnings)", "/_system/warnings"},
		{"x", "[l](/_system/docs/guides/push)", "/_system/docs/guides/push"},
		{"x", "[l](/_system/nothing)", ""},
	} {
		vault := []string{tt.from + ".md", tt.link}
		for _, n := range notes {
			content := "text"
			switch n {
			case "note":
				content = "---\naliases: [another name, also/with a slash, both, only]\n---\n"
			case "guides/start":
				content = "---\nalias: Both\n---\n"
			case "moved":
				content = "---\nslug: /new/place\n---\n"
			case "members/secret":
				content = "---\nfree: false\n---\n"
			case "hidden":
				content = "---\npublish: false\n---\n"
			}
			vault = append(vault, n+".md", content)
		}
		url := "/" + tt.from
		_, text, _ := strings.Cut(body(t, memory(vault...), url), "<main")
		text, _, _ = strings.Cut(text, "</main>")
		want := `<a href="` + tt.want + `">`
		switch tt.want {
		case "":
			want = `<span class="missing"`
		case withheld:
			want = `<p><span>`
		}
		if !strings.Contains(text, want) {
			t.Errorf("in %s, %s gives %s, want %s", tt.from, tt.link, strings.TrimSpace(text), want)
		}
	}
}

// TestAFileIsFoundByItsNoteAndThenInTheVault has a client's attachment come first.
func TestAFileIsFoundByItsNoteAndThenInTheVault(t *testing.T) {
	file := func(ref, path, hash string) trip2g.NoteAsset {
		return trip2g.NoteAsset{Ref: ref, AbsolutePath: path, Hash: hash}
	}
	source := newMemory(
		"a/open.md", "![1](joined.png) ![2](pic.png) ![3](../img/pic.png) ![4](/top.png) ![5](TOP.png) ![6](secret.png) ![7](note.md) [8](raw)",
		"b/other.md", "![](x) ![](y) ![](z)",
		"c/members.md", "---\nfree: false\n---\n![9](secret.png) ![10](top.png) ![](s)",
		"d/hidden.md", "---\npublish: false\n---\n![](p)",
	)
	source.attach("a/open.md", file("joined.png", "far/away.png", "h1"), file("note.md", "d/hidden.md", "h9"))
	source.attach("b/other.md", file("x", "img/pic.png", "h2"), file("y", "top.png", "h4"), file("z", "z/z/pic.png", "h3"))
	source.attach("c/members.md", file("s", "c/secret.png", "h6"))
	source.attach("d/hidden.md", file("p", "d/hidden.png", "h8"))
	s := refresh(t, newFollower(source, 0))
	wantIn(t, body(t, s, "/a/open"), "h1/away.png", `h2/pic.png" alt="2"`, `h2/pic.png" alt="3"`, `h4/top.png" alt="4"`, `h4/top.png" alt="5"`,
		`title="There is no file “secret.png”">6</span>`, `title="There is no note “note.md”">7</span>`, `title="There is no note “raw”">8</span>`)
	wantIn(t, bodyFor(t, s, "/c/members", trip2g.Member), "h6/secret.png", "h4/top.png")
	wantIn(t, bodyFor(t, s, "/a/open", trip2g.Member), "h6/secret.png")
	for hash, want := range map[string][2]bool{"h1": {true, true}, "h6": {false, true}, "h8": {}, "h9": {}, "": {}} {
		if _, public, ok := s.Asset(hash); public != want[0] || ok != want[1] {
			t.Errorf("%s: public %v, there %v; want %v", hash, public, ok, want)
		}
	}
}

// TestAFileWithoutReferencesIsNotServed removes an image from its notes, one after another.
func TestAFileWithoutReferencesIsNotServed(t *testing.T) {
	const open = "---\nfree: true\n---\n"
	pic := func(ref string) trip2g.NoteAsset {
		return trip2g.NoteAsset{Ref: ref, AbsolutePath: "img/pic.png", Hash: "h1"}
	}
	source := newMemory("a.md", open+"![[pic.png]]", "members.md", "---\nfree: false\n---\n![](img/pic.png)", "named.md", open+"![[pic.png]]",
		trip2g.SettingsPath, "---\nicon: img/pic.png\n---\n", "_aside.md", "![[pic.png]]")
	source.attach("a.md", pic("pic.png"))
	source.attach("members.md", pic("img/pic.png"))
	source.attach(trip2g.SettingsPath, pic("img/pic.png"))
	source.attach("_aside.md", pic("pic.png"))
	f := newFollower(source, 0)
	wantIn(t, body(t, refresh(t, f), "/named"), "/_system/assets/h1/pic.png")
	for _, step := range []struct {
		path, content string
		public, ok    bool
	}{
		{trip2g.SettingsPath, "---\ntitle: x\n---\n", true, true},
		{"a.md", open + "`![[pic.png]]` %%![[pic.png]]%%", false, true},
		{"members.md", "---\nfree: false\n---\n", false, false},
		{"a.md", open + "![[pic.png]]", true, true},
		{"a.md", "---\npublish: false\n---\n![[pic.png]]", false, false},
	} {
		source.put(step.path, step.content)
		s := refresh(t, f)
		if _, public, ok := s.Asset("h1"); public != step.public || ok != step.ok {
			t.Errorf("after %s is %q: public %v, there %v; want %v, %v", step.path, step.content, public, ok, step.public, step.ok)
		}
		if got := strings.Contains(body(t, s, "/named"), "/_system/assets/h1/"); got != step.public {
			t.Errorf("after %s is %q: a page shows it: %v", step.path, step.content, got)
		}
	}
}

// TestALinkRevealsNothingOfAPageThatGuestsMayNotRead links to members' notes by each of their
// names: the text does not contain their URL.
func TestALinkRevealsNothingOfAPageThatGuestsMayNotRead(t *testing.T) {
	source := newMemory("index.md", "[[The plan]] [[Secret/Budget|money]] [by file](Secret/Budget.md) <a href=\"Secret/Budget.md\" id=\"x\">html</a> ![[The plan]] [[/hidden/place]] [[open]]",
		"open.md", "x", "Secret/Budget.md", "---\nfree: false\nslug: /hidden/place\naliases: [The plan]\n---\nx")
	f := newFollower(source, 0)
	s := refresh(t, f)
	guests := body(t, s, "/")
	wantIn(t, guests, "The plan", "money", "by file", "html", `<a href="/open">open</a>`)
	for _, told := range []string{`href="/hidden`, "There is no note", `class="missing"`} {
		if strings.Contains(guests, told) {
			t.Errorf("guests are told %s:\n%s", told, guests)
		}
	}
	if members := bodyFor(t, s, "/", trip2g.Member); strings.Count(members, `href="/hidden/place"`) < 5 {
		t.Errorf("members cannot follow the links:\n%s", members)
	}

	// When the note becomes public, the guests' page links to it at once.
	source.put("Secret/Budget.md", "---\nfree: true\nslug: /hidden/place\naliases: [The plan]\n---\nx")
	if guests = body(t, refresh(t, f), "/"); strings.Count(guests, `href="/hidden/place"`) < 5 {
		t.Errorf("guests cannot follow the links:\n%s", guests)
	}
	source.put("Secret/Budget.md", "---\nsubgraph: staff\nslug: /hidden/place\naliases: [The plan]\n---\nx")
	if members := bodyFor(t, refresh(t, f), "/", trip2g.Member); strings.Contains(members, `href="/hidden`) {
		t.Errorf("members of no group are told the URL:\n%s", members)
	}
}

// TestLinksToURLsAndFoldersWork has links to a page's URL or to a folder, not to a note.
func TestLinksToURLsAndFoldersWork(t *testing.T) {
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

// TestTheOwnerIsWarnedOfLinksThatReadersCannotFollow has links from public notes to restricted
// ones.
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

// given is a source that returns prepared change sets, and then repeats the last one.
type given []trip2g.ChangeSet
