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
	batchNotes  = 100     // notes
	batchBytes  = 4 << 20 // of text; a larger note is sent alone
	hidingPaths = 1000
)

// wanted is a reference of a note to a file.
type wanted struct {
	noteID   int64
	notePath string
	ref      string
	has      trip2g.NoteAsset // the file on the server; zero if there is none
}

// stageNotes sends the notes that differ and returns their references.
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

// stageBatch sends notes. Notes that the server rejects by name are skipped with a warning, so that
// the others are published.
func (r *run) stageBatch(ctx context.Context, batch []trip2g.NoteUpdate) ([]trip2g.PushedNote, error) {
	for len(batch) > 0 {
		notes, err := r.Server.StageNotes(ctx, batch)
		if err == nil {
			for i, n := range notes {
				r.summary.Sent = append(r.summary.Sent, n.Path)
				r.after[n.Path] = trip2g.NotePath{ID: n.ID, Path: n.Path, Hash: trip2g.ContentHash(batch[i].Content), Assets: stored(n.Assets)}
			}
			return notes, nil
		}
		taken := r.withoutRejected(batch, err)
		if len(taken) == len(batch) {
			return nil, err
		}
		batch = taken
	}
	return nil, nil
}

// withoutRejected returns the notes that an error does not name, and warns about the others.
func (r *run) withoutRejected(batch []trip2g.NoteUpdate, err error) []trip2g.NoteUpdate {
	reasons := map[string]string{}
	for _, field := range trip2g.ErrorFields(err) {
		reasons[field.Name] = field.Value
	}
	var taken []trip2g.NoteUpdate
	for _, u := range batch {
		if reason, refused := reasons[u.Path]; refused {
			r.Reporter.Warn(trip2g.Warning{Path: u.Path, Text: "was rejected by the server and skipped: " + reason})
			continue
		}
		taken = append(taken, u)
	}
	return taken
}

// stored returns the references for which the server has a file.
func stored(assets []trip2g.NoteAsset) (out []trip2g.NoteAsset) {
	for _, a := range assets {
		if a.Hash != "" {
			out = append(out, a)
		}
	}
	return out
}

// readNote reads a note. If it was removed since the vault was listed, it stays unchanged on the
// server.
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

// wantedByUnchanged returns the references of the notes that are not sent. They are read from the
// text, because the server lists only files that it has: a file can be added after its note, and a
// push can be interrupted between a note and its files.
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
				return nil // removed since; the next push handles it
			}
			if err != nil {
				return err
			}
			refs := cloneAll(r.References(n.Path, content))
			r.Memory.rememberReferences(n.Path, trip2g.ContentHash(content), refs)
			lists[i] = wantedByText(n, refs)
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return slices.Concat(lists...), nil
}

// cloneAll copies references. A parser can return substrings, which keep the whole text in memory.
func cloneAll(refs []string) []string {
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

// stageHiding hides removed notes in the same commit, so that a renamed note appears when its old
// path disappears.
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

// warnings requests the warnings about notes that were sent. Errors are ignored, because the push
// has succeeded.
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
