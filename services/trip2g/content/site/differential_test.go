package site_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"trip2g/services/trip2g"
)

// gardener changes a vault at random. It uses few, similar names, so that they clash.
type gardener struct {
	*rand.Rand
	*memorySource
}

var (
	gardenFolders = []string{"", "a/", "A/", "a b/", "a_b/", "x/y/", "x/Y!/", "_private/"}
	gardenNames   = []string{"index", "_index", "a", "A", "a b", "a_b", "a_2", "b", "B", "y", "Привет"}
	gardenSlugs   = []string{"", "", "", "", "slug: a", "slug: /a/b", "slug: /x/y", "slug: /_system/x", "permalink: /old", "permalink: A/b"}
	gardenFlags   = []string{"", "", "", "", "publish: false", "free: false", "free: true", "subgraph: g", "subgraphs: [G, h]"}
	gardenTags    = []string{"a", "A", "a/b", "a-b", "/a//b/", "b/c/d", "Привет"}
	gardenLinks   = []string{"a", "A", "a b", "a/b", "./a", "../b", "/a/b", "/x/y", "y/index", "nothing", "Привет", "another name"}
	gardenFiles   = []string{"p.png", "a/p.png", "A/P.png", "x/y/q.png", "a/note.md"}
)

func one[T any](g *gardener, of []T) T { return of[g.IntN(len(of))] }

func (g *gardener) path() string { return one(g, gardenFolders) + one(g, gardenNames) + ".md" }

func (g *gardener) content() string {
	front := []string{one(g, gardenSlugs), one(g, gardenFlags)}
	if g.IntN(2) == 0 && !isWithheld(front) {
		front = append(front, fmt.Sprintf("title: T%d", g.IntN(4)), fmt.Sprintf("description: d%d", g.IntN(4)),
			fmt.Sprintf("tags: [%s, %s]", one(g, gardenTags), one(g, gardenTags)), fmt.Sprintf("created: 2026-01-0%d", 1+g.IntN(9)))
	}
	if g.IntN(3) == 0 {
		front = append(front, "aliases: ["+one(g, gardenLinks)+", another name]")
	}
	if g.IntN(8) == 0 {
		front = append(front, "tags: {wrong: kind}", "lang: de", "translations: {en: a, ru: "+one(g, gardenLinks)+"}", "image: "+one(g, gardenFiles))
	}
	if isWithheld(front) {
		front = append(front, "title: "+secret, "description: "+secret, "tags: [a, "+secret+"]")
		return "---\n" + strings.Join(front, "\n") + "\n---\n# " + secret + "\n" + g.text()
	}
	return "---\n" + strings.Join(front, "\n") + "\n---\n" + g.text()
}

// isWithheld reports whether the frontmatter restricts its note to members or groups.
func isWithheld(front []string) bool {
	return slices.ContainsFunc(front, func(line string) bool { return line == "free: false" || strings.HasPrefix(line, "subgraph") })
}

// secret is part of every restricted note.
const secret = "S3cret"

func (g *gardener) text() (text string) {
	for range g.IntN(4) {
		text += fmt.Sprintf("[[%s]] ![[%s]] %d\n", one(g, gardenLinks), one(g, gardenFiles), g.IntN(100))
	}
	if g.IntN(2) == 0 {
		text += "![](r)\n" // target of attachments
	}
	if g.IntN(4) == 0 {
		text += fmt.Sprintf("![[%s]]\n", one(g, gardenLinks))
	}
	return text
}

func (g *gardener) settings() string {
	return "---\n" + strings.Join([]string{
		"title: " + one(g, []string{"One", "Two", ""}), "stylesheet: r", "image: " + one(g, gardenFiles),
		"x: y\n" + one(g, []string{"access: everyone", "access: members", "access:", "", "", ""}),
		"footer: '[[" + one(g, gardenLinks) + "]]'", "graph: " + one(g, []string{"true", "false"}),
	}, "\n") + "\n---\n"
}

func (g *gardener) files() []trip2g.NoteAsset {
	var files []trip2g.NoteAsset
	for range g.IntN(3) {
		p := one(g, gardenFiles)
		files = append(files, trip2g.NoteAsset{Ref: "r", AbsolutePath: p, Hash: fmt.Sprintf("h%d", g.IntN(5))})
	}
	return files
}

