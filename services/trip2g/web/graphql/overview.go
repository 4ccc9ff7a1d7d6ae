package graphql

import (
	"context"
	"fmt"
	"slices"

	"trip2g/services/trip2g"
)

// Warnings implements QueryResolver.
func (r *resolver) Warnings(ctx context.Context) ([]Warning, error) {
	return warningsOf(warningsOfSite(r.Site())), nil
}

// warningsOfSite returns the problems found in notes.
func warningsOfSite(site trip2g.Site) []trip2g.Warning {
	return slices.Concat(site.Stats().Warnings, site.RestrictedLinks())
}

func warningsOf(list []trip2g.Warning) []Warning {
	out := make([]Warning, len(list))
	for i, w := range list {
		out[i] = Warning{Path: w.Path, Line: w.Line, Text: w.Text}
	}
	return out
}

// Overview implements QueryResolver.
func (r *resolver) Overview(ctx context.Context) (*Overview, error) {
	stored, err := r.History.Stats(ctx)
	if err != nil {
		return nil, asError(err)
	}
	members, err := r.People.Members(ctx)
	if err != nil {
		return nil, asError(err)
	}
	latest, err := r.History.LatestVersion(ctx)
	if err != nil && trip2g.ErrorCode(err) != trip2g.ENOTFOUND {
		return nil, asError(err)
	}
	problems, err := r.problems(ctx)
	if err != nil {
		return nil, asError(err)
	}
	site, warnings := r.Site().Stats(), warningsOfSite(r.Site())
	out := &Overview{
		Notes: stored.Notes, Pages: site.Pages, Hidden: stored.Hidden, Members: len(members),
		Warnings: len(warnings), Missing: stored.NotFound, Position: int64(site.Position), Problems: problems,
		Storage: &Storage{Database: stored.Database, Free: stored.Free, Versions: stored.Versions, Assets: stored.Assets, Files: stored.Files},
	}
	if latest.ID != 0 {
		out.LastPublished = versionOf(latest)
	}
	return out, nil
}

// problems returns what needs the owner's attention.
func (r *resolver) problems(ctx context.Context) ([]Problem, error) {
	list := []Problem{}
	add := func(page, format string, args ...any) {
		list = append(list, Problem{Text: fmt.Sprintf(format, args...), Page: &page})
	}
	switch n := len(warningsOfSite(r.Site())); n {
	case 0:
	case 1:
		add(trip2g.SystemPrefix+"warnings", "There is a warning about a note.")
	default:
		add(trip2g.SystemPrefix+"warnings", "There are %d warnings about notes.", n)
	}
	switch n := r.api.Nodes.Topology().Wrong; n {
	case 0:
	case 1:
		add(trip2g.SystemPrefix+"nodes", "Something is wrong with a node.")
	default:
		add(trip2g.SystemPrefix+"nodes", "Something is wrong with %d nodes.", n)
	}
	jobs, err := r.api.Jobs.Jobs(ctx)
	if err != nil {
		return nil, err
	}
	for _, job := range jobs {
		if job.Last.Error != "" {
			add(trip2g.SystemPrefix+"jobs", "The job %s failed when it was last done.", job.Name)
		}
	}
	return list, nil
}
