package trip2g

import (
	"path"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// NoteURL gives the URL path of a note, unescaped: the sync API's rule, section "URLs of notes".
// slug is the frontmatter's, "" if there is none: "name" replaces the last segment as written,
// "/a/b" the whole path. ok is false for a note that is no page of its own: one whose path has a
// segment starting with "_" (other than a last "_index").
func NoteURL(notePath, slug string) (url string, ok bool) {
	stem := strings.TrimSuffix(norm.NFC.String(notePath), path.Ext(notePath))
	segments := strings.Split(stem, "/")
	last := len(segments) - 1
	for i, segment := range segments {
		if strings.HasPrefix(segment, "_") && (i != last || segment != "_index") {
			return "", false
		}
	}
	slug = strings.TrimSpace(norm.NFC.String(slug))
	if strings.HasPrefix(slug, "/") {
		return path.Clean(slug), true
	}
	isIndex := strings.EqualFold(segments[last], "index") || segments[last] == "_index"
	out := make([]string, 0, len(segments))
	for _, segment := range segments[:last] {
		out = append(out, urlSegment(segment))
	}
	switch {
	case strings.Trim(slug, "/") != "":
		out = append(out, strings.Trim(slug, "/"))
	case !isIndex:
		out = append(out, urlSegment(segments[last]))
	}
	return path.Clean("/" + strings.Join(out, "/")), true
}

// urlSegment makes one segment: lower case, every run of characters that are no letters and no
// digits one "_", none at the ends. Marks count as letters, because the vowel signs of Indic
// scripts are marks and a word without them is another word.
func urlSegment(name string) string {
	var b strings.Builder
	gap := false
	for _, r := range strings.ToLower(name) {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) {
			gap = true
			continue
		}
		if gap && b.Len() > 0 {
			b.WriteByte('_')
		}
		gap = false
		b.WriteRune(r)
	}
	if b.Len() == 0 {
		return "_"
	}
	return b.String()
}
