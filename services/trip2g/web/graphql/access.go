package graphql

import (
	"context"

	"trip2g/services/trip2g"
)

var siteAccesses = map[SiteAccess]trip2g.SiteAccess{SiteAccessEveryone: trip2g.AccessEveryone, SiteAccessMembers: trip2g.AccessMembers}

var noteAccesses = map[trip2g.NoteAccess]NoteAccess{
	trip2g.Public: NoteAccessPublic, trip2g.ForMembers: NoteAccessMembers, trip2g.ForGroups: NoteAccessGroups, trip2g.NotShown: NoteAccessNotShown,
}

// SiteAccess implements QueryResolver.
func (r *resolver) SiteAccess(ctx context.Context) (*SiteAccessState, error) {
	state, err := accessStateOf(r.api.Access.SiteAccess(ctx))
	if err == nil {
		state.MayChange = callOf(ctx).hasScope(trip2g.ScopeSettings) == nil
	}
	return state, err
}

// StagedAccess implements QueryResolver.
func (r *resolver) StagedAccess(ctx context.Context) (*SiteAccessState, error) {
	return accessStateOf(r.api.Access.StagedAccess(ctx, callOf(ctx).stage))
}

func accessStateOf(s trip2g.AccessState, err error) (*SiteAccessState, error) {
	if err != nil {
		return nil, asError(err)
	}
	out := &SiteAccessState{Public: s.Public, Members: s.Members, Groups: s.Groups, NotShown: s.NotShown, Unspecified: s.Unspecified}
	for shown, access := range siteAccesses {
		if access == s.Default {
			out.Default = &shown
		}
	}
	return out, nil
}

// UnspecifiedNotes implements QueryResolver.
func (r *resolver) UnspecifiedNotes(ctx context.Context, first *int) ([]string, error) {
	limit := 100
	if first != nil {
		limit = *first
	}
	paths, err := r.api.Access.UnspecifiedNotes(ctx, limit)
	if err != nil {
		return nil, asError(err)
	}
	return paths, nil
}

// SetSiteAccess implements MutationResolver.
func (r *resolver) SetSiteAccess(ctx context.Context, input SetSiteAccessInput) (SetSiteAccessOrErrorPayload, error) {
	c := callOf(ctx)
	state, position, err := r.api.Access.SetSiteAccess(ctx, siteAccesses[input.Access], input.ExpectedPublic)
	if err != nil {
		return fail[SetSiteAccessOrErrorPayload](ctx, err)
	}
	c.setPosition(position)
	shown, err := accessStateOf(state, nil)
	return &SetSiteAccessPayload{State: shown}, err
}
