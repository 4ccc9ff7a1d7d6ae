package push

import (
	"fmt"
	"slices"

	"trip2g/services/trip2g"
)

// uncertain replaces the hash of a file that a failed push may have changed on the server. It
// matches no file, so that the next push sends the file, and the next pull does not overwrite it.
const uncertain = "?"

// everHad reports whether the vault ever had a note. Without a base, it may have had any.
func (p plan) everHad(path string) bool {
	if p.base == nil {
		return true
	}
	_, had := p.base.Hash(path)
	return had
}

// unmodified reports whether a file has not changed since it was last pulled or pushed.
func (p plan) unmodified(path, hash string) bool {
	if p.base == nil {
		return false
	}
	was, had := p.base.Hash(path)
	return had && was == hash
}

// changedThere reports whether a note has changed on the server since the last pull or push.
func (p plan) changedThere(n trip2g.NotePath) bool {
	if p.base == nil {
		return false
	}
	was, had := p.base.Hash(n.Path)
	return had && was != uncertain && was != hexOf(n.Hash)
}

// hexOf converts a note's hash to that of a base, "" if it is invalid.
func hexOf(contentHash string) string {
	hash, _ := trip2g.HexHash(contentHash)
	return hash
}

// filesOf returns the hashes of each file on the server.
func filesOf(notes []trip2g.NotePath) map[string][]string {
	out := map[string][]string{}
	for _, n := range notes {
		for _, a := range n.Assets {
			if !slices.Contains(out[a.AbsolutePath], a.Hash) {
				out[a.AbsolutePath] = append(out[a.AbsolutePath], a.Hash)
			}
		}
	}
	return out
}

// keepsServers reports whether a file is not sent because the server's version is newer. Such a
// file is sent for no note, not even a new one. Otherwise the next push would mistake it for the
// server's version.
func (r *run) keepsServers(w wanted, path, hash string) bool {
	there := r.remoteFiles[path]
	differs := w.has.Hash != "" && w.has.Hash != hash
	switch {
	case len(there) == 0, !r.unmodified(path, hash):
		return false
	case slices.Contains(there, hash):
		if differs {
			r.Reporter.Warn(trip2g.Warning{Path: w.notePath, Text: fmt.Sprintf("refers to %q, of which the server has a different version for this note than for others; it was not changed: pull it, or use --force to send the folder's version", w.ref)})
		}
		return differs
	case !slices.Contains(r.summary.Older, path):
		r.summary.Older = append(r.summary.Older, path)
		slices.Sort(r.summary.Older)
	}
	return true
}

// updateBase records the files that are equal in the vault and on the server after a push.
func (r *run) updateBase() {
	if r.Base == nil {
		return
	}
	for _, n := range r.unchanged {
		r.Base.Remember(n.Path, hexOf(n.Hash))
	}
	for _, path := range r.summary.Sent {
		r.Base.Remember(path, hexOf(r.after[path].Hash))
	}
	for path, hash := range r.inSync {
		r.Base.Remember(path, hash)
	}
	for _, path := range r.summary.Hidden {
		r.Base.Forget(path)
	}
	r.saveBase()
}

// markUncertain treats everything that a failed push touched as possibly changed on the server.
func (r *run) markUncertain() {
	if r.Base == nil {
		return
	}
	for _, n := range r.send {
		r.Base.Remember(n.Path, uncertain)
	}
	for _, path := range slices.Concat(r.hide, r.uploading) {
		r.Base.Remember(path, uncertain)
	}
	r.saveBase()
}

func (r *run) saveBase() {
	if err := r.Base.Save(); err != nil {
		r.Reporter.Warn(trip2g.Warning{Path: ".trip2g", Text: "the state of this folder cannot be saved: " + trip2g.ErrorMessage(err)})
	}
}
