package trip2g

import "strings"

// Scopes is a set of an API key's rights.
type Scopes uint8

// Scopes of a key.
const (
	ScopeRead     Scopes = 1 << iota // read all notes, their history and the site's state
	ScopePublish                     // publish, change and unpublish notes and files
	ScopeSettings                    // change PrivilegedSettings
)

// DefaultScopes are the scopes of a key created without a choice.
const DefaultScopes = ScopeRead | ScopePublish

const allScopes = ScopeRead | ScopePublish | ScopeSettings

// scopeNames are in the order of the constants.
var scopeNames = [...]string{"read", "publish", "settings"}

// Has reports whether all of some scopes are in the set.
func (s Scopes) Has(wanted Scopes) bool { return s&wanted == wanted }

// Names returns the names of the scopes in the order of the constants.
func (s Scopes) Names() []string {
	names := []string{}
	for i, name := range scopeNames {
		if s.Has(1 << i) {
			names = append(names, name)
		}
	}
	return names
}

// String returns the names, separated by commas.
func (s Scopes) String() string { return strings.Join(s.Names(), ",") }

// ParseScopes returns the scopes with these names; EINVALID for an unknown name.
func ParseScopes(names ...string) (scopes Scopes, err error) {
	for _, name := range names {
		scope := scopeOf(name)
		if scope == 0 {
			return 0, Errorf(EINVALID, "%q is no scope of a key: choose from %s", name, allScopes)
		}
		scopes |= scope
	}
	return scopes, nil
}

func scopeOf(name string) Scopes {
	for i, known := range scopeNames {
		if strings.EqualFold(strings.TrimSpace(name), known) {
			return 1 << i
		}
	}
	return 0
}

// Grant contains the rights of the owner or of an API key. The zero Grant allows nothing.
type Grant struct {
	Scopes Scopes
	Folder string // vault path below which publishing is allowed, without slashes at its ends; "": everywhere
}

// OwnerGrant allows everything.
var OwnerGrant = Grant{Scopes: allScopes}

// Includes reports whether a vault path is in the folder of the grant.
func (g Grant) Includes(path string) bool {
	return g.Folder == "" || strings.HasPrefix(path, g.Folder+"/")
}

// IncludesURL is Includes for the URL path that a note requests, "" for none. A slug can lead it
// out of the folder, onto another note's page.
func (g Grant) IncludesURL(url string) bool {
	if g.Folder == "" || url == "" {
		return true
	}
	folder, ok := NoteURL(g.Folder+"/index.md", "")
	return ok && (url == folder || strings.HasPrefix(url, strings.TrimSuffix(folder, "/")+"/"))
}

// Normalize returns the grant in its stored form. EINVALID for one that a key cannot have.
func (g Grant) Normalize() (Grant, error) {
	g.Folder = strings.Trim(NormalizePath(strings.TrimSpace(g.Folder)), "/")
	switch {
	case g.Scopes == 0 || g.Scopes&^allScopes != 0:
		return Grant{}, Errorf(EINVALID, "choose what the key may do: one or more of %s", allScopes)
	case g.Folder == "":
		return g, nil
	case !g.Scopes.Has(ScopePublish):
		return Grant{}, Errorf(EINVALID, "a folder bounds where a key may publish: add the scope publish, or leave the folder out")
	case g.Scopes.Has(ScopeSettings):
		return Grant{}, Errorf(EINVALID, "the settings are the whole site's: a key for a folder cannot have the scope settings")
	}
	if err := ValidatePath(g.Folder + "/note.md"); err != nil {
		return Grant{}, Errorf(EINVALID, "the folder of the key: %s", ErrorMessage(err))
	}
	return g, nil
}
