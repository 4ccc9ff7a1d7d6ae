package pull

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strings"

	"golang.org/x/sync/errgroup"

	"trip2g/services/trip2g"
)

// parallelDownloads keeps the connection busy while the disk syncs.
const parallelDownloads = 4

func (r *run) writeNotes(ctx context.Context) error {
	if len(r.plan.notes) == 0 {
		return nil
	}
	r.Reporter.Begin("notes", int64(len(r.plan.notes)), false)
	defer r.Reporter.End()
	paths := make([]string, len(r.plan.notes))
	planned := make(map[string]change, len(paths))
	for i, c := range r.plan.notes {
		paths[i] = c.path
		planned[c.path] = c
	}
	r.summary.Notes = nil // from here on, notes that were written
	return r.Server.NoteTexts(ctx, paths, func(path, content string) error {
		r.Reporter.Add(1)
		c := planned[path]
		if err := r.folder.replace(path, c.before, sameAs(c.before), strings.NewReader(content)); err != nil {
			return r.warnConflict(path, err)
		}
		// The text may be newer than the list. The recorded hash is that of the written text.
		sum := sha256.Sum256([]byte(content))
		r.folder.remember(path, hex.EncodeToString(sum[:]))
		r.summary.Notes = append(r.summary.Notes, path)
		return nil
	})
}

// warnConflict turns ECONFLICT into a warning: a file that has changed since the plan was made is
// skipped, and the others are written.
func (r *run) warnConflict(path string, err error) error {
	if trip2g.ErrorCode(err) != trip2g.ECONFLICT {
		return err
	}
	r.Reporter.Warn(trip2g.Warning{Path: path, Text: trip2g.ErrorMessage(err)})
	return nil
}

func (r *run) writeFiles(ctx context.Context) error {
	if len(r.plan.files) == 0 {
		return nil
	}
	r.Reporter.Begin("files", int64(len(r.plan.files)), false)
	defer r.Reporter.End()
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(parallelDownloads)
	r.summary.Files = nil
	for _, c := range r.plan.files {
		group.Go(func() error { return r.writeFile(ctx, c) })
	}
	return group.Wait()
}

func (r *run) writeFile(ctx context.Context, c change) error {
	t, err := r.folder.create(c.path, c.before)
	if err != nil {
		return err
	}
	defer t.discard()
	err = r.Server.Download(ctx, c.remote, func() (io.Writer, error) { return t, t.reset() })
	if err != nil {
		return err
	}
	r.Reporter.Add(1)
	r.naming.Lock()
	defer r.naming.Unlock()
	if err := t.commit(sameAs(c.before)); err != nil {
		return r.warnConflict(c.path, err)
	}
	r.folder.remember(c.path, c.remote.Hash)
	r.summary.Files = append(r.summary.Files, c.path)
	return nil
}

func (r *run) remove() error {
	for _, path := range r.plan.forget {
		r.folder.forget(path)
	}
	for _, c := range r.plan.remove {
		if err := r.folder.remove(c); err != nil {
			return fmt.Errorf("remove a file that is no longer on the server: %w", err)
		}
		r.folder.forget(c.path)
	}
	return nil
}
