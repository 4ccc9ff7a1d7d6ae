// Package push brings a server up to date with a vault: it compares the two, sends what differs,
// and makes all of it visible in one step.
package push

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"strings"
	"time"

	"trip2g/services/trip2g"
)

// Vault is the folder to publish.
type Vault interface {
	// Notes lists the notes by path, with the hash of each one's text.
	Notes() []trip2g.NotePath
	// LeftOut lists notes that cannot be published. Their versions on the server stay.
	LeftOut() []string
	// Excluded lists the notes that a rule excludes.
	Excluded() []trip2g.Exclusion
	// ReadNote returns a note's text. The error is fs.ErrNotExist if the file no longer exists.
	ReadNote(ctx context.Context, path string) (string, error)
	// FindAsset finds the file that a reference in a note means.
	FindAsset(notePath, ref string) (assetPath string, ok bool)
	// MissingAsset returns why FindAsset finds no file for a reference, "" if that is not a
	// problem.
	MissingAsset(notePath, ref string) string
	// HashAsset returns a file's SHA-256 in lower-case hex and its size in bytes.
	HashAsset(ctx context.Context, assetPath string) (hash string, size int64, err error)
	// OpenAsset opens a file.
	OpenAsset(assetPath string) (io.ReadCloser, error)
}

// Server is where the vault is published. Staged changes become visible with Commit. All methods
// are idempotent.
type Server interface {
	// UsePush sets the ID of the push that later calls belong to.
	UsePush(id string)
	// NotePaths lists the notes on the server, including those that the push has staged.
	NotePaths(ctx context.Context) ([]trip2g.NotePath, error)
	// StageNotes stages notes and returns, in the same order, the references of each.
	StageNotes(ctx context.Context, updates []trip2g.NoteUpdate) ([]trip2g.PushedNote, error)
	// StageAsset sends a file of size bytes; ECONFLICT if its content does not match upload.Hash
	// and size.
	StageAsset(ctx context.Context, upload trip2g.AssetUpload, size int64, open func() (io.ReadCloser, error)) error
	StageHiding(ctx context.Context, paths []string) error
	// Commit returns EEXPIRED if the push is over.
	Commit(ctx context.Context) error
	// Discard drops staged changes and ends the push. committed reports that it was committed
	// before.
	Discard(ctx context.Context) (committed bool, err error)
	// AwaitVisible waits for a limited time until readers see the commit, and returns its position;
	// 0 if it is unknown.
	AwaitVisible(ctx context.Context) (trip2g.Position, error)
	// Warnings lists problems in the published notes.
	Warnings(ctx context.Context) ([]trip2g.Warning, error)
}

// Reporter receives the progress of a push. Add can be called concurrently.
type Reporter interface {
	// Warn reports a problem that does not stop the push.
	Warn(trip2g.Warning)
	// Would reports an action of a dry run ("send", "hide" or "upload") and a path.
	Would(action, path string)
	// Begin starts a part of the work. total counts notes, or with bytes the bytes of files.
	Begin(what string, total int64, bytes bool)
	Add(n int64)
	// End ends what Begin started, done or not.
	End()
}

// Options are the parts of a push. All except the switches are required.
type Options struct {
	Vault    Vault
	Server   Server
	Reporter Reporter
	// References returns the references in a note's text, as written.
	References func(path, content string) []string

	// Ready, if not nil, is called after everything was sent and before the commit. An error
	// prevents the commit.
	Ready func(context.Context) error

	Delete bool // hide notes missing in the vault; with a Base, only those that were in it
	Force  bool // ignore Base
	DryRun bool // compare only

	// Base is the last common state of the vault and the server; nil if it is unknown.
	Base Base

	// Memory is the cached state of earlier pushes of this vault to this server; may be nil. Notes
	// that were in the vault in one of them and no longer exist are hidden, also without Delete.
	Memory *Memory
}

// Base records the last common version of each file. A push keeps it up to date.
type Base interface {
	// Hash returns a file's SHA-256 in lower-case hex; of a note, of its text.
	Hash(path string) (hash string, had bool)
	Remember(path, hash string)
	Forget(path string)
	// Save makes changes permanent.
	Save() error
}

