package markdown_test

import (
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/content/markdown"
)

// recorder is an empty vault that records the requested notes and files.
type recorder struct{ notes, files []string }

func (r *recorder) Note(target string) (string, bool) {
	r.notes = append(r.notes, target)
	return "", false
}

func (r *recorder) Asset(ref string) (trip2g.NoteAsset, bool) {
	r.files = append(r.files, ref)
	return trip2g.NoteAsset{}, false
}

func (r *recorder) Embed(target string) (trip2g.Embed, bool) {
	r.notes = append(r.notes, target)
	return trip2g.Embed{}, false
}

func (r *recorder) Settings() trip2g.Settings { return trip2g.Settings{} }

// FuzzReferences compares the references that a page resolves with those of its document. A file
// that is not listed is never uploaded. A page with an unlisted link is not rendered again when the
// link's target appears.
func FuzzReferences(f *testing.F) {
	for _, tt := range renderTests {
		f.Add(tt.in)
	}
	for _, in := range []string{
		"---\nimage: a.png\n---\n[[b]] ![[c.png]] [d](e.md#f) <img src='g%20h.jpg'>", "[^a]: [[b]]\n\ntext[^a] ^[![[c.pdf#page=2]]]", "> [!tip] [[a]]\n> ![](b.mp4)", "|[[a\\|b]]|\n|-|\n|![c](d.webm)|",
		"# [[a]]\n\n%%[[b]]%%\n\n- [ ] [c](<d e>)", "```\n[[a]]\n```\n`[[b]]` $[[c]]$", "[a]: b 'c'\n\n[a] ![a][] [d][a]", "<a href='b'>[[c]]</a><video poster=d><source src=e>", "[[.]] [[..]] [[/]] [](./a) [](../b) [[./c]]",
	} {
		f.Add(in)
	}
	f.Fuzz(func(t *testing.T, content string) {
		for _, path := range []string{"folder/n.md", "folder/n.html"} {
			doc := markdown.Parse(path, content)
			asked := &recorder{}
			if _, err := markdown.Render(doc, asked); err != nil {
				t.Error(err)
			}
			listed := map[string]bool{}
			for _, l := range doc.Links {
				listed[l.Target] = true
				if l.PrefersRelative() {
					listed["./"+l.Target] = true
				}
			}
			for _, target := range asked.notes {
				if !listed[target] && !isMedia(target) {
					t.Errorf("%s: the page asks for the note %q, which is not listed in %+v", path, target, doc.Links)
				}
			}
			for _, ref := range asked.files {
				if !slices.Contains(doc.AssetRefs, ref) {
					t.Errorf("%s: the page asks for the file %q, which is not listed in %q", path, ref, doc.AssetRefs)
				}
			}
			if again := markdown.AssetRefs(path, content); !slices.Equal(again, doc.AssetRefs) {
				t.Errorf("%s: a client uploads %q, the page has %q", path, again, doc.AssetRefs)
			}
		}
	})
}

// isMedia reports whether a target has the extension of a file that is not a note.
func isMedia(target string) bool {
	return len(markdown.AssetRefs("n.md", "![["+target+"]]")) > 0
}

// FuzzWikilinks links to and embeds notes with any name that Obsidian allows. Each must find the
// note, with and without a heading and label.
func FuzzWikilinks(f *testing.F) {
	for _, name := range []string{"note", "a b", "Überblick", "東京", "a'b", "a & b", "100%", "a%20b", "v1.2", "Node.js.md", "$5 and $6", "`a`", "_a_", "(b)", "==c==", "e\u0301", "a#b", "a|b", "a;b", "!", "~~a~~", "&amp;", "-", "<b>"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if !isNoteName(name) {
			return
		}
		for _, in := range []string{"[[" + name + "]]", "[[" + name + "#heading|label]]", "text [[" + name + "|label]] text", "- [[" + name + "]]", "![[" + name + "]]"} {
			doc := markdown.Parse("n.md", in)
			if len(doc.Links) != 1 || doc.Links[0].Target != name {
				t.Errorf("%q leads to %+v and the files %q", in, doc.Links, doc.AssetRefs)
			}
		}
	})
}

// isNoteName reports whether a note can have a name: no characters that Obsidian forbids, and no
// extension of another file.
func isNoteName(name string) bool {
	if name == "" || name != strings.TrimSpace(name) || len(name) > 200 || strings.ToValidUTF8(name, "") != name || strings.ContainsFunc(name, unicode.IsControl) {
		return false
	}
	return !strings.ContainsAny(name, "*\"\\/<>:|?#^[]\u2028\u2029\ufeff\ufffd") && !strings.Contains(name, "%%") && !isMedia(name)
}

// FuzzSetFields sets title and language as the Settings page does, in any settings note, and reads
// them back. All other settings and the text must stay.
func FuzzSetFields(f *testing.F) {
	for _, in := range [][2]string{
		{"", "T"}, {"text", "true"}, {"---\n---\ntext", "a: b"}, {"---\n# mine\nTitle: old # why\naccess: members\n---\n\nbody\n", "- #x"}, {"---\naccess: everyone\nexclude: [a, b]\n...\nb", "null"},
		{"---\naccess: members\n\nnever closed", "x"}, {"\ufeff---\r\naccess: members\r\n---\r\ntext\r\n", "'"}, {"---\r\naccess: members\r---\rtext", "x"}, {"---\naccess: &a members\ntitle: *a\n---\n", "~"},
		{"---\n- a\n---\n", "x"}, {"---\nbase: &b {access: members}\n<<: *b\n---\n", "x"}, {"---\nraw_html: true\nTITLE: a\ntitle: b\n---\n---\nc: d\n---\n", "x\ty"}, {"---\na: |\n  b\n\n\n---\n", "2026-01-01"},
	} {
		f.Add(in[0], in[1])
	}
	f.Fuzz(func(t *testing.T, content, title string) {
		saved, err := markdown.SetFields(content, []markdown.Field{{Key: "title", Value: title}, {Key: "lang", Value: "de"}})
		if err != nil {
			if code := trip2g.ErrorCode(err); code != trip2g.EINVALID && code != trip2g.ETOOLARGE {
				t.Errorf("error code %s: %v", code, err)
			}
			return
		}
		before, after := markdown.Parse(trip2g.SettingsPath, content), markdown.Parse(trip2g.SettingsPath, saved)
		alone, err := markdown.SetFields("", []markdown.Field{{Key: "title", Value: title}})
		if err != nil {
			t.Fatal(err)
		}
		want := *before.Settings
		want.Title, want.Lang = markdown.Parse(trip2g.SettingsPath, alone).Settings.Title, "de"
		if diff := cmp.Diff(want, *after.Settings); diff != "" {
			t.Errorf("%q became %q (-want +got):\n%s", content, saved, diff)
		}
		if before.Body != after.Body {
			t.Errorf("%q became %q: the text was %q and is %q", content, saved, before.Body, after.Body)
		}
		again, err := markdown.SetFields(saved, []markdown.Field{{Key: "title", Value: title}, {Key: "lang", Value: "de"}})
		if err != nil || again != saved {
			t.Errorf("saved again, %q becomes %q, %v", saved, again, err)
		}
	})
}
