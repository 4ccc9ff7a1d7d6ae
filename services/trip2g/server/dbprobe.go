package server

import (
	"context"
	"fmt"
	"sync"
	"time"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/store/sqlite"
)

const (
	// probeEvery is the interval between test reads. Each one on a LiteFS mount goes through FUSE.
	probeEvery = time.Second
	// probeTimeout bounds the wait for locks. A mount whose LiteFS hangs may take longer.
	probeTimeout = 2 * time.Second
	// quietAfter is how long the database can be locked before the node reports it. LiteFS holds
	// every lock while a replica catches up, which ends by itself.
	quietAfter = 5 * time.Second
)

// databaseProbe reads from the database in the background and keeps the result, so that a readiness
// probe never waits for a file system.
type databaseProbe struct {
	mu       sync.Mutex
	waiting  string    // what opening the database waits for; "" once it is open
	answered time.Time // time of the last result; a locked database returns none
	err      error     // the last result
}

// wait sets what opening the database waits for.
func (p *databaseProbe) wait(reason string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waiting = reason
}

// opened records that the database is open and readable.
func (p *databaseProbe) opened() { p.answer(nil) }

// run calls check periodically until ctx ends. The database must be open.
func (p *databaseProbe) run(ctx context.Context, check func(context.Context) error) {
	ticker := time.NewTicker(probeEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		bounded, cancel := context.WithTimeout(ctx, probeTimeout)
		err := check(bounded)
		cancel()
		if !sqlite.IsBusy(err) && ctx.Err() == nil {
			p.answer(err)
		}
	}
}

func (p *databaseProbe) answer(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waiting, p.answered, p.err = "", time.Now(), err
}

// state returns why the node cannot serve from the database (missing), or what limits it
// (impaired). Both are "" if the database works.
func (p *databaseProbe) state() (missing, impaired string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	silent := time.Since(p.answered)
	switch {
	case p.waiting != "":
		return p.waiting, ""
	case p.err != nil:
		return p.err.Error(), ""
	case silent > quietAfter:
		return "", fmt.Sprintf("it has not answered for %s: look at LiteFS and at the disk of this node; pages are served from memory", trip2g.Span(silent.Seconds()))
	}
	return "", ""
}
