package vault_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/content/markdown"
	"trip2g/services/trip2g/sync/vault"
)

// openWith opens a folder as the command line does.
func openWith(t *testing.T, dir string, exclude ...string) *vault.Vault {
	t.Helper()
	v, err := vault.Open(t.Context(), dir, vault.Options{Exclude: exclude, Settings: markdown.PushRules})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { v.Close() })
	return v
}

func excluded(v *vault.Vault) map[string]string {
	out := map[string]string{}
	for _, e := range v.Excluded() {
		out[e.Path] = e.Rule
	}
	return out
}

// TestRulesKeepNotesOutOfAPush has every kind of rule. A file that no rule mentions is a note.
func TestRulesKeepNotesOutOfAPush(t *testing.T) {
	for name, test := range map[string]struct {
		files   map[string]string
		exclude []string
		want    map[string]string // the excluded notes
	}{
		"no rules": {files: map[string]string{"a.md": "", "b/c.md": ""}, want: map[string]string{}},
		"a folder, a name, a re-included note": {
			files: map[string]string{
				".trip2gignore": "# mine\nDiary/\n*.draft.md\n!good.draft.md\n/top.md\n\nWork/*\n!Work/public.md\n",
				"Diary/a.md":    "", "b/Diary/deep/c.md": "", "x.draft.md": "", "b/good.draft.md": "", "top.md": "", "b/top.md": "",
				"Work/secret.md": "", "Work/public.md": "", "Work/deep/d.md": "",
			},
			want: map[string]string{
				"Diary/a.md": ".trip2gignore:2", "b/Diary/deep/c.md": ".trip2gignore:2", "x.draft.md": ".trip2gignore:3", "top.md": ".trip2gignore:5",
				"Work/secret.md": ".trip2gignore:7", "Work/deep/d.md": ".trip2gignore:7",
			},
		},
		"a re-included folder has what no other pattern matches": {
			files: map[string]string{".trip2gignore": "Work/*\n!Work/Public/\n", "Work/a.md": "", "Work/Public/b.md": "", "Work/Public/c/d.md": ""},
			want:  map[string]string{"Work/a.md": ".trip2gignore:1"},
		},
		"what is in an ignored folder cannot be re-included": {
			files: map[string]string{".trip2gignore": "Diary/\n!Diary/a.md\n", "Diary/.trip2gignore": "!a.md\n", "Diary/a.md": ""},
			want:  map[string]string{"Diary/a.md": ".trip2gignore:1"},
		},
		"an ignore file in a subfolder": {
			files: map[string]string{".trip2gignore": "*.tmp.md\n", "a/.trip2gignore": "/x.md\n!keep.tmp.md\n", "a/x.md": "", "a/b/x.md": "", "x.md": "", "a/keep.tmp.md": "", "y.tmp.md": ""},
			want:  map[string]string{"a/x.md": "a/.trip2gignore:1", "y.tmp.md": ".trip2gignore:1"},
		},
		"letter case and encoding do not matter, as on a Mac": {
			files: map[string]string{".trip2gignore": "diary/\nE\u0301t\u00e9/\n[A-B]*.md\n", "Diary/a.md": "", "\u00c9te\u0301/x.md": "", "bx.md": "", "cx.md": ""},
			want:  map[string]string{"Diary/a.md": ".trip2gignore:1", "\u00c9t\u00e9/x.md": ".trip2gignore:2", "bx.md": ".trip2gignore:3"},
		},
		"a file that Windows has saved": {
			files: map[string]string{".trip2gignore": "\xFF\xFED\x00i\x00a\x00r\x00y\x00/\x00\r\x00\n\x00b\x00.\x00m\x00d\x00", "Diary/a.md": "", "b.md": "", "c.md": ""},
			want:  map[string]string{"Diary/a.md": ".trip2gignore:1", "b.md": ".trip2gignore:2"},
		},
		"a file that an old editor of the Mac has saved": {
			files: map[string]string{".trip2gignore": "# mine\rDiary/\rb.md\r", "Diary/a.md": "", "b.md": "", "c.md": "", "_settings.md": "---\rexclude:\r  - Work/\r---\r", "Work/d.md": ""},
			want:  map[string]string{"Diary/a.md": ".trip2gignore:2", "b.md": ".trip2gignore:3", "Work/d.md": "_settings.md: exclude Work/"},
		},
		"a name with a blank and a #": {
			files: map[string]string{".trip2gignore": "C # notes.md\nF \\# notes.md\n", "C # notes.md": "", "F # notes.md": "", "a.md": ""},
			want:  map[string]string{"C # notes.md": ".trip2gignore:1", "F # notes.md": ".trip2gignore:2"},
		},
		"odd characters": {
			files: map[string]string{".trip2gignore": "{a,b}.md\n\\#x.md\n\\!y.md\na\\ \\ .md  \ntail.md \t\n", "{a,b}.md": "", "a.md": "", "#x.md": "", "!y.md": "", "a  .md": "", "tail.md": ""},
			want:  map[string]string{"{a,b}.md": ".trip2gignore:1", "#x.md": ".trip2gignore:2", "!y.md": ".trip2gignore:3", "a  .md": ".trip2gignore:4", "tail.md": ".trip2gignore:5"},
		},
		"the command line": {
			files: map[string]string{".trip2gignore": "!Diary/\n", "Diary/a.md": "", "b.md": "", "c.md": ""}, exclude: []string{"Diary/", "b.*"},
			want: map[string]string{"Diary/a.md": "--exclude Diary/", "b.md": "--exclude b.*"},
		},
		"the settings": {
			files: map[string]string{
				"_settings.md": "---\nexclude:\n  - Diary/\n  - '*.draft.md'\ninclude: [Public, index.md]\n---\n", "Diary/a.md": "", "x.draft.md": "",
				"Public/b.md": "", "Public/c/d.md": "", "index.md": "", "Other/e.md": "",
			},
			want: map[string]string{
				"Diary/a.md": "_settings.md: exclude Diary/", "x.draft.md": "_settings.md: exclude *.draft.md", "Other/e.md": "not in include of _settings.md",
			},
		},
		"templates": {
			files: map[string]string{
				".obsidian/templates.json": `{"folder": "Meta/Templates/"}`, ".obsidian/plugins/templater-obsidian/data.json": `{"templates_folder": "/Templater"}`,
				"Meta/Templates/Day.md": "", "Templater/x/Week.md": "", "Meta/a.md": "",
			},
			want: map[string]string{
				"Meta/Templates/Day.md": "folder of templates (.obsidian/templates.json)",
				"Templater/x/Week.md":   "folder of templates (.obsidian/plugins/templater-obsidian/data.json)",
			},
		},
		"templates that are asked for": {
			files: map[string]string{".obsidian/templates.json": `{"folder": "Templates"}`, ".trip2gignore": "!Templates/\n", "Templates/Day.md": ""},
			want:  map[string]string{},
		},
		"no folder of templates is set": {
			files: map[string]string{".obsidian/templates.json": `{"folder": "/"}`, ".obsidian/plugins/templater-obsidian/data.json": `{"templates_folder": null}`, "a.md": ""},
			want:  map[string]string{},
		},
		"drawings with an exported image": {
			files: map[string]string{
				"a.excalidraw.md": "x", "a.excalidraw.svg": "", "d/B.excalidraw.md": "x", "d/B.dark.png": "", "c.excalidraw.md": "x",
				"plan.md": "---\ntags: [x]\nexcalidraw-plugin: parsed\n---\n", "plan.png": "", "other.md": "---\ntags: [x]\n---\nexcalidraw-plugin: x", "other.png": "",
				"kept.excalidraw.md": "x", "kept.svg": "", ".trip2gignore": "!kept.*\n",
			},
			want: map[string]string{
				"a.excalidraw.md":   "Excalidraw drawing, exported to a.excalidraw.svg",
				"d/B.excalidraw.md": "Excalidraw drawing, exported to d/B.dark.png", "plan.md": "Excalidraw drawing, exported to plan.png",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := folder(t, test.files)
			v := openWith(t, dir, test.exclude...)
			if diff := cmp.Diff(test.want, excluded(v)); diff != "" {
				t.Error(diff)
			}
			if test.exclude == nil {
				got, faults := excludedInBrowser(t, test.files)
				if diff := cmp.Diff(test.want, got); diff != "" || len(faults) > 0 {
					t.Errorf("in the browser: %s%q", diff, faults)
				}
			}
			for path := range test.files {
				path = trip2g.NormalizePath(path)
				hidden := strings.Contains("/"+path, "/.") || !strings.HasSuffix(path, ".md")
				if _, out := test.want[path]; slices.Contains(paths(v), path) == (out || hidden) {
					t.Errorf("%s is in the wrong list: %q", path, paths(v))
				}
			}
		})
	}
}

