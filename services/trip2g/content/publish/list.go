package publish

import (
	"context"
	"slices"

	"trip2g/services/trip2g"
)

// textsAtOnce limits the number of texts in memory.
const textsAtOnce = 100

// ListNotes is trip2g.Publisher's. It reads only notes that the site has not parsed: with nothing
// staged, none.
func (s *Service) ListNotes(ctx context.Context, stage trip2g.Stage) ([]trip2g.PushedNote, error) {
	seen, err := s.Vault.NotePaths(ctx, stage, trip2g.NotePathFilter{OmitContent: true})
	if err != nil {
		return nil, err
	}
	notes := make([]trip2g.PushedNote, len(seen))
	unread := make(map[string]int) // paths of notes that differ from the site's, with their indexes in notes
	for i, n := range seen {
		notes[i] = trip2g.PushedNote{ID: n.ID, Path: n.Path, Assets: n.Assets}
		if published, ok := s.Published(n.ID); ok && published.Hash == n.Hash {
			notes[i].Assets = mergeAssets(n.Path, published.Doc.AssetRefs, n.Assets)
		} else {
			unread[n.Path] = i
		}
	}
	paths := make([]string, 0, len(unread))
	for path := range unread {
		paths = append(paths, path)
	}
	for part := range slices.Chunk(paths, textsAtOnce) {
		texts, err := s.Vault.NotePaths(ctx, stage, trip2g.NotePathFilter{Paths: part})
		if err != nil {
			return nil, err
		}
		for _, n := range texts {
			notes[unread[n.Path]].Assets = mergeAssets(n.Path, s.References(n.Path, n.Content), n.Assets)
		}
	}
	return notes, nil
}
