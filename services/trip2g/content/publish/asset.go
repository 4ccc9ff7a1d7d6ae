package publish

import (
	"context"
	"fmt"
	"path"
	"strings"

	"trip2g/services/trip2g"
)

// UploadAsset is trip2g.Publisher's. The body is read and its hash checked even if the content is
// known.
func (s *Service) UploadAsset(ctx context.Context, stage trip2g.Stage, upload trip2g.AssetUpload, publish bool) (known bool, position trip2g.Position, err error) {
	upload.AbsolutePath = trip2g.NormalizePath(strings.TrimPrefix(upload.AbsolutePath, "/"))
	if err := checkUpload(upload); err != nil {
		return false, 0, err
	}
	if err := s.checkStylesheet(ctx, stage, upload); err != nil {
		return false, 0, err
	}
	switch _, err := s.Assets.Asset(ctx, upload.Hash); trip2g.ErrorCode(err) {
	case "":
		known = true
	case trip2g.ENOTFOUND:
	default:
		return false, 0, fmt.Errorf("look for asset %s: %w", upload.Hash, err)
	}
	asset, err := s.Assets.PutAsset(ctx, upload.Hash, s.MaxAssetSize, upload.Body)
	if err != nil {
		return false, 0, err
	}
	position, err = s.Vault.AttachAsset(ctx, stage, upload.NoteID, trip2g.NoteAsset{
		AssetID:      asset.ID,
		Ref:          upload.Ref,
		AbsolutePath: upload.AbsolutePath,
		Hash:         asset.Hash,
		Size:         asset.Size,
	}, publish)
	if err != nil {
		return false, 0, err
	}
	return known, position, s.follow(ctx, position, publish)
}

// mergeAssets returns every reference of a note's text, with the file that the store has for it.
func mergeAssets(notePath string, refs []string, stored []trip2g.NoteAsset) []trip2g.NoteAsset {
	byRef := make(map[string]trip2g.NoteAsset, len(stored))
	for _, a := range stored {
		byRef[a.Ref] = a
	}
	merged := make([]trip2g.NoteAsset, len(refs))
	for i, ref := range refs {
		asset, ok := byRef[ref]
		if !ok {
			asset = trip2g.NoteAsset{Ref: ref, AbsolutePath: likelyPath(notePath, ref)}
		}
		merged[i] = asset
	}
	return merged
}

// likelyPath returns the probable vault path of a reference: "/x" relative to the vault's root, any
// other to the note's folder, never above the root.
func likelyPath(notePath, ref string) string {
	if !strings.HasPrefix(ref, "/") {
		ref = path.Join("/", path.Dir(notePath), ref)
	}
	return strings.TrimPrefix(path.Clean(ref), "/")
}
