package server

import (
	"cmp"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/web/admin"
)

// announce logs what to do next once a leader serves. "docker compose up" and "make run" end with
// this line.
func (n *node) announce() {
	site := cmp.Or(n.config.PublicURL, n.localURL())
	n.log.Info().Str("site", site+"/").Str("sign_in", site+admin.Prefix).Str("owner", n.config.OwnerEmail).
		Str("documentation", site+trip2g.DocsURL).
		Msg("ready: open the site in a browser and sign in to publish a folder of notes")
}
