package scale

import (
	"context"
	"fmt"
	"time"

	"trip2g/bench/cluster"
)

// probe is the note that is changed; it is not part of the vaults.
const probe = "Probe.md"

// Writes per round of changes, fewer if they take longer than roundFor.
const (
	changesInRound = 25
	roundFor       = 5 * time.Second
)

// Changing is the cost of changing one small note: one value per round, the mean or median of its
// writes.
type Changing struct {
	Acknowledged []float64 // milliseconds, median: from the request until the leader's answer
	Visible      []float64 // milliseconds, median: from the request until both replicas showed it
	Wire         []float64 // bytes, mean: what a replica received for a write
	ServerCPU    []float64 // milliseconds, mean: processor time of the leader's server per write
	LiteFSCPU    []float64 // milliseconds, mean: the same of the leader's LiteFS
}

// measureChanges measures two vaults in interleaved rounds; they may be the same vault.
func measureChanges(ctx context.Context, rounds int, a, b *published) (inA, inB Changing, err error) {
	for range rounds {
		if err := a.changingRound(ctx, &inA); err != nil {
			return Changing{}, Changing{}, err
		}
		if err := b.changingRound(ctx, &inB); err != nil {
			return Changing{}, Changing{}, err
		}
	}
	return inA, inB, nil
}

// changingRound adds the values of a round.
func (p *published) changingRound(ctx context.Context, c *Changing) error {
	writer := p.Writer(p.Leader.URL())
	defer writer.Close()
	// This opens the connection, and excludes the cost of a note's first version.
	if _, _, err := p.change(ctx, writer); err != nil {
		return err
	}
	before, err := p.used()
	if err != nil {
		return err
	}
	var acknowledged, visible []float64
	for began := time.Now(); len(visible) == 0 || len(visible) < changesInRound && time.Since(began) < roundFor; {
		answered, seen, err := p.change(ctx, writer)
		if err != nil {
			return err
		}
		acknowledged = append(acknowledged, milliseconds(answered))
		visible = append(visible, milliseconds(seen))
	}
	after, err := p.used()
	if err != nil {
		return err
	}
	writes := float64(len(visible))
	c.Acknowledged = append(c.Acknowledged, median(acknowledged))
	c.Visible = append(c.Visible, median(visible))
	c.Wire = append(c.Wire, float64(after.wire-before.wire)/writes/float64(len(p.Replicas)))
	c.ServerCPU = append(c.ServerCPU, milliseconds(after.server-before.server)/writes)
	c.LiteFSCPU = append(c.LiteFSCPU, milliseconds(after.litefs-before.litefs)/writes)
	return nil
}

// change publishes a new text of the probe and returns the time until the leader responded, and
// until both replicas showed it.
func (p *published) change(ctx context.Context, writer *cluster.Writer) (acknowledged, visible time.Duration, err error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	text := p.nextText()
	began := time.Now()
	if acknowledged, err = writer.Write(ctx, probe, text); err != nil {
		return 0, 0, err
	}
	seen, err := p.seenByAll(ctx, address(probe), text)
	return acknowledged, seen.Sub(began), err
}

// nextText returns a text that no earlier write had.
func (p *published) nextText() string {
	p.writes++
	return fmt.Sprintf("A small note, as it is after write %d.", p.writes)
}

// usage is the cost of writes so far.
type usage struct {
	wire           int64 // bytes that all replicas received
	server, litefs time.Duration
}

func (p *published) used() (u usage, err error) {
	for _, replica := range p.Replicas {
		received, err := replica.Received()
		if err != nil {
			return usage{}, err
		}
		u.wire += received
	}
	server, err := p.Leader.Server()
	if err != nil {
		return usage{}, err
	}
	if u.server, err = server.CPU(); err != nil {
		return usage{}, err
	}
	u.litefs, err = p.Leader.LiteFS().CPU()
	return u, err
}
