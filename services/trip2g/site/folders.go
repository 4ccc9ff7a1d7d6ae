package site

import (
	"cmp"
	"path"
	"strings"

	"trip2g/services/trip2g"
)

// folder is a folder of the vault with notes that everybody can read, in it or below it. Folders
// that have one address are one, called as the first path in byte order has it. It never changes.
type folder struct {
	url    string
	name   string // the last segment of its path
	title  string // of the note at its address, else name
	listed bool   // its page is the list of what is in it: no note has its address
	public bool   // everybody can read its page
	item   listing
	state  uint64 // of what is in it: another one after a change
}

// member is a note that everybody can read in a folder or below it.
type member struct {
	folder string // URL
	path   string
	id     int64
}

func compareMembers(a, b member) int {
	if c := strings.Compare(a.folder, b.folder); c != 0 {
		return c
	}
	if c := strings.Compare(a.path, b.path); c != 0 {
		return c
	}
	return cmp.Compare(a.id, b.id)
}

// membersOf lists the folders that an entry is in.
func membersOf(e *entry) []member {
	if e.doc.MembersOnly {
		return nil
	}
	var list []member
	for url := folderOf(e); ; url = parentURL(url) {
		list = append(list, member{url, e.Path, e.ID})
		if url == "/" {
			return list
		}
	}
}

// listing is a line of a folder's list: folders first, then by title.
type listing struct {
	folder      string // URL
	isNote      bool
	order       string // the title in lower case
	url         string
	title       string
	description string
}

func compareListings(a, b listing) int {
	if c := strings.Compare(a.folder, b.folder); c != 0 {
		return c
	}
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
func listingsOf(e *entry) []listing {
	in := folderOf(e)
	if e.doc.MembersOnly || e.url == in {
		return nil
	}
	return []listing{{in, true, strings.ToLower(e.doc.Title), e.url, e.doc.Title, e.doc.Description}}
}

// folderOf gives the URL of the folder that a note is in.
func folderOf(e *entry) string {
	url, _ := trip2g.NoteURL(path.Join(path.Dir(e.Path), "index.md"), "")
	return url
}

func parentURL(url string) string { return url[:max(strings.LastIndexByte(url, '/'), 1)] }

// settleFolders finds anew what the folders are of which something changed. A folder's title can
// change the list that it is in, so that the lists come last.
func (c *catalog) settleFolders() {
	next := make(map[string]*folder)
	for url := range c.staleFolders {
		next[url] = c.folderAt(url)
		c.relist(url, next[url])
	}
	for url := range c.staleListings {
		if _, ok := next[url]; !ok {
			next[url] = c.folderAt(url)
		}
	}
	for url, f := range next {
		c.replaceFolder(url, f)
	}
}

// folderAt gives the folder at a URL as the notes make it now, nil if there is none. The root is
// always there.
func (c *catalog) folderAt(url string) *folder {
	first, ok := c.members.first(member{folder: url})
	if url != "/" && (!ok || first.folder != url) {
		return nil
	}
	f := &folder{url: url, listed: true, public: true}
	if url != "/" {
		f.name = strings.Split(first.path, "/")[strings.Count(url, "/")-1]
	}
	f.title = f.name
	e := at(c.places.sorted, url)
	if e != nil {
		f.title, f.listed, f.public = e.doc.Title, false, !e.doc.MembersOnly
	}
	if url != "/" && f.public && (e == nil || folderOf(e) != parentURL(url)) {
		f.item = listing{folder: parentURL(url), order: strings.ToLower(f.title), url: url, title: f.title}
	}
	return f
}

// relist puts a folder's line in the list that it is in. One that has a note beside it as its page has none:
// the note is listed.
func (c *catalog) relist(url string, f *folder) {
	var old, new listing
	if held := at(c.folders.sorted, url); held != nil {
		old = held.item
	}
	if f != nil {
		new = f.item
	}
	if old == new {
		return
	}
	if old.folder != "" {
		c.listings.drop(old)
		c.staleListings[old.folder] = true
	}
	if new.folder != "" {
		c.listings.put(new)
		c.staleListings[new.folder] = true
	}
}

func (c *catalog) replaceFolder(url string, f *folder) {
	held := at(c.folders.sorted, url)
	if held != nil && held.listed {
		c.folderPages--
	}
	if f == nil {
		c.folders.drop(located[*folder]{url: url})
		return
	}
	if f.listed {
		c.folderPages++
	}
	if held != nil {
		f.state = held.state
	}
	if c.staleListings[url] {
		f.state = c.generation() + 1
	}
	if held == nil || *held != *f {
		c.folders.put(located[*folder]{url, f})
	}
}

// item is a link in a list of pages.
type item struct {
	Title, URL, Description string
	Folder                  bool
	Current                 bool // it is the page that is shown, or its folder
}

// items lists at most limit pages of what is in a folder.
func (c *content) items(url string, limit int) []item {
	var items []item
	for l := range c.listings.from(listing{folder: url}) {
		if l.folder != url || len(items) == limit {
			break
		}
		items = append(items, item{Title: l.title, URL: l.url, Description: l.description, Folder: !l.isNote})
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
		if f := r.ask(question{about: crumbAt, of: folderURL}).(crumb); f.public && folderURL != url {
			crumbs = append([]item{{Title: f.title, URL: folderURL}}, crumbs...)
		}
	}
	return crumbs
}

// crumb is what a page shows of a folder above it.
type crumb struct {
	title          string
	exists, public bool
}

func (c *content) crumbAt(url string) crumb {
	f := at(c.folders, url)
	if f == nil {
		return crumb{}
	}
	return crumb{f.title, true, f.public}
}
