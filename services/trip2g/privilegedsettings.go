package trip2g

import "cmp"

// PrivilegedSettings are the site settings with power over all pages and their readers. Only the
// owner or a key with ScopeSettings can change them.
type PrivilegedSettings struct {
	RawHTML            bool
	Stylesheet, Footer string
	Access             SiteAccess // in effect: the note's, else the stored one
}

// Privileged returns the privileged settings on a site with a stored default access.
func (s Settings) Privileged(stored SiteAccess) PrivilegedSettings {
	return PrivilegedSettings{s.RawHTML, s.Stylesheet, s.Footer, cmp.Or(s.Access, stored, AccessMembers)}
}

// Changed returns the keys of _settings.md that differ.
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