// TestAWrongRuleStopsThePush expects the file and line of each rule that would keep nothing
// private.
func TestAWrongRuleStopsThePush(t *testing.T) {
	for name, test := range map[string]struct {
		files   map[string]string
		exclude []string
		place   string
		says    string
	}{
		"an open bracket":             {files: map[string]string{"a/.trip2gignore": "ok\n[a-\n"}, place: "a/.trip2gignore:2", says: `without its "]"`},
		"a backslash at the end":      {files: map[string]string{".trip2gignore": "Diary\\\n"}, place: ".trip2gignore:1", says: "at its end"},
		"folders as Windows has them": {files: map[string]string{".trip2gignore": "Diary\\2026\n"}, place: ".trip2gignore:1", says: `separated by "/"`},
		"from here":                   {files: map[string]string{".trip2gignore": "./Diary/\n"}, place: ".trip2gignore:1", says: "patterns begin at the folder"},
		"no name":                     {files: map[string]string{".trip2gignore": "Diary//x\n"}, place: ".trip2gignore:1", says: "without a name"},
		"a class":                     {files: map[string]string{".trip2gignore": "[[:digit:]].md\n"}, place: ".trip2gignore:1", says: "[0-9]"},
		"a comment after a pattern":   {files: map[string]string{".trip2gignore": "Diary/ # private\n", "Diary/a.md": ""}, place: ".trip2gignore:1", says: "a comment needs its own line"},
		"a comment after a tab":       {files: map[string]string{".trip2gignore": "a\nDiary/\t# private\n", "a/Diary/a.md": ""}, place: ".trip2gignore:2", says: "a comment needs its own line"},
		"a control character":         {files: map[string]string{".trip2gignore": "Diary\x00/\n"}, place: ".trip2gignore:1", says: "control character"},
		"no text":                     {files: map[string]string{".trip2gignore": "a\nD\xE9j\xE0/\n"}, place: ".trip2gignore", says: "line 2"},
		"too large":                   {files: map[string]string{".trip2gignore": strings.Repeat("#", 1<<20+1)}, place: ".trip2gignore", says: "larger than"},
		"a folder":                    {files: map[string]string{".trip2gignore/x": ""}, place: ".trip2gignore", says: "not a regular file"},
		"the command line":            {files: map[string]string{"a.md": ""}, exclude: []string{"!a.md"}, place: "--exclude", says: "is not a pattern"},
		"settings that are no YAML":   {files: map[string]string{"_settings.md": "---\ntitle: x\nexclude: *.md\n---\n"}, place: "_settings.md", says: "quotation marks"},
		"settings without an end":     {files: map[string]string{"_settings.md": "---\nexclude: Diary\n"}, place: "_settings.md", says: "do not count here"},
		"settings of another kind":    {files: map[string]string{"_settings.md": "---\nexclude: {a: b}\n---\n"}, place: "_settings.md", says: "line 2"},
		"a list with a list":          {files: map[string]string{"_settings.md": "---\ninclude:\n - a\n - [b]\n---\n"}, place: "_settings.md", says: "line 4"},
		"a wrong pattern in settings": {files: map[string]string{"_settings.md": "---\nexclude: ['[']\n---\n"}, place: "_settings.md", says: `"["`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := vault.Open(t.Context(), folder(t, test.files), vault.Options{Exclude: test.exclude, Settings: markdown.PushRules})
			fields := trip2g.ErrorFields(err)
			if trip2g.ErrorCode(err) != trip2g.EINVALID || len(fields) != 1 || fields[0].Name != test.place || !strings.Contains(fields[0].Value, test.says) {
				t.Errorf("open: %v with %q", err, fields)
			}
			if test.exclude != nil || name == "too large" || name == "a folder" {
				return // not in a browser
			}
			if _, faults := excludedInBrowser(t, test.files); len(faults) != 1 || faults[0] != test.place {
				t.Errorf("in the browser: %q", faults)
			}
		})
	}
}

