// Package pull brings a folder up to date with a server: the vault back out, byte for byte.
package pull

import (
	"context"
	"io"
	"os"
	"slices"
	"sync"

	"trip2g/services/trip2g"
)

// Server is where the vault is.
type Server interface {
	// Vault lists the notes, by path, with the files of each.
	Vault(ctx context.Context) ([]trip2g.RemoteNote, error)
	// NoteTexts gives each of the notes that are still there, one after the other.
	NoteTexts(ctx context.Context, paths []string, each func(path, content string) error) error
	// Download writes a file to what create gives, anew with each attempt. ECONFLICT unless its hash is file.Hash.
	Download(ctx context.Context, file trip2g.RemoteFile, create func() (io.Writer, error)) error
	// Had tells whether a note's history has a text with this SHA-256, in lower-case hex.
	Had(ctx context.Context, path, hash string) (bool, error)
	// History lists the published versions of all notes, hidden ones too.
	History(ctx context.Context) ([]trip2g.RemoteVersion, error)
	// VersionText gives the text of a version.
	VersionText(ctx context.Context, id int64) (string, error)
}

// Reporter is told how a pull goes. Add can be called from many goroutines.
type Reporter interface {
	// Warn tells of something that is left out.
	Warn(trip2g.Warning)
	// Begin starts a part of the work: a number of notes or files.
	Begin(what string, total int64, bytes bool)
	Add(n int64)
	// End ends what Begin started, done or not.
	End()
}

// Options is what a pull is made of. All but the switches are needed.
type Options struct {
	Server   Server
	Reporter Reporter
	// Text gives what of a note's file is published, so that a file in another encoding counts as what it says.
	Text func(raw []byte) string

	History bool // also write every version of every note, to .history in the folder

	Force  bool // overwrite, and with Delete remove, what has changed in the folder
	Delete bool // remove the files that were pulled, or pushed from here, and the server has no more
	DryRun bool // ask and compare, change nothing
}

// Summary is what a pull did, or with DryRun would do. Its lists are by path.
type Summary struct {
	Notes     []string // written
	Files     []string // written
	Removed   []string
	Renamed   []string // to the letter case that they have on the server
	Gone      []string // that were pulled, or pushed from here, and the server has no more, because Delete was not asked for
	Kept      []string // changed in the folder, and not on the server since the last pull
	Unchanged int
	Versions  int // written, of the history
}

// Changed tells whether anything differed.
func (s Summary) Changed() bool {
	return len(s.Notes)+len(s.Files)+len(s.Removed)+len(s.Renamed)+s.Versions > 0
}

// Run makes dir, if it is not there, and writes to it what differs. Each file is whole at every
// moment, under its own name: the old one or the new one. Nothing outside dir is ever touched,
// whatever the server says and whatever links are in dir.
//
// ECONFLICT, with one field for each, if files in dir have changes that would be lost, or cannot be
// written where they belong; then nothing was changed. A pull that fails later continues where it
// was when it is run again.
func Run(ctx context.Context, dir string, o Options) (Summary, error) {
	folder, err := openFolder(dir, o)
	if err != nil {
		return Summary{}, err
	}
	defer folder.close()
	notes, err := o.Server.Vault(ctx)
	if err != nil {
		return Summary{}, err
	}
	r := &run{Options: o, folder: folder}
	folder.readNames()
	r.wants = r.wanted(notes)
	r.findRenames(r.wants)
	if err := r.compare(ctx, r.wants); err != nil {
		return Summary{}, err
	}
	if !o.DryRun {
		err = r.carryOut(ctx)
	}
	r.sort()
	return r.summary, err
}

// run is one pull.
type run struct {
	Options
	folder  *folder
	wants   map[string]want // what the folder should have, by path
	plan    plan
	summary Summary
	naming  sync.Mutex // lets one file at a time be given its name
}

func (r *run) sort() {
	for _, list := range [][]string{r.summary.Notes, r.summary.Files, r.summary.Removed, r.summary.Renamed, r.summary.Gone, r.summary.Kept} {
		slices.Sort(list)
	}
}

// carryOut does what the plan says. What was done is remembered, also if it ends early.
func (r *run) carryOut(ctx context.Context) (err error) {
	defer func() {
		if saved := r.folder.save(); err == nil {
			err = saved
		}
	}()
	if err := r.rename(); err != nil {
		return err
	}
	if err := r.writeNotes(ctx); err != nil {
		return err
	}
	if err := r.writeFiles(ctx); err != nil {
		return err
	}
	if err := r.remove(); err != nil || !r.History {
		return err
	}
	return r.writeHistory(ctx)
}

// openFolder opens the folder to write to, making it unless the pull is a rehearsal.
func openFolder(dir string, o Options) (*folder, error) {
	if !o.DryRun {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, trip2g.Errorf(trip2g.ENOTFOUND, "the folder %s cannot be made: %v", dir, cause(err))
		}
	}
	return open(dir, o.Text)
}
