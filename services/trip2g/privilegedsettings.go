package trip2g

import "cmp"

// PrivilegedSettings is those of the site's settings that give power over all pages and their readers. They change
// only by the owner, or by a key with ScopeSettings.
type PrivilegedSettings struct {
	RawHTML            bool
	Stylesheet, Footer string
	Access             SiteAccess // that is in force: the note's, else the stored one
}

// Privileged returns the settings that give power on a site with a stored default.
func (s Settings) Privileged(stored SiteAccess) PrivilegedSettings {
	return PrivilegedSettings{s.RawHTML, s.Stylesheet, s.Footer, cmp.Or(s.Access, stored, AccessMembers)}
}

// Changed lists the keys of _settings.md that differ.
func (p PrivilegedSettings) Changed(other PrivilegedSettings) (keys []string) {
	for _, setting := range []struct {
		key     string
		differs bool
	}{
		{"raw_html", p.RawHTML != other.RawHTML},
		{"stylesheet", p.Stylesheet != other.Stylesheet},
		{"footer", p.Footer != other.Footer},
		{"access", p.Access != other.Access},
	} {
		if setting.differs {
			keys = append(keys, setting.key)
		}
	}
	return keys
}
