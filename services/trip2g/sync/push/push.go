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
	// LeftOut lists the notes that are there and cannot be published: what the server has of them stays.
	LeftOut() []string
	// Excluded lists the notes that a rule keeps out of a push.
	Excluded() []trip2g.Exclusion
	// ReadNote gives a note's text. An error that is fs.ErrNotExist if it is gone.
	ReadNote(ctx context.Context, path string) (string, error)
	// FindAsset finds the file that a reference in a note means.
	FindAsset(notePath, ref string) (assetPath string, ok bool)
	// MissingAsset says why FindAsset has no file for a reference, "" if that is no fault.
	MissingAsset(notePath, ref string) string
	// HashAsset gives a file's SHA-256 in lower-case hex and its size in bytes.
	HashAsset(ctx context.Context, assetPath string) (hash string, size int64, err error)
	// OpenAsset opens a file.
	OpenAsset(assetPath string) (io.ReadCloser, error)
}

// Server is where the vault is published. What is staged is visible after Commit alone. Every
// method can be called again with the same effect.
type Server interface {
	// UsePush names the push that all from now on belongs to.
	UsePush(id string)
	// NotePaths lists what the server has, with what the push has staged.
	NotePaths(ctx context.Context) ([]trip2g.NotePath, error)
	// StageNotes gives, in the order of updates, the files that each note refers to.
	StageNotes(ctx context.Context, updates []trip2g.NoteUpdate) ([]trip2g.PushedNote, error)
	// StageAsset sends a file of size bytes; ECONFLICT if it is not what upload.Hash and size say.
	StageAsset(ctx context.Context, upload trip2g.AssetUpload, size int64, open func() (io.ReadCloser, error)) error
	StageHiding(ctx context.Context, paths []string) error
	// Commit returns EEXPIRED if the push is over.
	Commit(ctx context.Context) error
	// Discard drops what is staged and ends the push. committed reports that it was too late.
	Discard(ctx context.Context) (committed bool, err error)
	// AwaitVisible waits, for a bounded time, until readers see what was committed, and tells at which
	// position they do; 0 if that is not known.
	AwaitVisible(ctx context.Context) (trip2g.Position, error)
	// Warnings lists what in the published notes could not be taken as it was meant.
	Warnings(ctx context.Context) ([]trip2g.Warning, error)
}

// Reporter is told how a push goes. Add can be called from many goroutines.
type Reporter interface {
	// Warn tells of something that could not be taken as it was meant.
	Warn(trip2g.Warning)
	// Would tells what a dry run leaves undone: "send", "hide" or "upload", and a path.
	Would(action, path string)
	// Begin starts a part of the work that has a size: notes, or with bytes the bytes of files.
	Begin(what string, total int64, bytes bool)
	Add(n int64)
	// End ends what Begin started, done or not.
	End()
}

// Options is what a push is made of. All but the switches are needed.
type Options struct {
	Vault    Vault
	Server   Server
	Reporter Reporter
	// References gives the files that a note's text refers to, as written.
	References func(path, content string) []string

	// Ready is called when all is sent, before it becomes visible, and can keep it from that; nil: nothing.
	Ready func(context.Context) error

	Delete bool // hide the notes that the vault has no more; with a Base, those alone that it has had
	Force  bool // send and hide also what Base keeps from it
	DryRun bool // ask and compare, change nothing

	// Base is what the vault and the server last had in common; nil if that is not known.
	Base Base

	// Memory is what earlier pushes of the same vault to the same server have learned; nil: nothing. Notes
	// that one of them saw in the vault and that are gone are hidden, without Delete too.
	Memory *Memory
}

// Base remembers each file as the vault and the server last had it alike. A push keeps it true.
type Base interface {
	// Hash gives a file's SHA-256 in lower-case hex; of a note, of its text.
	Hash(path string) (hash string, had bool)
	Remember(path, hash string)
	Forget(path string)
	// Save makes what was remembered and forgotten outlast the process.
	Save() error
}

// Summary is what a push did, or with DryRun would do. Its lists are by path.
type Summary struct {
	Sent           []string // notes
	Hidden         []string // notes
	Files          []string // each once, however many notes refer to it
	Left           []string // notes that the server shows and the vault has no more, because Delete was not asked for
	Older          []string // notes and files that somebody changed on the server, and that the vault has as they were or no more: neither sent nor hidden
	NeverHad       []string // notes that the server shows and, by Base, the vault never had
	StillPublished []string // notes that the server shows and a rule keeps out of pushes, because Delete was not asked for
	Unchanged      int      // notes

	// Excluded is the notes of the vault that a rule keeps out of pushes.
	Excluded []trip2g.Exclusion

	// Position is what a read on any node has to wait for to see the push; 0 if it is not known.
	Position trip2g.Position
	// Unseen is why readers of the server may not see the push yet, although it is published; nil if they do.
	Unseen error
	// Warnings is what the server has to say about the notes that were sent.
	Warnings []trip2g.Warning
}

// Changed tells whether anything differed.
func (s Summary) Changed() bool { return len(s.Sent)+len(s.Hidden)+len(s.Files) > 0 }

// Error says what a push that failed means for readers.
type Error struct {
	Outcome Outcome
	Err     error
}

// Outcome is what readers see of a push that failed.
type Outcome int

