package httpx

import (
	"crypto/rand"
	"net/http"
	"time"
	"trip2g/services/trip2g"
)

// browserCookie names a browser to which sign-in codes belong. It gives no right.
const browserCookie = "trip2g_browser"

// browserCookieAge is how long a browser keeps its name after it asked for a code. A code lasts minutes.
const browserCookieAge = time.Hour

const maxBrowserName = 64 // bytes; ours have 26

// BrowserName returns the random name that the sign-in page has given to the browser of a request; "" for a
// browser that has none, or a program.
func BrowserName(r *http.Request) string {
	cookie, err := r.Cookie(browserCookie)
	if err != nil || len(cookie.Value) > maxBrowserName {
		return ""
	}
	return cookie.Value
}

// NewBrowserName returns 130 random bits.
func NewBrowserName() string { return rand.Text() }

// BrowserCookie makes the cookie that keeps a browser's name.
func BrowserCookie(name string, secure bool) *http.Cookie {
	return &http.Cookie{
		Name: browserCookie, Value: name, Path: trip2g.SystemPrefix, MaxAge: int(browserCookieAge.Seconds()),
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: secure,
	}
}
