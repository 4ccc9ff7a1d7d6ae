package trip2g

import "time"

// PushIDHeader is the request header in which a client names the push that a request belongs to.
const PushIDHeader = "X-Push-Id"

// Lengths of a push's id, in bytes. The shortest has room for 96 random bits.
const (
	MinPushID = 16
	MaxPushID = 64
)

// Lifetimes of staged changes since the push's last request. After that they are never committed.
const (
	PushLifetime = 24 * time.Hour

	// UnnamedPushLifetime is for clients that send no id. Their requests can only be matched by
	// guesses, so the rest of one push must not become part of the next. It is longer than a
	// replica holds a request while the leader restarts.
	UnnamedPushLifetime = 2 * time.Minute
)

// Stage identifies a push. Its changes are visible only to itself until its Commit. A push belongs
// to its author: the same id of another author is another push.
type Stage struct {
	Author Author
	Push   string // the push's id; "" if the client named none
	Grant  Grant  // rights of the author

	// Identify the client of an unnamed push.
	Client  string // the program
	Address string // the client's IP address
	// ReceivedAt is the time of the request; zero: now. An unnamed push is not idle during an
	// upload.
	ReceivedAt time.Time
}

// Unnamed reports whether the client sent no push id.
func (s Stage) Unnamed() bool { return s.Push == "" }

// ValidatePushID returns EINVALID unless id is a valid push id: letters, digits, "-" and "_",
// within the length limits.
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
