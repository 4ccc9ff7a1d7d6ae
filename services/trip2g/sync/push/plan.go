package push

import (
	"slices"

	"trip2g/services/trip2g"
)

// plan is how a vault and a server differ.
type plan struct {
	base      Base              // nil if everything goes
	send      []trip2g.NotePath // the server's entry for each note to send; only Path if it has none
	unchanged []trip2g.NotePath // the server's entries
	older     []string          // not to send or hide: the server has a version that the vault never had
	hide      []string
	left      []string // what hide would have if hiding was asked for
	neverHad  []string // not to hide: the vault never had them
	excluded  []string // what hide would have if hiding was asked for: notes that a rule keeps out of pushes
}

// compare plans a push. The server's list is by path, and so are the plan's.
func compare(o Options, remote []trip2g.NotePath) (plan, error) {
	p := plan{base: o.Base}
	if o.Force || len(remote) == 0 { // a server without a note is a new one
		p.base = nil
	}
	local := o.Vault.Notes()
	known := byPath(remote)
	for _, n := range local {
		there, ok := known[n.Path]
		switch {
		case ok && there.Hash == n.Hash:
			p.unchanged = append(p.unchanged, there)
		case p.unedited(n.Path, hexOf(n.Hash)):
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
	delete(known, trip2g.SettingsPath) // the Settings form makes it on the server: a folder without it says nothing about it
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
			p.addGone(n, o)
		case o.Delete:
			p.hide = append(p.hide, n.Path)
		default:
			p.excluded = append(p.excluded, n.Path)
		}
	}
	slices.Sort(p.hide)
	slices.Sort(p.older)
	if len(p.hide) > 0 && len(local) == 0 {
		return plan{}, trip2g.Errorf(trip2g.EINVALID, "the folder has no notes, and %d that the server has would be hidden: is it the right folder?", len(p.hide))
	}
	return p, nil
}

// hideVariants plans to hide what the server has under another name for a note that is sent under a new one,
// where the names differ only in letter case: it is the note, renamed, and the server keeps its history.
func (p *plan) hideVariants(known map[string]trip2g.NotePath) {
	variants := make(map[string][]string)
	for path := range known {
		variants[trip2g.FoldPath(path)] = append(variants[trip2g.FoldPath(path)], path)
	}
	for _, n := range p.send {
		others := variants[trip2g.FoldPath(n.Path)]
		if n.ID == 0 && len(others) == 1 && p.had(others[0]) {
			p.hide = append(p.hide, others[0])
			delete(known, others[0])
		}
	}
}

// addGone plans what to do about a note that the server has and the vault has not.
func (p *plan) addGone(n trip2g.NotePath, o Options) {
	path := n.Path
	switch {
	case p.changedThere(n):
		p.older = append(p.older, path)
	case o.Memory.saw(path): // it was removed or renamed under the eyes of a watch
		p.hide = append(p.hide, path)
	case !p.had(path):
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
