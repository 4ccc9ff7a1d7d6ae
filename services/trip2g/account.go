package trip2g

import "context"

// AccountService is what the owner does about members, and everybody about their own sessions.
type AccountService interface {
	// Members lists the members by address.
	Members(ctx context.Context) ([]Membership, error)
	// Invite makes an address a member's and mails it where to sign in, at site, an absolute URL. For a
	// member it mails again. mailed is false on a server without mail. EINVALID for what is no address,
	// ECONFLICT for the owner's.
	Invite(ctx context.Context, email, site string) (member Membership, mailed bool, err error)
	// SetMemberGroups chooses the groups that a member is in, by their names. EINVALID for names that are too long or
	// too many, ENOTFOUND without such a member.
	SetMemberGroups(ctx context.Context, id int64, groups []string) (Membership, Position, error)
	// RemoveMember ends a membership and its sessions; ENOTFOUND without one.
	RemoveMember(ctx context.Context, id int64) (Position, error)
	// Sessions lists a user's sessions in force, the newest first; everybody's for 0.
	Sessions(ctx context.Context, user int64) ([]Session, error)
	// RevokeSession ends a session that by's user may end: the owner any, a member an own one. ENOTFOUND
	// without one in force.
	RevokeSession(ctx context.Context, by Session, id int64) (Position, error)
	// RevokeOtherSessions ends all of by's user's sessions but by, and tells how many there were.
	RevokeOtherSessions(ctx context.Context, by Session) (int, Position, error)
}
