// Package search finds notes by their words, on every node, without touching the database that they come
// from.
//
// An Index follows the site in memory: it is told which notes changed, cuts their texts into words in a
// goroutine of its own, and keeps these in a private FTS5 database that is made anew at each start. So a
// start waits for no index, and a change is found some milliseconds after it is visible, however large the
// vault is. What was found is looked up in the site that readers see, with the rights of who asks: the
// index decides what is found, the site what may be seen.
package search

import (
	"context"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sync/semaphore"

	"trip2g/internal/tempdir"
	"trip2g/services/trip2g"
)

// Bounds of a search, and of the work of following the site.
const (
	// maxText is how much of a note's text can be searched, in bytes from its start.
	maxText = 1 << 20
	// A batch of notes is one transaction: it ends when it has so many notes or bytes of words.
	batchNotes = 100
	batchBytes = 512 << 10
	// queryTime bounds one query, turnTime the wait for its turn.
	queryTime = 2 * time.Second
	turnTime  = time.Second
	// restShare is how much longer the index rests after a small change than that took: a stream of them has a
	// tenth of a processor.
	restShare   = 9
	longestRest = 250 * time.Millisecond
	// So many pages of the index are merged at a time: 1 ms after a small change; after a batch of a large
	// one, as many as keep up with it.
	mergeSmall, mergeLarge = 16, 256
	// firstRetry is how long after a failure the index is tried again; each further one doubles it, up to
	// lastRetry.
	firstRetry = 250 * time.Millisecond
	lastRetry  = 30 * time.Second
)

// Options is what an Index is made of. Site and Text are needed.
type Options struct {
	// Site gives what readers see now, nil until it is loaded.
	Site func() trip2g.Site
	// Text gives what a reader reads of a note, without markup.
	Text func(*trip2g.Document) string
	// Dirs are folders for the index's files, which have no name there; nil is the system's for temporary
	// ones. None may be on a LiteFS mount.
	Dirs tempdir.Dirs
	// FreshWait is how long a search that is to be fresh waits at most.
	FreshWait time.Duration
	// AfterLarge is called when all of a change of many notes has been taken in, which needed memory that
	// nothing after it does; nil: nobody is told.
	AfterLarge func()
	// Long are the turns of what takes a processor for milliseconds, a weight of 1 each; nil: only searches
	// wait for each other.
	Long *semaphore.Weighted
	Log  zerolog.Logger
}

// Index is a trip2g.Searcher. Run makes it follow what Observe tells it.
type Index struct {
	Options
	texts *texts
	turns chan *reader // of the open database: one for each query that may run

	mu        sync.Mutex
	queue     queue
	wanted    int           // searches that wait for what was published
	progress  chan struct{} // closed when something of this changes
	open      bool          // there is a database
	fault     error         // why there is none, if making one failed
	audiences audiences     // of the notes in it

	rows map[int64]int64 // by note, its row in the database; Run's alone
}

// New makes an index that has nothing yet.
func New(o Options) *Index {
	if o.Long == nil {
		o.Long = semaphore.NewWeighted(int64(Turns()))
	}
	return &Index{Options: o, texts: newTexts(o.Text), turns: make(chan *reader, Turns()), progress: make(chan struct{}), rows: make(map[int64]int64)}
}

// Turns is how many queries run at a time: half of the processors are left to pages and to what is
// published.
func Turns() int { return max(1, runtime.GOMAXPROCS(0)/2) }

// Observe takes in that the site changed. It returns at once.
func (x *Index) Observe(c trip2g.SiteChange) {
	x.change(func() { x.queue.put(c) })
}

// change changes the state and tells who waits for it.
func (x *Index) change(f func()) {
	x.mu.Lock()
	defer x.mu.Unlock()
	f()
	close(x.progress)
	x.progress = make(chan struct{})
}

// holds asks with the lock held.
func (x *Index) holds(is func() bool) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return is()
}

