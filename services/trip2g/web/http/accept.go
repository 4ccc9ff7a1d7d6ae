package http

import (
	"strconv"
	"strings"

	"trip2g/services/trip2g"
)

// negotiate returns the coding of a response by the request's Accept-Encoding (RFC 9110, section
// 12.5.3): of the offered codings, best first, the one with the highest quality. It ignores invalid
// elements. If nothing matches it returns Identity, even if the client refuses it, which the
// section prefers to a 406.
func negotiate(accept string, offered []trip2g.Coding) trip2g.Coding {
	if accept == "" || len(offered) == 0 {
		return trip2g.Identity
	}
	prefs := parseAccept(accept)
	best, highest := trip2g.Identity, 0
	for _, coding := range offered {
		if q := prefs.of(coding); q > highest {
			best, highest = coding, q
		}
	}
	if prefs.quality[trip2g.Identity] > highest {
		return trip2g.Identity
	}
	return best
}

// unspecified is the quality of a coding that the client does not name.
const unspecified = -1

// preferences holds a client's qualities in thousandths.
type preferences struct {
	quality [trip2g.Zstd + 1]int
	other   int // of "*"
}

func (p *preferences) of(coding trip2g.Coding) int {
	if q := p.quality[coding]; q != unspecified {
		return q
	}
	return p.other
}

func parseAccept(accept string) preferences {
	p := preferences{quality: [...]int{unspecified, unspecified, unspecified, unspecified}, other: unspecified}
	for element := range strings.SplitSeq(accept, ",") {
		name, parameter, hasParameter := strings.Cut(element, ";")
		q := 1000
		if hasParameter {
			var ok bool
			if q, ok = parseQuality(parameter); !ok {
				continue
			}
		}
		name = strings.Trim(name, " \t")
		if coding, ok := codingNamed(name); ok {
			p.quality[coding] = q
		} else if name == "*" {
			p.other = q
		}
	}
	return p
}

// codingNamed returns a coding by its case-insensitive name. x-gzip is gzip (RFC 9110, section
// 8.4.1.3).
func codingNamed(name string) (trip2g.Coding, bool) {
	for coding := trip2g.Identity; coding <= trip2g.Zstd; coding++ {
		if strings.EqualFold(name, coding.String()) {
			return coding, true
		}
	}
	return trip2g.Gzip, strings.EqualFold(name, "x-gzip")
}

// parseQuality parses a weight such as "q=0.5" and returns thousandths: 0 to 1 with at most three
// decimals (RFC 9110, section 12.4.2).
func parseQuality(parameter string) (int, bool) {
	name, value, _ := strings.Cut(strings.Trim(parameter, " \t"), "=")
	whole, decimals, _ := strings.Cut(value, ".")
	if !strings.EqualFold(name, "q") || len(decimals) > 3 || whole != "0" && whole != "1" {
		return 0, false
	}
	thousandths, err := strconv.ParseUint(whole+(decimals + "000")[:3], 10, 16)
	return int(thousandths), err == nil && thousandths <= 1000
}
