// Package scale measures how costs depend on the size of a vault: publishing it, changing one note,
// sending the change to replicas, starting, and memory. It also measures the latency that
// forwarding adds to a write.
package scale

import (
	"context"
	"fmt"
	"time"

	"trip2g/bench/cluster"
	"trip2g/bench/vault"
)

const (
	replicas = 2
	seed     = 4
)

// Options are the options of Measure. All fields except Progress are required.
type Options struct {
	Root  string // the repository
	Dir   string // for vaults and the data of nodes; several GB for a vault of 100,000 notes
	Sizes []int  // numbers of notes, from small to large; others are compared with the first
	// Rounds is the number of values per figure that is measured in rounds.
	Rounds int
	// Progress receives progress messages; nil: none.
	Progress func(format string, args ...any)
}

// Result is the result of Measure.
type Result struct {
	Sizes      []Size // in the order of Options.Sizes
	Forwarding Forwarding
}

// Size is the result for a vault of one size.
type Size struct {
	Notes  int
	Text   int64 // bytes of the notes' texts
	Images int   // each sent once for each note that embeds it

	Published Publishing
	Change    Changing // in this vault
	Reference Changing // in the smallest vault, in rounds between those of Change
	Start     Starting
}

// Measure measures the vaults one after the other. The smallest one stays running, so that
// comparisons with it are measured at the same time.
func Measure(ctx context.Context, o Options) (_ *Result, err error) {
	if o.Progress == nil {
		o.Progress = func(string, ...any) {}
	}
	var result Result
	reference, err := publish(ctx, o, o.Sizes[0])
	if err != nil {
		return nil, err
	}
	defer reference.stop(&err)
	o.Progress("the cost of forwarding")
	if result.Forwarding, err = reference.measureForwarding(ctx, o.Rounds); err != nil {
		return nil, err
	}
	for i, notes := range o.Sizes {
		size, err := measureSize(ctx, o, notes, i == 0, reference)
		if err != nil {
			return nil, fmt.Errorf("measure a vault of %d notes: %w", notes, err)
		}
		result.Sizes = append(result.Sizes, size)
	}
	return &result, nil
}

// measureSize measures the vault of one size, compared with the smallest one.
func measureSize(ctx context.Context, o Options, notes int, smallest bool, reference *published) (size Size, err error) {
	p := reference
	if !smallest {
		if p, err = publish(ctx, o, notes); err != nil {
			return Size{}, err
		}
		defer p.stop(&err)
	}
	size = Size{Notes: notes, Text: p.text, Images: p.vault.Images(), Published: p.publishing}
	o.Progress("%d notes: making their index", notes)
	if err := p.awaitIndexed(ctx); err != nil {
		return Size{}, err
	}
	o.Progress("%d notes: changing one", notes)
	if size.Reference, size.Change, err = measureChanges(ctx, o.Rounds, reference, p); err != nil {
		return Size{}, err
	}
	if size.Published.OneChanged, err = p.pushOneChanged(ctx); err != nil {
		return Size{}, err
	}
	o.Progress("%d notes: starting a replica", notes)
	size.Start, err = p.measureStart(ctx)
	return size, err
}

// published is a cluster with a vault.
type published struct {
	*cluster.Cluster
	vault      *vault.Vault
	dir        string // where the vault is
	text       int64  // bytes
	empty      int64  // memory of a replica's server without the vault, in bytes
	publishing Publishing
	writes     int // number so far, so that each differs
}

// stop stops the cluster and sets *err if it is nil and stopping failed.
func (p *published) stop(err *error) {
	if stopErr := p.Stop(); *err == nil {
		*err = stopErr
	}
}

// milliseconds converts durations for figures.
func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
