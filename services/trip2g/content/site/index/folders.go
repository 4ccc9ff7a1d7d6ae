package index

import (
	"cmp"
	"path"
	"strings"

	"trip2g/services/trip2g"
)

// Folder is a folder with readable notes in it or below it. Folders with equal URLs are merged; the
// name is that of the first path in byte order. It is immutable.
type Folder struct {
	URL       string
	Name      string   // last segment of the path
	Title     string   // title of the folder's note, else name
	generated bool     // no note has the URL: the page is a generated list
	readable  bool     // whether the audience may read the page
	listing   *listing // line in the parent's list; nil if there is none
	revision  uint64   // changes with the folder's list
}

// folderNote is a note in a folder or below it.
type folderNote struct {
	folder string // URL
	path   string
	id     int64
}

func folderOfNote(m folderNote) string { return m.folder }

// compareFolderNotes orders the notes of one folder.
func compareFolderNotes(a, b folderNote) int {
	if c := strings.Compare(a.path, b.path); c != 0 {
		return c
	}
	return cmp.Compare(a.id, b.id)
}

// folderNotesOf returns the rows of e, one for each folder above it.
func folderNotesOf(e *Entry) []folderNote {
	var list []folderNote
	for url := e.Listing.Folder; ; url = ParentURL(url) {
		list = append(list, folderNote{url, e.Path, e.ID})
		if url == "/" {
			return list
		}
	}
}

// listing is a line in a folder's list. Folders come first, then the order is by title. It is
// immutable.
type listing struct {
	Folder      string // URL
	isNote      bool
	sortKey     string // see sortKeyOf
	url         string
	title       string
	description string
}

func folderOfListing(l *listing) string { return l.Folder }

// compareListings orders the lines of one folder.
func compareListings(a, b *listing) int {
	if a.isNote != b.isNote {
		if b.isNote {
			return -1
		}
		return 1
	}
	if c := strings.Compare(a.sortKey, b.sortKey); c != 0 {
		return c
	}
	return strings.Compare(a.url, b.url)
}

// listingsOf returns the line of e in its folder's list, none for the folder's own page.
func listingsOf(e *Entry) []*listing {
	if e.URL == e.Listing.Folder {
		return nil
	}
	return []*listing{e.Listing}
}

// setListing sets the line of e in lists. It reuses the line of old if nothing changed.
func (e *Entry) setListing(old *Entry) {
	var last *listing
	if old != nil {
		last = old.Listing
	}
	e.Listing = reuseListing(last, listing{folderURL(e), true, sortKeyOf(e.Doc.Title), e.URL, e.Doc.Title, e.Doc.Description})
}

// reuseListing returns last if it equals l, so that an index sees no change.
func reuseListing(last *listing, l listing) *listing {
	if last != nil && *last == l {
		return last
	}
	return &l
}

// sortKeyOf returns the sort key of a title: letter case is ignored, and "Note 2" comes before
// "Note 10".
func sortKeyOf(title string) string {
	const width = 12 // digits of a number; longer ones are sorted as text
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
	return title // avoids a second copy of the bytes
}

func isDigit(r rune) bool { return '0' <= r && r <= '9' }

// folderURL returns the URL of the folder that contains e.
func folderURL(e *Entry) string {
	url, _ := trip2g.NoteURL(path.Join(path.Dir(e.Path), "index.md"), "")
	return url
}

func ParentURL(url string) string { return url[:max(strings.LastIndexByte(url, '/'), 1)] }

// apply rebuilds what is dirty. Lists come last, because a folder's title can change its parent's
// list. generation is that of the next snapshot.
func (v *viewBuilder) apply(generation uint64) {
	next := make(map[string]*Folder)
	for url := range v.dirtyFolders {
		next[url] = v.buildFolder(url)
		v.updateListing(url, next[url])
		if old := at(v.folders.Set, url); url != "/" && (old == nil) != (next[url] == nil) {
			v.dirtyListings[ParentURL(url)] = true // a note with its URL is listed as a folder
		}
	}
	for url := range v.dirtyListings {
		if _, ok := next[url]; !ok {
			next[url] = v.buildFolder(url)
		}
	}
	for url, f := range next {
		v.replaceFolder(url, f, generation)
	}
	v.applyTags(generation)
	v.dirtyView = newDirtyView()
}

// buildFolder computes the folder at url, nil if there is none. The root always exists.
func (v *viewBuilder) buildFolder(url string) *Folder {
	first, ok := v.folderNotes.First(folderNote{folder: url})
	if url != "/" && (!ok || first.folder != url) {
		return nil
	}
	f := &Folder{URL: url, generated: true, readable: true}
	if url != "/" {
		f.Name = strings.Split(first.path, "/")[strings.Count(url, "/")-1]
	}
	f.Title = f.Name
	e := at(v.byURL.Set, url)
	switch {
	case e != nil && v.includes(e):
		f.Title, f.generated = e.Doc.Title, false
	case e != nil:
		f.generated, f.readable = false, false
	}
	if url != "/" && f.readable && (e == nil || e.Listing.Folder != ParentURL(url)) {
		var item *listing
		if last := at(v.folders.Set, url); last != nil {
			item = last.listing
		}
		f.listing = reuseListing(item, listing{Folder: ParentURL(url), sortKey: sortKeyOf(f.Title), url: url, title: f.Title})
	}
	return f
}

// updateListing updates a folder's line in its parent's list. A folder has no line if a note next
// to it is its page: then the note is listed.
func (v *viewBuilder) updateListing(url string, f *Folder) {
	var old, new *listing
	if last := at(v.folders.Set, url); last != nil {
		old = last.listing
	}
	if f != nil {
		new = f.listing
	}
	if old == new {
		return
	}
	if old != nil {
		v.listings.Delete(old)
		v.dirtyListings[old.Folder] = true
	}
	if new != nil {
		v.listings.Put(new)
		v.dirtyListings[new.Folder] = true
	}
}

func (v *viewBuilder) replaceFolder(url string, f *Folder, generation uint64) {
	last := at(v.folders.Set, url)
	if last != nil && last.generated {
		v.listedFolders--
	}
	if f == nil {
		v.folders.Delete(urlItem[*Folder]{url: url})
		return
	}
	if f.generated {
		v.listedFolders++
	}
	if last != nil {
		f.revision = last.revision
	}
	if v.dirtyListings[url] {
		f.revision = generation
	}
	if last == nil || *last != *f {
		v.folders.Put(urlItem[*Folder]{url, f})
	}
}

// ListItem is a link in a list of pages.
type ListItem struct {
	Title, URL, Description string
	Folder                  bool
	Count                   int  // of the folder's contents; 0: not shown
	Current                 bool // the shown page, or a folder above it
}

// List returns up to limit pages in a folder. A note next to a folder that is the folder's page
// stands for the folder.
func (v *View) List(url string, limit int) []ListItem {
	var items []ListItem
	for l := range v.listings.From(&listing{Folder: url}) {
		if l.Folder != url || len(items) == limit {
			break
		}
		isFolder := !l.isNote || at(v.folders, l.url) != nil
		items = append(items, ListItem{Title: l.title, URL: l.url, Description: l.description, Folder: isFolder})
	}
	return items
}

// FolderAt returns the folder at a URL path, nil if there is none.
func (v *View) FolderAt(url string) *Folder { return at(v.folders, url) }

// Crumb is a folder in a breadcrumb.
type Crumb struct {
	Title            string
	Exists, Readable bool
}

func (v *View) CrumbAt(url string) Crumb {
	f := at(v.folders, url)
	if f == nil {
		return Crumb{}
	}
	return Crumb{f.Title, true, f.readable}
}
