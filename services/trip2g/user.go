package trip2g

import (
	"context"
	"time"
)

// User is a person who can sign in: the owner or a member.
type User struct {
	ID        int64
	Email     string // lower case
	Owner     bool   // may do everything
	Groups    Groups // of a member
	CreatedAt time.Time
	JoinedAt  time.Time // of the first sign-in; zero: none yet
}

// Membership describes a user other than the owner.
type Membership struct {
	User
	InvitedAt time.Time // of the last invitation; zero for a former owner without one
	Sessions  int       // in force
}

// UserStore stores users and their sessions on the leader.
type UserStore interface {
	// EnsureOwner makes the user with this address the owner, and creates the user if necessary; no other user stays owner.
	EnsureOwner(ctx context.Context, email string) error
	// EnsureFirstOwner is EnsureOwner for a site without an owner; ECONFLICT if it has one.
	EnsureFirstOwner(ctx context.Context, email string) error
	// HasOwner reports whether there is an owner: without one nobody can be invited, and nobody can sign in.
	HasOwner(ctx context.Context) (bool, error)
	// UserByEmail finds a user by address in any case; ENOTFOUND without one, and for a removed member.
	UserByEmail(ctx context.Context, email string) (User, error)
	// PutSignInCode adds a code to those that the address and the browser have.
	PutSignInCode(ctx context.Context, code SignInCode) error
	// TakeSignInCode returns nil if one of the codes of the guess's address and browser has its hash, is in date at
	// now and had fewer than maxAttempts wrong guesses before; then all of theirs are gone. EUNAUTHORIZED otherwise,
	// and the guess is counted against each of them.
	TakeSignInCode(ctx context.Context, guess SignInCode, now time.Time, maxAttempts int) error
	// CreateSession stores a session and returns it with its ID, and the position that includes it. The
	// user's first session sets JoinedAt.
	CreateSession(ctx context.Context, s Session) (Session, Position, error)
	// SessionByTokenHash finds a session in date at now, with its user; EUNAUTHORIZED without one.
	SessionByTokenHash(ctx context.Context, hash string, now time.Time) (Session, error)
	// DeleteSession ends a session; no error if it is gone already.
	DeleteSession(ctx context.Context, id int64) (Position, error)
	// DeleteOtherSessions ends all sessions of the session's user except itself, and returns how many
	// of these were in force at now.
	DeleteOtherSessions(ctx context.Context, keep Session, now time.Time) (int, Position, error)
	// Sessions lists the sessions of a user, or of everybody for 0, that are in force at now, the newest first.
	Sessions(ctx context.Context, user int64, now time.Time) ([]Session, error)

	// Members lists those who are invited or have joined, by address, with their sessions in force at now.
	Members(ctx context.Context, now time.Time) ([]Membership, error)
	// InviteMember makes the address a member's and notes the invitation. A removed member
	// starts over; a current one is unchanged. ECONFLICT if the address is the owner's.
	InviteMember(ctx context.Context, email string, now time.Time) (Membership, error)
	// SetMemberGroups chooses the groups that a member is in. ENOTFOUND without such a member.
	SetMemberGroups(ctx context.Context, id int64, groups Groups, now time.Time) (Membership, Position, error)
	// RemoveMember ends a membership with all its sessions and its sign-in code. ENOTFOUND without such a
	// member; the owner is none.
	RemoveMember(ctx context.Context, id int64) (Position, error)
}