// TestARuleThatMatchesNothingIsNamed has misspelt names, which keep nothing private, and rules that
// need no warning.
func TestARuleThatMatchesNothingIsNamed(t *testing.T) {
	files := map[string]string{
		".trip2gignore": "Dairy/\nDiary/\nDiary/b.md\n!Diary/a.md\n.obsidian/\nnode_modules\n*.tmp.md\n/Sub\n", "Diary/a.md": "", "Diary/b.md": "",
		"Sub/.trip2gignore": "x.md\n", "Sub/y.md": "", "c.md": "", "_settings.md": "---\nexclude: [Secret/, Diary/]\ninclude: ['*.md', Pub/]\n---\n", "x.png": "",
	}
	v := openWith(t, folder(t, files), "nothing-*", "c.md")
	var got []string
	for _, w := range v.Warnings() {
		got = append(got, fmt.Sprintf("%s:%d %s", w.Path, w.Line, w.Text))
	}
	want := []string{
		`--exclude:0 "nothing-*" matches nothing in this folder`,
		`.trip2gignore:1 "Dairy/" matches nothing in this folder`,
		`.trip2gignore:7 "*.tmp.md" matches nothing in this folder`,
		`_settings.md:0 "Secret/" matches nothing in this folder`,
		`_settings.md:0 "Pub/" matches nothing in this folder`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	places := rulesInBrowser(t, files).Warnings
	slices.Sort(places)
	if diff := cmp.Diff([]string{".trip2gignore:1", ".trip2gignore:7", "Sub/.trip2gignore:1", "_settings.md", "_settings.md"}, places); diff != "" {
		t.Error("in the browser:", diff)
	}
}

// TestALinkToNowhereIsNoMissingIgnoreFile has an ignore file that exists and cannot be read.
func TestALinkToNowhereIsNoMissingIgnoreFile(t *testing.T) {
	dir := folder(t, map[string]string{"a.md": ""})
	if err := os.Symlink("gone", filepath.Join(dir, trip2g.IgnoreFile)); err != nil {
		t.Fatal(err)
	}
	if _, err := vault.Open(t.Context(), dir, vault.Options{}); len(trip2g.ErrorFields(err)) != 1 {
		t.Errorf("open: %v", err)
	}
}

// TestRulesMatchAsGitDoes compares random patterns over a random tree with git.
func TestRulesMatchAsGitDoes(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	pick := func(from ...string) string { return from[random.IntN(len(from))] }
	some := func(most int, make func() string) string {
		var out []string
		for range 1 + random.IntN(most) {
			out = append(out, make())
		}
		return strings.Join(out, "/")
	}
	repository := t.TempDir()
	git(t, repository, "init", "-q")
	for i := range 80 {
		dir := filepath.Join(repository, fmt.Sprint(i))
		for range 12 {
			write(t, filepath.Join(dir, some(4, func() string { return pick("a", "b", "ab", "a b") }), "x"+pick("", "y")+".md"), "")
		}
		for _, place := range []string{".", some(2, func() string { return pick("a", "b") })} {
			var lines []string
			for range 1 + random.IntN(4) {
				lines = append(lines, pick("", "", "!")+pick("", "", "/")+some(3, func() string {
					return pick("a", "b", "*", "a*", "?", "[ab]", "[!a]", "[^b]", "**", "*b", "x.md", "*.md", "a\\ b", "a**b")
				})+pick("", "", "/", " "))
			}
			write(t, filepath.Join(dir, place, trip2g.IgnoreFile), strings.Join(lines, "\n")+"\n")
		}
		var want []string
		for _, name := range strings.Split(git(t, dir, "ls-files", "-z", "--others", "--exclude-per-directory="+trip2g.IgnoreFile), "\x00") {
			if strings.HasSuffix(name, ".md") {
				want = append(want, name)
			}
		}
		got := paths(openWith(t, dir))
		slices.Sort(got)
		slices.Sort(want)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%s\n%s", diff, rulesIn(t, dir))
		}
		files := filesIn(t, dir)
		out, faults := excludedInBrowser(t, files)
		for name := range files {
			if _, excluded := out[name]; strings.HasSuffix(name, ".md") && excluded == slices.Contains(want, name) {
				t.Fatalf("the browser decides otherwise on %s: %q %q\n%s", name, out, faults, rulesIn(t, dir))
			}
		}
	}
}

