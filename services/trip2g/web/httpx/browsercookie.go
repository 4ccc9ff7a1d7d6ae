package httpx

import (
	"crypto/rand"
	"net/http"
	"time"
	"trip2g/services/trip2g"
)

// browserCookie identifies the browser that requested a sign-in code. It does not authenticate.
const browserCookie = "trip2g_browser"

// browserCookieAge is the lifetime of the cookie. A code is valid for minutes.
const browserCookieAge = time.Hour

const maxBrowserName = 64 // bytes; NewBrowserName's have 26

// BrowserName returns the random name of a request's browser, "" without the cookie.
func BrowserName(r *http.Request) string {
	cookie, err := r.Cookie(browserCookie)
	if err != nil || len(cookie.Value) > maxBrowserName {
		return ""
	}
	return cookie.Value
}

// NewBrowserName returns 130 random bits.
func NewBrowserName() string { return rand.Text() }

// BrowserCookie returns the cookie with a browser's name.
func BrowserCookie(name string, secure bool) *http.Cookie {
	return &http.Cookie{
		Name: browserCookie, Value: name, Path: trip2g.SystemPrefix, MaxAge: int(browserCookieAge.Seconds()),
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: secure,
	}
}