// change makes one random change.
func (g *gardener) change() {
	paths := g.paths()
	if len(paths) == 0 {
		g.put(g.path(), g.content())
		return
	}
	p := one(g, paths)
	switch g.IntN(9) {
	case 8:
		g.setAccess(one(g, []trip2g.SiteAccess{trip2g.AccessNotChosen, trip2g.AccessMembers, trip2g.AccessEveryone, trip2g.AccessEveryone}))
	case 6:
		g.put(trip2g.SettingsPath, g.settings(), g.files()...)
	case 7:
		g.lead(one(g, gardenURLs()), g.IntN(40), one(g, gardenURLs()))
	case 0:
		g.remove(p)
	case 1:
		if to := g.path(); !slices.Contains(paths, to) {
			g.rename(p, to)
		}
	case 2:
		g.attach(p, g.files()...)
	case 3:
		if p != trip2g.SettingsPath {
			g.put(p, g.content())
		}
	default:
		g.put(g.path(), g.content(), g.files()...)
	}
}

// gardenURLs are all URL paths of a gardener's vault, and variants that redirect to them.
var gardenURLs = sync.OnceValue(func() []string {
	urls := []string{"/", "/old", "/A/b", "/a/b", "/nothing", "/x/y_2"}
	for _, folder := range gardenFolders {
		for _, name := range gardenNames {
			p := folder + name + ".md"
			urls = append(urls, "/"+p)
			if url, ok := trip2g.NoteURL(p, ""); ok {
				urls = append(urls, url, url+"_2", url+"_3", url+"_4", url+"_2_2", url+"/a", url+"/a_2")
			}
		}
		if url, ok := trip2g.NoteURL(folder+"index.md", ""); ok {
			urls = append(urls, url)
		}
	}
	for _, tag := range gardenTags {
		urls = append(urls, trip2g.TagURL(tag), "/tags/"+tag)
	}
	urls = append(urls, "/tags", "/tags/b", "/tags/b/c", "/feed.xml", "/feed.json", "/sitemap.xml", "/robots.txt", "/sitemap-1.xml")
	for _, url := range slices.Clone(urls) {
		urls = append(urls, "/_system/tree"+url, "/_system/graph"+url, "/_system/preview"+url)
	}
	slices.Sort(urls)
	return slices.Compact(urls)
})

var readers = []trip2g.Visitor{trip2g.Anonymous, trip2g.Member, inGroups("g"), inGroups("H "), inGroups("h", "g", "z"), trip2g.Owner}

func inGroups(names ...string) trip2g.Visitor {
	return trip2g.VisitorOf(trip2g.Session{User: trip2g.User{Groups: trip2g.NewGroups(names...)}}, true)
}

// described describes everything that a reader sees at a URL path.
func described(s trip2g.Site, url string, reader trip2g.Visitor) string {
	page, found := s.Page(url, reader)
	if page == nil {
		return fmt.Sprint("→ ", found, text(s.NotFound(url, reader)))
	}
	told := fmt.Sprint(page.Withheld(), page.ContentType(), etag(page), text(page))
	if reader == trip2g.Anonymous && strings.Contains(strings.ToLower(told), strings.ToLower(secret)) {
		panic(url + " tells everybody what is for members:\n" + told)
	}
	return told
}

// surroundings describes the rest of the site.
func surroundings(s trip2g.Site) string {
	stats := s.Stats()
	told := fmt.Sprint(stats.Notes, stats.Pages, stats.Bytes, stats.Position, s.ModifiedAt(), text(s.NotFound("/nothing", trip2g.Anonymous)), text(s.Withheld(trip2g.Anonymous)))
	for _, w := range stats.Warnings {
		told += fmt.Sprintf("\n%s:%d %s", w.Path, w.Line, w.Text)
	}
	for id := range int64(30) {
		page, ok := s.NoteByID(id, trip2g.Member)
		page.Doc = nil
		told += fmt.Sprintf("\n%+v %v", page, ok)
	}
	told += fmt.Sprintf("\n%+v %+v", s.Settings(), s.Redirects())
	for i := range 5 {
		asset, public, ok := s.Asset(fmt.Sprintf("h%d", i))
		told += fmt.Sprintf("\n%+v %v %v", asset, public, ok)
		for _, reader := range readers {
			told += fmt.Sprint(s.MayReadAsset(fmt.Sprintf("h%d", i), reader))
		}
	}
	told += fmt.Sprintf("\n%+v %v %v", s.Access(), s.Unspecified(5), s.Groups().Names())
	return told
}

