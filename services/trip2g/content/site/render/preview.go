package render

import (
	"strings"

	"trip2g/services/trip2g/content/site/index"
)

// previewPrefix starts the URL paths of the notes' previews.
const previewPrefix = systemPrefix + "/preview"

// maxPreview bounds the text of a preview, in characters.
const maxPreview = 400

// previewPage is the preview of a note, an HTML fragment: its title and the beginning of its text.
type previewPage struct{ entry *index.Entry }

func (p previewPage) key() string { return previewPrefix + p.entry.URL }

func (p previewPage) contentType() string { return htmlType }

func (p previewPage) render(r *renderContext) []byte {
	return executeTemplate(r.texts, "preview.html", struct{ Lang, Title, Text string }{
		strings.TrimSpace(p.entry.Doc.Lang), p.entry.Doc.Title, r.excerpt(p.entry, maxPreview),
	})
}
