package trip2g

import (
	"context"
	"time"
)

// User is somebody who can sign in: the owner, or a member, who reads what is for members.
type User struct {
	ID        int64
	Email     string // lower case
	Owner     bool   // may do everything
	Groups    Groups // of a member
	CreatedAt time.Time
	JoinedAt  time.Time // of the first sign-in; zero: none yet
}

// Membership is that of a user who is not the owner.
type Membership struct {
	User
	InvitedAt time.Time // last; zero: was never invited, but owner once
	Sessions  int       // in force
}

// UserStore keeps people and their sessions on the leader.
type UserStore interface {
	// EnsureOwner makes the user with this address the owner, creating it if need be; nobody else stays owner.
	EnsureOwner(ctx context.Context, email string) error
	// EnsureFirstOwner is EnsureOwner for a site without an owner; ECONFLICT if it has one.
	EnsureFirstOwner(ctx context.Context, email string) error
	// HasOwner tells whether there is an owner: without one nobody can be invited, and nobody can sign in.
	HasOwner(ctx context.Context) (bool, error)
	// UserByEmail finds a user by address in any case; ENOTFOUND without one, and for a removed member.
	UserByEmail(ctx context.Context, email string) (User, error)
	// PutSignInCode adds a code to those that the address and the browser have.
	PutSignInCode(ctx context.Context, code SignInCode) error
	// TakeSignInCode returns nil if one of the codes of the guess's address and browser has its hash, is in date at
	// now and had fewer than maxAttempts wrong guesses before; then all of theirs are gone. EUNAUTHORIZED otherwise,
	// and the guess is counted against each of them.
	TakeSignInCode(ctx context.Context, guess SignInCode, now time.Time, maxAttempts int) error
	// CreateSession stores a session and gives it with its id, and the position that has it. The user's
	// first one notes that they joined.
	CreateSession(ctx context.Context, s Session) (Session, Position, error)
	// SessionByTokenHash finds a session in date at now, with its user; EUNAUTHORIZED without one.
	SessionByTokenHash(ctx context.Context, hash string, now time.Time) (Session, error)
	// DeleteSession ends a session; no error if it is gone already.
	DeleteSession(ctx context.Context, id int64) (Position, error)
	// DeleteOtherSessions ends all sessions of the session's user but itself, and tells how many those in
	// force at now were.
	DeleteOtherSessions(ctx context.Context, keep Session, now time.Time) (int, Position, error)
	// Sessions lists the sessions of a user, or of everybody for 0, that are in force at now, the newest first.
	Sessions(ctx context.Context, user int64, now time.Time) ([]Session, error)

	// Members lists those who are invited or have joined, by address, with their sessions in force at now.
	Members(ctx context.Context, now time.Time) ([]Membership, error)
	// InviteMember makes the address a member's and notes the invitation. Somebody who was removed begins
	// anew; a member stays what they are. ECONFLICT if the address is the owner's.
	InviteMember(ctx context.Context, email string, now time.Time) (Membership, error)
	// SetMemberGroups chooses the groups that a member is in. ENOTFOUND without such a member.
	SetMemberGroups(ctx context.Context, id int64, groups Groups, now time.Time) (Membership, Position, error)
	// RemoveMember ends a membership with all its sessions and its sign-in code. ENOTFOUND without such a
	// member; the owner is none.
	RemoveMember(ctx context.Context, id int64) (Position, error)
}
