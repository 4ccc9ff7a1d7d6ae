package trip2g

// Coding is a content coding of HTTP (RFC 9110, section 8.4.1).
type Coding uint8

// Identity is the bytes as they are.
const (
	Identity Coding = iota
	Gzip
	Brotli
	Zstd
)

// String gives the coding's name in HTTP.
func (c Coding) String() string { return [...]string{"identity", "gzip", "br", "zstd"}[c] }

// Reader is a visitor's rights. Values are comparable.
type Reader struct {
	level  readerLevel
	groups Groups // of a member
}

type readerLevel uint8

const (
	guest readerLevel = iota
	member
	owner
)

// Readers that are in no group.
var (
	Anyone = Reader{}              // not signed in
	Member = Reader{level: member} // signed in
	Owner  = Reader{level: owner}
)

// ReaderOf returns the rights of a session's user; signedIn is false if there is no session.
func ReaderOf(session Session, signedIn bool) Reader {
	switch {
	case !signedIn:
		return Anyone
	case session.User.Owner:
		return Owner
	default:
		return Reader{member, session.User.Groups}
	}
}

// IsSignedIn reports whether the reader is a member or the owner.
func (r Reader) IsSignedIn() bool { return r.level >= member }

// IsOwner reports whether the reader is the owner.
func (r Reader) IsOwner() bool { return r.level == owner }

// Within returns the reader as one who is in no other groups than some.
func (r Reader) Within(groups Groups) Reader {
	r.groups = r.groups.within(groups)
	return r
}

// Groups returns the groups that a member is in.
func (r Reader) Groups() Groups { return r.groups }

// MayRead reports whether the reader may read a note. An access that is not resolved is nobody's but the
// owner's.
func (r Reader) MayRead(a Access) bool {
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

// Body is the bytes of one representation. It is made once, shared by all who read it, and must not
// be changed.
type Body struct {
	Bytes  []byte
	Coding Coding
	ETag   string // strong, quoted (RFC 9110, section 8.8.3); each coding has its own
	Length string // len(Bytes) in decimal
}

// Page is what one address gives at a site's position to readers of one kind.
type Page interface {
	// Withheld reports whether the page stands for one that the reader may not have, and says that instead.
	Withheld() bool
	// ContentType is the body's media type.
	ContentType() string
	// Body gives the page's bytes in a coding, making them if memory does not have them. A coding that
	// is not offered, or that would not make the body smaller, gives the Identity one: Body.Coding
	// tells. What it gives depends on nothing but the site's position and the kind of reader.
	Body(Coding) *Body
}
