package forward

import (
	"net/http"
	"net/textproto"
	"strings"
)

// cookieNames translates the session cookie between a replica's name for it and the leader's. A
// browser keeps one jar for all ports of a host (RFC 6265, section 8.5), so nodes on one machine
// need names of their own.
type cookieNames struct {
	own, leader string
}

// toLeader rewrites a request's Cookie lines: the replica's session cookie gets the leader's name,
// and a cookie that has the leader's name already, another node's, is left out. Every other byte
// stays as it came. Cookies are told apart as net/http does: at each semicolon, whatever the quotes
// around it, and by the trimmed text before the first equals sign.
func (c cookieNames) toLeader(h http.Header) {
	if c.own == c.leader {
		return
	}
	lines, ok := h["Cookie"]
	if !ok {
		return
	}
	kept := make([]string, 0, len(lines))
	for _, line := range lines {
		if line, ok := c.translateLine(line); ok {
			kept = append(kept, line)
		}
	}
	h["Cookie"] = kept
	if len(kept) == 0 {
		h.Del("Cookie")
	}
}

// translateLine gives a line as the leader is to see it; false if no cookie of it is left.
func (c cookieNames) translateLine(line string) (string, bool) {
	var b strings.Builder
	parts, dropped := 0, 0
	for part := range strings.SplitSeq(line, ";") {
		name, value, hasValue := strings.Cut(part, "=")
		trimmed := textproto.TrimString(name)
		if trimmed == c.leader {
			dropped++
			continue
		}
		if parts > 0 {
			b.WriteByte(';')
		} else if dropped > 0 {
			// It is the first now, and its space stood for the one that went.
			part = strings.TrimLeft(part, " \t")
			name = strings.TrimLeft(name, " \t")
		}
		parts++
		if trimmed != c.own {
			b.WriteString(part)
			continue
		}
		b.WriteString(strings.Replace(name, c.own, c.leader, 1))
		if hasValue {
			b.WriteString("=" + value)
		}
	}
	return b.String(), parts > 0
}

// fromLeader gives the session cookie that the leader sets the replica's name. Attributes and every
// other cookie stay byte for byte.
func (c cookieNames) fromLeader(h http.Header) {
	if c.own == c.leader {
		return
	}
	lines := h["Set-Cookie"]
	for i, line := range lines {
		name, _, _ := strings.Cut(line, "=")
		if textproto.TrimString(name) == c.leader {
			lines[i] = strings.Replace(line, c.leader, c.own, 1)
		}
	}
}
