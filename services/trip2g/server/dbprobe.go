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
	// probeEvery is how often the database is asked whether it can be read. Each look at a LiteFS
	// mount is a trip through FUSE.
	probeEvery = time.Second
	// probeTimeout bounds the wait for locks. A mount whose LiteFS hangs may take longer.
	probeTimeout = 2 * time.Second
	// quietAfter is how long the database may give no answer before the node says so: LiteFS holds
	// every lock while a replica catches up, and then it passes by itself.
	quietAfter = 5 * time.Second
)

// databaseProbe asks the database in the background whether it can be read and keeps the answer, so
// that nobody who wants to know the node's state waits for a file system.
type databaseProbe struct {
	mu       sync.Mutex
	waiting  string    // what opening the database waits for; "" once it is open
	answered time.Time // when it last said yes or why not; locks that others hold are no answer
	fault    error     // of the last answer
}

// wait sets what opening the database waits for.
func (p *databaseProbe) wait(reason string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waiting = reason
}

// opened notes that the database is open and can be read.
func (p *databaseProbe) opened() { p.answer(nil) }

// run asks until ctx ends. It is for a database that is open.
func (p *databaseProbe) run(ctx context.Context, ask func(context.Context) error) {
	ticker := time.NewTicker(probeEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		bounded, cancel := context.WithTimeout(ctx, probeTimeout)
		err := ask(bounded)
		cancel()
		if !sqlite.IsBusy(err) && ctx.Err() == nil {
			p.answer(err)
		}
	}
}

func (p *databaseProbe) answer(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waiting, p.answered, p.fault = "", time.Now(), err
}

// state returns why the node cannot serve from the database, and else what of it does not work; each
// is "" if there is nothing to say.
func (p *databaseProbe) state() (missing, impaired string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	silent := time.Since(p.answered)
	switch {
	case p.waiting != "":
		return p.waiting, ""
	case p.fault != nil:
		return p.fault.Error(), ""
	case silent > quietAfter:
		return "", fmt.Sprintf("it has not answered for %s: look at LiteFS and at the disk of this node; pages are served from memory", trip2g.Span(silent.Seconds()))
	}
	return "", ""
}
