package trip2g

import "context"

// AccountService manages members for the owner, and sessions for every user.
type AccountService interface {
	// Members lists the members by email address.
	Members(ctx context.Context) ([]Membership, error)
	// Invite makes the holder of an address a member and mails a link to sign in at site, an
	// absolute URL, in a language that acceptLanguage prefers. An existing member is mailed again.
	// mailed is false on a server without email. EINVALID for an invalid address, ECONFLICT for the
	// owner's.
	Invite(ctx context.Context, email, site, acceptLanguage string) (member Membership, mailed bool, err error)
	// SetMemberGroups replaces a member's groups. EINVALID for names that are too long or too many,
	// ENOTFOUND without such a member.
	SetMemberGroups(ctx context.Context, id int64, groups []string) (Membership, Position, error)
	// RemoveMember ends a membership and its sessions; ENOTFOUND without one.
	RemoveMember(ctx context.Context, id int64) (Position, error)
	// Sessions lists a user's active sessions, newest first; for 0, those of all users.
	Sessions(ctx context.Context, user int64) ([]Session, error)
	// RevokeSession ends an active session. The owner can end every session, a member only their
	// own. ENOTFOUND without one.
	RevokeSession(ctx context.Context, by Session, id int64) (Position, error)
	// RevokeOtherSessions ends all sessions of by's user except by, and returns their number.
	RevokeOtherSessions(ctx context.Context, by Session) (int, Position, error)
}
