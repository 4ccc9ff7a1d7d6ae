package account

import (
	"net/http/httptest"
	"strings"
	"testing"
)

func TestASignInLeadsToThisSiteOnly(t *testing.T) {
	for address, want := range map[string]string{
		"/":                         "/",
		"/guides/start?a=b&c=%20d":  "/guides/start?a=b&c=%20d",
		"/%D0%B7%D0%B0%D0%BC":       "/%D0%B7%D0%B0%D0%BC",
		"/a#part":                   "/a",
		"/a?next=https://b.example": "/a?next=https://b.example",
		"/%2Fevil.example":          "/%2Fevil.example",

		"":                             "",
		"a":                            "",
		"//evil.example":               "",
		"///evil.example":              "",
		`/\evil.example`:               "",
		`/a\b`:                         "",
		"/\t/evil.example":             "",
		"/\n/evil.example":             "",
		"/a\r\nSet-Cookie: b=c":        "",
		" /a":                          "",
		"https://evil.example/":        "",
		"javascript:alert(1)":          "",
		"/%zz":                         "",
		"/_system/signin":              "",
		"/_system/signin?next=/a":      "",
		"/_system/signout":             "",
		"/" + strings.Repeat("a", 5e3): "",
	} {
		if got := localURL(address); got != want {
			t.Errorf("localURL(%.60q) = %q, want %q", address, got, want)
		}
	}
}

func TestASignInLeadsBackToThePageThatTheLinkWasOn(t *testing.T) {
	for _, tt := range []struct{ query, referer, want string }{
		{"", "http://example.com/secret?a=b", "/secret?a=b"},
		{"?next=/other", "http://example.com/secret", "/other"},
		{"?next=//evil.example", "http://example.com/secret", ""},
		{"", "https://evil.example/secret", ""},
		{"", "http://example.com/_system/signin", ""},
		{"", "http://example.com", "/"},
		{"", "%", ""},
		{"", "", ""},
	} {
		r := httptest.NewRequest("GET", "http://example.com/_system/signin"+tt.query, nil)
		r.Header.Set("Referer", tt.referer)
		if got := nextURL(r); got != tt.want {
			t.Errorf("%q from %q leads to %q, want %q", tt.query, tt.referer, got, tt.want)
		}
	}
}
