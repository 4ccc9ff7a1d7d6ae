package trip2g_test

import (
	"testing"

	"trip2g/services/trip2g"
)

func TestABrowserIsNamedAsPeopleKnowIt(t *testing.T) {
	for agent, want := range map[string]string{
		"Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0":                                                                  "Firefox on Linux",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36":                         "Chrome on Windows",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1": "Safari on iOS",
		"": "A browser or program of unknown name",
	} {
		if got := (trip2g.Session{UserAgent: agent}).Browser(); got != want {
			t.Errorf("%q is called %q, want %q", agent, got, want)
		}
	}
}
