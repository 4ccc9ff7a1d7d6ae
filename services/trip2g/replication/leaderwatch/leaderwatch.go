// Package leaderwatch measures how far a replica is behind its leader.
//
// It asks the leader's internal port for its position about once a second. That needs neither the
// database nor the stream that feeds it. So a replica notices that replication hangs, and since
// when the leader has been away.
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

// stuckAfter is the age from which a replica's state reports it. It spans several questions, so
// that the normal time of one change is not reported as a fault.
const stuckAfter = 5 * time.Second

// aheadFor is how many answers in a row must be behind this node before it counts as ahead of its
// leader. A leader publishes a change a moment after it has written it, and replication may be
// faster.
const aheadFor = 3

// Options configure a Watch. LeaderAddr and Served are required.
type Options struct {
	LeaderAddr string                 // host:port of the leader's internal port
	Served     func() trip2g.Timeline // served by this node now; zero until it has a site
	ChangedAt  func() time.Time       // the time of that change; zero or nil: not known
	Every      time.Duration          // interval of questions; 0: DefaultEvery
	Timeout    time.Duration          // of an answer; 0: DefaultTimeout
	Log        zerolog.Logger
}

// Watch tracks the leader's position. It is safe for concurrent use.
type Watch struct {
	Options
	url    string
	client *http.Client

	mu      sync.Mutex
	leader  trip2g.Position // as last heard
	heard   time.Time       // when; zero: never
	history trip2g.Timeline // of the leader's database, as last heard; zero: unknown
	ahead   int             // answers in a row with positions that this node passed before asking
	relayed trip2g.Position // the newest position from forwarded requests during a question
	fault   error           // of the last question; nil if it was answered
	current current
}

// State is the state of the leader and of this replica's age.
type State struct {
	Position trip2g.Position // the leader's as last heard; 0: never heard
	Heard    time.Time       // when; zero: never
	Answers  bool            // the last question was answered
	// Age is the time since this node last knew that it served the leader's newest position.
	// Normally it is about Every. Until the node first knew, it is the time since the newest change
	// that it serves, which may be more. So a restart does not make a node younger.
	Age  time.Duration
	Note string // the fault and its effect for readers, in a sentence; "": no fault
	// Diverges explains why this node's database is no state of its leader's, see trip2g.Timeline.
	// It is "" if it is one as far as is known.
	Diverges string
}

// New returns a watch. Run starts it.
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

// Run asks until ctx ends. It logs a failure, or a database that is not the leader's, once until it
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

// jittered varies d by up to a tenth, so that the replicas of a leader do not all ask at once.
func jittered(d time.Duration) time.Duration { return d*9/10 + rand.N(d/5+1) }

// look asks once and records the result.
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
	// A position relayed meanwhile may be newer than this answer. Earlier ones do not count,
	// because the leader's database may have been restored to an older state.
	w.leader, w.heard = max(position, w.relayed), time.Now()
	return position, nil
}

// diverges explains why the database that this node serves is no state of its leader's. The caller
// holds the lock.
func (w *Watch) diverges(served trip2g.Timeline) string {
	how, ahead := served.Diverges(w.history)
	if ahead && w.ahead < aheadFor {
		return ""
	}
	return how
}

// Admit returns an error if a leader with this timeline must not be sent writes, because this
// node's database is no state of the leader's. For a node that is ahead it does so at once: a
// caller tries again.
func (w *Watch) Admit(leader trip2g.Timeline) error {
	if how, _ := w.Served().Diverges(leader); how != "" {
		return fmt.Errorf("this node's database has %s", how)
	}
	return nil
}

// Heard records the position in a forwarded request's answer. The leader has it.
func (w *Watch) Heard(position trip2g.Position) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.relayed = max(w.relayed, position)
	w.leader, w.heard = max(w.leader, position), time.Now()
}

// State returns the current state, without asking the leader.
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
