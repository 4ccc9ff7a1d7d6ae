package account

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/web/httpx"
)

// addressForm is what the form that asks for an address shows.
type addressForm struct {
	Email, Next string
	Error       string
	SignedInAs  string // whoever is signed in already; "": nobody
	To          string // where they go on
	Unowned     bool   // the site has no owner, so that nobody can sign in
}

// codeForm is what the form that asks for a code shows.
type codeForm struct {
	Email, Next string
	Error       string
	SendsMail   bool
	Minutes     int
}

// maxShownEmail bounds an address that comes back in a form: the longest address has 254 bytes.
const maxShownEmail = 320

func shownEmail(email string) string {
	return strings.ToValidUTF8(email[:min(len(email), maxShownEmail)], "")
}

// showSignIn asks for an address. A link can bring it, and where to go afterwards.
func (p *pages) showSignIn(w http.ResponseWriter, r *http.Request) {
	form := addressForm{Email: shownEmail(r.URL.Query().Get("email")), Next: nextOf(r), Unowned: !p.Owned()}
	if session, signedIn := p.Session(r); signedIn {
		form.SignedInAs, form.To = session.User.Email, destination(form.Next, session)
	}
	p.nameBrowser(w, r)
	p.show(w, r, http.StatusOK, "Sign in", "address.html", form)
}

// nameBrowser gives the browser a name for a while, if it has none: the code that it will ask for is for it alone.
func (p *pages) nameBrowser(w http.ResponseWriter, r *http.Request) {
	name := httpx.BrowserName(r)
	if name == "" && r.Method != http.MethodPost {
		name = httpx.NewBrowserName()
	}
	if name != "" {
		http.SetCookie(w, httpx.BrowserCookie(name, httpx.Origin(r).Secure(p.public)))
	}
}

// askAddress is for who loads the page that asks for a code anew: it belongs to an address.
func (p *pages) askAddress(w http.ResponseWriter, _ *http.Request) { leave(w, 0, SignInPath) }

// requestCode sends a code, if the address is a user's, and asks for it. What it answers is the same for
// every address.
func (p *pages) requestCode(w http.ResponseWriter, r *http.Request) {
	email, next := r.PostForm.Get("email"), localURL(r.PostForm.Get("next"))
	if err := p.Leader.SignIn.RequestCode(r.Context(), email, p.client(r)); err != nil {
		status, message := failure(w, r, err)
		p.show(w, r, status, "Sign in", "address.html", addressForm{Email: shownEmail(email), Next: next, Error: message})
		return
	}
	p.nameBrowser(w, r)
	p.showCode(w, r, http.StatusOK, email, next, "")
}

func (p *pages) showCode(w http.ResponseWriter, r *http.Request, status int, email, next, fault string) {
	p.show(w, r, status, "Enter your code", "code.html", codeForm{
		Email: shownEmail(strings.TrimSpace(email)), Next: next, Error: fault,
		SendsMail: p.Leader.SendsMail, Minutes: int(p.Leader.CodeLifetime / time.Minute),
	})
}

func (p *pages) client(r *http.Request) trip2g.Client {
	return trip2g.Client{Addr: httpx.Origin(r).ClientAddr, UserAgent: r.UserAgent(), Browser: httpx.BrowserName(r)}
}

// signIn takes a code and leads to where the reader wanted to go.
func (p *pages) signIn(w http.ResponseWriter, r *http.Request) {
	email, next := r.PostForm.Get("email"), localURL(r.PostForm.Get("next"))
	token, session, position, err := p.Leader.SignIn.SignIn(r.Context(), email, r.PostForm.Get("code"), p.client(r))
	if err != nil {
		status, message := failure(w, r, err)
		p.showCode(w, r, status, email, next, message)
		return
	}
	http.SetCookie(w, p.cookie(r, token, session.ExpiresAt))
	leave(w, position, destination(next, session))
}

// destination is where somebody goes who signed in.
func destination(next string, session trip2g.Session) string {
	switch {
	case next != "":
		return next
	case session.User.Owner:
		return trip2g.SystemPrefix
	default:
		return "/"
	}
}

func (p *pages) cookie(r *http.Request, token string, expires time.Time) *http.Cookie {
	return httpx.SessionCookie(p.Leader.Cookie, token, expires, httpx.Origin(r).Secure(p.public))
}

// signOut ends the session, if there is one, and removes its cookie.
func (p *pages) signOut(w http.ResponseWriter, r *http.Request) {
	position := trip2g.Position(0)
	session, err := p.own(r)
	if err == nil {
		position, err = p.Leader.SignIn.SignOut(r.Context(), session)
	}
	if err != nil && trip2g.ErrorCode(err) != trip2g.EUNAUTHORIZED {
		status, message := failure(w, r, err)
		p.refuse(w, r, status, message)
		return
	}
	http.SetCookie(w, p.cookie(r, "", time.Time{}))
	leave(w, position, "/")
}

// own gives the session of who sent a form: from the database, because the leader's site may be a moment
// behind it. EUNAUTHORIZED without one.
func (p *pages) own(r *http.Request) (trip2g.Session, error) {
	cookie, err := r.Cookie(p.Leader.Cookie)
	if err != nil {
		return trip2g.Session{}, trip2g.Errorf(trip2g.EUNAUTHORIZED, "you are not signed in")
	}
	return p.Leader.SignIn.SessionFromToken(r.Context(), cookie.Value)
}

// signInFirst sends a reader to sign in and then back.
func signInFirst(w http.ResponseWriter, back string) {
	leave(w, 0, SignInPath+"?"+url.Values{"next": {back}}.Encode())
}
