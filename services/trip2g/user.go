package trip2g

import (
	"context"
	"time"
)

// User is a person who can sign in: the owner or a member.
type User struct {
	ID        int64
	Email     string // lower case
	Owner     bool   // has all rights
	Groups    Groups // of a member
	CreatedAt time.Time
	JoinedAt  time.Time // of the first sign-in; zero: none yet
}

// Membership describes a user other than the owner.
type Membership struct {
	User
	InvitedAt time.Time // of the last invitation; zero for a former owner without one
	Sessions  int       // active
}

// UserStore stores users and their sessions on the leader.
type UserStore interface {
	// EnsureOwner makes the user with this address the only owner, and creates the user if
	// necessary.
	EnsureOwner(ctx context.Context, email string) error
	// EnsureFirstOwner is EnsureOwner for a site without an owner; ECONFLICT if it has one.
	EnsureFirstOwner(ctx context.Context, email string) error
	// HasOwner reports whether there is an owner. Without one, nobody can be invited or sign in.
	HasOwner(ctx context.Context) (bool, error)
	// UserByEmail finds a user by address in any case; ENOTFOUND without one or for a removed
	// member.
	UserByEmail(ctx context.Context, email string) (User, error)
	// PutSignInCode adds a code to those of its address and browser.
	PutSignInCode(ctx context.Context, code SignInCode) error
	// TakeSignInCode checks a guess against the codes of its address and browser. It returns nil if
	// one of them matches, is valid at now and had fewer than maxAttempts wrong guesses, and then
	// deletes all of them. Otherwise it returns EUNAUTHORIZED and counts the guess against each
	// code.
	TakeSignInCode(ctx context.Context, guess SignInCode, now time.Time, maxAttempts int) error
	// CreateSession stores a session and returns it with its ID, and the position that includes it.
	// The user's first session sets JoinedAt.
	CreateSession(ctx context.Context, s Session) (Session, Position, error)
	// SessionByTokenHash returns a session valid at now, with its user; EUNAUTHORIZED without one.
	SessionByTokenHash(ctx context.Context, hash string, now time.Time) (Session, error)
	// DeleteSession ends a session; no error if it does not exist.
	DeleteSession(ctx context.Context, id int64) (Position, error)
	// DeleteOtherSessions ends all sessions of keep's user except keep, and returns how many of
	// them were valid at now.
	DeleteOtherSessions(ctx context.Context, keep Session, now time.Time) (int, Position, error)
	// Sessions lists the sessions of a user valid at now, newest first; for 0, those of all users.
	Sessions(ctx context.Context, user int64, now time.Time) ([]Session, error)

	// Members lists invited and joined members by address, with their sessions valid at now.
	Members(ctx context.Context, now time.Time) ([]Membership, error)
	// InviteMember makes the holder of the address a member and records the invitation. A removed
	// member starts over; a current one is unchanged. ECONFLICT for the owner's address.
	InviteMember(ctx context.Context, email string, now time.Time) (Membership, error)
	// SetMemberGroups replaces a member's groups. ENOTFOUND without such a member.
	SetMemberGroups(ctx context.Context, id int64, groups Groups, now time.Time) (Membership, Position, error)
	// RemoveMember deletes a member, their sessions and their sign-in codes. ENOTFOUND without such
	// a member, and for the owner.
	RemoveMember(ctx context.Context, id int64) (Position, error)
}
