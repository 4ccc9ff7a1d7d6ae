package push

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"

	"golang.org/x/sync/errgroup"

	"trip2g/services/trip2g"
)

const (
	// parallelUploads lets the server store several small files in one transaction.
	parallelUploads = 8
	// uploadTries is how often a file that changes during its upload is hashed and sent.
	uploadTries = 3
)

// upload is a file to send for a note's reference.
type upload struct {
	wanted
	assetPath string
	hash      string
	size      int64
	rejected  bool // by the server, permanently
}

// uploads returns the files that are missing or different on the server.
func (r *run) uploads(ctx context.Context, all []wanted) ([]upload, error) {
	hashes := map[string]upload{}
	var out []upload
	for _, w := range all {
		assetPath, ok := r.Vault.FindAsset(w.notePath, w.ref)
		if !ok {
			r.warnMissing(w)
			continue
		}
		known, ok := hashes[assetPath]
		if !ok {
			var err error
			known.hash, known.size, err = r.Vault.HashAsset(ctx, assetPath)
			if errors.Is(err, fs.ErrNotExist) {
				r.warnMissing(w)
				continue
			}
			if err != nil {
				return nil, err
			}
			hashes[assetPath] = known
		}
		if r.keepsServers(w, assetPath, known.hash) {
			continue
		}
		if w.has.Hash == known.hash && w.has.AbsolutePath == assetPath {
			r.inSync[assetPath] = known.hash
			continue
		}
		out = append(out, upload{wanted: w, assetPath: assetPath, hash: known.hash, size: known.size})
	}
	return out, nil
}

func (r *run) warnMissing(w wanted) {
	if why := r.Vault.MissingAsset(w.notePath, w.ref); why != "" {
		r.Reporter.Warn(trip2g.Warning{Path: w.notePath, Text: fmt.Sprintf("refers to %q, %s", w.ref, why)})
	}
}

func (r *run) stageAssets(ctx context.Context, uploads []upload) error {
	if len(uploads) == 0 {
		return nil
	}
	var total int64
	for _, u := range uploads {
		total += u.size
	}
	r.uploading = files(uploads)
	r.Reporter.Begin("files", total, true)
	defer r.Reporter.End()
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(parallelUploads)
	for i := range uploads {
		group.Go(func() error { return r.stageAsset(ctx, &uploads[i]) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	uploads = slices.DeleteFunc(uploads, func(u upload) bool { return u.rejected })
	for _, u := range uploads {
		r.recordAsset(u)
	}
	r.summary.Files = files(uploads)
	return nil
}

// recordAsset records that the server has a file.
func (r *run) recordAsset(u upload) {
	n := r.after[u.notePath]
	kept := slices.DeleteFunc(slices.Clone(n.Assets), func(a trip2g.NoteAsset) bool { return a.Ref == u.ref })
	n.Assets = append(kept, trip2g.NoteAsset{Ref: u.ref, AbsolutePath: u.assetPath, Hash: u.hash})
	r.after[u.notePath] = n
	r.inSync[u.assetPath] = u.hash
}

// files returns the files of uploads. Each note and reference has an upload of its own.
func files(uploads []upload) []string {
	paths := make(map[string]bool, len(uploads))
	for _, u := range uploads {
		paths[u.assetPath] = true
	}
	return slices.Sorted(maps.Keys(paths))
}

// notesOf returns the notes that each of the files is for.
func notesOf(uploads []upload) map[string][]string {
	notes := make(map[string][]string, len(uploads))
	for _, u := range uploads {
		if !slices.Contains(notes[u.assetPath], u.notePath) {
			notes[u.assetPath] = append(notes[u.assetPath], u.notePath)
		}
	}
	return notes
}

// isRejectedFile reports whether err means that the server never accepts the file.
func isRejectedFile(err error) bool {
	code := trip2g.ErrorCode(err)
	return code == trip2g.ETOOLARGE || code == trip2g.EINVALID || code == trip2g.EFORBIDDEN
}

// stageAsset sends one file, and again if it changes meanwhile. A rejected file is skipped with a
// warning.
func (r *run) stageAsset(ctx context.Context, u *upload) error {
	for try := 1; ; try++ {
		var unread error
		err := r.Server.StageAsset(ctx, trip2g.AssetUpload{NoteID: u.noteID, Ref: u.ref, AbsolutePath: u.assetPath, Hash: u.hash}, u.size, func() (f io.ReadCloser, err error) {
			f, unread = r.Vault.OpenAsset(u.assetPath)
			return f, unread
		})
		switch {
		case err == nil:
			r.Reporter.Add(u.size)
			return nil
		case unread == nil && isRejectedFile(err):
			u.rejected = true
			r.Reporter.Warn(trip2g.Warning{Path: u.notePath, Text: fmt.Sprintf("refers to %q, which the server rejects (%s); it is skipped", u.ref, trip2g.ErrorMessage(err))})
			return nil
		case trip2g.ErrorCode(err) != trip2g.ECONFLICT:
			return err
		case try == uploadTries:
			return &trip2g.Error{Code: trip2g.ECONFLICT, Message: fmt.Sprintf("%s keeps changing while it is sent: run the push again when it is saved", u.assetPath)}
		}
		if u.hash, u.size, err = r.Vault.HashAsset(ctx, u.assetPath); err != nil {
			return err
		}
	}
}
