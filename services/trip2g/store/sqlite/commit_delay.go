package sqlite

import "time"

// gathering decides how long a transaction of small writes waits for more of them, as PostgreSQL's
// commit_delay does (https://www.postgresql.org/docs/current/runtime-config-wal.html#GUC-COMMIT-DELAY), but by
// itself. Only while writes come so fast that the next one is expected soon does it try whether one more comes
// than before, and goes on if one did: clients that write again when they have their answer would else wait for
// the transaction, and it for them. A write that comes alone does not wait.
type gathering struct {
	last     time.Time     // when the newest write came
	interval time.Duration // between writes, a moving mean
	target   int           // how many writes a transaction has found
	rests    int           // so many transactions do not try for one more
	vain     int           // how many that will be after trying in vain once more
}

const (
	// gatherFor bounds how long a write waits for others.
	gatherFor = 50 * time.Millisecond
	// farApart is the mean interval of writes from which on none waits.
	farApart = 15 * time.Millisecond
	// longestInterval is the longest interval that counts, so that some writes after a rest do not look like a stream,
	// and a stream is soon seen as one.
	longestInterval = 50 * time.Millisecond
	// averaged is how many intervals the mean stands for.
	averaged = 4
	// longestRest is how many transactions go by, at most, until it is tried again whether one more comes.
	longestRest = 128
)

// arrived notes that a write came.
func (g *gathering) arrived(now time.Time) {
	if g.last.IsZero() {
		g.interval = longestInterval
	}
	between := min(max(now.Sub(g.last), 0), longestInterval)
	g.interval += (between - g.interval) / averaged
	g.last = now
	if g.interval >= farApart {
		g.target = 1
	}
}

// goal is how many writes are waited for.
func (g *gathering) goal() int {
	if g.interval >= farApart || g.rests > 0 {
		return g.target
	}
	return min(g.target+1, maxTogether)
}

// wait tells how long to wait for the next write when some are there, the oldest of which came at oldest; 0 to
// begin. For one more than before it waits twice the usual interval.
func (g *gathering) wait(now, oldest time.Time, there int) time.Duration {
	if there >= g.goal() {
		return 0
	}
	end := oldest.Add(gatherFor)
	if soon := g.last.Add(2 * g.interval); there == g.target && soon.Before(end) {
		end = soon
	}
	return max(0, end.Sub(now))
}

// begun notes that a transaction of n writes begins.
func (g *gathering) begun(n int) {
	switch goal := g.goal(); {
	case n > g.target:
		g.vain = 0
	case n < goal:
		g.vain = min(max(1, 2*g.vain), longestRest)
		g.rests = g.vain
	case g.rests > 0:
		g.rests--
	}
	g.target = n
}
