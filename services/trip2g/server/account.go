package server

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/auth"
	"trip2g/services/trip2g/content/site"
	"trip2g/services/trip2g/ops/jobs"
	"trip2g/services/trip2g/ops/mail"
	"trip2g/services/trip2g/store/sqlite"
	"trip2g/services/trip2g/web/account"
	trip2ghttp "trip2g/services/trip2g/web/http"
)

// accountRoutes returns the sign-in, account and claim pages. leader is nil on a replica.
func (n *node) accountRoutes(leader *account.Leader) ([]trip2ghttp.Route, error) {
	identity := trip2ghttp.NewIdentity(n.current, n.config.SessionCookieName)
	pages, err := account.New(account.Options{
		Ready:    func() bool { return n.current() != nil },
		Session:  identity.Session,
		Sessions: func(user int64) []trip2g.Session { return n.current().Sessions(user, time.Now()) },
		Frame:    n.frame,
		Owned:    func() bool { return n.current().Owned() },
		Lang:     func() string { return n.current().Lang() },
		Leader:   leader,
	})
	if err != nil {
		return nil, err
	}
	routes := make([]trip2ghttp.Route, len(pages))
	for i, page := range pages {
		routes[i] = trip2ghttp.Route{Path: page.Path, Handler: page.Handler}
	}
	return routes, nil
}

// accountLeader returns the part of the account pages that only a leader has.
func (n *node) accountLeader(signIn *auth.SignIn, claim *auth.Claim, members *auth.People) *account.Leader {
	return &account.Leader{
		SignIn: signIn, Claim: claim, People: members, Cookie: n.config.SessionCookieName,
		PublicURL: n.config.PublicURL, SendsMail: n.config.SMTPAddr != "", CodeLifetime: auth.CodeLifetime,
	}
}

// newSignIn returns the services for sign-in and for members. Without a mail server, codes go to
// the log.
func (n *node) newSignIn(db *sqlite.DB, follower *site.Follower, runner *jobs.Runner) (*auth.SignIn, *auth.People, error) {
	code := auth.LogMailer(n.log)
	var invite func(ctx context.Context, email, site, acceptLanguage string) error
	if n.config.SMTPAddr != "" {
		sender, err := n.newMailer(follower)
		if err != nil {
			return nil, nil, err
		}
		code = sender.SendCode
		if invite, err = invitations(runner, db, sender); err != nil {
			return nil, nil, err
		}
	}
	signIn, err := auth.NewSignIn(auth.Options{
		Users: db, Mail: code, Log: n.log, Secret: []byte(n.config.JWTSecret.Reveal()), Refresh: follower.Refresh,
	})
	if err != nil {
		return nil, nil, err
	}
	return signIn, auth.NewPeople(auth.PeopleOptions{Users: db, MailInvitation: invite, Refresh: follower.Refresh, Log: n.log}), nil
}

func (n *node) newMailer(follower *site.Follower) (*mail.Sender, error) {
	return mail.New(mail.Options{
		Addr: n.config.SMTPAddr, Username: n.config.SMTPUsername, Password: n.config.SMTPPassword.Reveal(),
		From: n.config.SMTPFrom, Security: n.config.SMTPTLS,
		Name: func() string { return follower.Current().Name() }, Lang: func() string { return follower.Current().Lang() }, Site: n.config.PublicURL, Lifetime: auth.CodeLifetime,
	})
}

// invitation is the body of an invitation job.
type invitation struct {
	Email string `json:"email"`
	Site  string `json:"site"` // its absolute URL

	AcceptLanguage string `json:"acceptLanguage"` // of the owner's request
}

// invitations registers the job that sends invitations and returns a function that enqueues one.
// The job's body contains no secret, so it can wait in the database and survive a restart.
func invitations(runner *jobs.Runner, users trip2g.UserStore, sender *mail.Sender) (func(ctx context.Context, email, site, acceptLanguage string) error, error) {
	const name = "mail an invitation"
	send := func(ctx context.Context, body []byte) error {
		var i invitation
		if err := json.Unmarshal(body, &i); err != nil {
			return fmt.Errorf("read an invitation: %w", err)
		}
		_, err := users.UserByEmail(ctx, i.Email)
		if trip2g.ErrorCode(err) == trip2g.ENOTFOUND {
			return nil // removed meanwhile
		}
		if err != nil {
			return err
		}
		return sender.SendInvitation(ctx, i.Email, trip2g.SignInURL(i.Site, i.Email), i.AcceptLanguage)
	}
	err := runner.Register(name, jobs.Job{Description: "Sends an invitation by email.", Run: send})
	return func(ctx context.Context, email, site, acceptLanguage string) error {
		body, err := json.Marshal(invitation{email, site, acceptLanguage})
		if err != nil {
			return err
		}
		return runner.Enqueue(ctx, name, body)
	}, err
}
