// Package markdown parses and renders notes. Parse reads a note's frontmatter and the references in
// its text. Render converts the text to HTML.
//
// Notes are CommonMark with GitHub's and Obsidian's additions; a note whose path ends in .html is
// HTML. Harmless HTML is kept: the output of Render has no script, style, form, frame or event
// handler, whatever the note contains. The setting raw_html keeps the rest, except scripts, styles,
// frames and event handlers.
//
// The output of Render has these classes: "missing" on broken references, "tag", "embed" and
// "embed-title" of an embedded note, "callout" with "callout-TYPE" and "callout-title",
// "footnotes", "table" around a table, "math", "diagram" and "mermaid", "pdf" of an embedded PDF,
// "plain", "language-NAME", and "hl-…" of highlighted code.
//
// Any text is accepted, with bounded work (see limits.go): what exceeds a limit is shown verbatim,
// with a warning.
package markdown

import (
	"fmt"
	"html"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"trip2g/services/trip2g"
)

// AssetRefs returns the references to assets in a note's text, as written.
func AssetRefs(notePath, content string) []string { return Parse(notePath, content).AssetRefs }

// Parse parses a note. It never fails: problems are in the document's Warnings.
func Parse(notePath, content string) *trip2g.Document {
	doc := parseFrontmatter(notePath, wellFormed(content))
	if strings.EqualFold(path.Ext(notePath), ".html") {
		doc.Format = trip2g.HTML
	}
	if fault := contain(func() { parseBody(doc, notePath) }); fault != nil {
		if doc.Format == trip2g.Markdown {
			doc.Body = withoutFenced(doc.Body)
		}
		doc.Format = trip2g.Plain
		doc.Links, doc.Headings = nil, nil
		doc.Warnings = append(doc.Warnings, trip2g.Warning{
			Path: notePath, Text: "the text could not be parsed and is shown as it stands: " + fault.Error(), Level: trip2g.LevelCritical,
		})
	}
	if doc.Title == "" {
		doc.Title = titleFromPath(notePath)
	}
	return doc
}

// Render renders a document's text as an HTML fragment with resolved links. After an error, the
// fragment is the verbatim text.
func Render(doc *trip2g.Document, links trip2g.Links) (fragment []byte, err error) {
	if fault := contain(func() { fragment, err = newScope(doc, links).render() }); fault != nil {
		err = fault
	}
	if err != nil {
		return preformatted(doc.Body), fmt.Errorf("render %q: %w", doc.Title, err)
	}
	return fragment, nil
}

// contain converts a panic to an error, so that no note can crash a node.
func contain(work func()) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	work()
	return nil
}

// parseBody sets the fields that depend on the text. Every file requested by resolve is a
// reference.
func parseBody(doc *trip2g.Document, notePath string) {
	refs := newCollector(doc)
	var title, heading string // of the text, without the frontmatter
	if doc.Format == trip2g.HTML {
		title, heading = readHTML(doc.Body, newScope(doc, refs))
	} else {
		source, open := withoutComments([]byte(doc.Body))
		if len(source) != len(doc.Body) { // otherwise it shares its memory with the note
			doc.Body = string(source)
		}
		root, limits := parseTree(source, noteWork)
		if open >= 0 {
			doc.Warnings = append(doc.Warnings, trip2g.Warning{
				Path: notePath, Line: doc.BodyLine + open, Text: "a comment starts here and has no end, so that all below is hidden; end it with %%",
			})
		}
		title, heading = firstHeading(root, source), openingHeading(root, source)
		setHeadingIDs(root, source)
		doc.Headings = headings(root, source, doc.Body)
		makeMath(root, limits, maxMath)
		tags, _ := resolve(root, source, newScope(doc, refs))
		if refs.full {
			limits.meet(0, fmt.Sprintf("the note leads to more than %d others; pages list the last ones nowhere", maxLinks))
		}
		if !addTags(doc, tags) {
			limits.meet(0, fmt.Sprintf("the note has more than %d tags; the last are left out", maxItems))
		}
		doc.Warnings = append(doc.Warnings, limits.warnings(notePath, source, doc.BodyLine)...)
	}
	if doc.Title == "" {
		doc.Title = oneLine(title, maxTitle)
	}
	doc.TitleInBody = doc.Title != "" && oneLine(heading, maxTitle) == doc.Title
	// The copies have no spare capacity, because they are kept.
	doc.AssetRefs, doc.Links = slices.Clone(refs.files), slices.Clone(refs.links)
}

// preformatted returns a text as verbatim HTML.
func preformatted(text string) []byte {
	return []byte(`<pre class="plain">` + html.EscapeString(text) + "</pre>\n")
}

// wellFormed makes a text valid UTF-8 without NUL, as CommonMark 0.31.2, section 2.3, requires. It
// replaces single carriage returns, which CommonMark but not goldmark treats as line ends.
func wellFormed(content string) string {
	if strings.Count(content, "\r") > strings.Count(content, "\r\n") {
		content = trip2g.UnifyLineEnds(content)
	}
	if !utf8.ValidString(content) {
		content = strings.ToValidUTF8(content, "\uFFFD")
	}
	return strings.ReplaceAll(content, "\x00", "\uFFFD")
}

// titleFromPath returns a file's name without its extension. An index has its folder's name.
func titleFromPath(notePath string) string {
	name := strings.TrimSuffix(path.Base(notePath), path.Ext(notePath))
	if trip2g.FolderPageRank(notePath) == trip2g.NoFolderPage {
		return name
	}
	if folder := path.Dir(notePath); folder != "." {
		return path.Base(folder)
	}
	return "Home"
}
