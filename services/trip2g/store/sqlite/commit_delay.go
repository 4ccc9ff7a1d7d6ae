package sqlite

import "time"

// commitDelay decides how long a transaction of small writes waits for more of them, like
// PostgreSQL's commit_delay
// (https://www.postgresql.org/docs/current/runtime-config-wal.html#GUC-COMMIT-DELAY), but tunes
// itself. A write that arrives alone does not wait. While the next write is expected soon, a group
// waits for one write more than the last group had, and keeps the larger size if that write
// arrives. If it does not, the next groups do not try: clients that write again after each response
// would wait for the transaction, and the transaction for them.
type commitDelay struct {
	last       time.Time     // arrival of the newest write
	interval   time.Duration // between writes, exponential moving average
	groupSize  int           // writes in the last group
	skipProbes int           // groups left that do not wait for one write more
	backoff    int           // skipProbes after the last failed probe
}

const (
	maxDelay     = 50 * time.Millisecond // of a write
	idleInterval = 15 * time.Millisecond // mean interval from which on no write waits
	// maxInterval caps the intervals in the mean: a few writes after a pause are not yet a stream,
	// and a stream is recognized after a few writes.
	maxInterval = 50 * time.Millisecond
	emaSamples  = 4   // intervals that the mean represents
	maxBackoff  = 128 // groups between two probes
)

// arrived records a write.
func (d *commitDelay) arrived(now time.Time) {
	if d.last.IsZero() {
		d.interval = maxInterval
	}
	sample := min(max(now.Sub(d.last), 0), maxInterval)
	d.interval += (sample - d.interval) / emaSamples
	d.last = now
	if d.interval >= idleInterval {
		d.groupSize = 1
	}
}

// target returns how many writes the next group waits for.
func (d *commitDelay) target() int {
	if d.interval >= idleInterval || d.skipProbes > 0 {
		return d.groupSize
	}
	return min(d.groupSize+1, maxGroup)
}

// remaining returns how long a group of n writes, the oldest enqueued at oldest, waits for the next
// one; 0 commits it. A probe for one write more than before waits twice the mean interval.
func (d *commitDelay) remaining(now, oldest time.Time, n int) time.Duration {
	if n >= d.target() {
		return 0
	}
	end := oldest.Add(maxDelay)
	if probeEnd := d.last.Add(2 * d.interval); n == d.groupSize && probeEnd.Before(end) {
		end = probeEnd
	}
	return max(0, end.Sub(now))
}

// committed records a group of n writes.
func (d *commitDelay) committed(n int) {
	switch target := d.target(); {
	case n > d.groupSize:
		d.backoff = 0
	case n < target:
		d.backoff = min(max(1, 2*d.backoff), maxBackoff)
		d.skipProbes = d.backoff
	case d.skipProbes > 0:
		d.skipProbes--
	}
	d.groupSize = n
}
