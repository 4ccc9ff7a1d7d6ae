package trip2g

import (
	"cmp"

	"github.com/mileusna/useragent"
)

// Browser gives what people call the browser that a session began in: "Firefox on Linux".
func (s Session) Browser() string {
	ua := useragent.Parse(s.UserAgent)
	name := cmp.Or(ua.Name, "A browser or program of unknown name")
	if ua.OS == "" {
		return name
	}
	return name + " on " + ua.OS
}
