// Package leaderwatch lets a replica know how far it is behind its leader.
//
// It asks the leader's internal port for its position about once a second, which needs neither the
// database nor the stream that feeds it: where replication hangs, the replica still learns that it
// does, and where the leader is away, since when.
package leaderwatch

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"trip2g/services/trip2g"
)

// Defaults of Options.
const (
	DefaultEvery   = time.Second
	DefaultTimeout = 2 * time.Second
)

// stuckAfter is how old a replica may be before its state says so: several questions long, so that
// the time that one change takes is not called a fault.
const stuckAfter = 5 * time.Second

// aheadFor is how many answers in a row must be behind this node before it is taken to be ahead of its
// leader: a leader shows a change a moment after it has written it, and replication may be faster.
const aheadFor = 3

// Options is what a Watch is made of. LeaderAddr and Served are needed.
type Options struct {
	LeaderAddr string                 // host:port of the leader's internal port
	Served     func() trip2g.Timeline // what this node serves now; zero until it has a site
	ChangedAt  func() time.Time       // when the change at that position was made; zero, as nil: not known
	Every      time.Duration          // from one question to the next; 0: DefaultEvery
	Timeout    time.Duration          // for an answer; 0: DefaultTimeout
	Log        zerolog.Logger
}

// Watch knows the leader's position. It is safe for concurrent use.
type Watch struct {
	Options
	url    string
	client *http.Client

	mu      sync.Mutex
	leader  trip2g.Position // as last heard
	heard   time.Time       // when; zero: never
	history trip2g.Timeline // of the leader's database, as last heard; zero: not told
	ahead   int             // answers in a row with positions that this node had passed before it asked
	relayed trip2g.Position // the newest that came with forwarded requests while a question was out
	fault   error           // of the last question; nil if it was answered
	current current
}

// State is what a replica knows of its leader and of its own age.
type State struct {
	Position trip2g.Position // the leader's as last heard; 0: never heard
	Heard    time.Time       // when; zero: never
	Answers  bool            // whether the last question was answered
	// Age is the time since this node last knew that it served the leader's newest position. It is
	// about Every where all is well. Until the node first knew, it is the time since the newest change
	// that it serves, which may be more: a node that restarts does not become younger by it.
	Age  time.Duration
	Note string // what is wrong and what it means for readers, in a sentence; "" if nothing is
	// Diverges says how this node's database is no state of its leader's, see trip2g.Timeline; "" if it
	// is one as far as is known.
	Diverges string
}

// New makes a watch; Run starts it.
func New(o Options) *Watch {
	if o.Every <= 0 {
		o.Every = DefaultEvery
	}
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	if o.ChangedAt == nil {
		o.ChangedAt = func() time.Time { return time.Time{} }
	}
	return &Watch{
		Options: o,
		url:     "http://" + o.LeaderAddr + "/readyz",
		client:  newClient(o.Timeout),
		fault:   errors.New("it was not asked yet"),
		current: current{since: time.Now()},
	}
}

// Run asks until ctx ends. A failure, and a database that is not the leader's, is logged once, until it
// is over.
func (w *Watch) Run(ctx context.Context) error {
	defer w.client.CloseIdleConnections()
	timer := time.NewTimer(0)
	defer timer.Stop()
	said, diverged := false, ""
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
		}
		position, err := w.look(ctx)
		if ctx.Err() != nil {
			return nil
		}
		switch {
		case err != nil && !said:
			w.Log.Warn().Err(err).Str("leader", w.LeaderAddr).Msg("the leader does not answer: serving what was published so far")
		case err == nil && said:
			w.Log.Info().Int64("position", int64(position)).Str("leader", w.LeaderAddr).Msg("the leader answers again")
		}
		said = err != nil
		how := w.State().Diverges
		switch {
		case how != "" && diverged == "":
			w.Log.Error().Str("leader", w.LeaderAddr).Msg("this node's database has " + how + ": forwarding nothing until it follows the leader again")
		case how == "" && diverged != "":
			w.Log.Info().Str("leader", w.LeaderAddr).Msg("this node follows the leader's database again")
		}
		diverged = how
		timer.Reset(jittered(w.Every))
	}
}

// jittered is d, give or take a tenth, so that the replicas of a leader do not all ask at once.
func jittered(d time.Duration) time.Duration { return d*9/10 + rand.N(d/5+1) }

// look asks once and takes in how that went.
func (w *Watch) look(ctx context.Context) (trip2g.Position, error) {
	w.mu.Lock()
	w.relayed = 0
	w.mu.Unlock()
	asked, before := time.Now(), w.Served()
	position, history, err := w.ask(ctx)
	served := w.Served()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fault = err
	if err != nil {
		return 0, err
	}
	w.history = history
	if _, ahead := before.Diverges(history); ahead {
		w.ahead++
	} else {
		w.ahead = 0
	}
	if w.diverges(served) == "" {
		w.current.heard(asked, position)
		w.current.serves(served.Position)
	}
	// What was relayed meanwhile may be newer than this answer. What was heard before does not count:
	// the leader's database may have been put back to an older state.
	w.leader, w.heard = max(position, w.relayed), time.Now()
	return position, nil
}

// diverges returns how what this node serves is no state of its leader's database. The caller holds the
// lock.
func (w *Watch) diverges(served trip2g.Timeline) string {
	how, ahead := served.Diverges(w.history)
	if ahead && w.ahead < aheadFor {
		return ""
	}
	return how
}

// Admit returns an error if a leader with this timeline must not be sent writes, because this node's
// database is no state of its. Of a node that is ahead it says so at once: a caller tries again.
func (w *Watch) Admit(leader trip2g.Timeline) error {
	if how, _ := w.Served().Diverges(leader); how != "" {
		return fmt.Errorf("this node's database has %s", how)
	}
	return nil
}

// Heard takes in the position that a forwarded request's answer had: the leader has it.
func (w *Watch) Heard(position trip2g.Position) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.relayed = max(w.relayed, position)
	w.leader, w.heard = max(w.leader, position), time.Now()
}

// State tells what is known now. It asks nobody.
func (w *Watch) State() State {
	served, changed := w.Served(), w.ChangedAt()
	w.mu.Lock()
	defer w.mu.Unlock()
	diverges := w.diverges(served)
	if diverges == "" {
		w.current.serves(served.Position)
	}
	w.current.startsFrom(changed)
	s := State{Position: w.leader, Heard: w.heard, Answers: w.fault == nil, Age: time.Since(w.current.since), Diverges: diverges}
	switch {
	case diverges != "":
		s.Note = "this node's database has " + diverges + ": it serves what it has and forwards no write, until it follows the leader again"
	case w.fault != nil:
		s.Note = fmt.Sprintf("the leader does not answer: %v; serving %s", w.fault, w.current.extent())
	case served.Position < w.leader && s.Age > stuckAfter:
		s.Note = "the leader answers, but its changes do not arrive: look at the replication between the nodes; serving " + w.current.extent()
	}
	return s
}
