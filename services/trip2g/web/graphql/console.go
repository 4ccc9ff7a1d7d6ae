package graphql

import (
	"context"
	"fmt"
	"slices"
	"time"

	"trip2g/services/trip2g"
)

// maxMissing is the longest list of missing pages.
const maxMissing = 1000

// Warnings answers the query of that name.
func (r *resolver) Warnings(ctx context.Context) ([]Warning, error) {
	if _, err := callOf(ctx).reads(); err != nil {
		return nil, asError(err)
	}
	return warningsOf(warningsOfSite(r.Site())), nil
}

// warningsOfSite lists what is wrong with the notes.
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

// Overview answers the query of that name.
func (r *resolver) Overview(ctx context.Context) (*Overview, error) {
	if _, err := callOf(ctx).ownerSession(); err != nil {
		return nil, asError(err)
	}
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
		Warnings: len(warnings), Missing: stored.Missing, Position: int64(site.Position), Problems: problems,
		Storage: &Storage{Database: stored.Database, Free: stored.Free, Versions: stored.Versions, Assets: stored.Assets, Files: stored.Files},
	}
	if latest.ID != 0 {
		out.LastPublished = versionOf(latest)
	}
	return out, nil
}

// problems says what an owner should look at.
func (r *resolver) problems(ctx context.Context) ([]Problem, error) {
	list := []Problem{}
	add := func(page, format string, args ...any) {
		list = append(list, Problem{Text: fmt.Sprintf(format, args...), Page: &page})
	}
	switch n := len(warningsOfSite(r.Site())); n {
	case 0:
	case 1:
		add("/_system/warnings", "There is a warning about a note.")
	default:
		add("/_system/warnings", "There are %d warnings about notes.", n)
	}
	switch n := r.api.Nodes.Topology().Wrong; n {
	case 0:
	case 1:
		add("/_system/nodes", "Something is wrong with a node.")
	default:
		add("/_system/nodes", "Something is wrong with %d nodes.", n)
	}
	jobs, err := r.api.Jobs.Jobs(ctx)
	if err != nil {
		return nil, err
	}
	for _, job := range jobs {
		if job.Last.Error != "" {
			add("/_system/jobs", "The job %s failed when it was last done.", job.Name)
		}
	}
	return list, nil
}

// MissingPages answers the query of that name.
func (r *resolver) MissingPages(ctx context.Context, first *int) ([]MissingPage, error) {
	if _, err := callOf(ctx).ownerSession(); err != nil {
		return nil, asError(err)
	}
	limit := 100
	if first != nil {
		limit = *first
	}
	if limit < 1 || limit > maxMissing {
		return nil, trip2g.Errorf(trip2g.EINVALID, "a list has from 1 to %d missing pages", maxMissing)
	}
	pages, err := r.Missing.Missing(ctx, limit)
	if err != nil {
		return nil, asError(err)
	}
	out := make([]MissingPage, len(pages))
	for i, p := range pages {
		out[i] = MissingPage{Path: p.Path, Count: p.Count, LastSeenAt: p.LastSeen}
	}
	return out, nil
}

// DismissMissingPage answers the mutation of that name.
func (r *resolver) DismissMissingPage(ctx context.Context, input DismissMissingPageInput) (DismissMissingPageOrErrorPayload, error) {
	_, err := callOf(ctx).ownerSession()
	if err == nil {
		err = r.Missing.ForgetMissing(ctx, input.Path)
	}
	if err != nil {
		return fail[DismissMissingPageOrErrorPayload](ctx, err)
	}
	return &DismissMissingPagePayload{Success: true}, nil
}

// SiteSettings answers the query of that name.
func (r *resolver) SiteSettings(ctx context.Context) (*SiteSettings, error) {
	if _, err := callOf(ctx).ownerSession(); err != nil {
		return nil, asError(err)
	}
	state, err := r.Settings.SiteSettings(ctx)
	if err != nil {
		return nil, asError(err)
	}
	return r.siteSettings(state), nil
}

