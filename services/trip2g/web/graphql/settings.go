package graphql

import (
	"context"
	"slices"

	"trip2g/services/trip2g"
)

// SiteSettings implements QueryResolver.
func (r *resolver) SiteSettings(ctx context.Context) (*SiteSettings, error) {
	state, err := r.Settings.SiteSettings(ctx)
	if err != nil {
		return nil, asError(err)
	}
	return r.siteSettings(state), nil
}

// siteSettings adds the site's warnings about the settings to those of the text: a home page that
// does not exist.
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

// SaveSiteSettings implements MutationResolver.
func (r *resolver) SaveSiteSettings(ctx context.Context, input SaveSiteSettingsInput) (SaveSiteSettingsOrErrorPayload, error) {
	c := callOf(ctx)
	changes := make(map[string]string, len(input.Values))
	for _, v := range input.Values {
		changes[v.Key] = v.Value
	}
	state, position, err := r.Settings.SaveSettings(ctx, c.stage, input.ContentHash, changes)
	if err != nil {
		return fail[SaveSiteSettingsOrErrorPayload](ctx, err)
	}
	c.setPosition(position)
	return &SaveSiteSettingsPayload{Settings: r.siteSettings(state)}, nil
}

// NodeSettings implements QueryResolver.
func (r *resolver) NodeSettings(ctx context.Context) ([]NodeSetting, error) {
	out := make([]NodeSetting, len(r.api.NodeSettings))
	for i, s := range r.api.NodeSettings {
		out[i] = NodeSetting{Name: s.Name, Value: s.Value, Help: s.Help, Secret: s.Secret, IsSet: s.IsSet}
	}
	return out, nil
}
