package markdown

import (
	"html"
	"net/url"
	"path"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/util"
	"go.abhg.dev/goldmark/wikilink"

	"trip2g/services/trip2g"
)

// target is a parsed reference.
type target struct {
	external string // an absolute URL; "" for a target in the vault
	path     string // in the vault, percent-decoded; "": the note itself
	fragment string // without "#", percent-decoded
	relative bool   // a note is resolved from the note's folder first, as in standard Markdown
}

var schemePattern = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*:`)

// externalSchemes are the URL schemes of links. Any other "a:b" is a name in the vault.
var externalSchemes = []string{"http", "https", "mailto", "tel", "xmpp", "ftp", "geo", "magnet", "obsidian"}

// parseURL parses the destination of a Markdown link or of an HTML attribute. ok is false for an
// empty one.
func parseURL(destination string) (t target, ok bool) {
	destination = strings.TrimSpace(destination)
	if destination == "" {
		return target{}, false
	}
	if strings.HasPrefix(destination, "//") || isExternal(destination) {
		return target{external: destination}, true
	}
	name, fragment, _ := strings.Cut(destination, "#")
	name, _, _ = strings.Cut(name, "?")
	return target{path: decode(name), fragment: decode(fragment), relative: true}, true
}

func isExternal(destination string) bool {
	scheme := strings.TrimSuffix(strings.ToLower(schemePattern.FindString(destination)), ":")
	for _, known := range externalSchemes {
		if scheme == known {
			return true
		}
	}
	return isDataImage(destination)
}

var dataImagePattern = regexp.MustCompile(`(?i)^data:image/(png|gif|jpeg|webp);base64,`)

// isDataImage reports whether a destination is a data URL of an image.
func isDataImage(destination string) bool { return dataImagePattern.MatchString(destination) }

// decode decodes percent-encoding. An invalid encoding, or one of characters that are not text,
// stays: a file's name can be "100%.png".
func decode(s string) string {
	decoded, err := url.PathUnescape(s)
	if err != nil || !utf8.ValidString(decoded) || strings.ContainsFunc(decoded, unicode.IsControl) {
		return s
	}
	return decoded
}

// markdownURL returns a destination without backslash escapes and character references.
func markdownURL(raw []byte) string {
	return html.UnescapeString(string(util.UnescapePunctuations(raw)))
}

// fileEnding matches a file's extension: "Node.js" has one, "v1.2" and "Dr. No" have none.
var fileEnding = regexp.MustCompile(`^\.[0-9A-Za-z]*[A-Za-z][0-9A-Za-z]*$`)

// isFile reports whether the path can be a file that is not a note.
func (t target) isFile() bool {
	ending := path.Ext(t.path)
	return fileEnding.MatchString(ending) && len(ending) <= 12 && !isNoteEnding(ending)
}

func isNoteEnding(ending string) bool {
	return strings.EqualFold(ending, ".md") || strings.EqualFold(ending, ".html")
}

// asset finds the file at the path. It skips paths that clients cannot upload.
func (t target) asset(links trip2g.Links) (trip2g.NoteAsset, bool) {
	if t.path == "" || len(t.path) > trip2g.MaxPathLength || strings.ContainsFunc(t.path, unicode.IsControl) {
		return trip2g.NoteAsset{}, false
	}
	return links.Asset(t.path)
}

// note returns the URL of the page of the note at the path, "" for the text itself.
func (t target) note(in *scope) (string, bool) {
	if t.path == "" {
		return in.url, true
	}
	l := trip2g.Link{Target: t.path, Relative: t.relative}
	if c, ok := in.links.(*collector); ok {
		c.collect(l)
		return "", false
	}
	return l.Resolve(in.links)
}

// embed finds the note at the path for embedding.
func (t target) embed(links trip2g.Links) (trip2g.Embed, bool) {
	l := trip2g.Link{Target: t.path, Relative: t.relative, Embed: true}
	if c, ok := links.(*collector); ok {
		c.collect(l)
		return trip2g.Embed{}, false
	}
	if l.PrefersRelative() {
		if e, ok := links.Embed("./" + l.Target); ok {
			return e, true
		}
	}
	return links.Embed(l.Target)
}

// heading returns the heading in the fragment: the last part of "Heading#Sub-heading".
func (t target) heading() string { return t.fragment[strings.LastIndexByte(t.fragment, '#')+1:] }

// anchor returns the id of the heading or block ("^id") in the fragment, "" without one.
func (t target) anchor() string {
	switch heading := t.heading(); {
	case blockMark.MatchString(heading):
		return strings.ToLower(heading)
	case strings.HasPrefix(heading, "^"): // no block can have that name
		return ""
	case footnotePattern.MatchString(heading) || heading == "":
		return heading
	default:
		return headingID(linkText.ReplaceAllString(heading, "$1"))
	}
}

// noteURL returns the URL of a page with the fragment.
func (t target) noteURL(page string) string {
	u := url.URL{Path: page, Fragment: t.anchor()}
	if s := u.String(); s != "" {
		return s
	}
	return "#"
}

// fault returns the message for a broken reference.
func (t target) fault() string {
	if mediaTag(t.path) != "" || isPDF(t.path) {
		return "There is no file “" + oneLine(t.path, maxTitle) + "”"
	}
	return "There is no note “" + oneLine(t.path, maxTitle) + "”"
}

// linkText matches links in a heading's text, which Obsidian's links to the heading include.
var linkText = regexp.MustCompile(`!?\[([^][]*)\]\([^()]*\)`)

// footnotePattern matches ids of footnotes.
var footnotePattern = regexp.MustCompile(`^fn(ref\d*)?:\d+$`)

// assetURL returns the URL of a file. It keeps the fragment of a PDF, such as a page.
func (t target) assetURL(asset trip2g.NoteAsset) string {
	u := trip2g.AssetURL(asset)
	if t.fragment != "" {
		u += (&url.URL{Fragment: t.fragment}).String()
	}
	return u
}

// parsedWikilink is the content of a wikilink, "target#fragment|label".
type parsedWikilink struct {
	target
	label string // text to show: the label, else the target as in Obsidian
	size  imageSize
}

// parseWikilink parses the content between "[[" and "]]". In a table, Obsidian escapes the bar as
// "\|".
func parseWikilink(n *wikilink.Node, source []byte) parsedWikilink {
	inner := string(n.Target)
	if len(n.Fragment) > 0 {
		inner += "#" + string(n.Fragment)
	}
	inner = strings.TrimSpace(strings.TrimSuffix(inner, `\`))
	var w parsedWikilink
	name, fragment, _ := strings.Cut(inner, "#")
	w.path, w.fragment = strings.TrimSpace(name), strings.TrimSpace(fragment)
	if text, ok := n.FirstChild().(*ast.Text); ok {
		w.label = strings.TrimSpace(strings.ReplaceAll(string(text.Segment.Value(source)), `\|`, "|"))
	}
	if w.label == "" || w.label == inner {
		if n.Embed && w.isFile() {
			w.label = path.Base(w.path)
			return w
		}
		w.label = strings.Trim(strings.ReplaceAll(inner, "#", " > "), " >")
		return w
	}
	if n.Embed {
		w.label, w.size = cutSize(w.label, true)
	}
	if w.label == "" {
		w.label = path.Base(w.path)
	}
	return w
}

// imageSize is a size in CSS pixels; 0: not set.
type imageSize struct{ width, height int }

var sizePattern = regexp.MustCompile(`^(?:(.*)\|)?\s*(\d{1,4})(?:x(\d{1,4}))?\s*$`)

// cutSize removes Obsidian's "|100" or "|100x200" from a label. With bare, a label can be only a
// size.
func cutSize(label string, bare bool) (string, imageSize) {
	m := sizePattern.FindStringSubmatch(label)
	if m == nil || !bare && !strings.Contains(label, "|") {
		return label, imageSize{}
	}
	width, _ := strconv.Atoi(m[2])
	height, _ := strconv.Atoi(m[3])
	return strings.TrimSpace(m[1]), imageSize{width, height}
}

// textValue returns the text of a node without backslash escapes and character references.
func textValue(n *ast.Text, source []byte) []byte {
	value := n.Segment.Value(source)
	if n.IsRaw() {
		return value
	}
	return []byte(markdownURL(value))
}
