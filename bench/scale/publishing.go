package scale

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"trip2g/bench/cluster"
	"trip2g/bench/vault"
	"trip2g/services/trip2g"
)

const (
	// publishTimeout limits a push, until the replicas show it.
	publishTimeout = 10 * time.Minute
	// pollInterval is the polling interval for replicas.
	pollInterval = 500 * time.Microsecond
)

// Publishing is the time from the start of `trip2g push`, which reads the vault from disk, until
// both replicas show it.
type Publishing struct {
	All        time.Duration // the whole vault, to an empty server
	OneChanged time.Duration // the vault again, after a change of one note
}

// publish starts a cluster and pushes a vault to it. The caller must stop the cluster.
func publish(ctx context.Context, o Options, notes int) (_ *published, err error) {
	o.Progress("%d notes: starting a leader and %d replicas", notes, replicas)
	c, err := cluster.Start(ctx, cluster.Options{Root: o.Root, Dir: o.Dir, Replicas: replicas, Env: settings})
	if err != nil {
		return nil, err
	}
	p := &published{Cluster: c, vault: vault.Generate(seed, notes), dir: filepath.Join(c.Dir, "vault")}
	defer func() {
		if err != nil {
			p.stop(&err)
		}
	}()
	o.Progress("%d notes: making the vault", notes)
	if p.text, err = p.vault.Write(p.dir); err != nil {
		return nil, err
	}
	server, err := p.lastReplica().Server()
	if err != nil {
		return nil, err
	}
	if p.empty, err = settledMemory(ctx, server); err != nil {
		return nil, err
	}
	o.Progress("%d notes: pushing", notes)
	p.publishing.All, err = p.push(ctx, vault.OnePage, "One page")
	return p, err
}

func (p *published) lastReplica() *cluster.Node { return p.Replicas[len(p.Replicas)-1] }

// push runs `trip2g push` and returns the time until both replicas show a text on a note's page.
func (p *published) push(ctx context.Context, path, text string) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, publishTimeout)
	defer cancel()
	began := time.Now()
	command := exec.CommandContext(ctx, p.Leader.Program(), "push", p.dir, "--quiet", "--url", p.Leader.URL())
	command.Env = append(os.Environ(), "TRIP2G_KEY="+p.Key)
	if out, err := command.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("push: %w\n%s", err, out)
	}
	seen, err := p.seenByAll(ctx, address(path), text)
	return seen.Sub(began), err
}

// pushOneChanged changes the note at vault.OnePage and pushes the vault again.
func (p *published) pushOneChanged(ctx context.Context) (time.Duration, error) {
	const text = "This note was changed."
	if err := os.WriteFile(filepath.Join(p.dir, vault.OnePage), []byte(text), 0o644); err != nil {
		return 0, err
	}
	return p.push(ctx, vault.OnePage, text)
}

// seenByAll returns the time at which all replicas show a text on a page.
func (p *published) seenByAll(ctx context.Context, address, text string) (time.Time, error) {
	moments := make([]time.Time, len(p.Replicas))
	group, ctx := errgroup.WithContext(ctx)
	for i, replica := range p.Replicas {
		group.Go(func() (err error) {
			reader := replica.NewReader()
			defer reader.Close()
			moments[i], err = reader.WaitFor(ctx, address, text, pollInterval)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return time.Time{}, err
	}
	last := moments[0]
	for _, moment := range moments[1:] {
		if moment.After(last) {
			last = moment
		}
	}
	return last, nil
}

// address returns the URL path of a note.
func address(path string) string {
	url, _ := trip2g.NoteURL(path, "")
	return url
}
