package http

import (
	"testing"
	"time"

	"trip2g/services/trip2g/web/http/fastlane"
)

// A page that a cache already has is not sent again, any other page is.
func TestWhatAClientHasIsRecognised(t *testing.T) {
	const etag, sunday, monday = `"abc"`, "Sun, 22 Nov 2026 00:00:00 GMT", "Mon, 23 Nov 2026 00:00:00 GMT"
	modified := time.Date(2026, 11, 23, 0, 0, 0, 999, time.UTC)
	for _, tt := range []struct {
		match, since string
		want         bool
	}{
		{"", "", false},
		{`"abc"`, "", true},
		{`W/"abc"`, "", true},
		{`"abd"`, "", false},
		{`"x", "y" , W/"abc"`, "", true},
		{`"x","abc"`, "", true},
		{`,, "abc"`, "", true},
		{`"a,b", "abc"`, "", true},
		{"*", "", true},
		{" * ", "", true},
		{`*, "x"`, "", false},
		{"abc", "", false},
		{`w/"abc"`, "", false},
		{`"abc`, "", false},
		{`x, "abc"`, "", false},
		{"", monday, true},
		{"", sunday, false},
		{"", "Monday, 23-Nov-26 00:00:00 GMT", true}, // the obsolete forms of RFC 9110, section 5.6.7
		{"", "Mon Nov 23 00:00:00 2026", true},
		{"", "2026-11-23", false},
		{`"abd"`, monday, false}, // If-None-Match takes precedence
		{`"abc"`, sunday, true},
	} {
		if got := hasCurrent(&fastlane.Request{IfNoneMatch: tt.match, IfModifiedSince: tt.since}, etag, modified); got != tt.want {
			t.Errorf("If-None-Match: %s, If-Modified-Since: %s: %v", tt.match, tt.since, got)
		}
	}
}

// With a constant date, caches would not revalidate pages.
func TestADateChangesEachSecond(t *testing.T) {
	var d httpDate
	at := time.Date(2026, 11, 23, 5, 0, 0, 0, time.FixedZone("", 3600))
	for _, tt := range []struct {
		after time.Duration
		want  string
	}{
		{0, "Mon, 23 Nov 2026 04:00:00 GMT"},
		{time.Second - 1, "Mon, 23 Nov 2026 04:00:00 GMT"},
		{time.Second, "Mon, 23 Nov 2026 04:00:01 GMT"},
		{-time.Second, "Mon, 23 Nov 2026 03:59:59 GMT"},
	} {
		if got := d.of(at.Add(tt.after)); got != tt.want {
			t.Errorf("%s after: %s, want %s", tt.after, got, tt.want)
		}
	}
}
