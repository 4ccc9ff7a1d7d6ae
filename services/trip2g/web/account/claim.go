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

// claimErrors returns the message keys for a claim by a client. On this machine, a claim is
// forbidden only if the site has an owner.
func claimErrors(client trip2g.Client) errorKeys {
	forbidden := "error.claim_remote"
	if client.IsLocal() {
		forbidden = "error.owned"
	}
	return errorKeys{trip2g.EINVALID: "error.email", trip2g.EUNAUTHORIZED: "error.claim_code", trip2g.EFORBIDDEN: forbidden}
}

// showClaim shows the form for the code from the log, to clients on this machine.
func (p *pages) showClaim(w http.ResponseWriter, r *http.Request) {
	client := trip2g.Client{Addr: r.RemoteAddr}
	p.show(w, r, http.StatusOK, p.texts(r).Text("claim.title"), "claim.html", claimForm{Owned: p.Owned(), Local: client.IsLocal()})
}

// claim checks a code and signs the new owner in.
func (p *pages) claim(w http.ResponseWriter, r *http.Request) {
	email, client := r.PostForm.Get("email"), p.client(r)
	token, session, position, err := p.Leader.Claim.Claim(r.Context(), email, r.PostForm.Get("code"), client)
	if err != nil {
		status, message := p.userMessage(w, r, err, claimErrors(client))
		p.show(w, r, status, p.texts(r).Text("claim.title"), "claim.html", claimForm{
			Owned: p.Owned(), Local: client.IsLocal(), Email: shownEmail(email), Error: message,
		})
		return
	}
	http.SetCookie(w, p.cookie(r, token, session.ExpiresAt))
	redirect(w, position, destination("", session))
}
