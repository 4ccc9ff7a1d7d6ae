package trip2g

import "context"

// SettingsService reads and changes the site settings in the note SettingsPath.
type SettingsService interface {
	SiteSettings(ctx context.Context) (SettingsState, error)
	// SaveSettings changes settings by their keys, keeps the rest of the note and publishes it.
	// hash is the Hash of the state that the change is based on: ECONFLICT if it is outdated.
	// EINVALID for invalid values, with a field for each.
	SaveSettings(ctx context.Context, stage Stage, hash string, changes map[string]string) (SettingsState, Position, error)
}

// SettingsState contains the current settings.
type SettingsState struct {
	Exists   bool   // the note exists and is not hidden
	Hash     string // ContentHash of its text; "" without one
	Content  string
	Values   []SiteSetting
	Warnings []Warning
}

// SiteSetting is one of the site's settings.
type SiteSetting struct {
	Key     string // of the note's frontmatter
	Kind    SettingKind
	Title   string
	Help    string
	Default string // of a SwitchSetting
	Value   string
}

// SettingKind is the type of a setting's value.
type SettingKind int

// LineSetting is a line of text, FileSetting the path of a file in the vault, SwitchSetting "true"
// or "false".
const (
	LineSetting SettingKind = iota
	FileSetting
	SwitchSetting
)
