package notfound

import (
	"testing"

	"github.com/rs/zerolog"
)

// TestTheOwnersListHasOnlyWhatReadersFollow counts typical paths of scanners along with those of
// pages, some of which have similar names.
func TestTheOwnersListHasOnlyWhatReadersFollow(t *testing.T) {
	for path, counts := range map[string]bool{
		"/favicon.ico": false, "/Favicon.ICO": false, "/apple-touch-icon-120x120-precomposed.png": false, "/manifest.json": false,
		"/site.webmanifest": false, "/sw.js": false, "/robots.txt": false, "/ads.txt": false, "/.well-known/security.txt": false,
		"/wp-login.php": false, "/blog/wp-includes/wlwmanifest.xml": false, "/index.php": false, "/.env": false, "/.git/config": false, "/app/.env.local": false,

		"/favicon": true, "/guides/favicon.ico": true, "/my-manifest": true, "/robots": true, "/notes/php": true, "/wpm": true,
		"/old/page": true, "/picture.png": true, "/guides/robots.txt": true, "/notes/about.php-in-general": true,
	} {
		m := NewTracker(nil, zerolog.Nop(), nil)
		m.Add(path)
		if got := m.waiting() == 1; got != counts {
			t.Errorf("%s is counted: %v", path, got)
		}
	}
}
