package trip2g

import "context"

// SettingsService reads and changes the settings of the whole site, in the note that has them (SettingsPath).
type SettingsService interface {
	SiteSettings(ctx context.Context) (SettingsState, error)
	// SaveSettings changes settings by their keys and publishes the note; all else in it stays. hash is the
	// Hash of the state that was changed: ECONFLICT if it is another one by now. EINVALID for what a
	// setting cannot be, with a field for each.
	SaveSettings(ctx context.Context, stage Stage, hash string, changes map[string]string) (SettingsState, Position, error)
}

// SettingsState is the settings as they are.
type SettingsState struct {
	Exists   bool   // there is a note that has them, and it is not hidden
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

// SettingKind is what a setting takes.
type SettingKind int

// LineSetting is a line of text, FileSetting the path of a file in the vault, SwitchSetting "true" or "false".
const (
	LineSetting SettingKind = iota
	FileSetting
	SwitchSetting
)
