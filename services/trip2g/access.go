package trip2g

import (
	"cmp"
	"context"
	"iter"
	"math"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// NoteAccess is a note's access level. Each level admits fewer visitors than the one before it.
type NoteAccess uint8

// Access levels of a note. The owner can read every note.
const (
	Unspecified NoteAccess = iota // not set in the note: the site's default applies
	Public                        // everyone
	ForMembers                    // members
	ForGroups                     // members of groups that the note names
	NotShown                      // nobody: the note has no page
)

// Access determines who can read a note. Values are comparable.
type Access struct {
	Level  NoteAccess
	Groups Groups // set for ForGroups; if empty, only the owner can read the note
}

// Resolve replaces Unspecified by the site's default.
func (a Access) Resolve(site SiteAccess) Access {
	switch {
	case a.Level != Unspecified:
		return a
	case site == AccessEveryone:
		return Access{Level: Public}
	default:
		return Access{Level: ForMembers}
	}
}

// SiteAccess is the default access of notes that set none themselves.
type SiteAccess uint8

// Defaults of a site.
const (
	AccessNotChosen SiteAccess = iota // acts as AccessMembers
	AccessMembers
	AccessEveryone
)

// String returns the default's name in _settings.md, "" for AccessNotChosen.
func (a SiteAccess) String() string { return [...]string{"", "members", "everyone"}[a] }

// ParseSiteAccess returns the default with a name.
func ParseSiteAccess(name string) (access SiteAccess, ok bool) {
	for _, a := range []SiteAccess{AccessMembers, AccessEveryone} {
		if strings.EqualFold(strings.TrimSpace(name), a.String()) {
			return a, true
		}
	}
	return AccessNotChosen, false
}

// Groups is a set of groups of members. Letter case, blanks around a name and Unicode normalization
// do not distinguish names. Values are comparable: equal sets are equal.
type Groups struct {
	names string // in byte order, each between line feeds
}

// NewGroups returns the set of the named groups. Empty names are left out.
func NewGroups(names ...string) Groups {
	var folded []string
	for _, name := range names {
		if name = FoldGroup(name); name != "" {
			folded = append(folded, name)
		}
	}
	if len(folded) == 0 {
		return Groups{}
	}
	slices.Sort(folded)
	return Groups{"\n" + strings.Join(slices.Compact(folded), "\n") + "\n"}
}

// FoldGroup returns the canonical form of a group's name: lower case, NFC, single blanks between
// words.
func FoldGroup(name string) string {
	return strings.ToLower(norm.NFC.String(strings.Join(strings.Fields(name), " ")))
}

// All yields the names in byte order.
func (g Groups) All() iter.Seq[string] {
	return func(yield func(string) bool) {
		for rest := g.names; len(rest) > 1; {
			end := strings.IndexByte(rest[1:], '\n') + 1
			if !yield(rest[1:end]) {
				return
			}
			rest = rest[end:]
		}
	}
}

// Names returns the names in byte order.
func (g Groups) Names() []string { return slices.Collect(g.All()) }

// IsEmpty reports whether the set has no group.
func (g Groups) IsEmpty() bool { return g.names == "" }

// within returns the intersection of two sets.
func (g Groups) within(other Groups) Groups {
	return NewGroups(slices.DeleteFunc(g.Names(), func(name string) bool { return !strings.Contains(other.names, "\n"+name+"\n") })...)
}

// Overlaps reports whether two sets have a group in common.
func (g Groups) Overlaps(other Groups) bool {
	for rest := g.names; len(rest) > 1; {
		end := strings.IndexByte(rest[1:], '\n') + 2
		if strings.Contains(other.names, rest[:end]) {
			return true
		}
		rest = rest[end-1:]
	}
	return false
}

// AccessCounts counts notes by their own access level. Notes that never have a page, such as
// templates, are not counted.
type AccessCounts struct{ Public, Members, Groups, NotShown, Unspecified int }

// Count adds delta notes with the access of doc at a path.
func (c *AccessCounts) Count(doc *Document, path string, delta int) {
	if _, ok := NoteURL(path, doc.Slug); !ok {
		return
	}
	switch doc.Access.Level {
	case Unspecified:
		c.Unspecified += delta
	case Public:
		c.Public += delta
	case ForMembers:
		c.Members += delta
	case ForGroups:
		c.Groups += delta
	case NotShown:
		c.NotShown += delta
	}
}

// State returns the access of the counted notes under the stored default and the default in the
// settings note, which overrides it.
func (c AccessCounts) State(stored, override SiteAccess) AccessState {
	s := AccessState{cmp.Or(override, stored), stored, c}
	*s.unspecified() += c.Unspecified
	return s
}

// AccessState counts a site's notes by their resolved access. Unspecified counts those of them that
// set no access themselves.
type AccessState struct {
	Default SiteAccess
	Stored  SiteAccess // in the database; the settings note overrides it
	AccessCounts
}

// Declared returns the counts by the notes' own access levels.
func (s AccessState) Declared() AccessCounts {
	*s.unspecified() -= s.Unspecified
	return s.AccessCounts
}

// unspecified returns the count that includes the notes without an access of their own.
func (s *AccessState) unspecified() *int {
	if s.Default == AccessEveryone {
		return &s.Public
	}
	return &s.Members
}

// AccessService reports who can read the site, and changes the default.
type AccessService interface {
	// SiteAccess returns the access of the published notes.
	SiteAccess(ctx context.Context) (AccessState, error)
	// StagedAccess returns the access that the site would have after a commit of the stage.
	StagedAccess(ctx context.Context, stage Stage) (AccessState, error)
	// UnspecifiedNotes lists the paths of at most limit notes that set no access themselves.
	UnspecifiedNotes(ctx context.Context, limit int) ([]string, error)
	// SetSiteAccess changes the default. AccessEveryone requires expectedPublic, the number of
	// notes that become public by it. ECONFLICT if the number differs, or if _settings.md sets
	// another default.
	SetSiteAccess(ctx context.Context, access SiteAccess, expectedPublic *int) (AccessState, Position, error)
}

// AnyPosition is the largest position.
const AnyPosition Position = math.MaxInt64

// MaxUnspecified limits a list of notes that set no access themselves.
const MaxUnspecified = 1000

// AccessStore stores the site's default access on the leader.
type AccessStore interface {
	// SetSiteAccess stores the default. ECONFLICT if a note changed after the position ifAt.
	SetSiteAccess(ctx context.Context, access SiteAccess, ifAt Position) (Position, error)
	// StagedNotes lists the changes that a commit of a stage would make: at most limit notes, by
	// ID, with IDs greater than after.
	StagedNotes(ctx context.Context, stage Stage, after int64, limit int) ([]StagedChange, error)
}

// StagedChange is a note before and after a commit of its stage.
type StagedChange struct {
	ID          int64
	Path        string
	Live, After *string // texts; nil for a note that is not published
}
