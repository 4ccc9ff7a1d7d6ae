package trip2g

import (
	"cmp"
	"path"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// NoteURL returns the URL path of a note, unescaped: the sync API's rule, section "URLs of notes".
// slug is the frontmatter's, "" if there is none: "name" replaces the last segment as written,
// "/a/b" the whole path. ok is false for a note that is no page of its own: one whose path has a
// segment starting with "_" (other than a last "_index"). A README is its folder's page, as an index is.
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
	out := make([]string, 0, len(segments))
	for _, segment := range segments[:last] {
		out = append(out, urlSegment(segment))
	}
	switch {
	case strings.Trim(slug, "/") != "":
		out = append(out, strings.Trim(slug, "/"))
	case FolderPageRank(notePath) == NoFolderPage:
		out = append(out, urlSegment(segments[last]))
	}
	return path.Clean("/" + strings.Join(out, "/")), true
}

// The names that make a note its folder's page, the first that a folder has before the others.
const (
	IndexPage = iota
	UnderscoreIndexPage
	ReadmePage
	NoFolderPage // any other name
)

// FolderPageRank tells by which name, if by any, a note is its folder's page.
func FolderPageRank(notePath string) int {
	switch name := strings.TrimSuffix(path.Base(notePath), path.Ext(notePath)); {
	case strings.EqualFold(name, "index"):
		return IndexPage
	case name == "_index":
		return UnderscoreIndexPage
	case strings.EqualFold(name, "README"):
		return ReadmePage
	}
	return NoFolderPage
}

// Paths of the server's own pages start with SystemPrefix. Notes cannot have them.
const (
	SystemRoot   = "/_system"
	SystemPrefix = SystemRoot + "/"
)

// IsReserved reports whether a URL path is one of the server's own, which no note can have.
func IsReserved(url string) bool {
	return url == SystemRoot || strings.HasPrefix(url, SystemPrefix)
}

// IsServerFile reports whether programs ask the server for a file of its own at a URL path. A note takes its
// place only if it says which type of text it is.
func IsServerFile(url string) bool {
	switch url {
	case "/robots.txt", "/sitemap.xml", "/feed.xml", "/feed.json", "/favicon.ico":
		return true
	}
	return false
}

// urlSegment makes one segment: lower case, every run of characters that are no letters and no
// digits one "_", none at the ends. Marks on letters count as letters, because the vowel signs of Indic
// scripts are marks and a word without them is another word. A name of symbols alone, as emoji,
// keeps those: it would have nothing else to be told by.
func urlSegment(name string) string {
	var b strings.Builder
	b.Grow(len(name))
	gap := false
	for _, r := range strings.ToLower(name) {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && (gap || b.Len() == 0 || !isWordMark(r)) {
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
		return cmp.Or(symbols(name), "_")
	}
	return b.String()
}

func isWordMark(r rune) bool { return unicode.IsMark(r) && !unicode.Is(unicode.Variation_Selector, r) }

func symbols(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSymbol(r) && r > unicode.MaxASCII {
			return r
		}
		return -1
	}, name)
}

// CleanURLPath returns the canonical form of an unescaped URL path: absolute, in Unicode's NFC, without
// "." and ".." segments.
func CleanURLPath(urlPath string) string { return path.Clean("/" + norm.NFC.String(urlPath)) }
