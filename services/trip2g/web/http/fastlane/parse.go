package fastlane

import (
	"net/url"
	"strings"
)

// head is the parsed head of a request.
type head struct {
	Request
	host       string
	connection string // "close" or "keep-alive", any case

	forwardedFor string // the lines of X-Forwarded-For, joined
}

// closes reports whether the client wants the connection closed after the response.
func (h *head) closes() bool { return strings.EqualFold(h.connection, "close") }

// parse parses a whole head, including the empty line that ends it. It is stricter than RFC 9112
// and net/http: it returns false for anything malformed, unusual or not plain. What it accepts,
// net/http parses with the same result.
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

// parseRequestLine parses a GET or HEAD in origin form (RFC 9112, section 3.2.1).
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
	path, err := url.PathUnescape(h.Path) // as net/url does
	h.Path = path
	return err == nil
}

func (h *head) parseField(line string) bool {
	name, value, ok := strings.Cut(line, ":")
	if !ok || len(name) > longestField || !isText(value) {
		return false
	}
	var buf [longestField]byte
	lower := buf[:len(name)]
	for i := range lower {
		if lower[i] = name[i]; 'A' <= name[i] && name[i] <= 'Z' {
			lower[i] += 'a' - 'A'
		}
	}
	if !plainFields[string(lower)] {
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

// setOnce sets a field. It refuses a second value, and an empty one, which differs from an absent
// field.
func setOnce(field *string, value string) bool {
	if *field != "" || value == "" {
		return false
	}
	*field = value
	return true
}

// isText reports whether s consists of visible ASCII, spaces and tabs.
func isText(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < ' ' || c >= 0x7f) && c != '\t' {
			return false
		}
	}
	return true
}

// isHost reports whether s has only characters of a host name or IP address with an optional port.
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
