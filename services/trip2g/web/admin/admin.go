package admin

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/web/httpx"
)

// FilesPrefix is where the pages' own files are.
const FilesPrefix = Prefix + "console/"

// signInPath is where somebody signs in; its parameter next says where to go then.
const signInPath = Prefix + "signin"

//go:embed pages files
var embedded embed.FS

// Options is what the pages are made of. All are needed.
type Options struct {
	// Reader tells who asks; ready is false as long as this node cannot know.
	Reader func(*http.Request) (reader trip2g.Visitor, ready bool)
	Frame  trip2g.SystemPageRenderer
}

// Page is one address and what answers it. A path that ends in "/" stands for itself alone.
type Page struct {
	Path    string
	Handler http.Handler
}

// Console is the owner's pages, ready to serve.
type Console struct {
	options Options
	files   fs.FS
	version string // names the content of all files
	menu    []trip2g.NavItem
}

// New makes the pages. It panics if one lacks a file, which every test sees.
func New(o Options) *Console {
	files, err := fs.Sub(embedded, "files")
	if err != nil {
		panic(err) // embedded: it is there
	}
	c := &Console{options: o, files: files, version: versionOf(files)}
	for _, p := range pages {
		if p.under == "" {
			c.menu = append(c.menu, trip2g.NavItem{Title: p.title, URL: Prefix + p.path, Group: p.group})
		}
	}
	c.menu = append(c.menu, trip2g.NavItem{Title: "Documentation", URL: trip2g.DocsURL, Group: systemGroup})
	return c
}

// Paths returns the address of each page.
func Paths() []string {
	paths := make([]string, len(pages))
	for i, p := range pages {
		paths[i] = Prefix + p.path
	}
	return paths
}

// Pages gives each page and its address.
func (c *Console) Pages() []Page {
	made := make([]Page, len(pages))
	for i, p := range pages {
		made[i] = Page{Prefix + p.path, c.shell(p)}
	}
	return made
}

// versionOf names what is in all files, so that an address gives the same for ever.
func versionOf(files fs.FS) string {
	sum := sha256.New()
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(files, name)
		fmt.Fprintf(sum, "%s %d\n%s", name, len(text), text)
		return err
	})
	if err != nil {
		panic(err)
	}
	return hex.EncodeToString(sum.Sum(nil)[:versionBytes])
}

// versionBytes is how much of a SHA-256 an address has.
const versionBytes = 8

func (c *Console) fileURL(name string) string {
	if _, err := fs.Stat(c.files, name); err != nil {
		panic(err)
	}
	return FilesPrefix + c.version + "/" + name
}

// systemPage is what the frame shows of a page.
func (c *Console) systemPage(p page) trip2g.SystemPage {
	body, err := embedded.ReadFile("pages/" + p.name + ".html")
	if err != nil {
		panic(err)
	}
	marked := p.path
	if p.under != "" {
		marked = p.under
	}
	return trip2g.SystemPage{
		Title: p.title, Path: Prefix + marked, Visitor: trip2g.Owner, Nav: c.menu, Wide: true,
		Body:        "<div class=\"console\">\n" + template.HTML(body) + "</div>\n<div id=\"toast\" role=\"status\"></div>\n",
		Stylesheets: c.stylesheets(p),
		Scripts:     []string{c.fileURL("frame.js"), c.fileURL(p.name + ".js")},
	}
}

// stylesheets gives those of all pages and the page's own, if it has one.
func (c *Console) stylesheets(p page) []string {
	urls := []string{c.fileURL("console.css")}
	if _, err := fs.Stat(c.files, p.name+".css"); err == nil {
		urls = append(urls, c.fileURL(p.name+".css"))
	}
	return urls
}

// forMembers is what a member sees in place of every page.
var forMembers = trip2g.SystemPage{
	Title: "This page is for the owner", Visitor: trip2g.Member,
	Body: `<p>You are signed in as a member: you can read the notes that are for members. These pages are for the owner of the
site, whose address is in the server's setting <code>TRIP2G_OWNER_EMAIL</code>.</p>
<p><a href="/">Go to the start page</a>, or to <a href="/_system/account">your account</a> to sign in as somebody else.</p>
`,
}

// shell serves a page to an owner. Everybody else is sent to sign in, or told why not. The answer is for
// no cache, so that it cannot be seen after the session's end by going back.
func (c *Console) shell(p page) http.Handler {
	shown := c.systemPage(p)
	return readOnly(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Cache-Control", "private, no-store")
		header.Set("Vary", "Cookie, Authorization")
		reader, ready := c.options.Reader(r)
		switch {
		case !ready:
			httpx.ServeError(w, trip2g.ErrStarting)
		case reader == trip2g.Anonymous:
			http.Redirect(w, r, signInPath+"?next="+url.QueryEscape(r.URL.RequestURI()), http.StatusSeeOther)
		case !reader.IsOwner():
			serve(w, r, http.StatusForbidden, c.options.Frame(forMembers))
		default:
			serve(w, r, http.StatusOK, c.options.Frame(shown))
		}
	})
}

func serve(w http.ResponseWriter, r *http.Request, status int, body []byte) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		w.Write(body)
	}
}

// Files serves the pages' modules and styles, under FilesPrefix, to anyone: they are part of the program.
// While nodes are upgraded one by one, a page of one version may ask a node of another for its file: it
// gets that node's own, uncached.
func (c *Console) Files() http.Handler {
	return readOnly(func(w http.ResponseWriter, r *http.Request) {
		version, name, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, FilesPrefix), "/")
		text, err := fs.ReadFile(c.files, strings.TrimPrefix(path.Clean("/"+name), "/"))
		if err != nil || !isVersion(version) {
			http.NotFound(w, r)
			return
		}
		header := w.Header()
		if version == c.version {
			header.Set("Cache-Control", "public, max-age=31536000, immutable")
			header.Set("ETag", `"`+version+"-"+name+`"`)
		} else {
			header.Set("Cache-Control", "no-cache")
		}
		http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(text))
	})
}

func isVersion(s string) bool {
	sum, err := hex.DecodeString(s)
	return err == nil && len(sum) == versionBytes
}

func readOnly(next http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.Method {
		case http.MethodGet, http.MethodHead:
			next(w, r)
		default:
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "this address takes only GET and HEAD", http.StatusMethodNotAllowed)
		}
	})
}