// Summary contains what a push did, or with DryRun would do. Its lists are sorted by path.
type Summary struct {
	Sent   []string // notes
	Hidden []string // notes
	Files  []string // each once, however many notes refer to it
	Left   []string // published notes that are no longer in the vault, without Delete
	// Older lists notes and files that have changed on the server and are unmodified or missing in
	// the vault. They are neither sent nor hidden.
	Older          []string
	NeverHad       []string // published notes that, according to Base, were never in the vault
	StillPublished []string // published notes that a rule excludes, without Delete
	Unchanged      int      // notes

	// Excluded lists the notes of the vault that a rule excludes.
	Excluded []trip2g.Exclusion

	// Position is the first position at which a node shows the push; 0 if it is unknown.
	Position trip2g.Position
	// Unseen is why the published push may not be visible on the server yet; nil if it is.
	Unseen error
	// Warnings are the server's warnings about the notes that were sent.
	Warnings []trip2g.Warning
}

// Changed reports whether anything differed.
func (s Summary) Changed() bool { return len(s.Sent)+len(s.Hidden)+len(s.Files) > 0 }

// Error is a failed push with its outcome for readers.
type Error struct {
	Outcome Outcome
	Err     error
}

// Outcome describes how much of a failed push readers see.
type Outcome int

const (
	NotVisible        Outcome = iota // nothing
	VisibilityUnknown                // all or nothing: the result of the commit is unknown
	Visible                          // all of it: the commit had succeeded
)

// Error returns the failure and the outcome.
func (e *Error) Error() string {
	return strings.TrimRight(e.Err.Error(), ". ") + "; " + e.Outcome.String()
}

// String describes the outcome.
func (o Outcome) String() string {
	switch o {
	case Visible:
		return "the push is visible nevertheless"
	case VisibilityUnknown:
		return "it is unknown whether the push is visible: run it again"
	default:
		return "nothing of this push is visible"
	}
}

// Unwrap returns the failure.
func (e *Error) Unwrap() error { return e.Err }

// discardWithin limits the time for discarding a failed push, because a user may be waiting after
// Ctrl-C.
const discardWithin = 5 * time.Second

// Run pushes the vault. It returns when the push is visible on the server, or with the reason in
// Summary.Unseen. It returns EINVALID for a Delete that would hide everything because the vault is
// empty, and an Error for a failure after something was sent. A failed push is discarded; with a
// Memory, the next one resumes it.
func Run(ctx context.Context, o Options) (Summary, error) {
	id := cmp.Or(o.Memory.unfinished(), rand.Text())
	o.Server.UsePush(id)
	r, remembered, err := prepare(ctx, o)
	if err != nil {
		return Summary{}, err
	}
	if o.DryRun {
		return r.summary, r.dryRun(ctx)
	}
	o.Memory.forget()
	if err := r.stage(ctx); err != nil {
		return r.summary, r.stageFailed(ctx, id, err)
	}
	// Also commit if nothing differs: the list from the server includes what a resumed push has
	// staged, and the response contains the position. Without staged changes, a commit has no
	// effect.
	if r.summary.Changed() || !remembered {
		if err := o.Server.Commit(ctx); err != nil {
			if err := r.commitFailed(ctx, err); err != nil {
				return r.summary, err
			}
		}
		o.Memory.resumeWith("")
		r.updateBase()
		r.summary.Position, r.summary.Unseen = o.Server.AwaitVisible(ctx)
		r.summary.Warnings = r.warnings(ctx)
	}
	o.Memory.remember(r.after)
	o.Memory.markHidden(r.summary.Hidden)
	return r.summary, nil
}

// stageFailed ends a push that was not sent completely. The next round of a watch resumes it,
// unless it has expired.
func (r *run) stageFailed(ctx context.Context, id string, err error) error {
	if r.Memory != nil && ctx.Err() == nil && trip2g.ErrorCode(err) != trip2g.EEXPIRED {
		r.Memory.resumeWith(id)
		r.markUncertain()
	} else {
		r.Memory.resumeWith("")
		discard(ctx, r.Server)
	}
	return &Error{Outcome: NotVisible, Err: err}
}

