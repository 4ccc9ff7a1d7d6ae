package markdown

import (
	"bytes"
	"time"

	"trip2g/services/trip2g"
)

// fragment is the state of rendering one note. Its own text and the embedded ones share it, so that
// the limits apply to all of them together.
type fragment struct {
	settings   trip2g.Settings
	work       int64     // remaining for expensive blocks, see limits
	coloured   int       // remaining bytes of code to highlight
	colourEnd  time.Time // timeout of highlighting
	formulas   int       // remaining bytes of math
	references int       // remaining bytes that link references can add
	embedsLeft int       // remaining number of embeds
	embedBytes int       // remaining bytes of embedded texts and their HTML
	texts      int       // number of embedded texts so far
}

func newFragment(settings trip2g.Settings) *fragment {
	return &fragment{
		settings: settings, work: noteWork, coloured: maxColoured, colourEnd: time.Now().Add(colourTime), formulas: maxMath,
		references: referenceFree, embedsLeft: maxEmbeds, embedBytes: maxEmbedded,
	}
}

func (f *fragment) nextText() int {
	f.texts++
	return f.texts
}

// scope is one text of a fragment: the note's own or an embedded one.
type scope struct {
	*fragment
	doc    *trip2g.Document
	links  trip2g.Links
	number int // 0 for the note's own

	// Set for an embedded text.
	url    string // of the embedded note's page
	anchor string // id of the embedded heading or block, "" for the whole note
	around *scope // the embedding text
}

func newScope(doc *trip2g.Document, links trip2g.Links) *scope {
	return &scope{fragment: newFragment(links.Settings()), doc: doc, links: links}
}

// render returns a scope's text as complete HTML elements, sanitized unless the settings keep raw
// HTML.
func (s *scope) render() ([]byte, error) {
	switch s.doc.Format {
	case trip2g.HTML:
		return s.finish(rewriteHTML([]byte(s.doc.Body), s), true), nil
	case trip2g.Markdown:
		return s.renderMarkdown()
	default:
		return preformatted(s.doc.Body), nil
	}
}

func (s *scope) renderMarkdown() ([]byte, error) {
	source := []byte(s.doc.Body)
	s.references += referencePerByte * len(source)
	root, limits := parseTree(source, s.work)
	s.work = limits.work
	setHeadingIDs(root, source)
	if s.around != nil {
		part, err := partOf(root, s.doc, s.anchor)
		if err != nil {
			return nil, err
		}
		root = part
	}
	setFootnotePrefix(root, s.number)
	s.formulas = makeMath(root, limits, s.formulas)
	colourCode(root, source, s.fragment)
	_, hasHTML := resolve(root, source, s)
	var out bytes.Buffer
	if err := converter.Renderer().Render(&out, source, root); err != nil {
		return nil, err
	}
	return s.finish(out.Bytes(), hasHTML), nil
}

// finish sanitizes the HTML, unless the owner's is kept, and closes elements that the text's own
// HTML left open.
func (s *scope) finish(made []byte, hasHTML bool) []byte {
	if !s.settings.RawHTML {
		made = sanitize(made)
	}
	if hasHTML {
		made = balance(made)
	}
	return made
}
