package people

import (
	"cmp"

	"github.com/mileusna/useragent"
)

// browserName gives what people call a browser, from its User-Agent: "Firefox on Linux".
func browserName(userAgent string) string {
	ua := useragent.Parse(userAgent)
	name := cmp.Or(ua.Name, "A browser or program of unknown name")
	if ua.OS == "" {
		return name
	}
	return name + " on " + ua.OS
}
