package client_test

import (
	"strings"
	"testing"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/sync/client"
)

func TestAWrongURLOrKeyIsNamedBeforeAnythingIsSent(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"", "ftp://a", "http://", "http://:80", "http://a/?x=1", "http://a/?", "http://a/#x", "http://me:secret@a", "http://a:99999", "http://a b", "://"} {
		_, err := client.New(client.Options{URL: url, Key: key})
		if trip2g.ErrorCode(err) != trip2g.EINVALID || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", url, err)
		}
	}
	for _, bad := range []string{"", "two words", "line\nbreak", "ключ", "del\x7f"} {
		_, err := client.New(client.Options{URL: "http://a", Key: bad})
		if trip2g.ErrorCode(err) != trip2g.EINVALID || bad != "" && strings.Contains(err.Error(), bad) {
			t.Errorf("key %q: %v", bad, err)
		}
	}
}

func TestAnAddressWithoutASchemeIsHTTPHereAndHTTPSElsewhere(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"localhost:8081": "http://localhost:8081/", "127.0.0.1:8081": "http://127.0.0.1:8081/", "[::1]:80": "http://[::1]:80/", "localhost": "http://localhost/",
		"notes.example.com": "https://notes.example.com/", "192.0.2.1:8081/notes": "https://192.0.2.1:8081/notes/",
	} {
		c, err := client.New(client.Options{URL: address, Key: key})
		if err != nil || c.Site() != want {
			t.Errorf("%s: %v", address, err)
		}
	}
}

func TestAKeyInTheOpenIsNoticed(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]bool{
		"http://localhost:1": false, "http://127.0.0.1": false, "http://127.9.9.9:80": false, "http://[::1]:80": false, "http://app.localhost": false,
		"https://example.com": false, "http://example.com": true, "http://10.20.0.2:8081": true, "http://localhost.example.com": true,
	} {
		if got := connect(t, url, nil).Exposed(); got != want {
			t.Errorf("%s: %v", url, got)
		}
	}
}
