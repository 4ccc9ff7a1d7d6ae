package site

import (
	"cmp"
	"strings"

	"trip2g/services/trip2g"
)

// settleAccess resolves the notes that do not say who may read them again, if the default changed.
// Their documents stay as they are.
func (c *catalog) settleAccess() {
	chosen := c.accessState().Default
	if chosen == trip2g.AccessNotChosen {
		chosen = trip2g.AccessMembers // as which it acts
	}
	if chosen == c.access {
		return
	}
	c.access = chosen
	for _, n := range c.notes {
		if access := n.doc.Access.Resolve(chosen); access != n.access {
			c.put(&note{n.Note, n.doc, access})
		}
	}
}

// accessState reports who may read the notes: the owner's settings come before the database's.
func (c *catalog) accessState() trip2g.AccessState {
	override := trip2g.AccessNotChosen
	if owner := c.nextOwner(); owner != nil {
		override = owner.doc.Settings.Access
	}
	return c.said.State(c.siteAccess, override)
}

// notePath names a note in the order of the paths.
type notePath struct {
	path string
	id   int64
}

func compareNotePaths(a, b notePath) int {
	return cmp.Or(strings.Compare(a.path, b.path), cmp.Compare(a.id, b.id))
}

// unspecifiedOf returns an entry that does not say who may read it.
func unspecifiedOf(e *entry) []notePath {
	if !e.saysNothing() {
		return nil
	}
	return []notePath{{e.Path, e.ID}}
}
