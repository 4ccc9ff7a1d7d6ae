package trip2g

// Visitor is a reader's access level, with the groups of a member. Values are comparable.
type Visitor struct {
	level  visitorLevel
	groups Groups // of a member
}

// visitorLevel is an access level. Each includes the ones before it.
type visitorLevel uint8

// Access levels, in increasing order.
const (
	guest visitorLevel = iota
	member
	owner
)

// Visitors without groups.
var (
	Anonymous = Visitor{}              // not signed in
	Member    = Visitor{level: member} // signed in
	Owner     = Visitor{level: owner}
)

// VisitorOf returns the visitor of a session; signedIn is false if there is none.
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

// IsSignedIn reports whether the visitor is a member or the owner.
func (r Visitor) IsSignedIn() bool { return r.level >= member }

// IsOwner reports whether the visitor is the owner.
func (r Visitor) IsOwner() bool { return r.level == owner }

// Within returns the visitor with only those of their groups that are in a set.
func (r Visitor) Within(groups Groups) Visitor {
	r.groups = r.groups.within(groups)
	return r
}

// Groups returns the groups that a member is in.
func (r Visitor) Groups() Groups { return r.groups }

// MayRead reports whether the visitor may read a note. If the access is not resolved, only the
// owner may.
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
