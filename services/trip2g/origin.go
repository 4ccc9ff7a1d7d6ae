package trip2g

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Origin is where a request came from, as the node that the client talked to saw it.
type Origin struct {
	ClientAddr string // "IP" or "IP:port"
	Scheme     string // "http" or "https"
	Host       string // what the client asked for, with the port if it gave one
}

// URL gives the address of the node that the client talked to, without a path.
func (o Origin) URL() string { return o.Scheme + "://" + o.Host }

// Secure tells whether the browser talks TLS: to the node, or to a proxy before it that the public
// URL names. public may be nil.
func (o Origin) Secure(public *url.URL) bool {
	return o.Scheme == "https" || public != nil && public.Scheme == "https" && strings.EqualFold(public.Host, o.Host)
}

// SessionCookie makes the cookie of a session; an empty token removes it.
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

// positionCookieAge is how long a browser sends the cookie: longer than any replica that works
// takes to follow.
const positionCookieAge = time.Minute

// TellPosition puts a position on the answer to a write, for programs and for browsers.
func TellPosition(header http.Header, position Position) {
	text := strconv.FormatInt(int64(position), 10)
	header.Set(PositionHeader, text)
	header.Add("Set-Cookie", (&http.Cookie{
		Name: PositionCookie, Value: text, Path: "/", MaxAge: int(positionCookieAge.Seconds()), HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}).String())
}
