// Package pull brings a folder up to date with the vault on a server, byte for byte.
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
	// NoteTexts calls each with the text of every note that still exists.
	NoteTexts(ctx context.Context, paths []string, each func(path, content string) error) error
	// Download writes a file to the writer from create, which each attempt calls. ECONFLICT unless
	// its hash is file.Hash.
	Download(ctx context.Context, file trip2g.RemoteFile, create func() (io.Writer, error)) error
	// Had reports whether a note's history has a text with this SHA-256, in lower-case hex.
	Had(ctx context.Context, path, hash string) (bool, error)
	// History lists the published versions of all notes, hidden ones too.
	History(ctx context.Context) ([]trip2g.RemoteVersion, error)
	// VersionText returns the text of a version.
	VersionText(ctx context.Context, id int64) (string, error)
}

// Reporter receives the progress of a pull. Add can be called concurrently.
type Reporter interface {
	// Warn reports something that is skipped.
	Warn(trip2g.Warning)
	// Begin starts a part of the work: a number of notes or files.
	Begin(what string, total int64, bytes bool)
	Add(n int64)
	// End ends what Begin started, done or not.
	End()
}

// Options are the parts of a pull. All except the switches are required.
type Options struct {
	Server   Server
	Reporter Reporter
	// Text returns the published text of a note's file, whatever its encoding.
	Text func(raw []byte) string

	History bool // also write every version of every note, to .history in the folder

	Force  bool // overwrite files that have changed in the folder, and with Delete remove them
	Delete bool // remove files that were pulled or pushed from here and are no longer on the server
	DryRun bool // compare only
}

// Summary contains what a pull did, or with DryRun would do. Its lists are sorted by path.
type Summary struct {
	Notes     []string // written
	Files     []string // written
	Removed   []string
	Renamed   []string // to the letter case of the server
	Gone      []string // pulled or pushed from here and no longer on the server, without Delete
	Kept      []string // changed in the folder, and not on the server since the last pull
	Unchanged int
	Versions  int // written, of the history
}

// Changed reports whether anything differed.
func (s Summary) Changed() bool {
	return len(s.Notes)+len(s.Files)+len(s.Removed)+len(s.Renamed)+s.Versions > 0
}

// Run creates dir if necessary and writes what differs. Each file is replaced atomically. Nothing
// outside dir is ever touched, whatever the server sends and whatever links are in dir.
//
// It returns ECONFLICT, with one field per file, if files in dir have changes that would be lost,
// or if something else blocks their paths; then nothing was changed. After a later failure, run it
// again to continue.
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
	naming  sync.Mutex // serializes renames
}

func (r *run) sort() {
	for _, list := range [][]string{r.summary.Notes, r.summary.Files, r.summary.Removed, r.summary.Renamed, r.summary.Gone, r.summary.Kept} {
		slices.Sort(list)
	}
}

// carryOut executes the plan, and saves the state even if it fails.
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

// openFolder opens the folder, and creates it unless DryRun is set.
func openFolder(dir string, o Options) (*folder, error) {
	if !o.DryRun {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, trip2g.Errorf(trip2g.ENOTFOUND, "the folder %s cannot be created: %v", dir, cause(err))
		}
	}
	return open(dir, o.Text)
}
