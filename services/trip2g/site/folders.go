package site

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"trip2g/services/trip2g"
)

// folder is a folder of the vault with notes that everybody can read, in it or below it. Folders
// that have one address are one.
type folder struct {
	name    string // the last segment of its path
	url     string
	parent  *folder // nil at the root
	folders []*folder
	entries []*entry
}

// item is a link in a list of pages.
type item struct {
	Title, URL, Description string
	Folder                  bool
	Current                 bool // it is the page that is shown, or its folder
}

// addFolders finds the folders, and gives each whose address no note has a page that lists it.
func (c *content) addFolders() {
	c.folders = make(map[string]*folder)
	c.folderAt("")
	for _, e := range c.entries {
		if !e.doc.MembersOnly {
			f := c.folderAt(parentPath(e.Path))
			f.entries = append(f.entries, e)
		}
	}
	for url, f := range c.folders {
		if c.pages[url] == nil && !isReserved(url) {
			c.pages[url] = &page{make: func() []byte { return c.renderFolder(f) }}
		}
	}
}

// folderAt gives the folder with a path, "" for the root.
func (c *content) folderAt(p string) *folder {
	url := folderURL(p)
	if f := c.folders[url]; f != nil {
		return f
	}
	f := &folder{name: path.Base(p), url: url}
	c.folders[url] = f
	if p != "" {
		f.parent = c.folderAt(parentPath(p))
		f.parent.folders = append(f.parent.folders, f)
	}
	return f
}

func parentPath(p string) string {
	if parent := path.Dir(p); parent != "." {
		return parent
	}
	return ""
}

// folderURL is the address that a folder's index has or would have.
func folderURL(p string) string {
	url, _ := trip2g.NoteURL(path.Join(p, "index.md"), "")
	return url
}

// items lists what is in a folder, folders first, by name, without the note that is its own page.
func (c *content) items(f *folder) []item {
	var items []item
	for _, sub := range f.folders {
		if p := c.pages[sub.url]; p == nil || p.membersOnly {
			continue // its own page is not for everybody
		}
		if e := c.byURL[sub.url]; e != nil && slices.Contains(f.entries, e) {
			continue // a note beside it is its page, and listed as that
		}
		items = append(items, item{Title: c.folderTitle(sub), URL: sub.url, Folder: true})
	}
	slices.SortStableFunc(items, byTitle)
	var notes []item
	for _, e := range f.entries {
		if e.url != f.url {
			notes = append(notes, item{Title: e.doc.Title, URL: e.url, Description: e.doc.Description})
		}
	}
	slices.SortStableFunc(notes, byTitle)
	return append(items, notes...)
}

func byTitle(a, b item) int {
	return cmp.Or(cmp.Compare(strings.ToLower(a.Title), strings.ToLower(b.Title)), cmp.Compare(a.URL, b.URL))
}

// folderTitle is the title of the note at the folder's address, else its name.
func (c *content) folderTitle(f *folder) string {
	if e := c.byURL[f.url]; e != nil {
		return e.doc.Title
	}
	return f.name
}

// maxMenu bounds the links in every page's menu.
const maxMenu = 100

// menuItems lists the top of the vault.
func (c *content) menuItems() []item {
	items := c.items(c.folders["/"])
	return items[:min(len(items), maxMenu)]
}

// crumbs lists the folders above a page with an address, from the top, without the start page.
func (c *content) crumbs(f *folder, url string) []item {
	var crumbs []item
	for ; f != nil && f.url != "/"; f = f.parent {
		if p := c.pages[f.url]; f.url != url && p != nil && !p.membersOnly {
			crumbs = append(crumbs, item{Title: c.folderTitle(f), URL: f.url})
		}
	}
	slices.Reverse(crumbs)
	return crumbs
}
