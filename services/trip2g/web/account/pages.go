// Package account serves the pages for signing in and out, claiming a site and managing sessions.
// They work without JavaScript. Forms are sent by POST, which every node forwards to the leader.
// GET is served from the node's memory.
package account

import (
	"bytes"
	"embed"
	"html/template"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/i18n"
	"trip2g/services/trip2g/web/httpx"
)

// Paths of the pages.
const (
	SignInPath    = trip2g.SignInPath
	CodePath      = trip2g.SystemPrefix + "signin/code"
	SignOutPath   = trip2g.SystemPrefix + "signout"
	AccountPath   = trip2g.SystemPrefix + "account"
	EndPath       = trip2g.SystemPrefix + "account/end"
	EndOthersPath = trip2g.SystemPrefix + "account/end-others"
	ClaimPath     = trip2g.ClaimPath
)

const (
	// maxForm is the maximum size of a form in bytes.
	maxForm = 16 << 10
	// maxDrain is the maximum that is read and discarded of a larger one.
	maxDrain = 1 << 20
)

//go:embed templates
var templateFiles embed.FS

var templates = i18n.ForEach(func(texts *i18n.Language) *template.Template {
	return template.Must(template.New("").Funcs(texts.Funcs()).Funcs(template.FuncMap{
		"browser": func(s trip2g.Session) string { return browserName(texts, s) },
	}).ParseFS(templateFiles, "templates/*.html"))
})

// Options configures the pages. All fields but Leader are required.
type Options struct {
	// Ready reports whether the site is loaded.
	Ready func() bool
	// Session returns the session of a request, and Sessions those of a user, newest first, from
	// memory.
	Session  func(*http.Request) (trip2g.Session, bool)
	Sessions func(user int64) []trip2g.Session
	Frame    trip2g.SystemPageRenderer
	// Owned reports whether the site has an owner, from memory.
	Owned func() bool
	// Lang returns the site's language, a BCP 47 tag, from memory. It is for requests that accept
	// no language with texts.
	Lang   func() string
	Leader *Leader // nil on a replica, which forwards POST
}

// Leader has the services of a leader. All fields but PublicURL and SendsMail are required.
type Leader struct {
	SignIn       trip2g.SignInService
	Claim        trip2g.ClaimService
	People       trip2g.AccountService
	Cookie       string        // the session cookie's name
	PublicURL    string        // public URL of the site; "": not set
	SendsMail    bool          // false: codes go to the server's log
	CodeLifetime time.Duration // of a sign-in code
}

// Page is a handler and its path.
type Page struct {
	Path    string
	Handler http.Handler
}

type pages struct {
	Options
	csrf   *http.CrossOriginProtection
	public *url.URL // of the leader's PublicURL; nil without one
}

// New returns the pages. It returns EINVALID for an invalid PublicURL.
func New(o Options) ([]Page, error) {
	p := &pages{Options: o, csrf: http.NewCrossOriginProtection()}
	if o.Leader != nil && o.Leader.PublicURL != "" {
		var err error
		if p.public, err = url.Parse(o.Leader.PublicURL); err == nil {
			err = p.csrf.AddTrustedOrigin(p.public.Scheme + "://" + p.public.Host)
		}
		if err != nil {
			return nil, trip2g.Errorf(trip2g.EINVALID, "the public URL %q is no http or https URL", o.Leader.PublicURL)
		}
	}
	return []Page{
		{SignInPath, p.handler(p.showSignIn, p.requestCode)},
		{CodePath, p.handler(p.askAddress, p.signIn)},
		{SignOutPath, p.handler(p.showAccount, p.signOut)},
		{AccountPath, p.handler(p.showAccount, nil)},
		{EndPath, p.handler(p.showAccount, p.endSession)},
		{EndOthersPath, p.handler(p.showAccount, p.endOthers)},
		{ClaimPath, p.handler(p.showClaim, p.claim)},
	}, nil
}

// handler runs get or post, which is nil for a page without a form. Responses are not cached, so
// that the back button does not show them after signing out.
func (p *pages) handler(get, post http.HandlerFunc) http.Handler {
	allowed := "GET, HEAD, OPTIONS"
	if post != nil {
		allowed += ", POST"
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "private, no-store")
		w.Header().Set("Vary", "Cookie, Authorization, Accept-Language")
		switch {
		case r.Method == http.MethodOptions:
			w.Header().Set("Allow", allowed)
			w.WriteHeader(http.StatusNoContent)
		case !p.Ready():
			httpx.ServeError(w, trip2g.ErrStarting)
		case r.Method == http.MethodGet, r.Method == http.MethodHead:
			get(w, r)
		case r.Method == http.MethodPost && post != nil && p.Leader != nil:
			if p.accept(w, r) {
				post(w, r)
			}
		default:
			w.Header().Set("Allow", allowed)
			http.Error(w, "this address takes only "+allowed, http.StatusMethodNotAllowed)
		}
	})
}

// accept parses a form and refuses forms of other sites, which could sign the user into another's
// session or out of their own. It reads the form before refusing it, because clients read the
// response only after sending.
func (p *pages) accept(w http.ResponseWriter, r *http.Request) bool {
	text, err := io.ReadAll(io.LimitReader(r.Body, maxForm))
	if err != nil {
		p.refuse(w, r, http.StatusBadRequest, p.texts(r).Text("error.truncated"))
		return false
	}
	if rest, err := io.CopyN(io.Discard, r.Body, maxDrain); rest > 0 || err == nil {
		p.refuse(w, r, http.StatusRequestEntityTooLarge, p.texts(r).Text("error.too_large"))
		return false
	}
	seen := *r
	seen.Host = httpx.Origin(r).Host // as in the browser's request to the replica
	if err := p.csrf.Check(&seen); err != nil {
		p.refuse(w, r, http.StatusForbidden, p.texts(r).Text("error.foreign"))
		return false
	}
	r.Body = io.NopCloser(bytes.NewReader(text))
	if err := r.ParseForm(); err != nil {
		p.refuse(w, r, http.StatusBadRequest, p.texts(r).Text("error.malformed"))
		return false
	}
	return true
}

// refuse responds with an error page.
func (p *pages) refuse(w http.ResponseWriter, r *http.Request, status int, message string) {
	p.show(w, r, status, p.texts(r).Text("refused.title"), "refused.html", message)
}

// show responds with a page.
func (p *pages) show(w http.ResponseWriter, r *http.Request, status int, title, name string, data any) {
	texts := p.texts(r)
	var body bytes.Buffer
	if err := templates[texts].ExecuteTemplate(&body, name, data); err != nil {
		panic(err) // a bug in a template
	}
	session, signedIn := p.Session(r)
	page := p.Frame(trip2g.SystemPage{
		Title: title, Lang: texts.Tag(), Path: r.URL.Path, Visitor: trip2g.VisitorOf(session, signedIn), Body: template.HTML(body.String()),
	})
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(page)))
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		w.Write(page)
	}
}

// redirect redirects to a URL of this site and sets the position of the change, so that the node
// that serves the page shows it.
func redirect(w http.ResponseWriter, position trip2g.Position, to string) {
	if position > 0 {
		httpx.SetPosition(w.Header(), position)
	}
	w.Header().Set("Location", to)
	w.WriteHeader(http.StatusSeeOther)
}
