package push

import (
	"context"
	"errors"
	"io/fs"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"trip2g/services/trip2g"
)

// Bounds of one request.
const (
	batchNotes  = 100     // the sync API's batch
	batchBytes  = 4 << 20 // of text; a larger note goes alone
	hidingPaths = 1000
)

// wanted is a file that a note refers to.
type wanted struct {
	noteID   int64
	notePath string
	ref      string
	has      trip2g.NoteAsset // what the server has for it; the zero value if nothing
}

// stageNotes sends the notes that differ and gives the files that they refer to.
func (r *run) stageNotes(ctx context.Context) (all []wanted, err error) {
	if len(r.send) == 0 {
		return nil, nil
	}
	r.Reporter.Begin("notes", int64(len(r.send)), false)
	defer r.Reporter.End()
	var batch []trip2g.NoteUpdate
	size := 0
	flush := func() error {
		notes, err := r.stageBatch(ctx, batch)
		if err != nil {
			return err
		}
		all = append(all, wantedByPushed(notes)...)
		r.Reporter.Add(int64(len(batch)))
		batch, size = batch[:0], 0
		return nil
	}
	for _, n := range r.send {
		content, ok, err := r.readNote(ctx, n.Path)
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		if len(batch) == batchNotes || size+len(content) > batchBytes {
			if err := flush(); err != nil {
				return nil, err
			}
		}
		batch = append(batch, trip2g.NoteUpdate{Path: n.Path, Content: content})
		size += len(content)
	}
	return all, flush()
}

// stageBatch sends notes. What the server refuses by name is left out with a warning, because one
// note that it does not take is no reason to keep the others from readers.
func (r *run) stageBatch(ctx context.Context, batch []trip2g.NoteUpdate) ([]trip2g.PushedNote, error) {
	for len(batch) > 0 {
		notes, err := r.Server.StageNotes(ctx, batch)
		if err == nil {
			for i, n := range notes {
				r.summary.Sent = append(r.summary.Sent, n.Path)
				r.after[n.Path] = trip2g.NotePath{ID: n.ID, Path: n.Path, Hash: trip2g.ContentHash(batch[i].Content), Assets: held(n.Assets)}
			}
			return notes, nil
		}
		taken := r.withoutRefused(batch, err)
		if len(taken) == len(batch) {
			return nil, err
		}
		batch = taken
	}
	return nil, nil
}

// withoutRefused gives the notes that an error does not name, and warns of the others.
func (r *run) withoutRefused(batch []trip2g.NoteUpdate, err error) []trip2g.NoteUpdate {
	reasons := map[string]string{}
	for _, field := range trip2g.ErrorFields(err) {
		reasons[field.Name] = field.Value
	}
	var taken []trip2g.NoteUpdate
	for _, u := range batch {
		if reason, refused := reasons[u.Path]; refused {
			r.Reporter.Warn(trip2g.Warning{Path: u.Path, Text: "is not taken by the server and left out: " + reason})
			continue
		}
		taken = append(taken, u)
	}
	return taken
}

// held picks the references for which the server has a file.
func held(assets []trip2g.NoteAsset) (out []trip2g.NoteAsset) {
	for _, a := range assets {
		if a.Hash != "" {
			out = append(out, a)
		}
	}
	return out
}

// readNote reads a note. One that was removed since the vault was listed is left as the server has it.
func (r *run) readNote(ctx context.Context, path string) (content string, ok bool, err error) {
	content, err = r.Vault.ReadNote(ctx, path)
	if errors.Is(err, fs.ErrNotExist) {
		r.Reporter.Warn(trip2g.Warning{Path: path, Text: "was removed during the push; it was not sent"})
		return "", false, nil
	}
	return content, err == nil, err
}

func wantedByPushed(notes []trip2g.PushedNote) (all []wanted) {
	for _, n := range notes {
		for _, a := range n.Assets {
			all = append(all, wanted{noteID: n.ID, notePath: n.Path, ref: a.Ref, has: a})
		}
	}
	return all
}

// wantedByUnchanged gives the files of the notes that are not sent. The server tells only which it
// has, so the text tells which there should be: a file can have come to the folder after its note,
// and a push can have been cut short between a note and its files.
func (r *run) wantedByUnchanged(ctx context.Context) ([]wanted, error) {
	return r.wantedBy(ctx, r.unchanged)
}

func (r *run) wantedBy(ctx context.Context, notes []trip2g.NotePath) ([]wanted, error) {
	lists := make([][]wanted, len(notes))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, n := range notes {
		group.Go(func() error {
			if refs, ok := r.Memory.references(n.Path, n.Hash); ok {
				lists[i] = wantedByText(n, refs)
				return nil
			}
			content, err := r.Vault.ReadNote(ctx, n.Path)
			if errors.Is(err, fs.ErrNotExist) {
				return nil // removed since: the next push sees to it
			}
			if err != nil {
				return err
			}
			refs := own(r.References(n.Path, content))
			r.Memory.keepReferences(n.Path, trip2g.ContentHash(content), refs)
			lists[i] = wantedByText(n, refs)
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return slices.Concat(lists...), nil
}

// own copies references: a parser may give pieces of the note's text, and with them the whole text
// stays in memory.
func own(refs []string) []string {
	out := make([]string, len(refs))
	for i, ref := range refs {
		out[i] = strings.Clone(ref)
	}
	return out
}

func wantedByText(n trip2g.NotePath, refs []string) []wanted {
	has := make(map[string]trip2g.NoteAsset, len(n.Assets))
	for _, a := range n.Assets {
		has[a.Ref] = a
	}
	all := make([]wanted, len(refs))
	for i, ref := range refs {
		all[i] = wanted{noteID: n.ID, notePath: n.Path, ref: ref, has: has[ref]}
	}
	return all
}

// stageHiding takes the notes that are gone from the vault out of the next commit: a note under a
// new name appears in the moment in which its old one goes.
func (r *run) stageHiding(ctx context.Context) error {
	for paths := range slices.Chunk(r.hide, hidingPaths) {
		if err := r.Server.StageHiding(ctx, paths); err != nil {
			return err
		}
		r.summary.Hidden = append(r.summary.Hidden, paths...)
		for _, path := range paths {
			delete(r.after, path)
		}
	}
	return nil
}

// warnings asks what could not be taken as it was meant in the notes that were sent. The push is done: a
// server that does not tell is not asked again.
func (r *run) warnings(ctx context.Context) (about []trip2g.Warning) {
	if len(r.summary.Sent) == 0 || r.summary.Unseen != nil {
		return nil
	}
	all, err := r.Server.Warnings(ctx)
	if err != nil {
		return nil
	}
	sent := make(map[string]bool, len(r.summary.Sent))
	for _, path := range r.summary.Sent {
		sent[path] = true
	}
	for _, w := range all {
		if sent[w.Path] {
			about = append(about, w)
		}
	}
	return about
}
