package trip2g

// Position numbers the changes that readers can see. Each change increases it by one, and a node at
// a position has all changes up to it.
type Position int64

// Header and cookie that transmit a position. In the response to a write it includes the write, in
// a read it is the minimum requested, in the response to a read the minimum served.
const (
	PositionHeader = "X-Trip2g-Position"
	// PositionCookie does the same for a browser, which sends it with its next reads. All nodes use
	// one name, because the ports of a host share cookies. It is not secret and grants no rights,
	// so it need not be Secure.
	PositionCookie = "trip2g_position"
)

// maxPositionLength is the maximum number of digits, which always fit an int64.
const maxPositionLength = 18

// ParsePosition reads a position from a header or cookie. Only decimal digits are accepted.
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
