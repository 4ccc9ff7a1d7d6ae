package site_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/rs/zerolog"
	"golang.org/x/sync/semaphore"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/content/markdown"
	"trip2g/services/trip2g/content/site"
)

// renders counts how often each note was rendered, by title.
type renders struct {
	mu sync.Mutex
	of map[string]int
}

func (r *renders) render(d *trip2g.Document, l trip2g.Links) ([]byte, error) {
	r.mu.Lock()
	r.of[d.Title]++
	r.mu.Unlock()
	return markdown.Render(d, l)
}

// taken returns what was rendered since the last call.
func (r *renders) taken() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	titles := slices.Sorted(maps.Keys(r.of))
	var told []string
	for _, title := range titles {
		told = append(told, fmt.Sprintf("%s×%d", title, r.of[title]))
	}
	clear(r.of)
	return strings.Join(told, " ")
}

func (r *renders) total() (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, times := range r.of {
		n += times
	}
	return n
}

func countingFollower(source trip2g.ChangeSource, cache int64) (*site.Follower, *renders) {
	r := &renders{of: make(map[string]int)}
	return site.NewFollower(source, site.Options{Parse: markdown.Parse, Render: r.render, Log: zerolog.Nop(), BodyCacheSize: cache}), r
}

// TestAChangeRendersOnlyWhatDependsOnIt requests all pages after each change: a small edit must not
// make a large vault render all pages again, and no page may be outdated.
func TestAChangeRendersOnlyWhatDependsOnIt(t *testing.T) {
	source := newMemory(
		"index.md", "---\ntitle: Home\n---\n[[b]]", "a.md", "[[b]] [[gone]]", "b.md", "text", "c.md", "alone ![[p.png]]",
		"d/one.md", "[[c]]", "d/two.md", "---\nfree: false\n---\n", "e.md", "[[b#part]] ![](x)",
	)
	f, r := countingFollower(source, 0)
	urls := []string{"/", "/a", "/b", "/c", "/d", "/d/one", "/d/two", "/e"}
	for _, step := range []struct {
		change string
		make   func()
		want   string
	}{
		{"the first request", func() {}, "Home×1 a×1 b×1 c×1 e×1 one×1 two×1"},
		{"nothing", func() {}, ""},
		{"another text", func() { source.put("b.md", "other text") }, "b×1"},
		{"a text that comes again", func() { source.put("b.md", "other text") }, ""},
		{"a link more", func() { source.put("c.md", "alone ![[p.png]] [[a]]") }, "a×1 c×1"},        // shows its backlinks
		{"a note that others miss", func() { source.put("d/gone.md", "back") }, "a×1 one×1 two×1"}, // its own page is not requested; its siblings list it
		{"it is renamed", func() { source.rename("d/gone.md", "d/Went.md") }, "a×1 one×1 two×1"},
		{"it is removed", func() { source.remove("d/Went.md") }, "one×1 two×1"},
		{"a note to which links lead moves", func() { source.rename("b.md", "d/b.md") }, "Home×1 a×1 c×1 e×1 one×1 two×1"}, // no longer in the top level
		{"a file is attached elsewhere", func() {
			source.attach("e.md", trip2g.NoteAsset{Ref: "x", AbsolutePath: "p.png", Hash: "h"})
		}, "c×1 e×1"},
		{"a folder's note", func() { source.put("d/index.md", "# D!") }, "Home×1 a×1 c×1 e×1 one×1 two×1 D!×1"},
		{"a description", func() { source.put("d/one.md", "---\ndescription: x\n---\n[[c]]") }, "D!×1 c×1 one×1 two×1"}, // linked from c's page and shown in the folder's list
		{"the site's name", func() { source.put("index.md", "---\ntitle: House\n---\n[[b]]") }, "House×1 D!×1 a×1 c×1 e×1 one×1 two×1"},
	} {
		step.make()
		s := refresh(t, f)
		for _, url := range urls {
			s.Page(url, trip2g.Anonymous)
			if page, _ := s.Page(url, trip2g.Member); page != nil {
				text(page)
			}
		}
		want := strings.Fields(step.want)
		slices.Sort(want)
		if got := r.taken(); got != strings.Join(want, " ") {
			t.Errorf("%s: rendered %q, want %q", step.change, got, strings.Join(want, " "))
		}
	}
}

// TestAnEditInALargeFolderDoesNotRenderItsOtherPages edits texts in a folder whose list stays the
// same.
func TestAnEditInALargeFolderDoesNotRenderItsOtherPages(t *testing.T) {
	source := newMemory()
	for i := range 300 {
		source.put(fmt.Sprintf("f/n%03d.md", i), "text")
	}
	f := newFollower(source, 0)
	page, _ := refresh(t, f).Page("/f", trip2g.Anonymous)
	before := page.Body(trip2g.Identity)
	source.put("f/n007.md", "other text")
	page, _ = refresh(t, f).Page("/f", trip2g.Anonymous)
	if page.Body(trip2g.Identity) != before {
		t.Error("the list was made again")
	}
	source.put("f/n007.md", "# Another title")
	page, _ = refresh(t, f).Page("/f", trip2g.Anonymous)
	wantIn(t, text(page), "Another title")
}