func git(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command("git", append([]string{"-C", dir, "-c", "core.excludesFile=/dev/null"}, args...)...)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("git %q: %v", args, err)
	}
	return string(out)
}

func rulesIn(t *testing.T, dir string) (out string) {
	for name, content := range filesIn(t, dir) {
		if filepath.Base(name) == trip2g.IgnoreFile {
			out += name + ":\n" + content
		}
	}
	return out
}

func filesIn(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(name string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(name)
		files[filepath.ToSlash(name[len(dir)+1:])] = string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// TestFilesOfALeftOutFolderAreNotFound has references to files that no push may send.
func TestFilesOfALeftOutFolderAreNotFound(t *testing.T) {
	dir := folder(t, map[string]string{
		".trip2gignore": "Private/\n", "Private/scan.png": "x", "a.md": "", "draw.excalidraw.md": "x", "draw.excalidraw.light.svg": "x",
		"sub/plain.excalidraw.md": "x", "Node.js.md": "x",
	})
	v := openWith(t, dir)
	for ref, want := range map[string]string{
		"scan.png":                  "which is excluded (.trip2gignore:1)",
		"Private/scan.png":          "which is excluded (.trip2gignore:1)",
		"nowhere.png":               "which is not in the folder",
		"plain.excalidraw":          "",
		"Node.js":                   "",
		"draw.excalidraw#area=x":    "draw.excalidraw.light.svg",
		"draw.excalidraw":           "draw.excalidraw.light.svg",
		"draw.excalidraw.light.svg": "draw.excalidraw.light.svg",
		"missing.excalidraw":        "which is not in the folder",
	} {
		got, ok := v.FindAsset("a.md", ref)
		if !ok {
			got = v.MissingAsset("a.md", ref)
		}
		if got != want {
			t.Errorf("%s: %q, want %q", ref, got, want)
		}
	}
}
