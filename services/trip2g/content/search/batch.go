package search

import (
	"maps"
	"runtime"
	"slices"
	"strings"

	"trip2g/services/trip2g"
)

// batch is the changes of one transaction.
type batch struct {
	rebuild bool
	urgent  bool // it has notes of small changes
	upTo    trip2g.Position
	notes   map[int64]*indexed // by ID; nil for a note that is not to be in the index
	removed []indexed
	added   []entry
}

// collect dequeues the notes of a batch.
func (x *Index) collect() *batch {
	b := &batch{notes: make(map[int64]*indexed)}
	for size := 0; len(b.notes) < batchNotes && size < batchBytes; {
		id, site, ok := x.dequeue(b)
		if !ok {
			break
		}
		if _, has := b.notes[id]; has {
			continue // the batch has its newest version
		}
		size += x.read(b, site, id)
		runtime.Gosched()
	}
	return b
}

// dequeue removes one note from the queue for a batch. It drops the batch's notes of another
// database.
func (x *Index) dequeue(b *batch) (id int64, site trip2g.Site, ok bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.queue.rebuild {
		*b = batch{rebuild: true, notes: make(map[int64]*indexed)}
		x.queue.rebuild = false
	}
	id, urgent, ok := x.queue.dequeue()
	x.queue.busy = true
	b.urgent = b.urgent || urgent
	b.upTo = 0
	if len(x.queue.urgent) == 0 {
		b.upTo = x.queue.position
	}
	return id, x.queue.site, ok
}

// read adds a note to a batch as the site has it, and returns the size of its words in bytes.
func (x *Index) read(b *batch, site trip2g.Site, id int64) (size int) {
	if old, has := x.notes[id]; has && !b.rebuild {
		b.removed = append(b.removed, old)
	}
	b.notes[id] = nil
	page, ok := site.NoteByID(id, trip2g.Owner)
	if !ok {
		return 0
	}
	e := entryOf(page, x.audienceOf(page), textOf(x.Text, page.Doc))
	note := e.indexed // a copy: the entry's words are released before the batch
	b.notes[id] = &note
	b.added = append(b.added, e)
	for _, words := range e.fields {
		size += len(words)
	}
	return size
}

func (x *Index) audienceOf(page trip2g.NotePage) int {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.audiences.number(page.Access)
}

// applied records that the index has a batch.
func (x *Index) applied(b *batch) {
	if b.rebuild {
		clear(x.notes)
	}
	for id, note := range b.notes {
		if note == nil {
			delete(x.notes, id)
		} else {
			x.notes[id] = *note
		}
	}
	bulk := false
	x.change(func() {
		bulk = x.queue.bulkPending
		if b.rebuild {
			x.audiences.reset()
		}
		for _, old := range b.removed {
			x.audiences.count(old, -1)
		}
		for _, e := range b.added {
			x.audiences.count(e.indexed, 1)
		}
		x.queue.applied(b.upTo)
		bulk = bulk && !x.queue.bulkPending
	})
	if bulk && x.AfterLarge != nil {
		b.added = nil // so that the memory of their words is released, too
		x.AfterLarge()
	}
}

// requeue queues the notes of a batch again that could not be applied.
func (x *Index) requeue(b *batch) {
	x.change(func() { x.queue.requeue(slices.Collect(maps.Keys(b.notes))) })
}

// entryOf returns the words of a note.
func entryOf(page trip2g.NotePage, audience int, text string) entry {
	doc := page.Doc
	e := entry{indexed: indexed{rowOf(page.ID, audience), languageOf(doc.Lang)}}
	e.fields[inTitle] = spaced(doc.Title)
	e.fields[inNames] = spaced(append(slices.Clip(doc.Aliases), doc.Tags...)...)
	headings := make([]string, len(doc.Headings))
	for i, h := range doc.Headings {
		headings[i] = h.Text
	}
	e.fields[inHeadings] = spaced(headings...)
	e.fields[inText] = spaced(text)
	e.fields[inPath] = spaced(page.URL)
	e.fields[inTags] = strings.Join(tagWords(doc.Tags), " ")
	return e
}

// tagWords returns the words of tags and of their parent tags, for the field inTags.
func tagWords(tags []string) (list []string) {
	for _, tag := range tags {
		for i, c := range tag + "/" {
			if c != '/' {
				continue
			}
			if w := foldTag(tag[:i]); w != "" && !slices.Contains(list, w) {
				list = append(list, w)
			}
		}
	}
	return list
}
