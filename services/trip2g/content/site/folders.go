package site

import (
	"cmp"
	"maps"
	"path"
	"strings"

	"trip2g/services/trip2g"
)

// shelf is the vault in folders, as those find it who may read what is on it. It never changes.
type shelf struct {
	notes    sorted[member]
	folders  sorted[located[*folder]]
	listings sorted[*listing]
	tags     sorted[located[*tag]]
	tagged   sorted[tagged]
	segments sorted[segment]
}

// shelving is a shelf that changes: of what readers of one kind may read.
type shelving struct {
	reader trip2g.Reader
	places *index[located[*entry]]

	members  *index[member]
	folders  *index[located[*folder]]
	listings *index[*listing]
	tags     *index[located[*tag]]
	tagged   *index[tagged]
	segments *index[segment]

	staleShelf
	folderPages int // folders that are listed because no note has their URL

	traces []trace // what entries leave on it
}

// staleShelf is what settling has to do.
type staleShelf struct {
	staleFolders  map[string]bool // URLs whose notes, or own page, changed
	staleListings map[string]bool // URLs of folders of which something listed changed
	staleTags     map[string]int  // URLs of tags under which something changed, with how many notes more
}

func newStaleShelf() staleShelf {
	return staleShelf{make(map[string]bool), make(map[string]bool), make(map[string]int)}
}

func (s staleShelf) clone() staleShelf {
	return staleShelf{maps.Clone(s.staleFolders), maps.Clone(s.staleListings), maps.Clone(s.staleTags)}
}

// newShelving makes the shelf of what everybody can read.
func newShelving(places *index[located[*entry]], of leavings) *shelving {
	s := &shelving{
		places: places, staleShelf: newStaleShelf(),
		members: newKeyed(folderOfMember, compareMembers), folders: newIndex(byURL[*folder]), listings: newKeyed(folderOfListing, compareListings),
		tags: newIndex(byURL[*tag]), tagged: newKeyed(tagOf, compareTagged), segments: newIndex(before(compareSegments)),
	}
	s.staleFolders["/"] = true
	s.leaveTraces(of)
	return s
}

// forReader makes the shelf for readers who may read more than those of this one, while there is nothing more.
// It shares what does not change from then on.
func (s *shelving) forReader(reader trip2g.Reader, of leavings) *shelving {
	m := &shelving{
		reader: reader, places: s.places, staleShelf: s.staleShelf.clone(), folderPages: s.folderPages,
		members: s.members.fork(), folders: s.folders.fork(), listings: s.listings.fork(),
		tags: s.tags.fork(), tagged: s.tagged.fork(), segments: s.segments.fork(),
	}
	m.leaveTraces(of)
	return m
}

// has tells whether an entry is on the shelf.
func (s *shelving) has(e *entry) bool { return s.reader.MayRead(e.access) }

// leavings make what an entry leaves on shelves.
type leavings struct {
	members  func(*entry) []member
	listings func(*entry) []*listing
	tagged   func(*entry) []tagged
	segments func(*entry) []segment
}

// newLeavings makes them for all shelves, which share what is made.
func newLeavings() leavings {
	return leavings{remembered(membersOf), remembered(listingsOf), remembered(taggedOf), remembered(segmentsOf)}
}

// remembered gives a function that makes what the last two entries leave once: it is asked for that of a
// changed entry, as it was and as it is, for one shelf and then for the next.
func remembered[T any](of func(*entry) []T) func(*entry) []T {
	var last [2]struct {
		entry *entry
		made  []T
	}
	return func(e *entry) []T {
		if last[0].entry != e {
			last[0], last[1] = last[1], last[0]
		}
		if last[0].entry != e {
			last[0].entry, last[0].made = e, of(e)
		}
		return last[0].made
	}
}

// leaveTraces has entries leave on the shelf what is theirs.
func (s *shelving) leaveTraces(of leavings) {
	s.traces = []trace{
		newTrace(s.members, onShelf(s, of.members), func(m member, _ int) { s.staleFolders[m.folder] = true }),
		newTrace(s.listings, onShelf(s, of.listings), func(l *listing, _ int) { s.staleListings[l.folder] = true }),
		newTrace(s.tagged, onShelf(s, of.tagged), func(t tagged, delta int) { s.staleTags[t.tag] += delta }),
		newTrace(s.segments, onShelf(s, of.segments), nil),
	}
}

