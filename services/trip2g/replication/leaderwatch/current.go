package leaderwatch

import (
	"time"

	"trip2g/services/trip2g"
)

// maxAhead bounds the answers remembered until this node serves their positions: a minute of them.
// Later ones are dropped while replication hangs. The first answer after it has caught up makes up
// for them.
const maxAhead = 60

// current computes when this node last served everything that the leader had.
type current struct {
	since time.Time // everything published up to then is served here
	known bool      // since is of an answer, not of the start
	ahead []answer  // answers with positions not served yet, oldest first
}

// answer is a position that the leader had at a time, or soon after it.
type answer struct {
	asked    time.Time
	position trip2g.Position
}

// heard records an answer. It drops the remembered positions past it: the leader's database no
// longer has them.
func (c *current) heard(asked time.Time, position trip2g.Position) {
	for n := len(c.ahead); n > 0 && c.ahead[n-1].position > position; n-- {
		c.ahead = c.ahead[:n-1]
	}
	if len(c.ahead) < maxAhead {
		c.ahead = append(c.ahead, answer{asked, position})
	}
}

// serves records the position that this node serves.
func (c *current) serves(position trip2g.Position) {
	for len(c.ahead) > 0 && c.ahead[0].position <= position {
		c.since, c.known = c.ahead[0].asked, true
		c.ahead = c.ahead[1:]
	}
}

// startsFrom records the time of the newest change that this node serves, as long as no answer is
// known. Everything published up to then is served here.
func (c *current) startsFrom(changed time.Time) {
	// A time in the future means that the leader's clock is ahead.
	if !c.known && !changed.IsZero() && changed.Before(time.Now()) {
		c.since = changed
	}
}

// extent describes the age of what this node has.
func (c *current) extent() string {
	if !c.known {
		return "what this node's database has, up to " + c.since.UTC().Format(time.RFC3339) + ": since it started, it never had all that the leader has"
	}
	return "what was published up to " + c.since.UTC().Format(time.RFC3339)
}
