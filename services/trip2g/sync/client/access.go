package client

import (
	"context"

	"trip2g/services/trip2g"
)

const (
	siteAccessQuery       = `query SiteAccess { siteAccess { default mayChange public members groups notShown unspecified } }`
	unspecifiedNotesQuery = `query UnspecifiedNotes($first: Int) { unspecifiedNotes(first: $first) }`
	setSiteAccessMutation = `mutation SetSiteAccess($input: SetSiteAccessInput!) { result: setSiteAccess(input: $input) { __typename ` + errorFields
)

// siteAccessNames are the API's names of defaults.
var siteAccessNames = map[trip2g.SiteAccess]string{trip2g.AccessEveryone: "EVERYONE", trip2g.AccessMembers: "MEMBERS"}

// SiteAccess returns who can read the site, and whether the key can change the default.
func (c *Client) SiteAccess(ctx context.Context) (state trip2g.AccessState, mayChange bool, err error) {
	var data struct {
		SiteAccess *struct {
			Default   *string
			MayChange bool
			trip2g.AccessCounts
		}
	}
	if err := c.call(ctx, siteAccessQuery, nil, maxResult, &data); err != nil {
		return trip2g.AccessState{}, false, err
	}
	if data.SiteAccess == nil {
		return trip2g.AccessState{}, false, c.notTrip2g("its answer does not say who may read the site")
	}
	state = trip2g.AccessState{AccessCounts: data.SiteAccess.AccessCounts}
	for access, name := range siteAccessNames {
		if data.SiteAccess.Default != nil && *data.SiteAccess.Default == name {
			state.Default = access
		}
	}
	return state, data.SiteAccess.MayChange, nil
}

// UnspecifiedNotes returns the paths of notes that do not set their access, at most
// trip2g.MaxUnspecified.
func (c *Client) UnspecifiedNotes(ctx context.Context) ([]string, error) {
	var data struct{ UnspecifiedNotes []string }
	if err := c.call(ctx, unspecifiedNotesQuery, map[string]any{"first": trip2g.MaxUnspecified}, maxResult, &data); err != nil {
		return nil, err
	}
	return data.UnspecifiedNotes, nil
}

// SetSiteAccess sets the default access. The server rejects AccessEveryone unless exactly
// expectedPublic published notes would become public.
func (c *Client) SetSiteAccess(ctx context.Context, access trip2g.SiteAccess, expectedPublic int) error {
	input := map[string]any{"access": siteAccessNames[access]}
	if access == trip2g.AccessEveryone {
		input["expectedPublic"] = expectedPublic
	}
	return c.mutate(ctx, setSiteAccessMutation, input, nil)
}
