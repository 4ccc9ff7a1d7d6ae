package push

import (
	"fmt"
	"slices"

	"trip2g/services/trip2g"
)

// unsure is the hash of what a push that failed may have changed on the server. No file has it, so that
// the next push sends the file whatever it is by then, and the next pull overwrites nothing.
const unsure = "?"

// had tells whether the vault ever had a note. Without a base any may have been there.
func (p plan) had(path string) bool {
	if p.base == nil {
		return true
	}
	_, had := p.base.Hash(path)
	return had
}

// unedited tells whether a file of the vault is as it came or was last sent.
func (p plan) unedited(path, hash string) bool {
	if p.base == nil {
		return false
	}
	was, had := p.base.Hash(path)
	return had && was == hash
}

// changedThere reports whether the server has another text of a note than the vault last had.
func (p plan) changedThere(n trip2g.NotePath) bool {
	if p.base == nil {
		return false
	}
	was, had := p.base.Hash(n.Path)
	return had && was != unsure && was != hexOf(n.Hash)
}

// hexOf gives a note's hash as a base has it, "" for what is none.
func hexOf(contentHash string) string {
	hash, _ := trip2g.HexHash(contentHash)
	return hash
}

// filesOf gives the hashes that a server has of each file.
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

// heldBack tells whether a file stays where it is because the server's is newer. A file of which the server
// has no such version goes with no note, also with a new one: else it would pass for the server's when the
// next push looks.
func (r *run) heldBack(w wanted, path, hash string) bool {
	there := r.remoteFiles[path]
	differs := w.has.Hash != "" && w.has.Hash != hash
	switch {
	case len(there) == 0, !r.unedited(path, hash):
		return false
	case slices.Contains(there, hash):
		if differs {
			r.Reporter.Warn(trip2g.Warning{Path: w.notePath, Text: fmt.Sprintf("refers to %q, of which the server has another version for this note and the folder's for others; it was left so: pull, or --force to send the folder's", w.ref)})
		}
		return differs
	case !slices.Contains(r.summary.Older, path):
		r.summary.Older = append(r.summary.Older, path)
		slices.Sort(r.summary.Older)
	}
	return true
}

// keepBase remembers what vault and server have alike after a push.
func (r *run) keepBase() {
	if r.Base == nil {
		return
	}
	for _, n := range r.unchanged {
		r.Base.Remember(n.Path, hexOf(n.Hash))
	}
	for _, path := range r.summary.Sent {
		r.Base.Remember(path, hexOf(r.after[path].Hash))
	}
	for path, hash := range r.alike {
		r.Base.Remember(path, hash)
	}
	for _, path := range r.summary.Hidden {
		r.Base.Forget(path)
	}
	r.saveBase()
}

// doubt marks what a push that failed was about: what it staged counts as the server's for the next one.
func (r *run) doubt() {
	if r.Base == nil {
		return
	}
	for _, n := range r.send {
		r.Base.Remember(n.Path, unsure)
	}
	for _, path := range slices.Concat(r.hide, r.uploading) {
		r.Base.Remember(path, unsure)
	}
	r.saveBase()
}

func (r *run) saveBase() {
	if err := r.Base.Save(); err != nil {
		r.Reporter.Warn(trip2g.Warning{Path: ".trip2g", Text: "what this folder has in common with the server cannot be kept there: " + trip2g.ErrorMessage(err)})
	}
}
