package graphql_test

import (
	"net/http"
	"strings"
	"testing"
)

// TestAFormThatTheOwnerSendsByAClickMakesNoKey submits a form that raw HTML in a note could
// contain: multipart, sent by a browser from this site with the owner's cookie.
func TestAFormThatTheOwnerSendsByAClickMakesNoKey(t *testing.T) {
	s := start(t, nil)
	token := s.signIn(s.code(nil), nil).get(t, "signInByEmail").Token
	const form = "--b\r\nContent-Disposition: form-data; name=\"operations\"\r\n\r\n" +
		`{"query":"mutation { createApiKey(input: {name: \"theirs\"}) { __typename ... on CreateApiKeyPayload { secret } } }"}` +
		"\r\n--b\r\nContent-Disposition: form-data; name=\"map\"\r\n\r\n{}\r\n--b--\r\n"
	ofBrowser := func(more header) header {
		h := header{"Cookie": "session=" + token, "Origin": s.URL, "Sec-Fetch-Site": "same-origin"}
		for name, value := range more {
			h[name] = value
		}
		return h
	}
	for name, headers := range map[string]header{
		"navigation":                    ofBrowser(header{"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", "Sec-Fetch-User": "?1"}),
		"navigation of a frame":         ofBrowser(header{"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"}),
		"navigation with any header":    ofBrowser(header{"Sec-Fetch-Mode": "navigate", "GraphQL-Require-Preflight": "1"}),
		"browser without fetch headers": {"Cookie": "session=" + token, "Origin": s.URL},
		"browser without any header":    {"Cookie": "session=" + token},
	} {
		t.Run(name, func(t *testing.T) {
			a := s.send("multipart/form-data; boundary=b", strings.NewReader(form), headers)
			if a.status != http.StatusForbidden || strings.Contains(a.body, "t2g_") {
				t.Errorf("status %d: %s", a.status, a.body)
			}
		})
	}
	keys, err := s.keys.Keys(t.Context())
	if err != nil || len(keys) != 1 {
		t.Errorf("there are %d keys (%v), want the one of the test", len(keys), err)
	}

	// JSON sent by a frame or a window is not a script's either.
	body := `{"query":"{ apiKeys { id } }"}`
	if a := s.send("application/json", strings.NewReader(body), ofBrowser(header{"Sec-Fetch-Dest": "document"})); a.status != http.StatusForbidden {
		t.Errorf("JSON by a navigation: status %d", a.status)
	}
	if a := s.send("application/json", strings.NewReader(body), ofBrowser(header{"Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"})); a.status != http.StatusOK || len(a.Errors) > 0 {
		t.Errorf("the owner's pages cannot ask the API: status %d, %s", a.status, a.body)
	}
}

// TestTheOwnersPagesAndVaultClientsUploadFiles sends the headers that each of them sends with a
// file.
func TestTheOwnersPagesAndVaultClientsUploadFiles(t *testing.T) {
	s := start(t, nil)
	token := s.signIn(s.code(nil), nil).get(t, "signInByEmail").Token
	note := s.pushed(map[string]string{"a.md": "![[a.bin]] ![[b.bin]] ![[c.bin]]"}, false).Notes[0]
	for ref, headers := range map[string]header{
		"a.bin": {"Cookie": "session=" + token, "Origin": s.URL, "Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty", "GraphQL-Require-Preflight": "1"},
		"b.bin": {"Authorization": "Bearer " + token},
		"c.bin": s.withKey(),
	} {
		if p := s.upload(uploadInput(note.ID, ref, ref), ref, headers).get(t, "uploadNoteAsset"); p.Typename != "UploadNoteAssetPayload" {
			t.Errorf("%s: %+v", ref, p)
		}
	}
}