// siteSettings adds to what is wrong with the settings' text what the site finds wrong with it: a home page
// that no note is.
func (r *resolver) siteSettings(state trip2g.SettingsState) *SiteSettings {
	for _, w := range r.Site().Stats().Warnings {
		if w.Path == trip2g.SettingsPath && state.Exists && !slices.Contains(state.Warnings, w) {
			state.Warnings = append(state.Warnings, w)
		}
	}
	return siteSettingsOf(state)
}

func siteSettingsOf(state trip2g.SettingsState) *SiteSettings {
	kinds := map[trip2g.SettingKind]SettingKind{
		trip2g.LineSetting: SettingKindLine, trip2g.FileSetting: SettingKindFile, trip2g.SwitchSetting: SettingKindSwitch,
	}
	out := &SiteSettings{
		Path: trip2g.SettingsPath, Exists: state.Exists, ContentHash: state.Hash,
		Values: make([]SiteSetting, len(state.Values)), Warnings: warningsOf(state.Warnings),
	}
	for i, v := range state.Values {
		out.Values[i] = SiteSetting{Key: v.Key, Kind: kinds[v.Kind], Title: v.Title, Help: v.Help, Value: v.Value}
	}
	return out
}

// SaveSiteSettings answers the mutation of that name.
func (r *resolver) SaveSiteSettings(ctx context.Context, input SaveSiteSettingsInput) (SaveSiteSettingsOrErrorPayload, error) {
	c := callOf(ctx)
	if _, err := c.ownerSession(); err != nil {
		return fail[SaveSiteSettingsOrErrorPayload](ctx, err)
	}
	changes := make(map[string]string, len(input.Values))
	for _, v := range input.Values {
		changes[v.Key] = v.Value
	}
	state, position, err := r.Settings.SaveSettings(ctx, c.stage, input.ContentHash, changes)
	if err != nil {
		return fail[SaveSiteSettingsOrErrorPayload](ctx, err)
	}
	c.reach(position)
	return &SaveSiteSettingsPayload{Settings: r.siteSettings(state)}, nil
}

// NodeSettings answers the query of that name.
func (r *resolver) NodeSettings(ctx context.Context) ([]NodeSetting, error) {
	if _, err := callOf(ctx).ownerSession(); err != nil {
		return nil, asError(err)
	}
	out := make([]NodeSetting, len(r.api.NodeSettings))
	for i, s := range r.api.NodeSettings {
		out[i] = NodeSetting{Name: s.Name, Value: s.Value, Help: s.Help, Secret: s.Secret, IsSet: s.IsSet}
	}
	return out, nil
}

// Jobs answers the query of that name.
func (r *resolver) Jobs(ctx context.Context) ([]Job, error) {
	if _, err := callOf(ctx).ownerSession(); err != nil {
		return nil, asError(err)
	}
	jobs, err := r.api.Jobs.Jobs(ctx)
	if err != nil {
		return nil, asError(err)
	}
	out := make([]Job, len(jobs))
	for i, j := range jobs {
		out[i] = Job{
			Name: j.Name, About: j.About, Running: j.Running, LastError: j.Last.Error,
			LastStartedAt: optionalTime(j.Last.StartedAt), LastFinishedAt: optionalTime(j.Last.FinishedAt),
		}
		if j.Every > 0 {
			seconds := int(j.Every / time.Second)
			out[i].EverySeconds = &seconds
		}
	}
	return out, nil
}

// RunJob answers the mutation of that name.
func (r *resolver) RunJob(ctx context.Context, input RunJobInput) (RunJobOrErrorPayload, error) {
	_, err := callOf(ctx).ownerSession()
	if err == nil {
		err = r.api.Jobs.StartJob(ctx, input.Name)
	}
	if err != nil {
		return fail[RunJobOrErrorPayload](ctx, err)
	}
	return &RunJobPayload{Success: true}, nil
}
