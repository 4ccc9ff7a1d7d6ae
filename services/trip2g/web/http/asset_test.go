package http

import (
	"strings"
	"testing"
)

// TestOnlyAPaperCanBeShownInAPage has what a browser opens by itself: a file that scripts could run from
// stays in a sandbox and out of every frame, a PDF opens in the pages of this site alone.
func TestOnlyAPaperCanBeShownInAPage(t *testing.T) {
	for contentType, want := range map[string]string{
		"application/pdf": "frame-ancestors 'self'", "image/svg+xml": "frame-ancestors 'none'", "text/html; charset=utf-8": "frame-ancestors 'none'", "": "frame-ancestors 'none'",
	} {
		policy := assetCSP(contentType)
		if !strings.Contains(policy, want) || !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "script-src") {
			t.Errorf("%s: %s", contentType, policy)
		}
		if strings.HasPrefix(policy, "sandbox") == (contentType == "application/pdf") {
			t.Errorf("%s: %s", contentType, policy)
		}
	}
}
