package site_test

import (
	"os"
	"path"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"trip2g/services/trip2g"
)

// TestFeedsAndSitemapMatchTheGoldenFiles compares feeds byte by byte: any difference makes every
// feed reader reload them. After an intended change, run it with UPDATE_GOLDEN=1 and review the
// difference.
func TestFeedsAndSitemapMatchTheGoldenFiles(t *testing.T) {
	s := refresh(t, newFollower(garden(), 0))
	for _, url := range []string{"/feed.xml", "/feed.json", "/sitemap.xml", "/robots.txt"} {
		got := bodyFor(t, s, url, trip2g.Anonymous)
		golden := filepath.Join("testdata", path.Base(url))
		if os.Getenv("UPDATE_GOLDEN") != "" {
			if err := os.MkdirAll("testdata", 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", url, diff)
		}
	}
}
