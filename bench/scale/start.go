package scale

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"time"

	"golang.org/x/sync/errgroup"

	"trip2g/bench/cluster"
)

const (
	// starts is the number of restarts of a replica, fewer if they take longer than startsFor.
	starts    = 3
	startsFor = 20 * time.Second
	// asBrowsers is the Accept-Encoding header of a current browser.
	asBrowsers = "gzip, deflate, br, zstd"
	// bodyCache is TRIP2G_BODY_CACHE_SIZE in bytes: the default, set explicitly.
	bodyCache = 256 << 20
)

var settings = []string{fmt.Sprintf("TRIP2G_BODY_CACHE_SIZE=%d", bodyCache)}

// Starting is the time and the memory of a replica's start with the vault. Memory is the resident
// memory of the server process, in bytes.
type Starting struct {
	ToReady []float64 // seconds, from the start of its LiteFS until /readyz returned 200
	Empty   int64     // memory without a vault
	Cold    int64     // memory after a start, before the first request
	Warm    int64     // memory after a browser's requests for every page
}

// measureStart restarts the last replica, and measures memory after the last start.
func (p *published) measureStart(ctx context.Context) (s Starting, err error) {
	s.Empty = p.empty
	replica := p.lastReplica()
	for began := time.Now(); len(s.ToReady) < starts && (len(s.ToReady) == 0 || time.Since(began) < startsFor); {
		took, err := replica.Restart(ctx)
		if err != nil {
			return Starting{}, err
		}
		s.ToReady = append(s.ToReady, took.Seconds())
	}
	if err := p.awaitIndexed(ctx); err != nil {
		return Starting{}, err
	}
	server, err := replica.Server()
	if err != nil {
		return Starting{}, err
	}
	if s.Cold, err = settledMemory(ctx, server); err != nil {
		return Starting{}, err
	}
	if err := p.readMany(ctx, replica); err != nil {
		return Starting{}, err
	}
	s.Warm, err = settledMemory(ctx, server)
	return s, err
}

// awaitIndexed waits until the search index of each node is complete. In production, nodes build it
// at the same time on separate machines.
func (p *published) awaitIndexed(ctx context.Context) error {
	for _, n := range p.Nodes() {
		reader := n.NewReader()
		_, err := reader.WaitFor(ctx, "/_system/search.json", `"indexing":false`, 100*time.Millisecond)
		reader.Close()
		if err != nil {
			return fmt.Errorf("wait for the index of %s: %w", n.Name, err)
		}
	}
	return nil
}

// manyPages is far more than the cache can hold.
const manyPages = 5_000

// readMany requests every page of the vault once, at most manyPages.
func (p *published) readMany(ctx context.Context, n *cluster.Node) error {
	readers := 2 * runtime.GOMAXPROCS(0)
	group, ctx := errgroup.WithContext(ctx)
	for first := range readers {
		group.Go(func() error {
			reader := n.NewReader()
			defer reader.Close()
			reader.AcceptEncoding = asBrowsers
			for i := first; i < min(p.vault.Len(), manyPages); i += readers {
				status, _, err := reader.Get(ctx, p.vault.URL(i))
				if err == nil && status != http.StatusOK {
					err = fmt.Errorf("the answer is %d", status)
				}
				if err != nil {
					return fmt.Errorf("read %s: %w", p.vault.URL(i), err)
				}
			}
			return nil
		})
	}
	return group.Wait()
}

// settledMemory waits until the memory of a process is stable, for a limited time, and returns it.
func settledMemory(ctx context.Context, process cluster.Process) (int64, error) {
	const (
		every     = time.Second
		atMost    = 10
		settledBy = 100 // a change of less than a hundredth
	)
	last, err := process.RSS()
	for range atMost {
		if err != nil {
			return 0, err
		}
		select {
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-time.After(every):
		}
		before := last
		if last, err = process.RSS(); err == nil && max(last-before, before-last) < before/settledBy {
			break
		}
	}
	return last, err
}
