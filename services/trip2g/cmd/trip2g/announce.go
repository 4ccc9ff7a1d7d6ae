package main

import (
	"net"

	"trip2g/services/trip2g/config"
	"trip2g/services/trip2g/console"
)

// announce logs what to do next with a leader that serves: its log is what "docker compose up" and
// "make run" end with.
func (n *node) announce(public net.Addr) {
	site := siteURL(n.config, public)
	n.log.Info().Str("site", site+"/").Str("sign_in", site+console.Prefix).Str("owner", n.config.OwnerEmail).
		Str("documentation", site+console.Prefix+"docs/").
		Msg("ready: open the site in a browser and sign in to publish a folder of notes")
}

// siteURL returns the URL of the site for a browser on this machine, where none is set.
func siteURL(c *config.Config, public net.Addr) string {
	if c.PublicURL != "" {
		return c.PublicURL
	}
	host, port, err := net.SplitHostPort(public.String())
	if ip := net.ParseIP(host); err != nil || ip == nil || ip.IsUnspecified() {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, port)
}
