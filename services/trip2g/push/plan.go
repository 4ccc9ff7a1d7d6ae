package push

import (
	"trip2g/services/trip2g"
)

// plan is how a vault and a server differ.
type plan struct {
	send      []trip2g.NotePath // the server's entry for each note to send; only Path if it has none
	unchanged []trip2g.NotePath // the server's entries
	hide      []string
}

// compare plans a push. Both lists are by path, and so are the plan's.
func compare(local, remote []trip2g.NotePath, hideGone bool) (plan, error) {
	var p plan
	known := make(map[string]trip2g.NotePath, len(remote))
	for _, n := range remote {
		known[n.Path] = n
	}
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
	if !hideGone || len(known) == 0 {
		return p, nil
	}
	if len(local) == 0 {
		return plan{}, trip2g.Errorf(trip2g.EINVALID, "the folder has no notes, and --delete would hide all %d that the server has: is it the right folder?", len(known))
	}
	for _, n := range remote {
		if _, gone := known[n.Path]; gone {
			p.hide = append(p.hide, n.Path)
		}
	}
	return p, nil
}