// await returns when is holds, or with ctx's error. is is asked with the lock held.
func (x *Index) await(ctx context.Context, is func() bool) error {
	for {
		x.mu.Lock()
		holds, progress := is(), x.progress
		x.mu.Unlock()
		if holds {
			return nil
		}
		select {
		case <-progress:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Run keeps the index until ctx ends. A failure is logged, and tried again.
func (x *Index) Run(ctx context.Context) error {
	failed, retry := "", firstRetry
	for attempt := 0; ; attempt++ {
		err := x.follow(ctx, attempt)
		if ctx.Err() != nil {
			return nil
		}
		x.change(func() { x.fault = err })
		if err.Error() != failed {
			x.Log.Error().Err(err).Msg("the search index is broken: it is made anew, and nothing is found meanwhile")
			failed, retry = err.Error(), firstRetry
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(retry):
		}
		retry = min(2*retry, lastRetry)
	}
}

// Fault returns why nothing can be found now, nil if nothing is wrong: an index that is being made is in
// order.
func (x *Index) Fault() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.fault
}

// follow makes an index and takes in what changes until ctx ends or something fails. The attempt before this
// one may have failed because its folder is full, so each begins with the next.
func (x *Index) follow(ctx context.Context, attempt int) error {
	db, err := openDatabase(x.Dirs, attempt, cap(x.turns))
	if err != nil {
		return err
	}
	x.opened(db)
	defer x.closed(db)
	for {
		if err := x.await(ctx, func() bool { return !x.queue.isEmpty() }); err != nil {
			return err
		}
		began := time.Now()
		b := x.gather()
		if err := db.apply(b.removed, b.added, b.anew); err != nil {
			x.lost(b)
			return err
		}
		x.took(b)
		if err := x.pause(ctx, b.urgent, time.Since(began)); err != nil {
			return err
		}
		if err := x.tidy(ctx, db, b.urgent); err != nil {
			return err
		}
	}
}

// tidy merges parts of the index: a step after each batch, unless somebody waits for a change, and all that
// is left once there is no change to take in.
func (x *Index) tidy(ctx context.Context, db *database, urgent bool) error {
	pages := mergeLarge
	if urgent {
		pages = mergeSmall
	}
	for !x.holds(func() bool { return x.wanted > 0 }) {
		began := time.Now()
		done, err := db.merge(pages)
		if done || err != nil {
			return err
		}
		changed := func() bool { return !x.queue.isEmpty() }
		if err := x.rest(ctx, restShare*time.Since(began), changed); err != nil {
			return err
		}
		if x.holds(changed) {
			return nil
		}
		pages = mergeSmall
	}
	return nil
}

// pause leaves the processors to others after a batch that took so long. Who reads pages goes before a large
// change, a small change too. After a small one, which was found at once, the next one waits unless somebody
// waits for it: a note that is written over and over is taken in once for several times. What is there already
// does not wait.
func (x *Index) pause(ctx context.Context, urgent bool, took time.Duration) error {
	d, over := took/2, func() bool { return len(x.queue.fresh) > 0 }
	if urgent {
		if x.holds(func() bool { return !x.queue.isEmpty() }) {
			return ctx.Err()
		}
		d, over = min(restShare*took, longestRest), func() bool { return x.wanted > 0 }
	}
	return x.rest(ctx, d, over)
}

// rest waits until something holds, at most so long. Its error is ctx's.
func (x *Index) rest(ctx context.Context, atMost time.Duration, over func() bool) error {
	resting, cancel := context.WithTimeout(ctx, atMost)
	defer cancel()
	_ = x.await(resting, over)
	return ctx.Err()
}

// opened lets queries run. What a database before this one had is to be taken in again.
func (x *Index) opened(db *database) {
	x.change(func() {
		x.queue.back(slices.Collect(maps.Keys(x.rows)))
		x.open, x.fault, x.audiences = true, nil, audiences{}
	})
	clear(x.rows)
	for _, r := range db.readers {
		x.turns <- r
	}
}

// closed ends a database when no query runs any more.
func (x *Index) closed(db *database) {
	x.change(func() { x.open = false })
	for range db.readers {
		<-x.turns
	}
	db.close()
}

// batch is what one transaction changes.
type batch struct {
	anew    bool
	urgent  bool // it has small changes
	upTo    trip2g.Position
	rows    map[int64]int64 // by note, its row; noRow for a note that has none any more
	removed []int64
	added   []entry
}

const noRow = -1

// gather takes notes out of the queue.
func (x *Index) gather() *batch {
	b := &batch{rows: make(map[int64]int64)}
	for size := 0; len(b.rows) < batchNotes && size < batchBytes; {
		id, site, ok := x.next(b)
		if !ok {
			break
		}
		if _, has := b.rows[id]; has {
			continue // it is in this batch as it is now
		}
		size += x.take(b, site, id)
		runtime.Gosched()
	}
	return b
}

// next takes one note out of the queue for a batch. What it has of another database goes before.
func (x *Index) next(b *batch) (id int64, site trip2g.Site, ok bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.queue.anew {
		*b = batch{anew: true, rows: make(map[int64]int64)}
		x.queue.anew = false
	}
	id, urgent, ok := x.queue.next()
	x.queue.busy = true
	b.urgent = b.urgent || urgent
	b.upTo = 0
	if len(x.queue.fresh) == 0 {
		b.upTo = x.queue.told
	}
	return id, x.queue.site, ok
}

// take puts a note into a batch as the site has it, and gives the bytes of its words.
func (x *Index) take(b *batch, site trip2g.Site, id int64) (size int) {
	if row, has := x.rows[id]; has && !b.anew {
		b.removed = append(b.removed, row)
	}
	b.rows[id] = noRow
	page, ok := site.NoteByID(id, trip2g.Owner)
	if !ok {
		return 0
	}
	e := entryOf(page, x.audienceOf(page), textOf(x.Text, page.Doc))
	b.rows[id] = e.row
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

// took takes down that the index has a batch.
func (x *Index) took(b *batch) {
	if b.anew {
		clear(x.rows)
	}
	for id, row := range b.rows {
		if row == noRow {
			delete(x.rows, id)
		} else {
			x.rows[id] = row
		}
	}
	large := false
	x.change(func() {
		large = x.queue.large
		if b.anew {
			x.audiences.notes = [maxAudiences]int{}
		}
		x.audiences.count(b.removed, -1)
		for _, e := range b.added {
			x.audiences.notes[audienceOf(e.row)]++
		}
		x.queue.took(b.upTo)
		large = large && !x.queue.large
	})
	if large && x.AfterLarge != nil {
		b.added = nil // their words' memory is to be given back, too
		x.AfterLarge()
	}
}

// lost puts the notes of a batch back that could not be taken in.
func (x *Index) lost(b *batch) {
	x.change(func() { x.queue.back(slices.Collect(maps.Keys(b.rows))) })
}

// entryOf cuts what is known of a note into words.
func entryOf(page trip2g.NotePage, audience int, text string) entry {
	e := entry{row: rowOf(page.ID, audience)}
	doc := page.Doc
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

// tagWords gives the words of tags and of those above them, for the field inTags.
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
