package graphql

import (
	"context"
	"maps"
	"slices"
	"time"

	"trip2g/services/trip2g"
)

// Members answers the query of that name.
func (r *resolver) Members(ctx context.Context) ([]Member, error) {
	if _, err := callOf(ctx).ownerSession(); err != nil {
		return nil, asError(err)
	}
	members, err := r.People.Members(ctx)
	if err != nil {
		return nil, asError(err)
	}
	out := make([]Member, len(members))
	for i, m := range members {
		out[i] = memberOf(m)
	}
	return out, nil
}

func memberOf(m trip2g.Membership) Member {
	return Member{ID: m.ID, Email: m.Email, InvitedAt: optionalTime(m.InvitedAt), JoinedAt: optionalTime(m.JoinedAt), Sessions: m.Sessions,
		Groups: append([]string{}, m.Groups.Names()...)}
}

// optionalTime gives nil for the zero time.
func optionalTime(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// InviteMember answers the mutation of that name.
func (r *resolver) InviteMember(ctx context.Context, input InviteMemberInput) (InviteMemberOrErrorPayload, error) {
	c := callOf(ctx)
	if _, err := c.ownerSession(); err != nil {
		return fail[InviteMemberOrErrorPayload](ctx, err)
	}
	site := r.siteURL(c)
	member, mailed, err := r.People.Invite(ctx, input.Email, site)
	if err != nil {
		return fail[InviteMemberOrErrorPayload](ctx, err)
	}
	invited := memberOf(member)
	return &InviteMemberPayload{Member: &invited, Mailed: mailed, SignInURL: trip2g.SignInURL(site, member.Email)}, nil
}

// MemberGroups answers the query of that name.
func (r *resolver) MemberGroups(ctx context.Context) ([]MemberGroup, error) {
	if _, err := callOf(ctx).ownerSession(); err != nil {
		return nil, asError(err)
	}
	members, err := r.People.Members(ctx)
	if err != nil {
		return nil, asError(err)
	}
	groups := make(map[string]*MemberGroup)
	group := func(name string) *MemberGroup {
		if groups[name] == nil {
			groups[name] = &MemberGroup{Name: name}
		}
		return groups[name]
	}
	for name := range r.Site().Groups().All() {
		group(name).Used = true
	}
	for _, m := range members {
		for name := range m.Groups.All() {
			group(name).Members++
		}
	}
	out := make([]MemberGroup, 0, len(groups))
	for _, name := range slices.Sorted(maps.Keys(groups)) {
		out = append(out, *groups[name])
	}
	return out, nil
}

// SetMemberGroups answers the mutation of that name.
func (r *resolver) SetMemberGroups(ctx context.Context, input SetMemberGroupsInput) (SetMemberGroupsOrErrorPayload, error) {
	c := callOf(ctx)
	if _, err := c.ownerSession(); err != nil {
		return fail[SetMemberGroupsOrErrorPayload](ctx, err)
	}
	member, position, err := r.People.SetMemberGroups(ctx, input.ID, input.Groups)
	if err != nil {
		return fail[SetMemberGroupsOrErrorPayload](ctx, err)
	}
	c.reach(position)
	shown := memberOf(member)
	return &SetMemberGroupsPayload{Member: &shown}, nil
}

// RemoveMember answers the mutation of that name.
func (r *resolver) RemoveMember(ctx context.Context, input RemoveMemberInput) (RemoveMemberOrErrorPayload, error) {
	c := callOf(ctx)
	if _, err := c.ownerSession(); err != nil {
		return fail[RemoveMemberOrErrorPayload](ctx, err)
	}
	position, err := r.People.RemoveMember(ctx, input.ID)
	if err != nil {
		return fail[RemoveMemberOrErrorPayload](ctx, err)
	}
	c.reach(position)
	return &RemoveMemberPayload{Success: true}, nil
}

// APIKeys answers the query apiKeys.
func (r *resolver) APIKeys(ctx context.Context) ([]APIKey, error) {
	if _, err := callOf(ctx).ownerSession(); err != nil {
		return nil, asError(err)
	}
	keys, err := r.Keys.Keys(ctx)
	if err != nil {
		return nil, asError(err)
	}
	out := make([]APIKey, len(keys))
	for i, k := range keys {
		out[i] = keyOf(k)
	}
	return out, nil
}

func keyOf(k trip2g.APIKey) APIKey {
	return APIKey{
		ID: k.ID, Name: k.Name, Hint: k.Hint, Scopes: scopesOf(k.Grant.Scopes), Folder: k.Grant.Folder,
		CreatedAt: k.CreatedAt, ExpiresAt: optionalTime(k.ExpiresAt), LastUsedAt: optionalTime(k.LastUsedAt), RevokedAt: optionalTime(k.RevokedAt),
	}
}

// CreateAPIKey answers the mutation createApiKey.
func (r *resolver) CreateAPIKey(ctx context.Context, input CreateAPIKeyInput) (CreateAPIKeyOrErrorPayload, error) {
	if _, err := callOf(ctx).ownerSession(); err != nil {
		return fail[CreateAPIKeyOrErrorPayload](ctx, err)
	}
	secret, key, err := r.Keys.CreateKey(ctx, input.Name, grantOf(input.Scopes, input.Folder), timeOf(input.ExpiresAt))
	if err != nil {
		return fail[CreateAPIKeyOrErrorPayload](ctx, err)
	}
	made := keyOf(key)
	return &CreateAPIKeyPayload{Secret: secret, Key: &made}, nil
}

// UpdateAPIKey answers the mutation updateApiKey.
func (r *resolver) UpdateAPIKey(ctx context.Context, input UpdateAPIKeyInput) (UpdateAPIKeyOrErrorPayload, error) {
	if _, err := callOf(ctx).ownerSession(); err != nil {
		return fail[UpdateAPIKeyOrErrorPayload](ctx, err)
	}
	key, err := r.Keys.UpdateKey(ctx, input.ID, grantOf(input.Scopes, input.Folder), timeOf(input.ExpiresAt))
	if err != nil {
		return fail[UpdateAPIKeyOrErrorPayload](ctx, err)
	}
	changed := keyOf(key)
	return &UpdateAPIKeyPayload{Key: &changed}, nil
}

// keyScopes are the scopes of keys in the order in which they are shown.
var keyScopes = []struct {
	shown APIKeyScope
	scope trip2g.Scopes
}{{APIKeyScopeRead, trip2g.ScopeRead}, {APIKeyScopePublish, trip2g.ScopePublish}, {APIKeyScopeSettings, trip2g.ScopeSettings}}

func scopesOf(scopes trip2g.Scopes) []APIKeyScope {
	shown := []APIKeyScope{}
	for _, s := range keyScopes {
		if scopes.Has(s.scope) {
			shown = append(shown, s.shown)
		}
	}
	return shown
}

func grantOf(shown []APIKeyScope, folder string) trip2g.Grant {
	grant := trip2g.Grant{Folder: folder}
	for _, s := range keyScopes {
		if slices.Contains(shown, s.shown) {
			grant.Scopes |= s.scope
		}
	}
	return grant
}

// timeOf returns the zero time for nil.
func timeOf(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}

// RevokeAPIKey answers the mutation revokeApiKey.
func (r *resolver) RevokeAPIKey(ctx context.Context, input RevokeAPIKeyInput) (RevokeAPIKeyOrErrorPayload, error) {
	if _, err := callOf(ctx).ownerSession(); err != nil {
		return fail[RevokeAPIKeyOrErrorPayload](ctx, err)
	}
	if err := r.Keys.RevokeKey(ctx, input.ID); err != nil {
		return fail[RevokeAPIKeyOrErrorPayload](ctx, err)
	}
	return &RevokeAPIKeyPayload{Success: true}, nil
}

// Sessions answers the query of that name.
func (r *resolver) Sessions(ctx context.Context, everyone *bool) ([]Session, error) {
	c := callOf(ctx)
	ask, all := c.signedIn, everyone != nil && *everyone
	if all {
		ask = c.ownerSession
	}
	own, err := ask()
	if err != nil {
		return nil, asError(err)
	}
	whose := own.User.ID
	if all {
		whose = 0
	}
	sessions, err := r.People.Sessions(ctx, whose)
	if err != nil {
		return nil, asError(err)
	}
	out := make([]Session, len(sessions))
	for i, s := range sessions {
		out[i] = Session{
			ID: s.ID, Email: s.User.Email, Browser: s.Browser(), UserAgent: s.UserAgent, Address: s.Address,
			CreatedAt: s.CreatedAt, ExpiresAt: s.ExpiresAt, Current: s.ID == own.ID,
		}
	}
	return out, nil
}

// EndSession answers the mutation of that name.
func (r *resolver) EndSession(ctx context.Context, input EndSessionInput) (EndSessionOrErrorPayload, error) {
	c := callOf(ctx)
	session, err := c.signedIn()
	if err != nil {
		return fail[EndSessionOrErrorPayload](ctx, err)
	}
	position, err := r.People.EndSession(ctx, session, input.ID)
	if err != nil {
		return fail[EndSessionOrErrorPayload](ctx, err)
	}
	c.reach(position)
	return &EndSessionPayload{Success: true}, nil
}

// EndOtherSessions answers the mutation of that name.
func (r *resolver) EndOtherSessions(ctx context.Context) (EndOtherSessionsOrErrorPayload, error) {
	c := callOf(ctx)
	session, err := c.signedIn()
	if err != nil {
		return fail[EndOtherSessionsOrErrorPayload](ctx, err)
	}
	ended, position, err := r.People.EndOtherSessions(ctx, session)
	if err != nil {
		return fail[EndOtherSessionsOrErrorPayload](ctx, err)
	}
	c.reach(position)
	return &EndOtherSessionsPayload{Ended: ended}, nil
}
