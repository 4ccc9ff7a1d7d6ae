package leaderwatch

import (
	"time"

	"trip2g/services/trip2g"
)

// maxAhead bounds the answers that are remembered until this node serves their positions: a minute
// of them. Later ones are left out while replication hangs; the first question after it has caught
// up tells the rest.
const maxAhead = 60

// current tells when this node last served all that the leader had.
type current struct {
	since time.Time // it had all that was published up to then
	known bool      // since is of an answer, not of the start
	ahead []answer  // answers with positions that are not served yet, oldest first
}

// answer is a position that the leader had at a time, or soon after it.
type answer struct {
	asked    time.Time
	position trip2g.Position
}

// heard takes in an answer. Positions past it are of a database that the leader has no more.
func (c *current) heard(asked time.Time, position trip2g.Position) {
	for n := len(c.ahead); n > 0 && c.ahead[n-1].position > position; n-- {
		c.ahead = c.ahead[:n-1]
	}
	if len(c.ahead) < maxAhead {
		c.ahead = append(c.ahead, answer{asked, position})
	}
}

// serves takes in what this node serves.
func (c *current) serves(position trip2g.Position) {
	for len(c.ahead) > 0 && c.ahead[0].position <= position {
		c.since, c.known = c.ahead[0].asked, true
		c.ahead = c.ahead[1:]
	}
}

// startsFrom takes in when the newest change that this node serves was made, for as long as nothing
// better is known: it had all that was published up to then.
func (c *current) startsFrom(changed time.Time) {
	if !c.known && !changed.IsZero() && changed.Before(time.Now()) { // the leader's clock may be ahead
		c.since = changed
	}
}

// extent says in words what this node has.
func (c *current) extent() string {
	if !c.known {
		return "what this node's database has, up to " + c.since.UTC().Format(time.RFC3339) + ": since it started, it never had all that the leader has"
	}
	return "what was published up to " + c.since.UTC().Format(time.RFC3339)
}
