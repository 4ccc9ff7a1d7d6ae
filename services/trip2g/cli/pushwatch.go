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

// The delays before a watch retries.
const (
	firstAgain = 250 * time.Millisecond
	mostAgain  = 5 * time.Second
)

// watching is a push with --watch.
type watching struct {
	pushFlags
	term    *terminal
	server  *client.Client
	changes <-chan struct{}

	cache  vault.Cache
	memory push.Memory

	ready  func(context.Context) error // sets the default access, before the first push is visible
	chosen bool                        // ready is set

	begun  bool   // a push has succeeded
	failed string // what kept the last push from succeeding; "" if it did
	waits  *backoff.ExponentialBackOff
}

// watchFolder pushes, and again whenever the folder changes, until ctx ends. Temporary errors do
// not end it.
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
		again, end := w.afterRound(ctx, err)
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
	state, err := pull.OpenState(w.dir) // reopened each time, because a pull may have changed it
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
		w.term.Print("everything saved meanwhile is published")
	}
	if w.begun {
		w.term.Saved(summary, w.server.Site())
		return nil
	}
	w.begun, w.term.calm = true, true
	if err := w.loadAccess(ctx, notes, w.server, summary, w.term); err != nil {
		return err
	}
	w.term.noHome = w.lacksHome(ctx, notes, summary)
	w.term.Summary(summary, false, w.server.Site())
	if !w.quiet {
		fmt.Fprintln(w.term.err, printable("watching "+w.dir+": saved files are published, Ctrl-C stops"))
	}
	return nil
}

// afterRound decides what follows a round that returned err: another one after a delay (0: when the
// folder changes), or the end of the watch with an error.
func (w *watching) afterRound(ctx context.Context, err error) (again time.Duration, end error) {
	if err == nil {
		w.failed = ""
		w.waits.Reset()
		return 0, nil
	}
	if ctx.Err() != nil {
		return 0, pushError(err, exitFailure)
	}
	if coded := (*codedError)(nil); errors.As(err, &coded) { // declined at a prompt
		return 0, coded
	}
	code := trip2g.ErrorCode(err)
	switch {
	case code == trip2g.EUNAUTHORIZED, code == trip2g.EFORBIDDEN, code == trip2g.ENOTFOUND && !w.begun:
		return 0, pushError(err, serverExitCode(err))
	case code == trip2g.EEXPIRED: // the next round sends everything again
		return w.waits.NextBackOff(), nil
	case code == trip2g.EINVALID, code == trip2g.ETOOLARGE:
		w.warnOnce(err, "correct it and save")
		return 0, nil
	default:
		w.warnOnce(err, "saved files are published as soon as possible")
		return w.waits.NextBackOff(), nil
	}
}

// warnOnce prints why a push failed, once per reason.
func (w *watching) warnOnce(err error, then string) {
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

// wait blocks until the folder changes, at most for again if that is not 0. It returns false if ctx
// ends.
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
