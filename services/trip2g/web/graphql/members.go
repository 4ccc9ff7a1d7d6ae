package graphql

import (
	"context"
	"maps"
	"slices"
	"time"

	"trip2g/services/trip2g"
)

// Members implements QueryResolver.
func (r *resolver) Members(ctx context.Context) ([]Member, error) {
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

// optionalTime returns nil for the zero time.
func optionalTime(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// InviteMember implements MutationResolver.
func (r *resolver) InviteMember(ctx context.Context, input InviteMemberInput) (InviteMemberOrErrorPayload, error) {
	c := callOf(ctx)
	site := r.siteURL(c)
	member, mailed, err := r.People.Invite(ctx, input.Email, site, c.languages)
	if err != nil {
		return fail[InviteMemberOrErrorPayload](ctx, err)
	}
	invited := memberOf(member)
	return &InviteMemberPayload{Member: &invited, Mailed: mailed, SignInURL: trip2g.SignInURL(site, member.Email)}, nil
}

// MemberGroups implements QueryResolver.
func (r *resolver) MemberGroups(ctx context.Context) ([]MemberGroup, error) {
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

// SetMemberGroups implements MutationResolver.
func (r *resolver) SetMemberGroups(ctx context.Context, input SetMemberGroupsInput) (SetMemberGroupsOrErrorPayload, error) {
	c := callOf(ctx)
	member, position, err := r.People.SetMemberGroups(ctx, input.ID, input.Groups)
	if err != nil {
		return fail[SetMemberGroupsOrErrorPayload](ctx, err)
	}
	c.setPosition(position)
	shown := memberOf(member)
	return &SetMemberGroupsPayload{Member: &shown}, nil
}

// RemoveMember implements MutationResolver.
func (r *resolver) RemoveMember(ctx context.Context, input RemoveMemberInput) (RemoveMemberOrErrorPayload, error) {
	c := callOf(ctx)
	position, err := r.People.RemoveMember(ctx, input.ID)
	if err != nil {
		return fail[RemoveMemberOrErrorPayload](ctx, err)
	}
	c.setPosition(position)
	return &RemoveMemberPayload{Success: true}, nil
}

// timeOf returns the zero time for nil.
func timeOf(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}
