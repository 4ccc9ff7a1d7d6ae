package httpx

import (
	"net/http"
	"strconv"
	"time"

	"trip2g/services/trip2g"
)

// SessionCookie returns a session's cookie. An empty token removes the cookie.
func SessionCookie(name, token string, expires time.Time, secure bool) *http.Cookie {
	cookie := &http.Cookie{
		Name:     name,
		Value:    token,
		Path:     "/",
		Expires:  expires,
		HttpOnly: true,
		SameSite: http.SameSiteLaxMode,
		Secure:   secure,
	}
	if token == "" {
		cookie.Expires, cookie.MaxAge = time.Unix(0, 0), -1
	}
	return cookie
}

// positionCookieAge is the lifetime of the cookie. A healthy replica catches up in less time.
const positionCookieAge = time.Minute

// SetPosition sets the position of a write in the header, for programs, and in a cookie, for
// browsers.
func SetPosition(header http.Header, position trip2g.Position) {
	text := strconv.FormatInt(int64(position), 10)
	header.Set(trip2g.PositionHeader, text)
	header.Add("Set-Cookie", (&http.Cookie{
		Name: trip2g.PositionCookie, Value: text, Path: "/", MaxAge: int(positionCookieAge.Seconds()), HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}).String())
}
