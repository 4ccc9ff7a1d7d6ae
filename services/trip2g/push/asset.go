package push

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"golang.org/x/sync/errgroup"

	"trip2g/services/trip2g"
)

const (
	// parallelUploads keeps the connection busy while the server stores a file.
	parallelUploads = 3
	// uploadTries is how often a file that changes while it is sent is hashed and sent anew.
	uploadTries = 3
)

// upload is a file to send for a note's reference.
type upload struct {
	wanted
	assetPath string
	hash      string
	size      int64
}

// uploads picks the files that the server lacks or has differently.
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
		if w.has.Hash == known.hash && w.has.AbsolutePath == assetPath {
			continue
		}
		out = append(out, upload{wanted: w, assetPath: assetPath, hash: known.hash, size: known.size})
	}
	return out, nil
}

func (r *run) warnMissing(w wanted) {
	r.Reporter.Warn(trip2g.Warning{Path: w.notePath, Text: fmt.Sprintf("refers to %q, which is not in the folder", w.ref)})
}

func (r *run) stageAssets(ctx context.Context, uploads []upload) error {
	if len(uploads) == 0 {
		return nil
	}
	var total int64
	for _, u := range uploads {
		total += u.size
	}
	r.Reporter.Begin("files", total, true)
	defer r.Reporter.End()
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(parallelUploads)
	for _, u := range uploads {
		group.Go(func() error { return r.stageAsset(ctx, u) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	r.summary.Assets = files(uploads)
	return nil
}

// files counts the files of uploads: each note and reference takes one upload of its own.
func files(uploads []upload) int {
	paths := make(map[string]bool, len(uploads))
	for _, u := range uploads {
		paths[u.assetPath] = true
	}
	return len(paths)
}

// stageAsset sends one file, and anew if it changes meanwhile.
func (r *run) stageAsset(ctx context.Context, u upload) error {
	for try := 1; ; try++ {
		err := r.Server.StageAsset(ctx, trip2g.AssetUpload{NoteID: u.noteID, Ref: u.ref, AbsolutePath: u.assetPath, Hash: u.hash}, u.size, func() (io.ReadCloser, error) {
			return r.Vault.OpenAsset(u.assetPath)
		})
		switch {
		case err == nil:
			r.Reporter.Add(u.size)
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
