package fastlane

import (
	"net/url"
	"strings"
)

// known are the names, in lower case, of the header fields that a plain request may have. What is
// left out on purpose: fields that speak of a body, a connection or an upgrade, credentials but a cookie's,
// conditions and ranges that the lane does not understand, and the marks of forwarded requests.
var known = map[string]bool{}

func init() {
	for _, name := range []string{
		"accept", "accept-charset", "accept-encoding", "accept-language", "cache-control", "connection", "cookie", "dnt",
		"host",
		"if-modified-since", "if-none-match", "origin", "pragma", "priority", "purpose", "referer", "save-data",
		"sec-ch-ua", "sec-ch-ua-mobile", "sec-ch-ua-platform", "sec-fetch-dest", "sec-fetch-mode", "sec-fetch-site",
		"sec-fetch-user", "sec-gpc", "sec-purpose", "upgrade-insecure-requests", "user-agent",
		"x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "x-request-id",
	} {
		known[name] = true
	}
}

// longestName is the length of the longest known name.
const longestName = len("upgrade-insecure-requests")

// head is a request's head understood.
type head struct {
	Request
	host       string
	connection string // "close" or "keep-alive", any case

	forwardedFor string // X-Forwarded-For, its lines joined
}

// closes tells whether the client wants the connection closed after the answer.
func (h *head) closes() bool { return strings.EqualFold(h.connection, "close") }

// parse understands a whole head, with the empty line that ends it. It is stricter than RFC 9112 and
// net/http: it gives false for whatever is wrong, unusual or none of the lane's business, and
// what it takes net/http takes in the same sense.
func (h *head) parse(text string) bool {
	line, rest, _ := strings.Cut(text, "\r\n")
	if !h.parseRequestLine(line) {
		return false
	}
	for {
		line, rest, _ = strings.Cut(rest, "\r\n")
		if line == "" {
			return rest == "" && h.host != ""
		}
		if !h.parseField(line) {
			return false
		}
	}
}

// parseRequestLine takes a GET or HEAD in origin form (RFC 9112, section 3.2.1).
func (h *head) parseRequestLine(line string) bool {
	target, ok := strings.CutSuffix(line, " HTTP/1.1")
	if !ok {
		return false
	}
	h.Method, target, _ = strings.Cut(target, " ")
	if h.Method != "GET" && h.Method != "HEAD" || !strings.HasPrefix(target, "/") {
		return false
	}
	escaped := false
	for i := range len(target) {
		c := target[i]
		if c <= ' ' || c >= 0x7f || c == '#' {
			return false
		}
		escaped = escaped || c == '%'
	}
	h.Path, _, _ = strings.Cut(target, "?")
	if !escaped {
		return true
	}
	path, err := url.PathUnescape(h.Path) // as net/url does for a path
	h.Path = path
	return err == nil
}

func (h *head) parseField(line string) bool {
	name, value, ok := strings.Cut(line, ":")
	if !ok || len(name) > longestName || !isText(value) {
		return false
	}
	var buf [longestName]byte
	lower := buf[:len(name)]
	for i := range lower {
		if lower[i] = name[i]; 'A' <= name[i] && name[i] <= 'Z' {
			lower[i] += 'a' - 'A'
		}
	}
	if !known[string(lower)] {
		return false
	}
	value = strings.Trim(value, " \t")
	switch string(lower) {
	case "host":
		return isHost(value) && setOnce(&h.host, value)
	case "connection":
		return (strings.EqualFold(value, "close") || strings.EqualFold(value, "keep-alive")) && setOnce(&h.connection, value)
	case "cookie":
		return setOnce(&h.Cookie, value)
	case "accept-encoding":
		return setOnce(&h.AcceptEncoding, value)
	case "if-none-match":
		return setOnce(&h.IfNoneMatch, value)
	case "if-modified-since":
		return setOnce(&h.IfModifiedSince, value)
	case "x-forwarded-for":
		if h.forwardedFor != "" {
			value = h.forwardedFor + "," + value
		}
		h.forwardedFor = value
	}
	return true
}

// setOnce refuses an empty value, which says something else than none, and a second one.
func setOnce(field *string, value string) bool {
	if *field != "" || value == "" {
		return false
	}
	*field = value
	return true
}

// isText tells whether s is visible ASCII, spaces and tabs.
func isText(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < ' ' || c >= 0x7f) && c != '\t' {
			return false
		}
	}
	return true
}

// isHost tells whether s could be a name or an address with or without a port.
func isHost(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case c == '.', c == '-', c == '_', c == ':', c == '[', c == ']':
		default:
			return false
		}
	}
	return true
}