func onShelf[T any](s *shelving, of func(*entry) []T) func(*entry) []T {
	return func(e *entry) []T {
		if !s.has(e) {
			return nil
		}
		return of(e)
	}
}

func (s *shelving) freeze() shelf {
	return shelf{s.members.freeze(), s.folders.freeze(), s.listings.freeze(), s.tags.freeze(), s.tagged.freeze(), s.segments.freeze()}
}

// folder is a folder of the vault with notes that its readers may have, in it or below it. Folders
// that have one address are one, called as the first path in byte order has it. It never changes.
type folder struct {
	url    string
	name   string   // the last segment of its path
	title  string   // of the note at its address, else name
	listed bool     // its page is the list of what is in it: no note has its address
	open   bool     // they may read its page
	item   *listing // its line in the folder that it is in; nil: it has none
	state  uint64   // of what is in it: another one after a change
}

// member is a note in a folder or below it.
type member struct {
	folder string // URL
	path   string
	id     int64
}

func folderOfMember(m member) string { return m.folder }

// compareMembers puts those of one folder in order.
func compareMembers(a, b member) int {
	if c := strings.Compare(a.path, b.path); c != 0 {
		return c
	}
	return cmp.Compare(a.id, b.id)
}

// membersOf lists the folders that an entry is in.
func membersOf(e *entry) []member {
	var list []member
	for url := e.listing.folder; ; url = parentURL(url) {
		list = append(list, member{url, e.Path, e.ID})
		if url == "/" {
			return list
		}
	}
}

// listing is a line of a folder's list: folders first, then by title. It never changes.
type listing struct {
	folder      string // URL
	isNote      bool
	order       string // orderOf the title
	url         string
	title       string
	description string
}

func folderOfListing(l *listing) string { return l.folder }

// compareListings puts the lines of one folder in order.
func compareListings(a, b *listing) int {
	if a.isNote != b.isNote {
		if b.isNote {
			return -1
		}
		return 1
	}
	if c := strings.Compare(a.order, b.order); c != 0 {
		return c
	}
	return strings.Compare(a.url, b.url)
}

// listingsOf gives an entry's line in the list of its folder, if it is not the folder's own page.
func listingsOf(e *entry) []*listing {
	if e.url == e.listing.folder {
		return nil
	}
	return []*listing{e.listing}
}

// listed gives an entry the line that it has in lists: the one that it had, unless it is another one now.
func (e *entry) listed(old *entry) {
	var held *listing
	if old != nil {
		held = old.listing
	}
	e.listing = sameListing(held, listing{folderOf(e), true, orderOf(e.doc.Title), e.url, e.doc.Title, e.doc.Description})
}

// sameListing gives the line that is held, if it is this one: an index then sees that nothing changed.
func sameListing(held *listing, l listing) *listing {
	if held != nil && *held == l {
		return held
	}
	return &l
}

// orderOf gives what titles are sorted by: letter case does not matter, and "Note 2" comes before
// "Note 10".
func orderOf(title string) string {
	const width = 12 // of a number; a longer one is sorted as text
	var b strings.Builder
	for rest := strings.ToLower(title); rest != ""; {
		text := strings.IndexFunc(rest, isDigit)
		if text < 0 {
			text = len(rest)
		}
		b.WriteString(rest[:text])
		rest = rest[text:]
		digits := len(rest) - len(strings.TrimLeftFunc(rest, isDigit))
		if digits > 0 {
			b.WriteString(strings.Repeat("0", max(0, width-digits)))
		}
		b.WriteString(rest[:digits])
		rest = rest[digits:]
	}
	if order := b.String(); order != title {
		return order
	}
	return title // whose bytes are there already
}

func isDigit(r rune) bool { return '0' <= r && r <= '9' }

// folderOf gives the URL of the folder that a note is in.
func folderOf(e *entry) string {
	url, _ := trip2g.NoteURL(path.Join(path.Dir(e.Path), "index.md"), "")
	return url
}

func parentURL(url string) string { return url[:max(strings.LastIndexByte(url, '/'), 1)] }