// TestAnEvictedPageIsRenderedTheSameAgain has a cache for few pages: memory stays within the bound,
// and readers see no difference.
func TestAnEvictedPageIsRenderedTheSameAgain(t *testing.T) {
	const notes = 60
	source := newMemory()
	for i := range notes {
		source.put(fmt.Sprintf("n%d.md", i), strings.Repeat(fmt.Sprintf("word%d ", i), 500))
	}
	roomy, _ := countingFollower(source, 0)
	narrow, r := countingFollower(source, 30_000)
	want, got := refresh(t, roomy), refresh(t, narrow)
	for range 3 {
		for i := range notes {
			url := fmt.Sprintf("/n%d", i)
			a, _ := want.Page(url, trip2g.Anonymous)
			b, _ := got.Page(url, trip2g.Anonymous)
			for _, coding := range []trip2g.Coding{trip2g.Identity, trip2g.Gzip, trip2g.Brotli} {
				x, y := a.Body(coding), b.Body(coding)
				if string(x.Bytes) != string(y.Bytes) || x.ETag != y.ETag || x.Length != y.Length {
					t.Fatalf("%s in %s is another one", url, coding)
				}
			}
		}
	}
	if n := r.total(); n <= notes {
		t.Errorf("rendered %d times: nothing was dropped", n)
	}
}

// TestConcurrentRequestsRenderAPageOnce requests one page that is not cached many times at once.
func TestConcurrentRequestsRenderAPageOnce(t *testing.T) {
	const readers = 50
	started, release := make(chan struct{}), make(chan struct{})
	rendered := 0
	f := site.NewFollower(newMemory("a.md", "text"), site.Options{Parse: markdown.Parse, Log: zerolog.Nop(), Render: func(d *trip2g.Document, l trip2g.Links) ([]byte, error) {
		rendered++
		close(started)
		<-release
		return markdown.Render(d, l)
	}})
	s := refresh(t, f)
	var running sync.WaitGroup
	bodies := make([]*trip2g.Body, readers)
	for i := range readers {
		running.Go(func() {
			page, _ := s.Page("/a", trip2g.Anonymous)
			bodies[i] = page.Body(trip2g.Identity)
		})
	}
	<-started
	close(release)
	running.Wait()
	for _, b := range bodies {
		if b != bodies[0] {
			t.Error("readers have different bodies")
		}
	}
	if rendered != 1 {
		t.Errorf("rendered %d times", rendered)
	}
}

// TestABodyLargerThanTheCacheIsServed requests a body twice that cannot be cached.
func TestABodyLargerThanTheCacheIsServed(t *testing.T) {
	f, r := countingFollower(newMemory("a.md", strings.Repeat("text ", 1000)), 2_000)
	s := refresh(t, f)
	if first := body(t, s, "/a"); body(t, s, "/a") != first {
		t.Error("the second is another one")
	}
	if got := r.taken(); got != "a×2" {
		t.Errorf("rendered %s", got)
	}
}

// TestAFeedReadsEachNotesSummaryOnce publishes one note after another: without a cache, a feed
// would read the texts of its fifty notes each time.
func TestAFeedReadsEachNotesSummaryOnce(t *testing.T) {
	db := openDB(t)
	read := make(map[string]int)
	f := site.NewFollower(db, site.Options{Parse: markdown.Parse, Render: markdown.Render, Log: zerolog.Nop(), Excerpt: func(d *trip2g.Document, n int) string {
		read[d.Title]++
		return markdown.Excerpt(d, n)
	}})
	for i := range 5 {
		push(t, db, fmt.Sprintf("n%d.md", i), fmt.Sprintf("text %d", i))
		wantIn(t, body(t, refresh(t, f), "/feed.xml"), "<description>text 0</description>", fmt.Sprintf("<description>text %d</description>", i))
	}
	for i := range 5 {
		if title := fmt.Sprintf("n%d", i); read[title] != 1 {
			t.Errorf("%s was read %d times", title, read[title])
		}
	}
	push(t, db, "n0.md", "another text")
	wantIn(t, body(t, refresh(t, f), "/feed.xml"), "<description>another text</description>")
}

// TestCachedPagesAreServedWhileListsWait occupies the only slot for heavy pages.
func TestCachedPagesAreServedWhileListsWait(t *testing.T) {
	db := openDB(t)
	push(t, db, "n.md", "text", "folder/long.md", strings.Repeat("long text ", 10_000))
	turn := semaphore.NewWeighted(1)
	f := site.NewFollower(atGarden{db}, site.Options{Parse: markdown.Parse, Render: markdown.Render, Log: zerolog.Nop(), Heavy: turn})
	s := refresh(t, f)
	if !turn.TryAcquire(1) {
		t.Fatal("nobody asked for anything, and the turn is taken")
	}
	lists := make(chan string)
	for _, url := range []string{"/feed.xml", "/sitemap.xml", "/folder", "/folder/long"} {
		go func() {
			page, _ := s.Page(url, trip2g.Anonymous)
			lists <- string(page.Body(trip2g.Brotli).Bytes)
		}()
	}
	wantIn(t, body(t, s, "/n"), "text")
	push(t, db, "n.md", "a change")
	wantIn(t, body(t, refresh(t, f), "/n"), "a change")
	select {
	case <-lists:
		t.Error("a list did not wait")
	default:
	}
	turn.Release(1)
	for range 4 {
		if <-lists == "" {
			t.Error("a list is empty")
		}
	}
	if !turn.TryAcquire(1) {
		t.Error("a turn was not given back")
	}
}
