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
