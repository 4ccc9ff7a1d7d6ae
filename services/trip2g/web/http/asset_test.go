package http_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"trip2g/services/trip2g"
)

// TestAFileThatIsTakenBackIsNotCurrentInACache requests a file like a shared cache that has it,
// after its note was restricted to members and after it was unpublished.
func TestAFileThatIsTakenBackIsNotCurrentInACache(t *testing.T) {
	n := newNode(t)
	res, _ := n.ask(t, "GET", n.asset)
	etag := res.Header.Get("ETag")
	if res, _ = n.ask(t, "GET", n.asset, "If-None-Match", etag); res.StatusCode != http.StatusNotModified || res.Header.Get("Cache-Control") != "public, max-age=60, must-revalidate" {
		t.Fatalf("while it is public: %d, %q", res.StatusCode, res.Header.Get("Cache-Control"))
	}
	for _, then := range []struct {
		content string
		status  int
	}{{"---\nfree: false\n---\n![](a.txt)", http.StatusForbidden}, {"no file", http.StatusNotFound}} {
		if _, _, err := n.db.PushNotes(t.Context(), stage, []trip2g.NoteUpdate{{Path: "Guides/My note (2).md", Content: then.content}}, true); err != nil {
			t.Fatal(err)
		}
		n.follow(t)
		if res, body := n.ask(t, "GET", n.asset, "If-None-Match", etag); res.StatusCode != then.status || strings.Contains(body, assetText) || strings.HasPrefix(res.Header.Get("Cache-Control"), "public") {
			t.Errorf("after %q: %d, %q, %q", then.content, res.StatusCode, res.Header.Get("Cache-Control"), body)
		}
	}
}

func TestAPartOfAFileCanBeAskedFor(t *testing.T) {
	n := newNode(t)
	res, body := n.ask(t, "GET", n.asset, "Range", "bytes=2-4")
	if res.StatusCode != http.StatusPartialContent || body != assetText[2:5] {
		t.Errorf("bytes 2 to 4 are %d %q", res.StatusCode, body)
	}
	if res, _ := n.ask(t, "GET", n.asset, "Range", "bytes=100-"); res.StatusCode != http.StatusRequestedRangeNotSatisfiable {
		t.Errorf("bytes from 100 on are %d, want 416", res.StatusCode)
	}
}

// Scripts of the vault could otherwise run on a page of this origin, whose policy allows scripts of
// the origin.
func TestAFileOfTheVaultIsNoScript(t *testing.T) {
	n := newNode(t)
	notes, _, err := n.db.PushNotes(t.Context(), stage, []trip2g.NoteUpdate{{Path: "code.md", Content: "[](a.js) [](b.MJS)"}}, true)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a.js", "b.MJS"} {
		address := attach(t, n.db, notes[0].ID, name, "alert(1) // "+name)
		n.follow(t)
		for _, headers := range [][]string{{"Sec-Fetch-Dest", "script"}, {"Accept-Encoding", "gzip"}, {"Range", "bytes=0-4"}} {
			res, _ := n.ask(t, "GET", address, headers...)
			if got := res.Header.Get("Content-Type"); res.StatusCode >= 400 || got != "text/plain; charset=utf-8" || res.Header.Get("X-Content-Type-Options") != "nosniff" {
				t.Errorf("%s with %q: %d, %s", address, headers, res.StatusCode, got)
			}
		}
	}
}

func TestAFileThatCannotBeReadNowIsAskedForAgain(t *testing.T) {
	n := newNode(t)
	n.db.Close()
	res, _ := n.ask(t, "GET", n.asset)
	if res.StatusCode < http.StatusInternalServerError || res.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("without its database it is %d, Cache-Control %q; a cache would keep it", res.StatusCode, res.Header.Get("Cache-Control"))
	}
}

// TestASignedAddressGivesAMembersFile requests a file for members with a signed URL from the API.
func TestASignedAddressGivesAMembersFile(t *testing.T) {
	n := newNode(t)
	hash, _, _ := strings.Cut(strings.TrimPrefix(n.secret, trip2g.AssetPrefix), "/")
	for name, tt := range map[string]struct {
		query  string
		status int
	}{
		"signed":       {signer.Query(hash, time.Now()), http.StatusOK},
		"too late":     {signer.Query(hash, time.Now().Add(-2*trip2g.AssetLinkLifetime)), http.StatusForbidden},
		"another file": {signer.Query("aa", time.Now()), http.StatusForbidden},
		"nothing":      {"", http.StatusForbidden},
	} {
		res, body := n.ask(t, "GET", n.secret+"?"+tt.query)
		if res.StatusCode != tt.status || (body == "secret text") != (tt.status == http.StatusOK) || !strings.HasPrefix(res.Header.Get("Cache-Control"), "private") {
			t.Errorf("%s: %s, %v", name, res.Status, res.Header)
		}
	}
	if res, _ := n.ask(t, "GET", trip2g.AssetPrefix+"aa/x.txt?"+signer.Query("aa", time.Now())); res.StatusCode != http.StatusNotFound {
		t.Errorf("a file that is not there: %s", res.Status)
	}
}

// TestAFileThatWasTakenBackIsServedToNobody requests a removed file as a browser, a cache and the
// holder of a signed URL.
func TestAFileThatWasTakenBackIsServedToNobody(t *testing.T) {
	n := newNode(t)
	hashOf := func(address string) string {
		hash, _, _ := strings.Cut(strings.TrimPrefix(address, trip2g.AssetPrefix), "/")
		return hash
	}
	for _, address := range []string{n.asset, n.secret} {
		if res, _ := n.ask(t, "GET", address+"?"+signer.Query(hashOf(address), time.Now())); res.StatusCode != http.StatusOK {
			t.Fatalf("%s is %s before it is taken back", address, res.Status)
		}
	}
	_, _, err := n.db.PushNotes(t.Context(), stage, []trip2g.NoteUpdate{
		{Path: "Guides/My note (2).md", Content: "---\nfree: true\n---\nno files", Refs: []string{}}, {Path: "secret.md", Content: "---\nfree: false\n---\nno file", Refs: []string{}},
	}, true)
	if err != nil {
		t.Fatal(err)
	}
	n.follow(t)
	for _, address := range []string{n.asset, n.secret} {
		for _, query := range []string{"", "?" + signer.Query(hashOf(address), time.Now())} {
			for _, header := range [][]string{nil, {"If-None-Match", `"` + hashOf(address) + `"`}, {"Range", "bytes=0-1"}} {
				res, body := n.ask(t, "GET", address+query, header...)
				if res.StatusCode != http.StatusNotFound || strings.Contains(body, "secret text") || strings.Contains(body, assetText) {
					t.Errorf("%s%s with %q is %s", address, query, header, res.Status)
				}
			}
		}
	}
}
