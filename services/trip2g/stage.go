package trip2g

import "time"

// PushIDHeader is the request header in which a client names the push that a request belongs to.
const PushIDHeader = "X-Push-Id"

// Lengths of a push's id, in bytes. The shortest has room for 96 random bits.
const (
	MinPushID = 16
	MaxPushID = 64
)

// How long what a push has staged waits for the push's next request. After that it is never committed.
const (
	PushLifetime = 24 * time.Hour

	// UnnamedPushLifetime is for clients that send no id: which of their requests belong together can
	// only be guessed, so that what a push left behind must not wait for the next one. It is longer
	// than a replica holds a request while the leader restarts.
	UnnamedPushLifetime = 2 * time.Minute
)

// Stage names a push: what it stages waits for its own Commit and is seen by nobody else. A push belongs
// to its author: another author's push with the same id is another push.
type Stage struct {
	Author Author
	Push   string // the push's id; "" if the client named none
	Grant  Grant  // what the author may do

	// What requests of an unnamed push are told from others by.
	Client  string // the program
	Address string // the client's IP address
	// ReceivedAt is when the request came in; zero: now. An unnamed push is not idle while it sends a file.
	ReceivedAt time.Time
}

// Unnamed reports whether the client named no push.
func (s Stage) Unnamed() bool { return s.Push == "" }

// ValidatePushID returns EINVALID unless id can be a push's: letters, digits, "-" and "_", within the
// length limits.
func ValidatePushID(id string) error {
	fault := len(id) < MinPushID || len(id) > MaxPushID
	for _, r := range id {
		letter := 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
		fault = fault || !letter && (r < '0' || r > '9') && r != '-' && r != '_'
	}
	if fault {
		return Errorf(EINVALID, "%s must be %d to %d letters, digits, - or _: send a random one for each push", PushIDHeader, MinPushID, MaxPushID)
	}
	return nil
}
