package fastlane

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// A request that net/http has parsed must not take the fast path if the lane refused it for a field
// that changes the response.
func TestTheLaneAcceptsNoExcludedField(t *testing.T) {
	for _, name := range append([]string{excludedPrefix + "Position"}, excludedFields...) {
		if plainFields[strings.ToLower(name)] {
			t.Errorf("the lane accepts %s", name)
		}
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set(name, "x")
		if IsPlain(r) {
			t.Errorf("a request with %s is plain", name)
		}
	}
	for name := range plainFields {
		if len(name) > longestField {
			t.Errorf("%s is longer than longestField", name)
		}
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set(name, "x")
		if !IsPlain(r) {
			t.Errorf("a request with %s is not plain", name)
		}
	}
}
