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

// target is where a reference leads, as the note's text says.
type target struct {
	external string // a URL of its own; "" for what is in the vault
	path     string // in the vault, percent-decoded; "" is the note itself
	fragment string // without "#", percent-decoded
	relative bool   // a note is looked for from the note's folder first, as in any Markdown
}

var schemePattern = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*:`)

// externalSchemes are those that a link can have; any other "a:b" is taken for a name in the vault,
// where it leads nowhere unless it is one.
var externalSchemes = []string{"http", "https", "mailto", "tel", "xmpp", "ftp", "geo", "magnet", "obsidian"}

// parseURL understands the destination of a Markdown link or of an attribute in HTML. ok is false
// for one that is empty.
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

// isDataImage reports whether a destination is a picture that is its own content.
func isDataImage(destination string) bool { return dataImagePattern.MatchString(destination) }

// decode takes percent-encoding away. Text that is not encoded right, or hides what is no text,
// stays: a file can be called "100%.png".
func decode(s string) string {
	decoded, err := url.PathUnescape(s)
	if err != nil || !utf8.ValidString(decoded) || strings.ContainsFunc(decoded, unicode.IsControl) {
		return s
	}
	return decoded
}

// markdownURL returns a destination as the text means it: without backslashes and character references.
func markdownURL(raw []byte) string {
	return html.UnescapeString(string(util.UnescapePunctuations(raw)))
}

// fileEnding is what ends a file's name: "Node.js" has one, "v1.2" and "Dr. No" have none.
var fileEnding = regexp.MustCompile(`^\.[0-9A-Za-z]*[A-Za-z][0-9A-Za-z]*$`)

// isFile reports whether the path can name a file that is no note.
func (t target) isFile() bool {
	ending := path.Ext(t.path)
	return fileEnding.MatchString(ending) && len(ending) <= 12 && !isNoteEnding(ending)
}

func isNoteEnding(ending string) bool {
	return strings.EqualFold(ending, ".md") || strings.EqualFold(ending, ".html")
}

// asset finds the file that the path names. What no client could find is not asked for.
func (t target) asset(links trip2g.Links) (trip2g.NoteAsset, bool) {
	if t.path == "" || len(t.path) > trip2g.MaxPathLength || strings.ContainsFunc(t.path, unicode.IsControl) {
		return trip2g.NoteAsset{}, false
	}
	return links.Asset(t.path)
}

// note finds the note that the path names and gives the address of its page; that of the text's own is "".
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

// embed finds the note that the path names, to be shown.
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

// heading is the text of the heading that the fragment names: the last of "Heading#Sub-heading" counts.
func (t target) heading() string { return t.fragment[strings.LastIndexByte(t.fragment, '#')+1:] }

// anchor returns the id of the heading or the block ("^id") that the fragment names, "" if it can name none.
func (t target) anchor() string {
	switch heading := t.heading(); {
	case blockMark.MatchString(heading):
		return strings.ToLower(heading)
	case strings.HasPrefix(heading, "^"): // no block has that name
		return ""
	case footnotePattern.MatchString(heading) || heading == "":
		return heading
	default:
		return headingID(linkText.ReplaceAllString(heading, "$1"))
	}
}

// noteURL returns the address of a page with what the fragment names in it.
func (t target) noteURL(page string) string {
	u := url.URL{Path: page, Fragment: t.anchor()}
	if s := u.String(); s != "" {
		return s
	}
	return "#"
}

// fault says of a reference that it leads to nothing.
func (t target) fault() string {
	if mediaTag(t.path) != "" || isPDF(t.path) {
		return "There is no file “" + oneLine(t.path, maxTitle) + "”"
	}
	return "There is no note “" + oneLine(t.path, maxTitle) + "”"
}

// linkText finds the links in a heading's text, which Obsidian's links to the heading have in full.
var linkText = regexp.MustCompile(`!?\[([^][]*)\]\([^()]*\)`)

// footnotePattern is an id that footnotes have.
var footnotePattern = regexp.MustCompile(`^fn(ref\d*)?:\d+$`)

// assetURL returns the address of a file; the fragment of a PDF, a page for example, stays.
func (t target) assetURL(asset trip2g.NoteAsset) string {
	u := trip2g.AssetURL(asset)
	if t.fragment != "" {
		u += (&url.URL{Fragment: t.fragment}).String()
	}
	return u
}

// parsedWikilink is a wikilink's content, "target#fragment|label".
type parsedWikilink struct {
	target
	label string // what to show: the label, else the target as Obsidian shows it
	size  imageSize
}

// parseWikilink understands what goldmark found between "[[" and "]]". In a table Obsidian writes
// the bar as "\|".
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

// imageSize is in CSS pixels; 0: not given.
type imageSize struct{ width, height int }

var sizePattern = regexp.MustCompile(`^(?:(.*)\|)?\s*(\d{1,4})(?:x(\d{1,4}))?\s*$`)

// cutSize takes Obsidian's "|100" or "|100x200" off a label. bare takes a label that is nothing
// else for a size too.
func cutSize(label string, bare bool) (string, imageSize) {
	m := sizePattern.FindStringSubmatch(label)
	if m == nil || !bare && !strings.Contains(label, "|") {
		return label, imageSize{}
	}
	width, _ := strconv.Atoi(m[2])
	height, _ := strconv.Atoi(m[3])
	return strings.TrimSpace(m[1]), imageSize{width, height}
}

// textValue returns the text of a node as it reads, without backslashes and character references.
func textValue(n *ast.Text, source []byte) []byte {
	value := n.Segment.Value(source)
	if n.IsRaw() {
		return value
	}
	return []byte(markdownURL(value))
}
