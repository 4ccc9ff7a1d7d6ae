package account

import (
	"net/http"
	"strconv"

	"trip2g/services/trip2g"
)

// account is the data of the account page.
type account struct {
	Own    trip2g.Session
	Others []trip2g.Session
	Error  string
}

var sessionErrors = errorKeys{trip2g.EINVALID: "error.session"}

// showAccount lists the user's sessions as this node knows them.
func (p *pages) showAccount(w http.ResponseWriter, r *http.Request) {
	session, signedIn := p.Session(r)
	if !signedIn {
		signInFirst(w, AccountPath)
		return
	}
	p.account(w, r, http.StatusOK, session, "")
}

func (p *pages) account(w http.ResponseWriter, r *http.Request, status int, own trip2g.Session, message string) {
	shown := account{Own: own, Error: message}
	for _, s := range p.Sessions(own.User.ID) {
		if s.ID != own.ID {
			shown.Others = append(shown.Others, s)
		}
	}
	p.show(w, r, status, p.texts(r).Text("account.title"), "account.html", shown)
}

// endSession revokes one of the user's sessions.
func (p *pages) endSession(w http.ResponseWriter, r *http.Request) {
	p.change(w, r, func(own trip2g.Session) (trip2g.Position, error) {
		id, err := strconv.ParseInt(r.PostForm.Get("id"), 10, 64)
		if err != nil {
			return 0, trip2g.Errorf(trip2g.EINVALID, "that is no session; load the page again")
		}
		own.User.Owner = false // this page only revokes one's own sessions
		return p.Leader.People.RevokeSession(r.Context(), own, id)
	})
}

// endOthers revokes all of the user's other sessions.
func (p *pages) endOthers(w http.ResponseWriter, r *http.Request) {
	p.change(w, r, func(own trip2g.Session) (trip2g.Position, error) {
		_, position, err := p.Leader.People.RevokeOtherSessions(r.Context(), own)
		return position, err
	})
}

// change changes the user's sessions and redirects to the account page. A session that has already
// ended is not an error.
func (p *pages) change(w http.ResponseWriter, r *http.Request, do func(own trip2g.Session) (trip2g.Position, error)) {
	own, err := p.currentSession(r)
	if trip2g.ErrorCode(err) == trip2g.EUNAUTHORIZED {
		signInFirst(w, AccountPath)
		return
	}
	if err != nil {
		status, message := p.userMessage(w, r, err, sessionErrors)
		p.refuse(w, r, status, message)
		return
	}
	position, err := do(own)
	if err != nil && trip2g.ErrorCode(err) != trip2g.ENOTFOUND {
		status, message := p.userMessage(w, r, err, sessionErrors)
		p.account(w, r, status, own, message)
		return
	}
	redirect(w, position, AccountPath)
}
