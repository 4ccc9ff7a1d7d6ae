// Package access is the leader's service for the access of the site.
package access

import (
	"context"

	"trip2g/services/trip2g"
)

// Options configures a Service. All fields are required.
type Options struct {
	Store trip2g.AccessStore
	// Site returns the current site.
	Site func() trip2g.Site
	// Refresh updates the site to the newest position and returns it.
	Refresh func(context.Context) (trip2g.Position, error)
	// Parse parses a note's text.
	Parse func(path, content string) *trip2g.Document
}

// Service implements trip2g.AccessService.
type Service struct{ Options }

var _ trip2g.AccessService = (*Service)(nil)

// New returns a service.
func New(o Options) *Service { return &Service{o} }

// SiteAccess is trip2g.AccessService's.
func (s *Service) SiteAccess(ctx context.Context) (trip2g.AccessState, error) {
	return s.Site().Access(), nil
}

// UnspecifiedNotes is trip2g.AccessService's.
func (s *Service) UnspecifiedNotes(ctx context.Context, limit int) ([]string, error) {
	if limit < 1 || limit > trip2g.MaxUnspecified {
		return nil, trip2g.Errorf(trip2g.EINVALID, "a list has from 1 to %d notes", trip2g.MaxUnspecified)
	}
	return s.Site().Unspecified(limit), nil
}

// stagedChunk is the number of staged notes read in one short transaction.
const stagedChunk = 100

// StagedAccess is trip2g.AccessService's. It parses only staged notes.
func (s *Service) StagedAccess(ctx context.Context, stage trip2g.Stage) (trip2g.AccessState, error) {
	site := s.Site()
	state := site.Access()
	counts, override := state.Declared(), site.Settings().Access
	for after := int64(0); ; {
		list, err := s.Store.StagedNotes(ctx, stage, after, stagedChunk)
		if err != nil {
			return trip2g.AccessState{}, err
		}
		for _, c := range list {
			if c.Live != nil {
				counts.Count(s.Parse(c.Path, *c.Live), c.Path, -1)
			}
			if c.Path == trip2g.SettingsPath {
				override = trip2g.AccessNotChosen
			}
			if c.After != nil {
				doc := s.Parse(c.Path, *c.After)
				counts.Count(doc, c.Path, 1)
				if doc.Settings != nil {
					override = doc.Settings.Access
				}
			}
			after = c.ID
		}
		if len(list) < stagedChunk {
			return counts.State(state.Stored, override), nil
		}
		if err := ctx.Err(); err != nil {
			return trip2g.AccessState{}, err
		}
	}
}

// attempts limits the retries of a change when pushes interfere.
const attempts = 3

// SetSiteAccess is trip2g.AccessService's.
func (s *Service) SetSiteAccess(ctx context.Context, access trip2g.SiteAccess, expectedPublic *int) (trip2g.AccessState, trip2g.Position, error) {
	var position trip2g.Position
	err := error(nil)
	for range attempts {
		if position, err = s.set(ctx, access, expectedPublic); trip2g.ErrorCode(err) != trip2g.ECONFLICT {
			break
		}
		if _, err := s.Refresh(ctx); err != nil {
			return trip2g.AccessState{}, 0, err
		}
	}
	if err == nil {
		_, err = s.Refresh(ctx)
	}
	if err != nil {
		return trip2g.AccessState{}, 0, err
	}
	return s.Site().Access(), position, nil
}

func (s *Service) set(ctx context.Context, access trip2g.SiteAccess, expectedPublic *int) (trip2g.Position, error) {
	site := s.Site()
	if held := site.Settings().Access; held != trip2g.AccessNotChosen && held != access {
		return 0, trip2g.Errorf(trip2g.ECONFLICT, "%s says access: %s, which comes before this setting: change it there", trip2g.SettingsPath, held)
	}
	if access != trip2g.AccessEveryone {
		return s.Store.SetSiteAccess(ctx, access, trip2g.AnyPosition)
	}
	state := site.Access()
	public := state.Unspecified
	if state.Default == trip2g.AccessEveryone {
		public = 0
	}
	switch {
	case expectedPublic == nil:
		return 0, trip2g.Errorf(trip2g.EINVALID, "%d notes would become public: confirm that with expectedPublic", public)
	case *expectedPublic != public:
		return 0, trip2g.Errorf(trip2g.ECONFLICT, "%d notes would become public, not %d: nothing was changed; look at them, then confirm that number", public, *expectedPublic)
	}
	return s.Store.SetSiteAccess(ctx, access, site.Stats().Position)
}
