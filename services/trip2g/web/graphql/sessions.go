package graphql

import (
	"context"
)

// Sessions implements QueryResolver.
func (r *resolver) Sessions(ctx context.Context, everyone *bool) ([]Session, error) {
	c := callOf(ctx)
	user := c.session.User.ID
	if everyone != nil && *everyone {
		if err := c.ownerSignedIn(); err != nil {
			return nil, asError(err)
		}
		user = 0
	}
	sessions, err := r.People.Sessions(ctx, user)
	if err != nil {
		return nil, asError(err)
	}
	out := make([]Session, len(sessions))
	for i, s := range sessions {
		out[i] = Session{
			ID: s.ID, Email: s.User.Email, Browser: s.Browser(), UserAgent: s.UserAgent, Address: s.Address,
			CreatedAt: s.CreatedAt, ExpiresAt: s.ExpiresAt, Current: s.ID == c.session.ID,
		}
	}
	return out, nil
}

// EndSession implements MutationResolver.
func (r *resolver) EndSession(ctx context.Context, input EndSessionInput) (EndSessionOrErrorPayload, error) {
	c := callOf(ctx)
	position, err := r.People.RevokeSession(ctx, *c.session, input.ID)
	if err != nil {
		return fail[EndSessionOrErrorPayload](ctx, err)
	}
	c.setPosition(position)
	return &EndSessionPayload{Success: true}, nil
}

// EndOtherSessions implements MutationResolver.
func (r *resolver) EndOtherSessions(ctx context.Context) (EndOtherSessionsOrErrorPayload, error) {
	c := callOf(ctx)
	ended, position, err := r.People.RevokeOtherSessions(ctx, *c.session)
	if err != nil {
		return fail[EndOtherSessionsOrErrorPayload](ctx, err)
	}
	c.setPosition(position)
	return &EndOtherSessionsPayload{Ended: ended}, nil
}