// compare fails the test if the site differs visibly from the expected one. It requests some of the
// pages, each as one kind of reader.
func (g *gardener) compare(t *testing.T, when string, urls []string, got, want trip2g.Site) {
	t.Helper()
	if got, want := surroundings(got), surroundings(want); got != want {
		t.Fatalf("%s: the site is\n%s\nwant\n%s", when, got, want)
	}
	for _, url := range urls {
		if g.IntN(12) > 0 {
			continue
		}
		reader := one(g, readers)
		if got, want := described(got, url, reader), described(want, url, reader); got != want {
			t.Fatalf("%s: to reader %v %s is\n%s\nwant\n%s", when, reader, url, got, want)
		}
	}
}

// TestAFollowingSiteEqualsALoadedOne changes a vault at random and compares, after each batch, the
// site that followed with one loaded from scratch. Pages are requested only now and then, so that
// cached ones outlive several changes.
func TestAFollowingSiteEqualsALoadedOne(t *testing.T) {
	urls := gardenURLs()
	for seed := range uint64(4) {
		g := &gardener{rand.New(rand.NewPCG(seed, 1)), newMemory()}
		f := newFollower(g, 0)
		for batch := range 120 {
			for range 1 + g.IntN(4) {
				g.change()
			}
			followed, loaded := refresh(t, f), refresh(t, newFollower(g, 1+g.IntN(40)))
			g.compare(t, fmt.Sprintf("seed %d, batch %d", seed, batch), urls, followed, loaded)
		}
	}
}

// TestALargeFollowingSiteEqualsALoadedOne applies more than a thousand notes at once, which runs in
// parallel: at the start, and as a later change.
func TestALargeFollowingSiteEqualsALoadedOne(t *testing.T) {
	const many = 1_100
	g := &gardener{rand.New(rand.NewPCG(11, 1)), newMemory()}
	little, atOnce := newFollower(g, 0), newFollower(g, 0)
	write := func() {
		for i := range many {
			g.put(fmt.Sprintf("%s%s %d.md", one(g, gardenFolders), one(g, gardenNames), g.IntN(many)), g.content(), g.files()...)
			if i%100 == 0 {
				refresh(t, little)
			}
		}
	}
	for range 2 {
		write()
		for range 20 {
			g.change()
		}
		followed, changed, loaded := refresh(t, little), refresh(t, atOnce), refresh(t, newFollower(g, 0))
		urls := gardenURLs()
		for _, p := range g.paths() {
			if url, ok := trip2g.NoteURL(p, ""); ok {
				urls = append(urls, url, "/_system/tree"+url)
			}
		}
		g.compare(t, "little at a time", urls, followed, loaded)
		g.compare(t, "all at once", urls, changed, loaded)
	}
}

// TestAnOldSnapshotDoesNotChange keeps every tenth snapshot and requests its pages after those of
// all later ones: a slow reader must see the pages of one moment.
func TestAnOldSnapshotDoesNotChange(t *testing.T) {
	urls := gardenURLs()
	describe := func(s trip2g.Site) string {
		var all []string
		for _, url := range urls {
			for _, reader := range readers {
				all = append(all, described(s, url, reader))
			}
		}
		return strings.Join(append(all, surroundings(s)), "\n")
	}
	g := &gardener{rand.New(rand.NewPCG(7, 1)), newMemory()}
	f := newFollower(g, 0)
	var sites []trip2g.Site
	var were []string
	for range 12 {
		for range 15 {
			g.change()
		}
		s := refresh(t, f)
		sites, were = append(sites, s), append(were, describe(s))
	}
	for i, s := range sites {
		if describe(s) != were[i] {
			t.Errorf("snapshot %d is another one now", i)
		}
	}
}
