package litefstest

import (
	"debug/buildinfo"
	"testing"

	"golang.org/x/mod/semver"
)

// TestAPeerCannotExhaustLiteFSWithHeaders finds the HTTP/2 server of CVE-2023-45288, with which
// LiteFS is released, in the binary that is shipped.
func TestAPeerCannotExhaustLiteFSWithHeaders(t *testing.T) {
	const fixed = "v0.23.0"
	info, err := buildinfo.ReadFile(binary(t, repository(t)))
	if err != nil {
		t.Fatal(err)
	}
	for _, module := range info.Deps {
		if module.Path == "golang.org/x/net" {
			if semver.Compare(module.Version, fixed) < 0 {
				t.Errorf("litefs has golang.org/x/net %s, which is before %s: raise it in litefs/go.mod", module.Version, fixed)
			}
			return
		}
	}
	t.Error("litefs has no golang.org/x/net")
}
