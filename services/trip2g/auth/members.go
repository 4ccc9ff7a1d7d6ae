package auth

import (
	"context"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/rs/zerolog"

	"trip2g/services/trip2g"
)

// PeopleOptions configures a People. Users, Refresh and Log are required.
type PeopleOptions struct {
	Users trip2g.UserStore
	// MailInvitation arranges for a mail to an address with a link to sign in at site, an absolute URL.
	// nil on a server without email.
	MailInvitation func(ctx context.Context, email, site, acceptLanguage string) error
	// Refresh updates this node's site from the database, so that an ended session is invalid at once.
	Refresh func(context.Context) (trip2g.Position, error)
	Log     zerolog.Logger
	Now     func() time.Time // nil: time.Now
}

// People implements trip2g.AccountService.
type People struct{ PeopleOptions }

var _ trip2g.AccountService = (*People)(nil)

// NewPeople returns the service.
func NewPeople(o PeopleOptions) *People {
	if o.Now == nil {
		o.Now = time.Now
	}
	return &People{o}
}

// Members implements trip2g.AccountService.
func (p *People) Members(ctx context.Context) ([]trip2g.Membership, error) {
	return p.Users.Members(ctx, p.Now())
}

// Invite implements trip2g.AccountService. The mail contains no secret: its reader still has to sign in
// with a code sent to the address.
func (p *People) Invite(ctx context.Context, email, site, acceptLanguage string) (member trip2g.Membership, mailed bool, err error) {
	email, err = normalizeEmail(email)
	if err != nil {
		return trip2g.Membership{}, false, err
	}
	member, err = p.Users.InviteMember(ctx, email, p.Now())
	if err != nil || p.MailInvitation == nil {
		return member, false, err
	}
	if err := p.MailInvitation(ctx, email, site, acceptLanguage); err != nil {
		return trip2g.Membership{}, false, fmt.Errorf("mail an invitation: %w", err)
	}
	return member, true, nil
}

// Bounds of the groups of a member.
const (
	maxGroups      = 100
	maxGroupLength = 200 // bytes of a name
)

// SetMemberGroups implements trip2g.AccountService.
func (p *People) SetMemberGroups(ctx context.Context, id int64, names []string) (trip2g.Membership, trip2g.Position, error) {
	if len(names) > maxGroups {
		return trip2g.Membership{}, 0, trip2g.Errorf(trip2g.EINVALID, "a member can be in at most %d groups", maxGroups)
	}
	for _, name := range names {
		if len(name) > maxGroupLength || !utf8.ValidString(name) || trip2g.FoldGroup(name) == "" {
			return trip2g.Membership{}, 0, trip2g.Errorf(trip2g.EINVALID, "the name of a group has from 1 to %d bytes of UTF-8", maxGroupLength)
		}
	}
	member, position, err := p.Users.SetMemberGroups(ctx, id, trip2g.NewGroups(names...), p.Now())
	if err == nil {
		p.follow(ctx)
	}
	return member, position, err
}

// RemoveMember implements trip2g.AccountService.
func (p *People) RemoveMember(ctx context.Context, id int64) (trip2g.Position, error) {
	position, err := p.Users.RemoveMember(ctx, id)
	if err == nil {
		p.follow(ctx)
	}
	return position, err
}

// Sessions implements trip2g.AccountService.
func (p *People) Sessions(ctx context.Context, user int64) ([]trip2g.Session, error) {
	return p.Users.Sessions(ctx, user, p.Now())
}

// RevokeSession implements trip2g.AccountService. For a member, another user's session does not exist.
func (p *People) RevokeSession(ctx context.Context, by trip2g.Session, id int64) (trip2g.Position, error) {
	user := by.User.ID
	if by.User.Owner {
		user = 0 // all users
	}
	sessions, err := p.Users.Sessions(ctx, user, p.Now())
	if err != nil {
		return 0, fmt.Errorf("look for a session to end: %w", err)
	}
	if !slices.ContainsFunc(sessions, func(s trip2g.Session) bool { return s.ID == id }) {
		return 0, trip2g.Errorf(trip2g.ENOTFOUND, "there is no session %d in force that you may end", id)
	}
	position, err := p.Users.DeleteSession(ctx, id)
	if err != nil {
		return 0, fmt.Errorf("end a session: %w", err)
	}
	p.follow(ctx)
	return position, nil
}

// RevokeOtherSessions implements trip2g.AccountService.
func (p *People) RevokeOtherSessions(ctx context.Context, by trip2g.Session) (int, trip2g.Position, error) {
	ended, position, err := p.Users.DeleteOtherSessions(ctx, by, p.Now())
	if err != nil {
		return 0, 0, fmt.Errorf("end other sessions: %w", err)
	}
	p.follow(ctx)
	return ended, position, nil
}

func (p *People) follow(ctx context.Context) { followSessions(ctx, p.Refresh, p.Log) }
