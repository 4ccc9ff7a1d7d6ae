package nodes

import (
	"context"
	"math"
	"time"

	"trip2g/services/trip2g"
)

// level is the age up to which a replica without the leader's newest position counts as level. The
// leader is asked once a second, and a change takes milliseconds.
const level = 2 * time.Second

// lookAgain bounds each wait for the next change, in case the position went back meanwhile.
const lookAgain = 10 * time.Second

// measureLag adds the measurements over time to a replica's report. The caller holds the lock.
func (n *Nodes) measureLag(report *trip2g.NodeReport, now time.Time) {
	report.Lag = n.arrival
	behind := 0.0
	if report.Behind() > 0 && report.Age > level.Seconds() {
		behind, report.Lag = report.Age, report.Age
	}
	if report.LeaderAnswers { // else the lag is unknown
		n.history.add(now, behind)
	}
	report.ClockAhead = rounded(n.ahead.Seconds())
	report.LagHistory = n.history.list(now)
}

// watchArrivals measures the time of each change from the leader's commit until it is served here,
// until ctx ends.
func (n *Nodes) watchArrivals(ctx context.Context) error {
	for ctx.Err() == nil {
		before, _ := n.Served()
		wait, cancel := context.WithTimeout(ctx, lookAgain)
		err := n.WaitFor(wait, before+1)
		now, ended := time.Now(), wait.Err() != nil
		cancel()
		switch {
		case err != nil && ended:
			continue
		case err != nil: // there is no site to wait for yet
			select {
			case <-ctx.Done():
			case <-time.After(n.Every):
			}
			continue
		}
		if position, changed := n.Served(); before > 0 && position > before && !changed.IsZero() {
			n.arrived(now, changed)
		}
	}
	return nil
}

// arrived records that a change made at changed, by the leader's clock, is now served.
func (n *Nodes) arrived(now, changed time.Time) {
	n.mu.Lock()
	defer n.mu.Unlock()
	took := max(0, now.Add(-n.ahead).Sub(changed)).Seconds()
	n.arrival = rounded(took)
	n.history.add(now, n.arrival)
	n.metrics.arrivals.Observe(took)
}

// rounded rounds to milliseconds.
func rounded(seconds float64) float64 { return math.Round(seconds*1000)/1000 + 0 } // + 0: no -0

// history holds the largest lag of each of the last minutes.
type history [trip2g.LagHistory]struct {
	minute int64 // since 1970
	lag    float64
}

func (h *history) add(now time.Time, lag float64) {
	minute := now.Unix() / 60
	slot := &h[minute%int64(len(h))]
	if slot.minute != minute {
		slot.minute, slot.lag = minute, 0
	}
	slot.lag = max(slot.lag, rounded(lag))
}

// list returns the minutes up to now, oldest first, with nil for an unknown one.
func (h *history) list(now time.Time) []*float64 {
	out := make([]*float64, len(h))
	last := now.Unix() / 60
	for i := range out {
		minute := last - int64(len(h)-1-i)
		if slot := h[minute%int64(len(h))]; slot.minute == minute {
			out[i] = &slot.lag
		}
	}
	return out
}

// rate computes a count's growth per second from the last samples.
type rate struct {
	samples [6]struct {
		at    time.Time
		count float64
	}
	next int
}

func (r *rate) add(now time.Time, count float64) float64 {
	oldest := r.samples[r.next]
	for i := r.next; oldest.at.IsZero() && i < r.next+len(r.samples); i++ {
		oldest = r.samples[i%len(r.samples)]
	}
	r.samples[r.next].at, r.samples[r.next].count = now, count
	r.next = (r.next + 1) % len(r.samples)
	if took := now.Sub(oldest.at).Seconds(); !oldest.at.IsZero() && took > 0 {
		return max(0, count-oldest.count) / took
	}
	return 0
}
