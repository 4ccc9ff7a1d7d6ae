package account

import (
	"net/http"

	"trip2g/services/trip2g"
)

// claimForm is what the page shows by which a site gets its first owner.
type claimForm struct {
	Owned bool // the site has an owner, so that there is nothing to claim
	Local bool // the client is on the machine of this node
	Email string
	Error string
}

// showClaim asks for the code from the log, from whoever is on the machine itself.
func (p *pages) showClaim(w http.ResponseWriter, r *http.Request) {
	client := trip2g.Client{Addr: r.RemoteAddr}
	p.show(w, r, http.StatusOK, "Claim this site", "claim.html", claimForm{Owned: p.Owned(), Local: client.IsLocal()})
}

// claim takes a code, and signs the new owner in.
func (p *pages) claim(w http.ResponseWriter, r *http.Request) {
	email, client := r.PostForm.Get("email"), p.client(r)
	token, session, position, err := p.Leader.Claim.Claim(r.Context(), email, r.PostForm.Get("code"), client)
	if err != nil {
		status, message := failure(w, r, err)
		p.show(w, r, status, "Claim this site", "claim.html", claimForm{
			Owned: p.Owned(), Local: client.IsLocal(), Email: shownEmail(email), Error: message,
		})
		return
	}
	http.SetCookie(w, p.cookie(r, token, session.ExpiresAt))
	leave(w, position, destination("", session))
}
