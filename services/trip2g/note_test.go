package trip2g_test

import (
	"strings"
	"testing"

	"trip2g/services/trip2g"
)

func TestValidatePath(t *testing.T) {
	long := strings.Repeat("a/", 600) + "x.md"
	for path, valid := range map[string]bool{
		"note.md":                            true,
		"a/b c/Ünï.md":                       true,
		"page.HTML":                          true,
		"..note.md":                          true,
		"":                                   false,
		"/abs.md":                            false,
		"../up.md":                           false,
		"a/../b.md":                          false,
		"a//b.md":                            false,
		"./a.md":                             false,
		"nul\x00.md":                         false,
		"line\nbreak.md":                     false,
		"c1\u0085.md":                        false,
		"bad\xff.md":                         false,
		`win\dows.md`:                        false,
		"image.png":                          false,
		"noext":                              false,
		long:                                 false,
		strings.Repeat("я", 127) + ".md":     false,
		strings.Repeat("я", 126) + ".md":     true,
		strings.Repeat("x", 10_000) + ".md":  false,
		strings.Repeat("x/", 10_000) + ".md": false,
	} {
		err := trip2g.ValidatePath(path)
		if (err == nil) != valid {
			t.Errorf("ValidatePath(%.40q) = %v, want valid %v", path, err, valid)
		}
		if err != nil && trip2g.ErrorCode(err) != trip2g.EINVALID {
			t.Errorf("ValidatePath(%.40q) has code %q", path, trip2g.ErrorCode(err))
		}
	}
}

func TestContentHashIsTheSyncAPIs(t *testing.T) {
	const want = "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU="
	if got := trip2g.ContentHash(""); got != want {
		t.Errorf("ContentHash(empty) = %q, want %q", got, want)
	}
}
