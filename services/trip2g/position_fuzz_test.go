package trip2g_test

import (
	"strconv"
	"strings"
	"testing"

	"trip2g/services/trip2g"
)

// FuzzParsePosition parses positions sent by clients. With a wrong one, a read would wait for a
// change that never comes, or return before the client's own write.
func FuzzParsePosition(f *testing.F) {
	for _, text := range []string{"", "0", "7", "007", "-1", "+1", " 1", "1 ", "1_0", "0x1", "1e3", "١", "999999999999999999", "9223372036854775807", "9223372036854775808"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		position, ok := trip2g.ParsePosition(text)
		isDigits := text != "" && strings.Trim(text, "0123456789") == ""
		switch {
		case !ok && isDigits && len(text) <= 18:
			t.Errorf("%q is not read", text)
		case !ok && position != 0:
			t.Errorf("%q is refused with position %d", text, position)
		case ok && !isDigits:
			t.Errorf("%q is read as %d", text, position)
		case ok:
			written := strconv.FormatInt(int64(position), 10)
			if significant := strings.TrimLeft(text, "0"); written != significant && (written != "0" || significant != "") {
				t.Errorf("%q is read as %d", text, position)
			}
			if again, ok := trip2g.ParsePosition(written); !ok || again != position {
				t.Errorf("%s is read as %d", written, again)
			}
		}
	})
}
