package site

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"trip2g/services/trip2g"
)

// snapshot is the site at one position. Nothing in it changes but pages being made once.
type snapshot struct {
	name      string // of the whole site
	pages     map[string]*page
	redirects map[string]string
	nav       []link
	notes     *index[*page]
	assets    *index[trip2g.NoteAsset]
	files     map[string]file // by hash
	sessions  map[string]trip2g.Session
	stats     trip2g.SiteStats
	render    func(*trip2g.Document, trip2g.Links) ([]byte, error)
	log       zerolog.Logger

	notFound, membersOnly page
}

// page is one address of the site: a note, or a listing where a folder has no note of its own.
type page struct {
	url     string
	title   string
	entry   *entry // nil for a listing
	listing []link
	members bool

	once sync.Once
	made *trip2g.Page
}

// link is an entry of a listing or of the navigation.
type link struct {
	URL, Title string
	Folder     bool // a listing
}

// file is a file that a published note refers to.
type file struct {
	asset  trip2g.NoteAsset
	public bool
}

// build makes the snapshot of what the follower has. The same notes give the same snapshot on
// every node, whatever the order in which they came.
func (f *Follower) build() *snapshot {
	s := &snapshot{
		name:      "trip2g",
		pages:     map[string]*page{},
		redirects: map[string]string{},
		notes:     newIndex[*page](),
		assets:    newIndex[trip2g.NoteAsset](),
		files:     map[string]file{},
		sessions:  map[string]trip2g.Session{},
		render:    f.Render,
		log:       f.Log,
		stats:     trip2g.SiteStats{DatabaseID: f.databaseID, Position: f.position, ChangedAt: f.changedAt, Notes: len(f.notes)},
	}
	entries := slices.SortedFunc(maps.Values(f.notes), func(a, b *entry) int { return strings.Compare(a.note.Path, b.note.Path) })
	for _, e := range entries {
		s.add(e)
	}
	for _, e := range entries {
		s.addRedirects(e)
	}
	for _, session := range f.sessions {
		s.sessions[session.TokenHash] = session
	}
	if root := s.pages["/"]; root != nil && !root.members {
		s.name = root.title
	}
	s.addListings()
	s.stats.Pages = len(s.pages)
	return s
}

// add gives a note its address and its files theirs. Notes come in byte order of their paths, so
// the first that wants an address has it (the sync API's rule).
func (s *snapshot) add(e *entry) {
	s.stats.Bytes += int64(len(e.note.Content))
	s.stats.Warnings = append(s.stats.Warnings, e.doc.Warnings...)
	if e.doc.Hidden {
		return
	}
	for _, a := range e.note.Assets {
		if isNote(a) {
			continue
		}
		s.assets.add(fold(a.AbsolutePath), a)
		s.files[a.Hash] = file{asset: a, public: s.files[a.Hash].public || !e.doc.MembersOnly}
	}
	wanted := e.url
	if wanted == "" {
		return
	}
	url := wanted
	for n := 2; s.pages[url] != nil; n++ {
		url = fmt.Sprintf("%s_%d", wanted, n)
	}
	if url != wanted {
		s.stats.Warnings = append(s.stats.Warnings, trip2g.Warning{
			Path: e.note.Path, Text: fmt.Sprintf("%s has the address %s already, so this note is at %s: rename one or give it a slug", s.pages[wanted].entry.note.Path, wanted, url),
		})
	}
	p := &page{url: url, title: e.doc.Title, entry: e, members: e.doc.MembersOnly}
	s.pages[url] = p
	s.notes.add(e.key, p)
}

// addRedirects leads a note's permalink to its page, unless a page has that address.
func (s *snapshot) addRedirects(e *entry) {
	if e.doc.Permalink == "" || e.doc.Hidden {
		return
	}
	p, ok := s.notes.byPath[e.key]
	if !ok {
		return
	}
	from := path.Clean("/" + e.doc.Permalink)
	if s.pages[from] == nil && s.redirects[from] == "" {
		s.redirects[from] = p.url
	}
}

