package account

import (
	"net/http"
	"strconv"

	"trip2g/services/trip2g"
)

// account is what the page about somebody's own sessions shows.
type account struct {
	Own    trip2g.Session
	Others []trip2g.Session
	Error  string
}

// showAccount lists the reader's sessions as this node knows them.
func (p *pages) showAccount(w http.ResponseWriter, r *http.Request) {
	session, signedIn := p.Session(r)
	if !signedIn {
		signInFirst(w, AccountPath)
		return
	}
	p.account(w, r, http.StatusOK, session, "")
}

func (p *pages) account(w http.ResponseWriter, r *http.Request, status int, own trip2g.Session, fault string) {
	shown := account{Own: own, Error: fault}
	for _, s := range p.Sessions(own.User.ID) {
		if s.ID != own.ID {
			shown.Others = append(shown.Others, s)
		}
	}
	p.show(w, r, status, "Your account", "account.html", shown)
}

// endSession ends one of the reader's sessions.
func (p *pages) endSession(w http.ResponseWriter, r *http.Request) {
	p.change(w, r, func(own trip2g.Session) (trip2g.Position, error) {
		id, err := strconv.ParseInt(r.PostForm.Get("id"), 10, 64)
		if err != nil {
			return 0, trip2g.Errorf(trip2g.EINVALID, "that is no session; load the page again")
		}
		own.User.Owner = false // this page is about one's own: the owner ends another's among the members
		return p.Leader.People.RevokeSession(r.Context(), own, id)
	})
}

// endOthers ends all of the reader's sessions but the one that asks.
func (p *pages) endOthers(w http.ResponseWriter, r *http.Request) {
	p.change(w, r, func(own trip2g.Session) (trip2g.Position, error) {
		_, position, err := p.Leader.People.RevokeOtherSessions(r.Context(), own)
		return position, err
	})
}

// change does something about the reader's sessions and shows them. A session that has ended meanwhile is
// as it was wanted.
func (p *pages) change(w http.ResponseWriter, r *http.Request, do func(own trip2g.Session) (trip2g.Position, error)) {
	own, err := p.own(r)
	if trip2g.ErrorCode(err) == trip2g.EUNAUTHORIZED {
		signInFirst(w, AccountPath)
		return
	}
	if err != nil {
		status, message := failure(w, r, err)
		p.refuse(w, r, status, message)
		return
	}
	position, err := do(own)
	if err != nil && trip2g.ErrorCode(err) != trip2g.ENOTFOUND {
		status, message := failure(w, r, err)
		p.account(w, r, status, own, message)
		return
	}
	leave(w, position, AccountPath)
}
