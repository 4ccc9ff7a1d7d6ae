package graphql

import (
	"context"
	"strings"

	"trip2g/services/trip2g"
)

// Redirects implements QueryResolver.
func (r *resolver) Redirects(ctx context.Context) ([]Redirect, error) {
	list, err := r.api.Redirects.Redirects(ctx)
	if err != nil {
		return nil, asError(err)
	}
	site := r.Site()
	out := make([]Redirect, len(list))
	for i, redirect := range list {
		out[i] = redirectOf(site, redirect)
	}
	return out, nil
}

// redirectOf returns a redirect with its effect on the site.
func redirectOf(site trip2g.Site, redirect trip2g.Redirect) Redirect {
	out := Redirect{ID: redirect.ID, From: redirect.From, ByMove: redirect.NoteID != 0, CreatedAt: redirect.CreatedAt}
	if page, ok := site.NoteByID(redirect.NoteID, trip2g.Owner); out.ByMove && ok {
		out.To = &page.URL
	} else if !out.ByMove {
		out.To, out.Dangling = &redirect.To, !leads(site, redirect.To)
	}
	page, _ := site.Page(redirect.From, trip2g.Owner)
	out.Covered = page != nil
	return out
}

// leads reports whether a redirect's target exists, as far as the site knows.
func leads(site trip2g.Site, to string) bool {
	if !strings.HasPrefix(to, "/") || trip2g.IsReserved(to) {
		return true
	}
	page, found := site.Page(to, trip2g.Owner)
	return page != nil || found.URL != ""
}

// PutRedirect implements MutationResolver.
func (r *resolver) PutRedirect(ctx context.Context, input PutRedirectInput) (PutRedirectOrErrorPayload, error) {
	c := callOf(ctx)
	redirect, position, err := r.api.Redirects.PutRedirect(ctx, input.From, input.To)
	if err != nil {
		return fail[PutRedirectOrErrorPayload](ctx, err)
	}
	c.setPosition(position)
	shown := redirectOf(r.Site(), redirect)
	return &PutRedirectPayload{Redirect: &shown}, nil
}

// DeleteRedirect implements MutationResolver.
func (r *resolver) DeleteRedirect(ctx context.Context, input DeleteRedirectInput) (DeleteRedirectOrErrorPayload, error) {
	c := callOf(ctx)
	position, err := r.api.Redirects.DeleteRedirect(ctx, input.ID)
	if err != nil {
		return fail[DeleteRedirectOrErrorPayload](ctx, err)
	}
	c.setPosition(position)
	return &DeleteRedirectPayload{Success: true}, nil
}
