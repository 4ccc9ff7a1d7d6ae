package graphql_test

import (
	"fmt"
	"testing"
)

func TestARedirectToNothingIsToldApart(t *testing.T) {
	s := startWithServices(t)
	s.pushed(map[string]string{"a.md": "# A"}, false)
	owner := s.asOwner()
	for to, dangling := range map[string]bool{
		"/a": false, "/A": false, "/feed.xml": false, "/_system/signin": false, "https://example.com/a": false, "/none": true,
	} {
		put := s.post(`mutation ($to: String!) { putRedirect(input: {from: "/old", to: $to}) {
			__typename ... on PutRedirectPayload { redirect { dangling } } } }`, map[string]any{"to": to}, owner)
		contains(t, put.body, fmt.Sprintf(`"dangling":%t`, dangling))
	}
	s.post(`mutation { putRedirect(input: {from: "/old", to: "/none"}) { __typename } }`, nil, owner)
	s.pushed(map[string]string{"none.md": "# There now"}, false)
	contains(t, s.post(`{ redirects { from dangling } }`, nil, owner).body, `"dangling":false`)
}
