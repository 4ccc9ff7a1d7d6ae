package markdown

import (
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"trip2g/services/trip2g"
)

// unclear says what becomes of a note whose key says neither true nor false. A slip must not show a note
// to more readers than it is for.
var unclear = map[string]string{
	"publish": "is neither true nor false, and is taken as false: the note is not shown",
	"free":    "is neither true nor false, and is taken as false: the note is for members",
}

// withholds tells whether publish or free keeps the note from readers: by anything but true, if the
// key has a value.
func (f *fields) withholds(key string) bool {
	n := f.values[key]
	if isNothing(n, 0) {
		return false
	}
	if found := scalars(n, 0); len(found) == 1 {
		if yes, ok := boolean(found[0]); ok {
			return !yes
		}
	}
	f.warnKey(key, unclear[key])
	return true
}

// isNothing tells whether a value is null, an empty text, or a list or mapping of nothing.
func isNothing(n *yaml.Node, depth int) bool {
	switch {
	case n == nil:
		return true
	case depth > maxNesting:
		return false
	case n.Kind == yaml.AliasNode:
		return isNothing(n.Alias, depth+1)
	case n.Kind == yaml.ScalarNode:
		return n.ShortTag() == "!!null" || strings.TrimSpace(n.Value) == ""
	}
	return len(n.Content) <= maxItems && !slices.ContainsFunc(n.Content, func(item *yaml.Node) bool { return !isNothing(item, depth+1) })
}

// visibilityLine is publish or free with its value, which may go on in the lines below.
var visibilityLine = regexp.MustCompile(`(?mi)^["']?(publish|free)["']?[ \t]*:(.*(?:\n(?:[ \t]+\S|-\s).*)*)`)

// readVisibility finds what a frontmatter that cannot be read says against showing the note: a
// slip in one key must not publish what another one keeps back. found tells whether it has such a key.
func readVisibility(doc *trip2g.Document, block string, warn func(int, string, ...any)) (found bool) {
	line := 2 // of the note, on which what is left of the block begins
	for {
		m := visibilityLine.FindStringSubmatchIndex(block)
		if m == nil {
			return found
		}
		found = true
		line += strings.Count(block[:m[0]], "\n")
		key := strings.ToLower(block[m[2]:m[3]])
		withheld := &doc.MembersOnly
		if key == "publish" {
			withheld = &doc.Hidden
		}
		if value := lineValue(block[m[4]:m[5]]); value != "" && !*withheld {
			yes, ok := boolean(value)
			if !ok {
				warn(line, "%s %s", key, unclear[key])
			}
			*withheld = !yes
		}
		line += strings.Count(block[m[0]:m[1]], "\n")
		block = block[m[1]:]
	}
}

var comment = regexp.MustCompile(`\s#.*`)

// lineValue gives the text after a key's colon as YAML would have it, "" for none.
func lineValue(text string) string {
	text = strings.TrimSpace(comment.ReplaceAllString(" "+text, ""))
	if text == "~" || strings.EqualFold(text, "null") {
		return ""
	}
	return strings.Trim(text, ` "'`)
}
