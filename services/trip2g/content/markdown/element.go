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

// element is a node that is rendered as one HTML element around its children. resolve makes them of
// links and images.
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

// rawString returns a node of text without markup.
func rawString(text string) *ast.String {
	s := ast.NewString([]byte(text))
	s.SetRaw(true)
	return s
}

// link returns a link element; title may be "".
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

// missing returns the element for a broken reference, with an explanation.
func missing(fault string) *element {
	return &element{tag: "span", attributes: []attribute{{"class", "missing"}, {"title", fault}}}
}

// external is the rel of a link that leaves the site.
const external = "noopener"

// holding appends a text to the element and returns it.
func (e *element) holding(text string) *element {
	e.AppendChild(e, rawString(text))
	return e
}

// mediaEndings maps extensions of files that browsers can show or play to their elements.
var mediaEndings = map[string]string{
	".png": "img", ".jpg": "img", ".jpeg": "img", ".gif": "img", ".webp": "img", ".avif": "img", ".svg": "img", ".bmp": "img", ".ico": "img",
	".mp3": "audio", ".wav": "audio", ".m4a": "audio", ".ogg": "audio", ".oga": "audio", ".opus": "audio", ".flac": "audio", ".3gp": "audio",
	".mp4": "video", ".webm": "video", ".ogv": "video", ".mov": "video", ".mkv": "video",
}

// mediaTag returns the name of the element for an image, audio or video file; "" for another file.
func mediaTag(name string) string { return mediaEndings[strings.ToLower(path.Ext(name))] }

func isPDF(name string) bool { return strings.EqualFold(path.Ext(name), ".pdf") }

// pdf returns the element that embeds a PDF of the vault, with a link as its fallback.
func pdf(src, label string, size imageSize) *element {
	e := &element{tag: "object", attributes: []attribute{{"class", "pdf"}, {"data", src}, {"type", "application/pdf"}, {"aria-label", label}}}
	e.resize(size)
	e.AppendChild(e, link(src, "", "").holding(label))
	return e
}

// resize sets the width and height of an element.
func (e *element) resize(size imageSize) {
	if size.width > 0 {
		e.attributes = append(e.attributes, attribute{"width", strconv.Itoa(size.width)})
	}
	if size.height > 0 {
		e.attributes = append(e.attributes, attribute{"height", strconv.Itoa(size.height)})
	}
}

// media returns the element for an image, audio or video file; for any other file, a link.
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

// assetMedia returns the element for a file of the vault.
func (t target) assetMedia(asset trip2g.NoteAsset, label, title string, size imageSize) *element {
	if isPDF(asset.AbsolutePath) {
		return pdf(t.assetURL(asset), label, size)
	}
	return media(t.assetURL(asset), asset.AbsolutePath, label, title, size)
}
