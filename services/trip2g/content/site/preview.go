package site

import "strings"

// previewPrefix starts the URL paths of the notes' previews.
const previewPrefix = systemPrefix + "/preview"

// maxPreview bounds the text of a preview, in characters.
const maxPreview = 400

// previewPage is the preview of a note, an HTML fragment: its title and the beginning of its text.
type previewPage struct{ entry *entry }

func (p previewPage) key() string { return previewPrefix + p.entry.url }

func (p previewPage) contentType() string { return htmlType }

func (p previewPage) render(r *renderContext) []byte {
	return executeTemplate("preview.html", struct{ Lang, Title, Text string }{
		strings.TrimSpace(p.entry.doc.Lang), p.entry.doc.Title, r.excerpt(p.entry, maxPreview),
	})
}
