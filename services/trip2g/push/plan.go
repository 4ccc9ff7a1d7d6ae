package push

import (
	"trip2g/services/trip2g"
)

// plan is how a vault and a server differ.
type plan struct {
	send      []trip2g.NotePath // the server's entry for each note to send; only Path if it has none
	unchanged []trip2g.NotePath // the server's entries
	hide      []string
	left      []string // what hide would have if hiding was asked for
}

// compare plans a push. The server's list is by path, and so are the plan's.
func compare(vault Vault, remote []trip2g.NotePath, hideGone bool) (plan, error) {
	var p plan
	local := vault.Notes()
	known := byPath(remote)
	for _, n := range local {
		there, ok := known[n.Path]
		switch {
		case !ok:
			p.send = append(p.send, trip2g.NotePath{Path: n.Path})
		case there.Hash != n.Hash:
			p.send = append(p.send, there)
		default:
			p.unchanged = append(p.unchanged, there)
		}
		delete(known, n.Path)
	}
	for _, path := range vault.LeftOut() {
		delete(known, path)
	}
	var gone []string
	for _, n := range remote {
		if _, ok := known[n.Path]; ok {
			gone = append(gone, n.Path)
		}
	}
	switch {
	case !hideGone:
		p.left = gone
	case len(gone) > 0 && len(local) == 0:
		return plan{}, trip2g.Errorf(trip2g.EINVALID, "the folder has no notes, and --delete would hide all %d that the server has: is it the right folder?", len(gone))
	default:
		p.hide = gone
	}
	return p, nil
}

func byPath(notes []trip2g.NotePath) map[string]trip2g.NotePath {
	out := make(map[string]trip2g.NotePath, len(notes))
	for _, n := range notes {
		out[n.Path] = n
	}
	return out
}
