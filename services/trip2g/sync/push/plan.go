package push

import (
	"slices"

	"trip2g/services/trip2g"
)

// plan is the difference between a vault and a server.
type plan struct {
	base      Base              // nil to send everything
	send      []trip2g.NotePath // the server's entry for each note to send; only Path for a new one
	unchanged []trip2g.NotePath // the server's entries
	older     []string          // neither sent nor hidden: the server has a newer version
	hide      []string
	left      []string // would be in hide with Delete
	neverHad  []string // not hidden, because they were never in the vault
	excluded  []string // like left, for notes that a rule excludes
}

// compare plans a push. All lists are sorted by path.
func compare(o Options, remote []trip2g.NotePath) (plan, error) {
	p := plan{base: o.Base}
	if o.Force || len(remote) == 0 { // an empty server is a new one
		p.base = nil
	}
	local := o.Vault.Notes()
	known := byPath(remote)
	for _, n := range local {
		there, ok := known[n.Path]
		switch {
		case ok && there.Hash == n.Hash:
			p.unchanged = append(p.unchanged, there)
		case p.unmodified(n.Path, hexOf(n.Hash)):
			p.older = append(p.older, n.Path)
		case ok:
			p.send = append(p.send, there)
		default:
			p.send = append(p.send, trip2g.NotePath{Path: n.Path})
		}
		delete(known, n.Path)
	}
	for _, path := range o.Vault.LeftOut() {
		delete(known, path)
	}
	p.hideVariants(known)
	// The admin page creates it on the server, so a folder without it is normal.
	delete(known, trip2g.SettingsPath)
	excluded := make(map[string]bool)
	for _, e := range o.Vault.Excluded() {
		excluded[e.Path] = true
	}
	for _, n := range remote {
		if _, gone := known[n.Path]; !gone {
			continue
		}
		switch {
		case !excluded[n.Path]:
			p.addMissing(n, o)
		case o.Delete:
			p.hide = append(p.hide, n.Path)
		default:
			p.excluded = append(p.excluded, n.Path)
		}
	}
	slices.Sort(p.hide)
	slices.Sort(p.older)
	if len(p.hide) > 0 && len(local) == 0 {
		return plan{}, trip2g.Errorf(trip2g.EINVALID, "the folder has no notes, and %d published notes would be unpublished: is it the right folder?", len(p.hide))
	}
	return p, nil
}

// hideVariants plans to hide the old path of a note that is sent under a path that differs only in
// letter case. It is a renamed note, whose history the server keeps.
func (p *plan) hideVariants(known map[string]trip2g.NotePath) {
	variants := make(map[string][]string)
	for path := range known {
		variants[trip2g.FoldPath(path)] = append(variants[trip2g.FoldPath(path)], path)
	}
	for _, n := range p.send {
		others := variants[trip2g.FoldPath(n.Path)]
		if n.ID == 0 && len(others) == 1 && p.everHad(others[0]) {
			p.hide = append(p.hide, others[0])
			delete(known, others[0])
		}
	}
}

// addMissing plans what happens to a note that the server has and the vault does not.
func (p *plan) addMissing(n trip2g.NotePath, o Options) {
	path := n.Path
	switch {
	case p.changedThere(n):
		p.older = append(p.older, path)
	case o.Memory.wasInVault(path): // removed or renamed during a watch
		p.hide = append(p.hide, path)
	case !p.everHad(path):
		p.neverHad = append(p.neverHad, path)
	case o.Delete:
		p.hide = append(p.hide, path)
	default:
		p.left = append(p.left, path)
	}
}

func byPath(notes []trip2g.NotePath) map[string]trip2g.NotePath {
	out := make(map[string]trip2g.NotePath, len(notes))
	for _, n := range notes {
		out[n.Path] = n
	}
	return out
}
