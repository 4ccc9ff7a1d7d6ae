package http

import (
	"strconv"
	"strings"

	"trip2g/services/trip2g"
)

// negotiate chooses the coding of an answer from the request's Accept-Encoding (RFC 9110, section
// 12.5.3): of those offered (best first) the one that the client likes most, the first of equals.
// What cannot be understood counts as not said. Identity is what remains, also if the client
// refuses it: the section prefers that to a 406.
func negotiate(accept string, offered []trip2g.Coding) trip2g.Coding {
	if accept == "" || len(offered) == 0 {
		return trip2g.Identity
	}
	likes := parseAccept(accept)
	best, most := trip2g.Identity, 0
	for _, coding := range offered {
		if q := likes.of(coding); q > most {
			best, most = coding, q
		}
	}
	if likes.quality[trip2g.Identity] > most {
		return trip2g.Identity
	}
	return best
}

// unsaid is the quality of a coding that the client does not name.
const unsaid = -1

// preferences are a client's qualities by coding, in thousandths.
type preferences struct {
	quality [trip2g.Zstd + 1]int
	other   int // of "*"
}

func (p *preferences) of(coding trip2g.Coding) int {
	if q := p.quality[coding]; q != unsaid {
		return q
	}
	return p.other
}

func parseAccept(accept string) preferences {
	p := preferences{quality: [...]int{unsaid, unsaid, unsaid, unsaid}, other: unsaid}
	for element := range strings.SplitSeq(accept, ",") {
		name, parameter, weighted := strings.Cut(element, ";")
		q := 1000
		if weighted {
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

// codingNamed finds a coding by its name in any case; x-gzip is gzip (RFC 9110, section 8.4.1.3).
func codingNamed(name string) (trip2g.Coding, bool) {
	for coding := trip2g.Identity; coding <= trip2g.Zstd; coding++ {
		if strings.EqualFold(name, coding.String()) {
			return coding, true
		}
	}
	return trip2g.Gzip, strings.EqualFold(name, "x-gzip")
}

// parseQuality reads "q=0.5" in thousandths: 0 to 1 with at most three decimals (RFC 9110, section 12.4.2).
func parseQuality(parameter string) (int, bool) {
	name, value, _ := strings.Cut(strings.Trim(parameter, " \t"), "=")
	whole, decimals, _ := strings.Cut(value, ".")
	if !strings.EqualFold(name, "q") || len(decimals) > 3 || whole != "0" && whole != "1" {
		return 0, false
	}
	thousandths, err := strconv.ParseUint(whole+(decimals + "000")[:3], 10, 16)
	return int(thousandths), err == nil && thousandths <= 1000
}
