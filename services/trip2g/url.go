package trip2g

import (
	"cmp"
	"path"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// NoteURL returns the unescaped URL path of a note by the rules of the sync API, section "URLs of
// notes". slug is the one in the frontmatter, "" for none: "name" replaces the last segment as
// written, "/a/b" the whole path. ok is false for a note without a page: a segment of its path
// starts with "_" and is not a final "_index". A README or index is its folder's page.
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

// Ranks of names that make a note its folder's page. The lowest rank in a folder wins.
const (
	IndexPage = iota
	UnderscoreIndexPage
	ReadmePage
	NoFolderPage // any other name
)

// FolderPageRank returns the rank of a note's name as its folder's page.
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

// IsReserved reports whether a URL path belongs to the server, so that no note can have it.
func IsReserved(url string) bool {
	return url == SystemRoot || strings.HasPrefix(url, SystemPrefix)
}

// IsServerFile reports whether programs request a file of the server at a URL path. A note replaces
// the file only if it sets its content type.
func IsServerFile(url string) bool {
	switch url {
	case "/robots.txt", "/sitemap.xml", "/feed.xml", "/feed.json", "/favicon.ico":
		return true
	}
	return false
}

// urlSegment returns one segment of a URL in lower case. Each run of characters other than letters
// and digits becomes one "_", and the ends have none. Marks on letters count as letters, because
// vowel signs of Indic scripts are marks. A name of symbols alone, such as emoji, keeps them.
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

// CleanURLPath returns the canonical form of an unescaped URL path: absolute, in Unicode NFC,
// without "." and ".." segments.
func CleanURLPath(urlPath string) string { return path.Clean("/" + norm.NFC.String(urlPath)) }
