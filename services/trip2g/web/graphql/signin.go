package graphql

import (
	"context"
	"time"
)

// RequestEmailSignInCode implements MutationResolver.
func (r *resolver) RequestEmailSignInCode(ctx context.Context, input RequestEmailSignInCodeInput) (RequestEmailSignInCodeOrErrorPayload, error) {
	c := callOf(ctx)
	if err := r.SignIn.RequestCode(ctx, input.Email, c.client()); err != nil {
		return fail[RequestEmailSignInCodeOrErrorPayload](ctx, err)
	}
	return &RequestEmailSignInCodePayload{Success: true}, nil
}

// SignInByEmail implements MutationResolver.
func (r *resolver) SignInByEmail(ctx context.Context, input SignInByEmailInput) (SignInOrErrorPayload, error) {
	c := callOf(ctx)
	token, session, position, err := r.SignIn.SignIn(ctx, input.Email, input.Code, c.client())
	if err != nil {
		return fail[SignInOrErrorPayload](ctx, err)
	}
	c.setPosition(position)
	c.cookie = r.sessionCookie(c, token, session.ExpiresAt)
	return &SignInPayload{Token: token, Viewer: viewerOf(&session)}, nil
}

// SignOut implements MutationResolver. Without a session it only removes the cookie.
func (r *resolver) SignOut(ctx context.Context) (SignOutOrErrorPayload, error) {
	c := callOf(ctx)
	if c.session != nil {
		position, err := r.SignIn.SignOut(ctx, *c.session)
		if err != nil {
			return fail[SignOutOrErrorPayload](ctx, err)
		}
		c.setPosition(position)
	}
	c.cookie = r.sessionCookie(c, "", time.Time{})
	return &SignOutPayload{Viewer: viewerOf(nil)}, nil
}
