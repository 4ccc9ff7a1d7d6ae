package trip2g

import "strings"

// UnifyLineEnds returns a text with a line feed at each line's end. Old editors of the Mac end lines
// with a carriage return alone.
func UnifyLineEnds(text string) string {
	if !strings.Contains(text, "\r") {
		return text
	}
	return strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
}
