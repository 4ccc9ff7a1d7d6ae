package http

import (
	"strings"
	"testing"
)

// TestOnlyAPDFCanBeShownInAPage covers files that a browser opens directly: a file that could run
// scripts is sandboxed and cannot be framed, a PDF can be framed by this site only.
func TestOnlyAPDFCanBeShownInAPage(t *testing.T) {
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
