// Package account serves the pages on which people sign in and out and manage their sessions. They work
// without a script: a form is a POST, which goes to the leader from every node, and what a GET shows is in
// the memory of the node that it reached.
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
	"unicode"
	"unicode/utf8"

	"github.com/rs/zerolog"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/web/httpx"
)

// Addresses of the pages.
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
	// maxForm bounds the body of a form, in bytes: the largest has an address and a URL.
	maxForm = 16 << 10
	// maxDrain bounds what is read and dropped of a larger one.
	maxDrain = 1 << 20
)

//go:embed templates
var templateFiles embed.FS

var templates = template.Must(template.New("").Funcs(template.FuncMap{
	"time":  func(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04 UTC") },
	"stamp": func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
}).ParseFS(templateFiles, "templates/*.html"))

// Options is what the pages are made of. All but Leader are needed.
type Options struct {
	// Ready is false until this node has a site and knows who is signed in.
	Ready func() bool
	// Session finds the session of a request, and Sessions those of a user, the newest first; both from memory.
	Session  func(*http.Request) (trip2g.Session, bool)
	Sessions func(user int64) []trip2g.Session
	Frame    trip2g.SystemPageRenderer
	// Owned reports whether the site has an owner, from memory.
	Owned  func() bool
	Leader *Leader // nil on a replica, which forwards what is no GET
}

// Leader is what the node has that carries out what people ask for. All but PublicURL are needed.
type Leader struct {
	SignIn       trip2g.SignInService
	Claim        trip2g.ClaimService
	People       trip2g.AccountService
	Cookie       string        // the session cookie's name
	PublicURL    string        // where readers find this site; "" if it was not set
	SendsMail    bool          // false: codes go to the server's log
	CodeLifetime time.Duration // of a sign-in code
}

// Page is one address and what answers it.
type Page struct {
	Path    string
	Handler http.Handler
}

type pages struct {
	Options
	csrf   *http.CrossOriginProtection
	public *url.URL // of the leader's PublicURL; nil without one
}

// New makes the pages. EINVALID for a PublicURL that is no URL of a site.
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

// handler runs get and post, which is nil for a page without a form to it. No answer is for a cache: each
// is somebody's own, and is not to be seen by going back after its session has ended.
func (p *pages) handler(get, post http.HandlerFunc) http.Handler {
	allowed := "GET, HEAD, OPTIONS"
	if post != nil {
		allowed += ", POST"
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "private, no-store")
		w.Header().Set("Vary", "Cookie, Authorization")
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

// accept reads a form that a page of this site has sent. One of another site's would sign the reader into
// somebody else's session, or out of their own. A form is read before it is refused: who sends it listens
// only then.
func (p *pages) accept(w http.ResponseWriter, r *http.Request) bool {
	text, err := io.ReadAll(io.LimitReader(r.Body, maxForm))
	if err != nil {
		p.refuse(w, r, http.StatusBadRequest, "The form did not come whole. Open the page again and fill it in once more.")
		return false
	}
	if rest, err := io.CopyN(io.Discard, r.Body, maxDrain); rest > 0 || err == nil {
		p.refuse(w, r, http.StatusRequestEntityTooLarge, "The form is far larger than any of this site. Open the page again and fill it in once more.")
		return false
	}
	seen := *r
	seen.Host = httpx.Origin(r).Host // that which the browser saw, before a replica forwarded
	if err := p.csrf.Check(&seen); err != nil {
		p.refuse(w, r, http.StatusForbidden, "Another site sent this form, so it was refused. Open the page on this site and try again.")
		return false
	}
	r.Body = io.NopCloser(bytes.NewReader(text))
	if err := r.ParseForm(); err != nil {
		p.refuse(w, r, http.StatusBadRequest, "The form could not be read. Open the page again and fill it in once more.")
		return false
	}
	return true
}

// refuse answers a form that there is no page to show again for.
func (p *pages) refuse(w http.ResponseWriter, r *http.Request, status int, message string) {
	p.show(w, r, status, "This did not work", "refused.html", message)
}

// show answers with a page.
func (p *pages) show(w http.ResponseWriter, r *http.Request, status int, title, name string, data any) {
	var body bytes.Buffer
	if err := templates.ExecuteTemplate(&body, name, data); err != nil {
		panic(err) // only a fault in a template can be the cause
	}
	session, signedIn := p.Session(r)
	page := p.Frame(trip2g.SystemPage{
		Title: title, Path: r.URL.Path, Visitor: trip2g.VisitorOf(session, signedIn), Body: template.HTML(body.String()),
	})
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(page)))
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		w.Write(page)
	}
}

// failure returns the status of an answer to a request that failed with err and what its page says. It
// sets what the header says of it, and logs what only the log may say.
func failure(w http.ResponseWriter, r *http.Request, err error) (status int, message string) {
	httpx.SetErrorHeader(w.Header(), err)
	if trip2g.ErrorCode(err) == trip2g.EINTERNAL {
		zerolog.Ctx(r.Context()).Error().Err(err).Str("path", r.URL.Path).Msg("a form could not be carried out")
	}
	message = trip2g.ErrorMessage(err)
	first, size := utf8.DecodeRuneInString(message)
	return httpx.Status(err), string(unicode.ToUpper(first)) + message[size:] + "."
}

// leave sends the browser to an address of this site with the position that has what was done, so that
// the node it reads from shows it.
func leave(w http.ResponseWriter, position trip2g.Position, to string) {
	if position > 0 {
		httpx.SetPosition(w.Header(), position)
	}
	w.Header().Set("Location", to)
	w.WriteHeader(http.StatusSeeOther)
}