// addListings gives each folder without a note of its own a page that lists what is in it.
func (s *snapshot) addListings() {
	for _, url := range slices.Sorted(maps.Keys(s.pages)) {
		if s.pages[url].members {
			continue // a listing would tell of it
		}
		for dir := path.Dir(url); s.pages[dir] == nil; dir = path.Dir(dir) {
			s.pages[dir] = &page{url: dir, title: s.folderName(url, dir)}
		}
	}
	if s.pages["/"] == nil {
		s.pages["/"] = &page{url: "/", title: s.name}
	}
	children := s.children()
	for _, p := range s.pages {
		if p.entry == nil {
			p.listing = children[p.url]
		}
	}
	s.nav = navigation(children["/"])
}

// folderName gives the name that the vault has for the folder dir of the page at url.
func (s *snapshot) folderName(url, dir string) string {
	if dir == "/" {
		return s.name
	}
	depth := strings.Count(dir, "/")
	if e := s.pages[url].entry; e != nil {
		if folders := strings.Split(e.note.Path, "/"); len(folders) > depth {
			return folders[depth-1]
		}
	}
	return path.Base(dir)
}

// children lists the public pages right below each address, by title.
func (s *snapshot) children() map[string][]link {
	children := map[string][]link{}
	for url, p := range s.pages {
		if url != "/" && !p.members {
			dir := path.Dir(url)
			children[dir] = append(children[dir], link{URL: escapePath(url), Title: p.title, Folder: p.entry == nil})
		}
	}
	for _, links := range children {
		slices.SortFunc(links, func(a, b link) int {
			return cmp.Or(strings.Compare(strings.ToLower(a.Title), strings.ToLower(b.Title)), strings.Compare(a.URL, b.URL))
		})
	}
	return children
}

// maxNavigation is how many links a page's head has room for.
const maxNavigation = 12

// navigation picks what every page links to: all that is at the top of the vault, or only its
// folders if that is too much.
func navigation(top []link) []link {
	if len(top) <= maxNavigation {
		return top
	}
	var folders []link
	for _, l := range top {
		if l.Folder && len(folders) < maxNavigation {
			folders = append(folders, l)
		}
	}
	return folders
}

// Page implements trip2g.Site.
func (s *snapshot) Page(urlPath string) (*trip2g.Page, string) {
	if p, ok := s.pages[urlPath]; ok {
		return s.finished(p), ""
	}
	if to := s.redirects[urlPath]; to != "" {
		return nil, to
	}
	// A vault's own path, another letter case, a slash or ".md" too much.
	name := strings.Trim(strings.TrimSuffix(urlPath, ".md"), "/")
	if to, ok := trip2g.NoteURL(name+".md", ""); ok && to != urlPath && s.pages[to] != nil {
		return nil, to
	}
	return nil, ""
}

// finished makes a page the first time that it is asked for.
func (s *snapshot) finished(p *page) *trip2g.Page {
	p.once.Do(func() { p.made = s.finish(s.content(p), p.members) })
	return p.made
}

// finish makes a response of a page's content.
func (s *snapshot) finish(c content, members bool) *trip2g.Page {
	body := c.document()
	sum := sha256.Sum256(body)
	return &trip2g.Page{
		Body:        body,
		ETag:        `"` + base64.RawURLEncoding.EncodeToString(sum[:16]) + `"`,
		ModifiedAt:  s.stats.ChangedAt,
		MembersOnly: members,
	}
}

// NotFound implements trip2g.Site.
func (s *snapshot) NotFound() *trip2g.Page {
	p := &s.notFound
	p.once.Do(func() { p.made = s.finish(s.message("Page not found", notFoundText), false) })
	return p.made
}

// MembersOnly implements trip2g.Site.
func (s *snapshot) MembersOnly() *trip2g.Page {
	p := &s.membersOnly
	p.once.Do(func() { p.made = s.finish(s.message("For members", membersOnlyText), false) })
	return p.made
}

// Asset implements trip2g.Site.
func (s *snapshot) Asset(hash string) (asset trip2g.NoteAsset, public, ok bool) {
	f, ok := s.files[hash]
	return f.asset, f.public, ok
}

// Session implements trip2g.Site.
func (s *snapshot) Session(tokenHash string, now time.Time) (trip2g.Session, bool) {
	session, ok := s.sessions[tokenHash]
	return session, ok && now.Before(session.ExpiresAt)
}

// Stats implements trip2g.Site.
func (s *snapshot) Stats() trip2g.SiteStats { return s.stats }