// settle finds anew what the folders are of which something changed. A folder's title can change the
// list that it is in, so that the lists come last. generation is that of the next content.
func (s *shelving) settle(generation uint64) {
	next := make(map[string]*folder)
	for url := range s.staleFolders {
		next[url] = s.folderAt(url)
		s.relist(url, next[url])
		if held := at(s.folders.sorted, url); url != "/" && (held == nil) != (next[url] == nil) {
			s.staleListings[parentURL(url)] = true // a note beside it is listed as the folder
		}
	}
	for url := range s.staleListings {
		if _, ok := next[url]; !ok {
			next[url] = s.folderAt(url)
		}
	}
	for url, f := range next {
		s.replaceFolder(url, f, generation)
	}
	s.settleTags(generation)
	s.staleShelf = newStaleShelf()
}

// folderAt gives the folder at a URL as the notes make it now, nil if there is none. The root is
// always there.
func (s *shelving) folderAt(url string) *folder {
	first, ok := s.members.first(member{folder: url})
	if url != "/" && (!ok || first.folder != url) {
		return nil
	}
	f := &folder{url: url, listed: true, open: true}
	if url != "/" {
		f.name = strings.Split(first.path, "/")[strings.Count(url, "/")-1]
	}
	f.title = f.name
	e := at(s.places.sorted, url)
	switch {
	case e != nil && s.has(e):
		f.title, f.listed = e.doc.Title, false
	case e != nil:
		f.listed, f.open = false, false
	}
	if url != "/" && f.open && (e == nil || e.listing.folder != parentURL(url)) {
		var held *listing
		if last := at(s.folders.sorted, url); last != nil {
			held = last.item
		}
		f.item = sameListing(held, listing{folder: parentURL(url), order: orderOf(f.title), url: url, title: f.title})
	}
	return f
}

// relist puts a folder's line in the list that it is in. One that has a note beside it as its page has none:
// the note is listed.
func (s *shelving) relist(url string, f *folder) {
	var old, new *listing
	if held := at(s.folders.sorted, url); held != nil {
		old = held.item
	}
	if f != nil {
		new = f.item
	}
	if old == new {
		return
	}
	if old != nil {
		s.listings.drop(old)
		s.staleListings[old.folder] = true
	}
	if new != nil {
		s.listings.put(new)
		s.staleListings[new.folder] = true
	}
}

func (s *shelving) replaceFolder(url string, f *folder, generation uint64) {
	held := at(s.folders.sorted, url)
	if held != nil && held.listed {
		s.folderPages--
	}
	if f == nil {
		s.folders.drop(located[*folder]{url: url})
		return
	}
	if f.listed {
		s.folderPages++
	}
	if held != nil {
		f.state = held.state
	}
	if s.staleListings[url] {
		f.state = generation
	}
	if held == nil || *held != *f {
		s.folders.put(located[*folder]{url, f})
	}
}

// item is a link in a list of pages.
type item struct {
	Title, URL, Description string
	Folder                  bool
	Count                   int  // of what is in the folder; 0 where that is not shown
	Current                 bool // it is the page that is shown, or its folder
}

// items lists at most limit pages of what is in a folder. A note that is a folder's page, from beside it,
// stands for the folder.
func (s *shelf) items(url string, limit int) []item {
	var items []item
	for l := range s.listings.from(&listing{folder: url}) {
		if l.folder != url || len(items) == limit {
			break
		}
		isFolder := !l.isNote || at(s.folders, l.url) != nil
		items = append(items, item{Title: l.title, URL: l.url, Description: l.description, Folder: isFolder})
	}
	return items
}

// crumbs lists the folders above a page, from the top, without the start page.
func (r *reading) crumbs(folderURL, url string) []item {
	if !r.ask(question{about: crumbAt, of: folderURL}).(crumb).exists {
		return nil
	}
	var crumbs []item
	for ; folderURL != "/"; folderURL = parentURL(folderURL) {
		if f := r.ask(question{about: crumbAt, of: folderURL}).(crumb); f.open && folderURL != url {
			crumbs = append([]item{{Title: f.title, URL: folderURL}}, crumbs...)
		}
	}
	return crumbs
}

// crumb is what a page shows of a folder above it.
type crumb struct {
	title        string
	exists, open bool
}

func (s *shelf) crumbAt(url string) crumb {
	f := at(s.folders, url)
	if f == nil {
		return crumb{}
	}
	return crumb{f.title, true, f.open}
}