const (
	NotVisible        Outcome = iota // nothing, and they never will
	VisibilityUnknown                // all or nothing: the server was asked to make it visible, and has not been reached since
	Visible                          // all of it: it was stopped too late
)

// Error tells the failure and what it means for readers.
func (e *Error) Error() string {
	return strings.TrimRight(e.Err.Error(), ". ") + "; " + e.Outcome.String()
}

// String says it in words.
func (o Outcome) String() string {
	switch o {
	case Visible:
		return "the push is visible all the same"
	case VisibilityUnknown:
		return "whether the push is visible is not known: run it again to be sure"
	default:
		return "nothing of this push is visible"
	}
}

// Unwrap gives the failure.
func (e *Error) Unwrap() error { return e.Err }

// discardWithin bounds the discarding of a push that has failed, for whoever waits at Ctrl-C.
const discardWithin = 5 * time.Second

// Run pushes, and ends when readers of the server see it or Summary says why not. EINVALID for a
// Delete that would hide everything because the vault has no notes; an Error for a failure after
// something was sent. A push that has failed is discarded, but with a Memory the next one goes on with it.
func Run(ctx context.Context, o Options) (Summary, error) {
	id := cmp.Or(o.Memory.unfinished(), rand.Text())
	o.Server.UsePush(id)
	r, remembered, err := prepare(ctx, o)
	if err != nil {
		return Summary{}, err
	}
	if o.DryRun {
		return r.summary, r.rehearse(ctx)
	}
	o.Memory.forget()
	if err := r.stage(ctx); err != nil {
		return r.summary, r.stageFailed(ctx, id, err)
	}
	// Also if nothing differs: the server has told what a push has staged with which this one goes on, and
	// says which position it serves. With nothing staged a commit changes nothing.
	if r.summary.Changed() || !remembered {
		if err := o.Server.Commit(ctx); err != nil {
			if err := r.commitFailed(ctx, err); err != nil {
				return r.summary, err
			}
		}
		o.Memory.goOnWith("")
		r.keepBase()
		r.summary.Position, r.summary.Unseen = o.Server.AwaitVisible(ctx)
		r.summary.Warnings = r.warnings(ctx)
	}
	o.Memory.keep(r.after)
	o.Memory.hid(r.summary.Hidden)
	return r.summary, nil
}

// stageFailed ends a push that could not be sent whole. Another round of a watch goes on with what the server
// has of it, unless it is over.
func (r *run) stageFailed(ctx context.Context, id string, err error) error {
	if r.Memory != nil && ctx.Err() == nil && trip2g.ErrorCode(err) != trip2g.EEXPIRED {
		r.Memory.goOnWith(id)
		r.doubt()
	} else {
		r.Memory.goOnWith("")
		discard(ctx, r.Server)
	}
	return &Error{Outcome: NotVisible, Err: err}
}

// commitFailed finds out what a commit that failed has done, by discarding the push. It gives nil if the push
// turns out to be visible.
func (r *run) commitFailed(ctx context.Context, err error) error {
	r.Memory.goOnWith("")
	committed, unknown := discard(ctx, r.Server)
	switch {
	case committed && ctx.Err() == nil:
		return nil
	case committed:
		r.keepBase()
		return &Error{Outcome: Visible, Err: err}
	case unknown != nil && mayHaveCommitted(err):
		r.doubt()
		return &Error{Outcome: VisibilityUnknown, Err: err}
	default:
		return &Error{Outcome: NotVisible, Err: err}
	}
}

// mayHaveCommitted distinguishes a server that has refused a commit from one whose answer is not known.
func mayHaveCommitted(err error) bool {
	switch trip2g.ErrorCode(err) {
	case trip2g.EUNAUTHORIZED, trip2g.EFORBIDDEN, trip2g.EEXPIRED, trip2g.EINVALID:
		return false
	}
	return true
}

// discard ends a push, also when ctx has ended: then somebody waits for the end of the program.
func discard(ctx context.Context, server Server) (committed bool, err error) {
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), discardWithin)
	defer cancel()
	return server.Discard(bounded)
}

// prepare plans a push by what the server has, or is remembered to have.
func prepare(ctx context.Context, o Options) (r *run, remembered bool, err error) {
	o.Memory.see(o.Vault.Notes())
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
		if remembered && len(plan.older) > 0 { // or newer than what is remembered: a pull can have come in between
			remembered = false
			continue
		}
		r := &run{Options: o, plan: plan, after: byPath(server), alike: map[string]string{}}
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
	after   map[string]trip2g.NotePath // what the server has when the push is done

	remoteFiles map[string][]string // the hashes that the server had of each file before; nil without a base
	alike       map[string]string   // the hash of each file that it has as the vault does when the push is done
	uploading   []string            // files
}

// stage sends all that differs. The order is free, because nothing is visible before the commit.
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

// rehearse tells what stage would do.
func (r *run) rehearse(ctx context.Context) error {
	for _, n := range r.send {
		r.Reporter.Would("send", n.Path)
		r.summary.Sent = append(r.summary.Sent, n.Path)
	}
	for _, path := range r.hide {
		r.Reporter.Would("hide", path)
	}
	r.summary.Hidden = r.hide
	// Notes that differ count as they will be; the server would refer them to the same files.
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
