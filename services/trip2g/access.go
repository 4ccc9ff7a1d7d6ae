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

// NoteAccess is who may read a note. A later value keeps the note from more readers.
type NoteAccess uint8

// Who may read a note, the owner aside.
const (
	Unspecified NoteAccess = iota // the note does not say: the site's default decides
	Public                        // everyone
	ForMembers                    // members
	ForGroups                     // members of groups that the note names
	NotShown                      // nobody: the note has no page
)

// Access says who may read a note. Values are comparable.
type Access struct {
	Level  NoteAccess
	Groups Groups // of a note with the level ForGroups; without any, the note is the owner's
}

// Resolve returns the access of a note on a site with a default.
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

// SiteAccess is who may read the notes of a site that do not say.
type SiteAccess uint8

// Defaults of a site.
const (
	AccessNotChosen SiteAccess = iota // acts as AccessMembers
	AccessMembers
	AccessEveryone
)

// String returns the default's name in _settings.md, "" for none.
func (a SiteAccess) String() string { return [...]string{"", "members", "everyone"}[a] }

// ParseSiteAccess reads a default by its name.
func ParseSiteAccess(name string) (access SiteAccess, ok bool) {
	for _, a := range []SiteAccess{AccessMembers, AccessEveryone} {
		if strings.EqualFold(strings.TrimSpace(name), a.String()) {
			return a, true
		}
	}
	return AccessNotChosen, false
}

// Groups is a set of groups of members. Names differ by more than letter case, blanks around them and
// Unicode normalization. Values are comparable: equal sets are equal.
type Groups struct {
	names string // in byte order, each between line feeds
}

// NewGroups returns the set of the groups with some names. Empty names are left out.
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

// FoldGroup returns the name by which a group is known: lower case, NFC, single blanks between its words.
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

// Names lists the names in byte order.
func (g Groups) Names() []string { return slices.Collect(g.All()) }

// IsEmpty reports whether there is no group in the set.
func (g Groups) IsEmpty() bool { return g.names == "" }

// within returns those of the groups that another set has.
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

// AccessCounts counts notes by what they say of who may read them. Notes that are no page whatever they
// say, as templates, are not counted.
type AccessCounts struct{ Public, Members, Groups, NotShown, Unspecified int }

// Count adds delta notes like a document at a path.
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

// State returns who may read these notes on a site with a default that is stored and what its settings note
// has instead.
func (c AccessCounts) State(stored, override SiteAccess) AccessState {
	s := AccessState{cmp.Or(override, stored), stored, c}
	*s.unspecified() += c.Unspecified
	return s
}

// AccessState is who may read a site: how many of its notes may be read by whom, and how many of those do
// not say so themselves (Unspecified).
type AccessState struct {
	Default SiteAccess
	Stored  SiteAccess // as the database has it: the site's settings come first
	AccessCounts
}

// Declared returns what the notes say themselves.
func (s AccessState) Declared() AccessCounts {
	*s.unspecified() -= s.Unspecified
	return s.AccessCounts
}

// unspecified is where the notes count that do not say.
func (s *AccessState) unspecified() *int {
	if s.Default == AccessEveryone {
		return &s.Public
	}
	return &s.Members
}

// AccessService reports who may read the site, and changes its default.
type AccessService interface {
	// SiteAccess reports who may read what is published.
	SiteAccess(ctx context.Context) (AccessState, error)
	// StagedAccess reports who could read the site if the stage were committed.
	StagedAccess(ctx context.Context, stage Stage) (AccessState, error)
	// UnspecifiedNotes lists the paths of at most limit notes that do not say who may read them.
	UnspecifiedNotes(ctx context.Context, limit int) ([]string, error)
	// SetSiteAccess changes the default. AccessEveryone needs expectedPublic, how many notes become public by it:
	// ECONFLICT if that is another number. ECONFLICT, too, where _settings.md has another default of its own.
	SetSiteAccess(ctx context.Context, access SiteAccess, expectedPublic *int) (AccessState, Position, error)
}

// AnyPosition is at or after every position.
const AnyPosition Position = math.MaxInt64

// MaxUnspecified bounds a list of notes that do not say who may read them.
const MaxUnspecified = 1000

// AccessStore keeps the default of the site on the leader.
type AccessStore interface {
	// SetSiteAccess stores the default. ECONFLICT if a note changed after the position ifAt.
	SetSiteAccess(ctx context.Context, access SiteAccess, ifAt Position) (Position, error)
	// StagedNotes lists what a stage would change when it is committed: at most limit notes with greater IDs
	// than after, in their order.
	StagedNotes(ctx context.Context, stage Stage, after int64, limit int) ([]StagedChange, error)
}

// StagedChange is a note as readers see it and as they would if its stage were committed.
type StagedChange struct {
	ID          int64
	Path        string
	Live, After *string // texts; nil for a note that readers do not see
}
