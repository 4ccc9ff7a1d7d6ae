package account

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/web/httpx"
)

// addressForm is the data of the form for an email address.
type addressForm struct {
	Email, Next string
	Error       string
	SignedInAs  string // the signed-in user; "": none
	To          string // where the signed-in user continues
	Unowned     bool   // the site has no owner, so nobody can sign in
}

// codeForm is the data of the form for a code.
type codeForm struct {
	Email, Next string
	Error       string
	SendsMail   bool
	Minutes     int
}

var signInErrors = errorKeys{
	trip2g.EINVALID:      "error.email",
	trip2g.EUNAUTHORIZED: "error.code",
	trip2g.EFORBIDDEN:    "error.unowned",
}

// maxShownEmail limits an address that is shown again. The longest valid one has 254 bytes.
const maxShownEmail = 320

func shownEmail(email string) string {
	return strings.ToValidUTF8(email[:min(len(email), maxShownEmail)], "")
}

// showSignIn shows the form for an address. The URL can contain the address and the URL to continue
// at.
func (p *pages) showSignIn(w http.ResponseWriter, r *http.Request) {
	form := addressForm{Email: shownEmail(r.URL.Query().Get("email")), Next: nextURL(r), Unowned: !p.Owned()}
	if session, signedIn := p.Session(r); signedIn {
		form.SignedInAs, form.To = session.User.Email, destination(form.Next, session)
	}
	p.nameBrowser(w, r)
	p.show(w, r, http.StatusOK, p.texts(r).Text("sign_in.title"), "address.html", form)
}

// nameBrowser sets the browser's cookie, if it has none, because a code is valid only in the
// browser that requested it.
func (p *pages) nameBrowser(w http.ResponseWriter, r *http.Request) {
	name := httpx.BrowserName(r)
	if name == "" && r.Method != http.MethodPost {
		name = httpx.NewBrowserName()
	}
	if name != "" {
		http.SetCookie(w, httpx.BrowserCookie(name, httpx.Origin(r).Secure(p.public)))
	}
}

// askAddress redirects a reload of the form for a code, which needs an address.
func (p *pages) askAddress(w http.ResponseWriter, _ *http.Request) { redirect(w, 0, SignInPath) }

// requestCode requests a code and shows the form for it. The response is the same whether or not
// the address is a user's.
func (p *pages) requestCode(w http.ResponseWriter, r *http.Request) {
	email, next := r.PostForm.Get("email"), localURL(r.PostForm.Get("next"))
	if err := p.Leader.SignIn.RequestCode(r.Context(), email, p.client(r)); err != nil {
		status, message := p.userMessage(w, r, err, signInErrors)
		p.show(w, r, status, p.texts(r).Text("sign_in.title"), "address.html", addressForm{Email: shownEmail(email), Next: next, Error: message})
		return
	}
	p.nameBrowser(w, r)
	p.showCode(w, r, http.StatusOK, email, next, "")
}

func (p *pages) showCode(w http.ResponseWriter, r *http.Request, status int, email, next, message string) {
	p.show(w, r, status, p.texts(r).Text("code.title"), "code.html", codeForm{
		Email: shownEmail(strings.TrimSpace(email)), Next: next, Error: message,
		SendsMail: p.Leader.SendsMail, Minutes: int(p.Leader.CodeLifetime / time.Minute),
	})
}

func (p *pages) client(r *http.Request) trip2g.Client {
	return trip2g.Client{
		Addr: httpx.Origin(r).ClientAddr, UserAgent: r.UserAgent(), Browser: httpx.BrowserName(r), AcceptLanguage: acceptLanguage(r),
	}
}

// signIn checks a code and redirects to the URL to continue at.
func (p *pages) signIn(w http.ResponseWriter, r *http.Request) {
	email, next := r.PostForm.Get("email"), localURL(r.PostForm.Get("next"))
	token, session, position, err := p.Leader.SignIn.SignIn(r.Context(), email, r.PostForm.Get("code"), p.client(r))
	if err != nil {
		status, message := p.userMessage(w, r, err, signInErrors)
		p.showCode(w, r, status, email, next, message)
		return
	}
	http.SetCookie(w, p.cookie(r, token, session.ExpiresAt))
	redirect(w, position, destination(next, session))
}

// destination returns the URL to redirect to after signing in.
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

// signOut revokes the session, if there is one, and removes its cookie.
func (p *pages) signOut(w http.ResponseWriter, r *http.Request) {
	position := trip2g.Position(0)
	session, err := p.currentSession(r)
	if err == nil {
		position, err = p.Leader.SignIn.SignOut(r.Context(), session)
	}
	if err != nil && trip2g.ErrorCode(err) != trip2g.EUNAUTHORIZED {
		status, message := p.userMessage(w, r, err, nil)
		p.refuse(w, r, status, message)
		return
	}
	http.SetCookie(w, p.cookie(r, "", time.Time{}))
	redirect(w, position, "/")
}

// currentSession returns the session of a form's sender. It reads the database, because the
// leader's site can be slightly behind. It returns EUNAUTHORIZED without a session.
func (p *pages) currentSession(r *http.Request) (trip2g.Session, error) {
	cookie, err := r.Cookie(p.Leader.Cookie)
	if err != nil {
		return trip2g.Session{}, trip2g.Errorf(trip2g.EUNAUTHORIZED, "you are not signed in")
	}
	return p.Leader.SignIn.SessionFromToken(r.Context(), cookie.Value)
}

// signInFirst redirects to the sign-in page, and back afterwards.
func signInFirst(w http.ResponseWriter, back string) {
	redirect(w, 0, SignInPath+"?"+url.Values{"next": {back}}.Encode())
}
