package markdown

import (
	"html"
	"path"
	"strconv"
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/util"

	"trip2g/services/trip2g"
)

// element is a node that is rendered as one HTML element around its children: what resolve makes
// of links and pictures.
type element struct {
	ast.BaseInline
	tag        string
	attributes []attribute
	void       bool // without content and end tag
}

type attribute struct{ name, value string }

var elementKind = ast.NewNodeKind("Element")

// Kind is ast.Node's.
func (e *element) Kind() ast.NodeKind { return elementKind }

// Dump is ast.Node's.
func (e *element) Dump(source []byte, level int) {
	ast.DumpHelper(e, source, level, map[string]string{"Tag": e.tag}, nil)
}

func renderElement(w util.BufWriter, _ []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	e := n.(*element)
	if !entering {
		if e.void {
			return ast.WalkContinue, nil
		}
		_, err := w.WriteString("</" + e.tag + ">")
		return ast.WalkContinue, err
	}
	w.WriteString("<" + e.tag)
	for _, a := range e.attributes {
		w.WriteString(" " + a.name + `="` + html.EscapeString(a.value) + `"`)
	}
	return ast.WalkContinue, w.WriteByte('>')
}

// rawString makes a node of text that holds no markup.
func rawString(text string) *ast.String {
	s := ast.NewString([]byte(text))
	s.SetRaw(true)
	return s
}

// link makes the element of a link. A title of "" is none.
func link(href, rel, title string) *element {
	e := &element{tag: "a", attributes: []attribute{{"href", href}}}
	if rel != "" {
		e.attributes = append(e.attributes, attribute{"rel", rel})
	}
	if title != "" {
		e.attributes = append(e.attributes, attribute{"title", title})
	}
	return e
}

// missing makes the element of a reference to nothing, which says so.
func missing(fault string) *element {
	return &element{tag: "span", attributes: []attribute{{"class", "missing"}, {"title", fault}}}
}

// external is the rel of a link that leaves the site.
const external = "noopener"

// holding gives the element with a text in it.
func (e *element) holding(text string) *element {
	e.AppendChild(e, rawString(text))
	return e
}

// Endings of files that a page can show or play itself.
var mediaEndings = map[string]string{
	".png": "img", ".jpg": "img", ".jpeg": "img", ".gif": "img", ".webp": "img", ".avif": "img", ".svg": "img", ".bmp": "img", ".ico": "img",
	".mp3": "audio", ".wav": "audio", ".m4a": "audio", ".ogg": "audio", ".oga": "audio", ".opus": "audio", ".flac": "audio", ".3gp": "audio",
	".mp4": "video", ".webm": "video", ".ogv": "video", ".mov": "video", ".mkv": "video",
}

// mediaTag gives the element that shows a file of that name, "" if there is none.
func mediaTag(name string) string { return mediaEndings[strings.ToLower(path.Ext(name))] }

func isPaper(name string) bool { return strings.EqualFold(path.Ext(name), ".pdf") }

// paper makes the element that shows a PDF of the vault, or a link to it where a browser cannot.
func paper(src, label string, size imageSize) *element {
	e := &element{tag: "object", attributes: []attribute{{"class", "paper"}, {"data", src}, {"type", "application/pdf"}, {"aria-label", label}}}
	e.resize(size)
	e.AppendChild(e, link(src, "", "").holding(label))
	return e
}

// resize gives an element the size that a text wants it to have.
func (e *element) resize(size imageSize) {
	if size.width > 0 {
		e.attributes = append(e.attributes, attribute{"width", strconv.Itoa(size.width)})
	}
	if size.height > 0 {
		e.attributes = append(e.attributes, attribute{"height", strconv.Itoa(size.height)})
	}
}

// media makes the element that shows or plays a file, or a link to it where a browser cannot.
func media(src, name, label, title string, size imageSize) *element {
	tag := mediaTag(name)
	if tag == "" {
		return link(src, "", title).holding(label)
	}
	e := &element{tag: tag, attributes: []attribute{{"src", src}}}
	if tag == "img" {
		e.void = true
		e.attributes = append(e.attributes, attribute{"alt", label}, attribute{"loading", "lazy"})
	} else {
		e.attributes = append(e.attributes, attribute{"controls", ""}, attribute{"preload", "metadata"})
		e.holding(label)
	}
	if title != "" {
		e.attributes = append(e.attributes, attribute{"title", title})
	}
	if tag != "audio" {
		e.resize(size)
	}
	return e
}

// assetMedia shows a file of the vault.
func (t target) assetMedia(asset trip2g.NoteAsset, label, title string, size imageSize) *element {
	if isPaper(asset.AbsolutePath) {
		return paper(t.assetURL(asset), label, size)
	}
	return media(t.assetURL(asset), asset.AbsolutePath, label, title, size)
}
