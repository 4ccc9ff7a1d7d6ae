package graphql

import (
	"context"
	"fmt"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"trip2g/services/trip2g"
)

// auth implements the directive @auth. A mutation that is not permitted returns an ErrorPayload, a
// query or subscription an error.
func auth(ctx context.Context, _ any, next graphql.Resolver, requires Permission) (any, error) {
	err := callOf(ctx).permits(ctx, requires)
	switch {
	case err == nil:
		return next(ctx)
	case graphql.GetOperationContext(ctx).Operation.Operation == ast.Mutation:
		payload, err := errorPayload(ctx, err)
		if err != nil {
			return nil, err
		}
		return payload, nil
	default:
		return nil, asError(err)
	}
}

// permits returns nil if the caller has a permission, else the error that names what is missing.
func (c *call) permits(ctx context.Context, p Permission) error {
	switch p {
	case PermissionAnyone:
		return nil
	case PermissionReader:
		return c.maySearch()
	case PermissionSameSite:
		return c.sameSite()
	case PermissionRead:
		return c.hasScope(trip2g.ScopeRead)
	case PermissionPublish:
		return c.hasScope(trip2g.ScopePublish)
	case PermissionPush:
		return c.hasScope(pushScope(ctx))
	case PermissionSettings:
		return c.hasScope(trip2g.ScopeSettings)
	case PermissionSession:
		return c.signedIn()
	case PermissionOwner:
		return c.ownerSignedIn()
	default:
		return fmt.Errorf("unknown permission %q", p)
	}
}

// pushScope returns the scope that a push needs. A push without updates only lists notes.
func pushScope(ctx context.Context) trip2g.Scopes {
	input, ok := graphql.GetFieldContext(ctx).Args["input"].(PushNotesInput)
	if ok && len(input.Updates) == 0 {
		return trip2g.ScopeRead
	}
	return trip2g.ScopePublish
}

// hasScope returns an error unless the caller is the owner or has a key with the scope.
func (c *call) hasScope(scope trip2g.Scopes) error {
	if c.refused == nil && !c.stage.Grant.Scopes.Has(scope) {
		return trip2g.Errorf(trip2g.EFORBIDDEN, "the API key may do %s, but not %s: to allow it, run `trip2g keys update ID --scope %s` on the leader, or change the key at /_system/keys",
			c.stage.Grant.Scopes, scope, c.stage.Grant.Scopes|scope)
	}
	return c.refused
}

// maySearch refuses a wrong key, whose sender would otherwise take hidden results for missing ones.
// A browser whose session has ended searches as a guest.
func (c *call) maySearch() error {
	switch {
	case c.keyFault != nil:
		return c.keyFault
	case c.authorized():
		return c.hasScope(trip2g.ScopeRead)
	}
	return nil
}

// sameSite refuses a request that another site made a browser send: a sign-in would put the reader
// into somebody else's session.
func (c *call) sameSite() error {
	if c.crossOrigin {
		return trip2g.Errorf(trip2g.EFORBIDDEN, "another site sent this request; sign in on this one")
	}
	return nil
}

// signedIn returns an error without a session. An API key is not a session.
func (c *call) signedIn() error {
	switch {
	case c.session != nil:
		return nil
	case c.authorized():
		return trip2g.Errorf(trip2g.EFORBIDDEN, "an API key may not do this: sign in, in a browser or with signInByEmail")
	default:
		return trip2g.Errorf(trip2g.EUNAUTHORIZED, "sign in first, in a browser or with signInByEmail")
	}
}

// ownerSignedIn returns an error without a session of the owner.
func (c *call) ownerSignedIn() error {
	err := c.signedIn()
	if err == nil && !c.session.User.Owner {
		return trip2g.Errorf(trip2g.EFORBIDDEN, "only the owner (TRIP2G_OWNER_EMAIL) may do this")
	}
	return err
}
