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

// Reader is what somebody may read. Each may read what those before may.
type Reader uint8

// Anyone is who is not signed in.
const (
	Anyone Reader = iota
	Member
	Owner
)

// ReaderOf tells what the user of a session may read; signedIn is false if there is no session.
func ReaderOf(session Session, signedIn bool) Reader {
	switch {
	case !signedIn:
		return Anyone
	case session.User.Owner:
		return Owner
	default:
		return Member
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
	// MembersOnly tells whether only signed-in readers may have it. To one who may not, the page says
	// that instead: the body is that of Site.MembersOnly.
	MembersOnly() bool
	// ContentType is the body's media type.
	ContentType() string
	// Body gives the page's bytes in a coding, making them if memory does not have them. A coding that
	// is not offered, or that would not make the body smaller, gives the Identity one: Body.Coding
	// tells. What it gives depends on nothing but the site's position and the kind of reader.
	Body(Coding) *Body
}