// commitFailed determines the outcome of a failed commit by discarding the push. It returns nil if
// the push is visible.
func (r *run) commitFailed(ctx context.Context, err error) error {
	r.Memory.resumeWith("")
	committed, unknown := discard(ctx, r.Server)
	switch {
	case committed && ctx.Err() == nil:
		return nil
	case committed:
		r.updateBase()
		return &Error{Outcome: Visible, Err: err}
	case unknown != nil && mayHaveCommitted(err):
		r.markUncertain()
		return &Error{Outcome: VisibilityUnknown, Err: err}
	default:
		return &Error{Outcome: NotVisible, Err: err}
	}
}

// mayHaveCommitted reports whether a commit that returned err may have succeeded.
func mayHaveCommitted(err error) bool {
	switch trip2g.ErrorCode(err) {
	case trip2g.EUNAUTHORIZED, trip2g.EFORBIDDEN, trip2g.EEXPIRED, trip2g.EINVALID:
		return false
	}
	return true
}

// discard ends a push, also after ctx has ended, within discardWithin.
func discard(ctx context.Context, server Server) (committed bool, err error) {
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), discardWithin)
	defer cancel()
	return server.Discard(bounded)
}

// prepare plans a push from the notes on the server, which may be cached.
func prepare(ctx context.Context, o Options) (r *run, remembered bool, err error) {
	o.Memory.observe(o.Vault.Notes())
	server, remembered := o.Memory.server()
	for {
		if !remembered {
			if server, err = o.Server.NotePaths(ctx); err != nil {
				return nil, false, err
			}
		}
		plan, err := compare(o, server)
		if err != nil {
			return nil, false, err
		}
		if remembered && len(plan.older) > 0 { // the cache may be older than a pull in between
			remembered = false
			continue
		}
		r := &run{Options: o, plan: plan, after: byPath(server), inSync: map[string]string{}}
		if plan.base != nil {
			r.remoteFiles = filesOf(server)
		}
		r.summary = Summary{Unchanged: len(plan.unchanged), Left: plan.left, Older: plan.older, NeverHad: plan.neverHad, StillPublished: plan.excluded, Excluded: o.Vault.Excluded()}
		return r, remembered, nil
	}
}

// run is one push.
type run struct {
	Options
	plan
	summary Summary
	after   map[string]trip2g.NotePath // notes on the server after the push

	remoteFiles map[string][]string // hashes of each file on the server before; nil without a base
	inSync      map[string]string   // hash of each file that is equal on both sides after the push
	uploading   []string            // files
}

// stage sends everything that differs. The order does not matter, because nothing is visible before
// the commit.
func (r *run) stage(ctx context.Context) error {
	wanted, err := r.stageNotes(ctx)
	if err != nil {
		return err
	}
	more, err := r.wantedByUnchanged(ctx)
	if err != nil {
		return err
	}
	uploads, err := r.uploads(ctx, append(wanted, more...))
	if err != nil {
		return err
	}
	if err := r.stageAssets(ctx, uploads); err != nil {
		return err
	}
	if err := r.stageHiding(ctx); err != nil || r.Ready == nil {
		return err
	}
	return r.Ready(ctx)
}

// dryRun reports what stage would do.
func (r *run) dryRun(ctx context.Context) error {
	for _, n := range r.send {
		r.Reporter.Would("send", n.Path)
		r.summary.Sent = append(r.summary.Sent, n.Path)
	}
	for _, path := range r.hide {
		r.Reporter.Would("hide", path)
	}
	r.summary.Hidden = r.hide
	// The references of notes to send are known only from their new text.
	wanted, err := r.wantedBy(ctx, append(r.send, r.unchanged...))
	if err != nil {
		return err
	}
	uploads, err := r.uploads(ctx, wanted)
	if err != nil {
		return err
	}
	r.summary.Files = files(uploads)
	notes := notesOf(uploads)
	for _, path := range r.summary.Files {
		r.Reporter.Would("upload", fmt.Sprintf("%s (for %s)", path, strings.Join(notes[path], ", ")))
	}
	return nil
}
