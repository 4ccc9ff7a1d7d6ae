package http_test

import (
	"net/http"
	"strings"
	"testing"
)

// Obsidian sends a preflight request before it sends a key to another origin.
func TestObsidianMaySendAKeyAndOtherSitesMayNot(t *testing.T) {
	n := newNode(t)
	for _, path := range []string{"/_system/graphql", "/graphql"} {
		for origin, allowed := range map[string]bool{
			"app://obsidian.md": true, "capacitor://localhost": true, "http://localhost": true, "https://elsewhere.example": false, "null": false,
		} {
			response, _ := n.ask(t, http.MethodOptions, path, "Origin", origin, "Access-Control-Request-Method", "POST",
				"Access-Control-Request-Headers", "content-type,x-api-key,x-plugin-version")
			want := ""
			if allowed {
				want = origin
			}
			header := response.Header
			if got := header.Get("Access-Control-Allow-Origin"); response.StatusCode != http.StatusNoContent || got != want || header.Get("Access-Control-Allow-Credentials") != "" {
				t.Errorf("%s from %s: status %d, allowed %q", path, origin, response.StatusCode, got)
			}
			if names := strings.ToLower(header.Get("Access-Control-Allow-Headers")); allowed && !(strings.Contains(names, "x-api-key") && strings.Contains(names, "x-plugin-version")) {
				t.Errorf("%s from %s: the headers %q are allowed", path, origin, names)
			}
		}
	}
}
