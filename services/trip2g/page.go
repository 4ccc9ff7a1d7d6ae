package trip2g

// Coding is a content coding of HTTP (RFC 9110, section 8.4.1).
type Coding uint8

// Content codings, in the order of their names below.
const (
	Identity Coding = iota
	Gzip
	Brotli
	Zstd
)

// String returns the coding's name in Content-Encoding.
func (c Coding) String() string { return [...]string{"identity", "gzip", "br", "zstd"}[c] }

// Body is the content of one representation. It is shared by concurrent requests and must not be
// changed.
type Body struct {
	Bytes  []byte
	Coding Coding
	ETag   string // strong, quoted (RFC 9110, section 8.8.3); each coding has its own
	Length string // len(Bytes) in decimal
}

// Page is the resource at one URL at a site's position, for visitors with the same rights.
type Page interface {
	// Withheld reports whether the page replaces one that the visitor may not read.
	Withheld() bool
	// ContentType is the body's media type.
	ContentType() string
	// Body returns the page in a coding and renders it if it is not in memory. If the coding is not
	// available or would not be smaller, it returns Identity: see Body.Coding. The result depends
	// only on the site's position and the visitor's rights.
	Body(Coding) *Body
}
