package publish

import (
	"context"

	"trip2g/services/trip2g"
)

// Redirects is a store of redirects whose changes are visible on this node when a call returns.
type Redirects struct {
	trip2g.RedirectStore
	service Service
}

// NewRedirects returns a Redirects on the leader's store. refresh updates this node's site.
func NewRedirects(store trip2g.RedirectStore, refresh func(context.Context) (trip2g.Position, error)) *Redirects {
	return &Redirects{store, Service{Options: Options{Refresh: refresh}}}
}

// PutRedirect is trip2g.RedirectStore's.
func (r *Redirects) PutRedirect(ctx context.Context, from, to string) (trip2g.Redirect, trip2g.Position, error) {
	redirect, position, err := r.RedirectStore.PutRedirect(ctx, from, to)
	if err != nil {
		return trip2g.Redirect{}, 0, err
	}
	return redirect, position, r.service.follow(ctx, position, true)
}

// DeleteRedirect is trip2g.RedirectStore's.
func (r *Redirects) DeleteRedirect(ctx context.Context, id int64) (trip2g.Position, error) {
	position, err := r.RedirectStore.DeleteRedirect(ctx, id)
	if err != nil {
		return 0, err
	}
	return position, r.service.follow(ctx, position, true)
}
