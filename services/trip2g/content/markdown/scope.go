package markdown

import (
	"bytes"
	"time"

	"trip2g/services/trip2g"
)

// fragment is the making of one note's HTML: what its own text and those that it shows share, so that
// all of them together stay within the bounds of one.
type fragment struct {
	settings   trip2g.Settings
	work       int64     // left for dear blocks, see limits
	coloured   int       // bytes of code that may still get colours
	colourEnd  time.Time // until when
	formulas   int       // bytes of formulas that may still be made
	references int       // bytes that link references may still add
	embedsLeft int       // notes that may still be shown
	embedBytes int       // that those may still have and make
	texts      int       // so far, without the note's own
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

// scope is one text of a fragment: the note's own, or that of a note which is shown in it.
type scope struct {
	*fragment
	doc    *trip2g.Document
	links  trip2g.Links
	number int // 0 for the note's own

	// What is shown of another note, and where.
	url    string // of that note's page
	anchor string // of the heading or block that is shown, "" for all
	around *scope // the text that shows it
}

func newScope(doc *trip2g.Document, links trip2g.Links) *scope {
	return &scope{fragment: newFragment(links.Settings()), doc: doc, links: links}
}

// render makes HTML of a scope's text: whole elements, harmless unless the settings let all through.
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

// finish takes out what could do harm, unless the owner's HTML is to be kept, and closes what the
// text's own HTML left open.
func (s *scope) finish(made []byte, hasHTML bool) []byte {
	if !s.settings.RawHTML {
		made = sanitize(made)
	}
	if hasHTML {
		made = balance(made)
	}
	return made
}
