package search

import (
	"strings"
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"trip2g/services/trip2g"
)

// Limits of the texts cached for snippets. Frequent queries, and the successive ones of a visitor
// who is typing, find the same notes.
const (
	maxTexts      = 512
	maxTextsBytes = 8 << 20
)

// texts caches the texts of notes. Extracting a long one takes some milliseconds.
type texts struct {
	of func(*trip2g.Document) string

	mu    sync.Mutex
	kept  *simplelru.LRU[*trip2g.Document, string]
	bytes int
}

func newTexts(of func(*trip2g.Document) string) *texts {
	t := &texts{of: of}
	kept, err := simplelru.NewLRU(maxTexts, func(_ *trip2g.Document, text string) { t.bytes -= len(text) })
	if err != nil {
		panic(err) // cannot fail, because the size is positive
	}
	t.kept = kept
	return t
}

func (t *texts) get(doc *trip2g.Document) string {
	t.mu.Lock()
	text, ok := t.kept.Get(doc)
	t.mu.Unlock()
	if ok {
		return text
	}
	text = textOf(t.of, doc)
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.kept.Contains(doc) {
		t.kept.Add(doc, text)
		t.bytes += len(text)
	}
	for t.bytes > maxTextsBytes && t.kept.Len() > 1 {
		t.kept.RemoveOldest()
	}
	return text
}

// textOf returns the searchable part of a note's text, without the title at its start.
func textOf(of func(*trip2g.Document) string, doc *trip2g.Document) string {
	if len(doc.Body) > maxText {
		cut := *doc
		cut.Body = strings.ToValidUTF8(doc.Body[:maxText], "")
		doc = &cut
	}
	text := of(doc)
	if doc.TitleInBody {
		if first, rest, _ := strings.Cut(text, "\n"); first == doc.Title {
			return rest
		}
	}
	return text
}
