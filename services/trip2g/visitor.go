package trip2g

// Visitor is a visitor's rights. Values are comparable.
type Visitor struct {
	level  visitorLevel
	groups Groups // of a member
}

type visitorLevel uint8

const (
	guest visitorLevel = iota
	member
	owner
)

// Readers that are in no group.
var (
	Anonymous = Visitor{}              // not signed in
	Member    = Visitor{level: member} // signed in
	Owner     = Visitor{level: owner}
)

// VisitorOf returns the rights of a session's user; signedIn is false if there is no session.
func VisitorOf(session Session, signedIn bool) Visitor {
	switch {
	case !signedIn:
		return Anonymous
	case session.User.Owner:
		return Owner
	default:
		return Visitor{member, session.User.Groups}
	}
}

// IsSignedIn reports whether the reader is a member or the owner.
func (r Visitor) IsSignedIn() bool { return r.level >= member }

// IsOwner reports whether the reader is the owner.
func (r Visitor) IsOwner() bool { return r.level == owner }

// Within returns the reader as one who is in no other groups than some.
func (r Visitor) Within(groups Groups) Visitor {
	r.groups = r.groups.within(groups)
	return r
}

// Groups returns the groups that a member is in.
func (r Visitor) Groups() Groups { return r.groups }

// MayRead reports whether the reader may read a note. An access that is not resolved is nobody's but the
// owner's.
func (r Visitor) MayRead(a Access) bool {
	switch a.Level {
	case Public:
		return true
	case ForMembers:
		return r.level >= member
	case ForGroups:
		return r.level == owner || r.groups.Overlaps(a.Groups)
	default:
		return r.level == owner
	}
}
