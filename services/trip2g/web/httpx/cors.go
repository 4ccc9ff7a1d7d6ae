package httpx

import (
	"net/http"
	"slices"

	"trip2g/services/trip2g"
)

// vaultApps are the origins of Obsidian on the desktop, iOS and Android. Some requests of its
// plugins are subject to CORS.
var vaultApps = []string{"app://obsidian.md", "capacitor://localhost", "http://localhost"}

// AllowVaultApps allows Obsidian to read the response. It does not allow cookies, because plugins
// use a key.
func AllowVaultApps(answer http.Header, r *http.Request) {
	answer.Add("Vary", "Origin")
	origin := r.Header.Get("Origin")
	if !slices.Contains(vaultApps, origin) {
		return
	}
	answer.Set("Access-Control-Allow-Origin", origin)
	answer.Set("Access-Control-Expose-Headers", trip2g.PositionHeader)
	if IsPreflight(r) {
		answer.Set("Access-Control-Allow-Methods", http.MethodPost)
		answer.Set("Access-Control-Allow-Headers", "Content-Type, Accept, X-API-Key, X-Plugin-Version, "+trip2g.PushIDHeader)
		answer.Set("Access-Control-Max-Age", "7200")
	}
}

// IsPreflight reports whether a request is a CORS preflight.
func IsPreflight(r *http.Request) bool {
	return r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != ""
}
