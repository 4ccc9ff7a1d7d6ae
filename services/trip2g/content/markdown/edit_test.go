package markdown_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/content/markdown"
)

// Saving the settings form must not lose what the owner wrote by hand.
func TestFieldsAreSetAndAllElseStays(t *testing.T) {
	for name, tt := range map[string]struct {
		in     string
		fields []markdown.Field
		want   string
	}{
		"no frontmatter": {"text\n", []markdown.Field{{"title", "T"}}, "---\ntitle: T\n---\ntext\n"},
		"an empty note":  {"", []markdown.Field{{"graph", false}}, "---\ngraph: false\n---\n"},
		"an empty one":   {"---\n---\ntext", []markdown.Field{{"a", "b"}}, "---\na: b\n---\ntext"},
		"in its place": {
			"---\n# mine\nnav: [a, 'b']\nTitle: old # why\nother: {x: 1}\n---\n\nbody\n", []markdown.Field{{"title", "new: one"}, {"lang", "de"}},
			"---\n# mine\nnav: [a, 'b']\nTitle: 'new: one' # why\nother: {x: 1}\nlang: de\n---\n\nbody\n",
		},
		"taken out":      {"---\na: 1\ntitle: x\n---\nb", []markdown.Field{{"title", nil}, {"none", nil}}, "---\na: 1\n---\nb"},
		"the last one":   {"---\ntitle: x\n---\nb", []markdown.Field{{"title", nil}}, "b"},
		"closed by dots": {"---\ntitle: x\n...\nb", []markdown.Field{{"title", "z"}}, "---\ntitle: z\n---\nb"},
		"given twice":    {"---\ntitle: x\nTITLE: y\n---\n", []markdown.Field{{"title", "z"}}, "---\ntitle: z\n---\n"},
		"looks like one": {"", []markdown.Field{{"title", "true"}, {"lang", "no"}, {"footer", "- #x\n---\ny"}}, "---\ntitle: \"true\"\nlang: \"no\"\nfooter: |-\n  - #x\n  ---\n  y\n---\n"},
	} {
		got, err := markdown.SetFields(tt.in, tt.fields)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestFrontmatterThatCannotBeChangedIsLeftAlone(t *testing.T) {
	for name, in := range map[string]string{
		"no YAML":            "---\na: [\n---\n",
		"no keys and values": "---\n- a\n---\n",
		"a lost anchor":      "---\ntitle: &t x\nother: *t\n---\n",
		"endless":            "---\na: " + strings.Repeat("x", 300<<10) + "\n---\n",
	} {
		_, err := markdown.SetFields(in, []markdown.Field{{"title", "y"}})
		if code := trip2g.ErrorCode(err); code != trip2g.EINVALID && code != trip2g.ETOOLARGE {
			t.Errorf("%s: %v", name, err)
		}
	}
}
