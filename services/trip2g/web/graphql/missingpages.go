package graphql

import (
	"context"

	"trip2g/services/trip2g"
)

// maxMissing limits a list of missing pages.
const maxMissing = 1000

// MissingPages implements QueryResolver.
func (r *resolver) MissingPages(ctx context.Context, first *int) ([]MissingPage, error) {
	limit := 100
	if first != nil {
		limit = *first
	}
	if limit < 1 || limit > maxMissing {
		return nil, trip2g.Errorf(trip2g.EINVALID, "a list has from 1 to %d missing pages", maxMissing)
	}
	pages, err := r.Missing.NotFoundPaths(ctx, limit)
	if err != nil {
		return nil, asError(err)
	}
	out := make([]MissingPage, len(pages))
	for i, p := range pages {
		out[i] = MissingPage{Path: p.Path, Count: p.Count, LastSeenAt: p.LastSeen}
	}
	return out, nil
}

// DismissMissingPage implements MutationResolver.
func (r *resolver) DismissMissingPage(ctx context.Context, input DismissMissingPageInput) (DismissMissingPageOrErrorPayload, error) {
	if err := r.Missing.DeleteNotFound(ctx, input.Path); err != nil {
		return fail[DismissMissingPageOrErrorPayload](ctx, err)
	}
	return &DismissMissingPagePayload{Success: true}, nil
}
