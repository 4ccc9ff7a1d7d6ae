package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/sync/client"
	"trip2g/services/trip2g/sync/pull"
	"trip2g/services/trip2g/sync/push"
	"trip2g/services/trip2g/sync/vault"
)

// How long a watch waits before it asks again a server that was away.
const (
	firstAgain = 250 * time.Millisecond
	mostAgain  = 5 * time.Second
)

// watching is a push that goes on.
type watching struct {
	pushFlags
	term    *terminal
	server  *client.Client
	changes <-chan struct{}

	cache  vault.Cache
	memory push.Memory

	ready  func(context.Context) error // sets who may read the site, before the first push is visible
	chosen bool                        // that is known

	begun  bool   // a push has succeeded
	failed string // what kept the last push from succeeding; "" if it did
	waits  *backoff.ExponentialBackOff
}

// watchFolder pushes, and again whenever the folder has changed, until ctx ends. What the server or the
// folder may get over does not end it.
func watchFolder(ctx context.Context, f pushFlags, term *terminal) error {
	f.retryFor = 0 // the next round is the next attempt, with what the folder has then
	server, err := f.connect(nil, term.Print)
	if err != nil {
		return err
	}
	changes, err := vault.Watch(ctx, f.dir)
	if err != nil {
		return pushError(err, folderExitCode(err))
	}
	w := &watching{
		pushFlags: f, term: term, server: server, changes: changes.Changes(),
		waits: &backoff.ExponentialBackOff{InitialInterval: firstAgain, RandomizationFactor: 0.5, Multiplier: 2, MaxInterval: mostAgain},
	}
	defer w.memory.Stop(ctx, server)
	for {
		err := w.round(ctx)
		if ctx.Err() != nil && err == nil {
			return nil
		}
		again, end := w.judge(ctx, err)
		if end != nil {
			return end
		}
		if !w.wait(ctx, again) {
			return nil
		}
		term.NextRound()
	}
}

// round pushes once.
func (w *watching) round(ctx context.Context) error {
	notes, err := vault.Open(ctx, w.dir, w.vaultOptions(&w.cache))
	if err != nil {
		return err
	}
	defer notes.Close()
	for _, warning := range notes.Warnings() {
		w.term.Warn(warning)
	}
	state, err := pull.OpenState(w.dir) // anew each time: a pull may have come in between
	if err != nil {
		return err
	}
	defer state.Close()
	o := w.options(notes, state, w.server, w.term)
	o.Memory = &w.memory
	if !w.chosen {
		if w.ready, err = w.chooseAccess(ctx, notes, w.server, w.term); err != nil {
			return err
		}
		w.chosen = true
	}
	if !w.begun {
		o.Ready = w.ready
	}
	summary, err := push.Run(ctx, o)
	if err != nil {
		return err
	}
	if w.failed != "" {
		w.term.Print("all that was saved meanwhile is published")
	}
	if w.begun {
		w.term.Saved(summary, w.server.Site())
		return nil
	}
	w.begun, w.term.calm = true, true
	if err := w.lookAtAccess(ctx, notes, w.server, summary, w.term); err != nil {
		return err
	}
	w.term.noHome = w.lacksHome(ctx, notes, summary)
	w.term.Summary(summary, false, w.server.Site())
	if !w.quiet {
		fmt.Fprintln(w.term.err, printable("watching "+w.dir+"; what is saved there is published, Ctrl-C ends it"))
	}
	return nil
}

// judge tells how a round that ended with err goes on: with the next one after a while (0: when the
// folder changes), or with the end of the watch.
func (w *watching) judge(ctx context.Context, err error) (again time.Duration, end error) {
	if err == nil {
		w.failed = ""
		w.waits.Reset()
		return 0, nil
	}
	if ctx.Err() != nil {
		return 0, pushError(err, exitFailure)
	}
	if coded := (*codedError)(nil); errors.As(err, &coded) { // an answer was no
		return 0, coded
	}
	code := trip2g.ErrorCode(err)
	switch {
	case code == trip2g.EUNAUTHORIZED, code == trip2g.EFORBIDDEN, code == trip2g.ENOTFOUND && !w.begun:
		return 0, pushError(err, serverExitCode(err))
	case code == trip2g.EEXPIRED: // the server was away, or this machine asleep: the next round sends all of it again
		return w.waits.NextBackOff(), nil
	case code == trip2g.EINVALID, code == trip2g.ETOOLARGE:
		w.tell(err, "correct it and save")
		return 0, nil
	default:
		w.tell(err, "what you save is published when that is over")
		return w.waits.NextBackOff(), nil
	}
}

// tell says what keeps a push from succeeding, once for each reason.
func (w *watching) tell(err error, then string) {
	if failed := (*push.Error)(nil); errors.As(err, &failed) {
		err = failed.Err
	}
	text := terminalError(err, exitFailure, "").Error()
	if text != w.failed {
		what, files, _ := strings.Cut(text, "\n")
		line := "warning: " + strings.TrimRight(what, ".;: ") + "; " + then
		if files != "" {
			line += "\n" + files
		}
		w.term.Print(line)
	}
	w.failed = text
}

// wait waits for a change of the folder, at most for again if that is not 0; false if ctx ends.
func (w *watching) wait(ctx context.Context, again time.Duration) bool {
	var timeout <-chan time.Time
	if again > 0 {
		timer := time.NewTimer(again)
		defer timer.Stop()
		timeout = timer.C
	}
	select {
	case <-ctx.Done():
		return false
	case _, open := <-w.changes:
		return open
	case <-timeout:
		return true
	}
}
