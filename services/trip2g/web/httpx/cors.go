package httpx

import (
	"net/http"
	"slices"

	"trip2g/services/trip2g"
)

// vaultApps are the origins of Obsidian's windows: on a desktop, on iOS, on Android. Its plugins send
// some requests as any web page would, so that the app asks first whether it may (CORS).
var vaultApps = []string{"app://obsidian.md", "capacitor://localhost", "http://localhost"}

// AllowVaultApps lets the app that sent a request read the answer. It allows no cookies: a plugin has a key.
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

// IsPreflight reports whether a browser asks if a page of another site may send a request.
func IsPreflight(r *http.Request) bool {
	return r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != ""
}
