package markdown_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"trip2g/services/trip2g/content/markdown"
)

// Otherwise notes would be missing from the pages of their tags, or appear on others.
func TestTagsInTheTextAreTheNotes(t *testing.T) {
	for in, want := range map[string][]string{
		"#a b #c/d-e_1 (#f) x#no /#no":                                                         {"a", "c/d-e_1", "f"},
		"#тег/под #日本 #👩‍💻 #y1984 #été":                                                        {"тег/под", "日本", "👩‍💻", "y1984", "été"},
		"#123 #1/2 #- # #/a ##a \\#a &#35;a #+ #'":                                             nil,
		"#a/ #b//c #d, #e. #f! #g/1":                                                           {"a", "b", "d", "e", "f", "g/1"},
		"# Heading #a\n\n- #b\n\n> #c\n\n|#d|\n|-|\n":                                          {"a", "b", "c", "d"},
		"`#a` [#b](note) [[note|#c]] ![#d](x.png) https://e.org/ #e\n\n    #f\n\n```\n#g\n```": {"e"},
		"*#a* ==b #b== #c[^1]\n\n[^1]: #d ^[#e]":                                               {"a", "b", "c", "d", "e"},
		"#Same #same #SAME":                                                                    {"Same"},
		"---\ntags: [One, two, one]\n---\n#ONE #three":                                         {"One", "two", "three"},
		"> [!tip] #a\n\n#b ^c":                                                                 {"a", "b"},
		"#" + strings.Repeat("a", 300):                                                         nil,
	} {
		if diff := cmp.Diff(want, markdown.Parse("n.md", in).Tags); diff != "" {
			t.Errorf("%s\n(-want +got):\n%s", in, diff)
		}
	}
}

// Otherwise one note could fill the list of tags.
func TestTagsAreBounded(t *testing.T) {
	var b strings.Builder
	for i := range 300 {
		fmt.Fprintf(&b, "#t%d ", i)
	}
	doc := markdown.Parse("n.md", b.String())
	if len(doc.Tags) != 256 || len(doc.Warnings) != 1 || !strings.Contains(doc.Warnings[0].Text, "tags") {
		t.Errorf("%d tags, warnings %+v", len(doc.Tags), doc.Warnings)
	}
}
