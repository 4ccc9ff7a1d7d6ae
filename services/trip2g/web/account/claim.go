package account

import (
	"net/http"

	"trip2g/services/trip2g"
)

// claimForm is the data of the claim page.
type claimForm struct {
	Owned bool // the site has an owner already
	Local bool // the client is on the machine of this node
	Email string
	Error string
}

// showClaim shows the form for the code from the log, to clients on this machine.
func (p *pages) showClaim(w http.ResponseWriter, r *http.Request) {
	client := trip2g.Client{Addr: r.RemoteAddr}
	p.show(w, r, http.StatusOK, "Claim this site", "claim.html", claimForm{Owned: p.Owned(), Local: client.IsLocal()})
}

// claim checks a code and signs the new owner in.
func (p *pages) claim(w http.ResponseWriter, r *http.Request) {
	email, client := r.PostForm.Get("email"), p.client(r)
	token, session, position, err := p.Leader.Claim.Claim(r.Context(), email, r.PostForm.Get("code"), client)
	if err != nil {
		status, message := userMessage(w, r, err)
		p.show(w, r, status, "Claim this site", "claim.html", claimForm{
			Owned: p.Owned(), Local: client.IsLocal(), Email: shownEmail(email), Error: message,
		})
		return
	}
	http.SetCookie(w, p.cookie(r, token, session.ExpiresAt))
	redirect(w, position, destination("", session))
}
