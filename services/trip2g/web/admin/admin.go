package admin

import (
	"embed"
	"html/template"
	"net/http"
	"net/url"
	"strconv"

	"trip2g/internal/versionedfs"
	"trip2g/services/trip2g"
	"trip2g/services/trip2g/web/httpx"
)

// FilesPrefix is the prefix of the URL paths of the modules and stylesheets.
const FilesPrefix = Prefix + "admin/"

//go:embed pages files
var embedded embed.FS

// Options configures the pages. All fields are required.
type Options struct {
	// Reader returns the access level of a request's sender. ready is false until the site is
	// loaded.
	Reader func(*http.Request) (reader trip2g.Visitor, ready bool)
	Frame  trip2g.SystemPageRenderer
}

// Page is a handler and its path, which does not include the paths below it.
type Page struct {
	Path    string
	Handler http.Handler
}

// Pages holds the admin pages.
type Pages struct {
	options Options
	files   *versionedfs.Files
	menu    []trip2g.NavItem
}

// New returns the pages. It panics if one lacks a file.
func New(o Options) *Pages {
	all := &Pages{options: o, files: versionedfs.New(embedded, "files", FilesPrefix)}
	for _, p := range pages {
		if p.under == "" {
			all.menu = append(all.menu, trip2g.NavItem{Title: p.title, URL: Prefix + p.path, Group: p.group})
		}
	}
	all.menu = append(all.menu, trip2g.NavItem{Title: "Documentation", URL: trip2g.DocsURL, Group: systemGroup})
	return all
}

// Paths returns the path of each page.
func Paths() []string {
	paths := make([]string, len(pages))
	for i, p := range pages {
		paths[i] = Prefix + p.path
	}
	return paths
}

// All returns each page with its path.
func (p *Pages) All() []Page {
	all := make([]Page, len(pages))
	for i, page := range pages {
		all[i] = Page{Prefix + page.path, p.shell(page)}
	}
	return all
}

// systemPage returns the content of a page for the site's frame.
func (p *Pages) systemPage(page page) trip2g.SystemPage {
	body, err := embedded.ReadFile("pages/" + page.name + ".html")
	if err != nil {
		panic(err)
	}
	marked := page.path
	if page.under != "" {
		marked = page.under
	}
	return trip2g.SystemPage{
		Title: page.title, Path: Prefix + marked, Visitor: trip2g.Owner, Nav: p.menu, Wide: true,
		Body:        "<div class=\"admin\">\n" + template.HTML(body) + "</div>\n<div id=\"toast\" role=\"status\"></div>\n",
		Stylesheets: p.stylesheets(page),
		Scripts:     []string{p.files.URL("frame.js"), p.files.URL(page.name + ".js")},
	}
}

// stylesheets returns the shared stylesheet and the page's own, if there is one.
func (p *Pages) stylesheets(page page) []string {
	urls := []string{p.files.URL("admin.css")}
	if p.files.Has(page.name + ".css") {
		urls = append(urls, p.files.URL(page.name+".css"))
	}
	return urls
}

// forMembers is shown to members in place of every page.
var forMembers = trip2g.SystemPage{
	Title: "This page is for the owner", Visitor: trip2g.Member,
	Body: `<p>You are signed in as a member: you can read the notes that are for members. These pages are for the owner of the
site, whose address is in the server's setting <code>TRIP2G_OWNER_EMAIL</code>.</p>
<p><a href="/">Go to the home page</a>, or to <a href="/_system/account">your account</a> to sign in as somebody else.</p>
`,
}

// shell serves a page to an owner, a notice to a member, and a redirect to the sign-in page to
// anyone else. The response is not cached, so that the back button does not show it after signing
// out.
func (p *Pages) shell(page page) http.Handler {
	shown := p.systemPage(page)
	return readOnly(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Cache-Control", "private, no-store")
		header.Set("Vary", "Cookie, Authorization")
		reader, ready := p.options.Reader(r)
		switch {
		case !ready:
			httpx.ServeError(w, trip2g.ErrStarting)
		case reader == trip2g.Anonymous:
			http.Redirect(w, r, trip2g.SignInPath+"?next="+url.QueryEscape(r.URL.RequestURI()), http.StatusSeeOther)
		case !reader.IsOwner():
			serve(w, r, http.StatusForbidden, p.options.Frame(forMembers))
		default:
			serve(w, r, http.StatusOK, p.options.Frame(shown))
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

// Files serves the modules and stylesheets under FilesPrefix, without authentication.
func (p *Pages) Files() http.Handler { return readOnly(p.files.ServeHTTP) }

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
