package forward

import (
	"net/http"
	"net/textproto"
	"strings"
)

// cookieNames translates the session cookie between its names on a replica and on the leader. A
// browser keeps one jar for all ports of a host (RFC 6265, section 8.5), so nodes on one machine
// need names of their own.
type cookieNames struct {
	own, leader string
}

// toLeader rewrites a request's Cookie lines. The replica's session cookie is renamed to the
// leader's name. A cookie that already has the leader's name belongs to another node and is left
// out. Every other byte is kept. Cookies are split as net/http does: at each semicolon, whatever
// the quotes around it. Their names are the trimmed text before the first equals sign.
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

// translateLine returns a line for the leader; false if no cookie of it is left.
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
			// It is the first now, and its space separated it from the removed one.
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

// fromLeader renames the session cookie that the leader sets to the replica's name. Attributes and
// every other cookie stay byte for byte.
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
