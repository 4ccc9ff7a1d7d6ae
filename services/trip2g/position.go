package trip2g

// Position numbers the changes that readers can see: every such change takes the
// next number, and a node that has followed to a position has all changes up to it.
type Position int64

// What carries a position over HTTP. In the answer to a write it is the one that has what was written,
// in a read the one that is wanted at least, in the answer to a read the one that is served at least.
const (
	PositionHeader = "X-Trip2g-Position"
	// PositionCookie does the same for a browser, which sends it with its next reads. It has one name
	// on all nodes: the ports of a host share their cookies. It is no secret and gives no right, so that
	// it need not be Secure.
	PositionCookie = "trip2g_position"
)

// maxPositionLength is that of positions that are read, in digits: so many always fit.
const maxPositionLength = 18

// ParsePosition reads a position from a header or cookie: decimal digits and nothing else.
func ParsePosition(text string) (Position, bool) {
	if text == "" || len(text) > maxPositionLength {
		return 0, false
	}
	var position Position
	for _, digit := range []byte(text) {
		if digit < '0' || digit > '9' {
			return 0, false
		}
		position = 10*position + Position(digit-'0')
	}
	return position, true
}
