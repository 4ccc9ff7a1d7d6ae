package admin

import (
	"io/fs"
	"net/http"
	"net/http/httptest"
	"path"
	"regexp"
	"strings"
	"testing"

	"trip2g/services/trip2g"
)

// get requests a page as a reader.
func get(t *testing.T, reader trip2g.Visitor, ready bool, method, target string) *httptest.ResponseRecorder {
	t.Helper()
	c := New(Options{
		Reader: func(*http.Request) (trip2g.Visitor, bool) { return reader, ready },
		Frame:  func(p trip2g.SystemPage) []byte { return []byte(p.Title + "\n" + string(p.Body)) },
	})
	mux := http.NewServeMux()
	mux.Handle(FilesPrefix, c.Files())
	for _, p := range c.All() {
		if strings.HasSuffix(p.Path, "/") {
			p.Path += "{$}"
		}
		mux.Handle(p.Path, p.Handler)
	}
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest(method, target, nil))
	return w
}

func TestOnlyAnOwnerGetsAPage(t *testing.T) {
	for _, p := range pages {
		address := Prefix + p.path
		owner := get(t, trip2g.Owner, true, http.MethodGet, address)
		if owner.Code != http.StatusOK || !strings.HasPrefix(owner.Body.String(), p.title+"\n") {
			t.Errorf("an owner gets status %d for %s", owner.Code, address)
		}
		if cached := owner.Header().Get("Cache-Control"); cached != "private, no-store" {
			t.Errorf("a cache may keep %s: %q", address, cached)
		}
		member := get(t, trip2g.Member, true, http.MethodGet, address)
		if member.Code != http.StatusForbidden || !strings.Contains(member.Body.String(), "signed in as a member") {
			t.Errorf("a member gets status %d for %s: %s", member.Code, address, member.Body)
		}
		guest := get(t, trip2g.Anonymous, true, http.MethodGet, address)
		if guest.Code != http.StatusSeeOther || guest.Body.Len() > 200 {
			t.Errorf("a guest gets status %d for %s: %s", guest.Code, address, guest.Body)
		}
	}
}

func TestAGuestComesBackToThePageAfterSigningIn(t *testing.T) {
	w := get(t, trip2g.Anonymous, true, http.MethodGet, "/_system/api?a=b%26c")
	if got, want := w.Header().Get("Location"), "/_system/signin?next=%2F_system%2Fapi%3Fa%3Db%2526c"; got != want {
		t.Errorf("sent to %q, want %q", got, want)
	}
}

func TestANodeThatIsStartingSaysSo(t *testing.T) {
	w := get(t, trip2g.Anonymous, false, http.MethodGet, Prefix)
	if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
		t.Errorf("status %d, %v", w.Code, w.Header())
	}
}

func TestAPageIsOnlyRead(t *testing.T) {
	for _, address := range []string{Prefix, FilesPrefix} {
		if w := get(t, trip2g.Owner, true, http.MethodPost, address); w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, HEAD" {
			t.Errorf("a POST of %s gives status %d", address, w.Code)
		}
	}
	if w := get(t, trip2g.Owner, true, http.MethodHead, Prefix); w.Code != http.StatusOK || w.Body.Len() != 0 {
		t.Errorf("a HEAD gives status %d and %d bytes", w.Code, w.Body.Len())
	}
}

// The Content-Security-Policy of every response blocks inline scripts, styles and event handlers,
// so they would not work in the browser.
func TestPagesHaveNothingInline(t *testing.T) {
	inline := regexp.MustCompile(`(?i)<script|<style|\sstyle=|\son[a-z]+=|javascript:`)
	for _, p := range pages {
		text, err := fs.ReadFile(embedded, "pages/"+p.name+".html")
		if err != nil {
			t.Fatal(err)
		}
		if found := inline.FindString(string(text)); found != "" {
			t.Errorf("the page %s has %q", p.name, found)
		}
	}
}

// An imported module must exist in the same folder: there is no other host and no build step.
func TestModulesImportOnlyEachOther(t *testing.T) {
	imports := regexp.MustCompile(`(?m)^(?:import|export)\b[^;]*?\bfrom "([^"]+)"|\bimport\(?"([^"]+)"`)
	dangerous := regexp.MustCompile(`innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function`)
	files, err := fs.Glob(embedded, "files/*.js")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, name := range files {
		text, err := fs.ReadFile(embedded, name)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range imports.FindAllStringSubmatch(string(text), -1) {
			target := found[1] + found[2]
			if _, err := fs.Stat(embedded, path.Join("files", target)); err != nil || !strings.HasPrefix(target, "./") {
				t.Errorf("%s imports %q", name, target)
			}
		}
		if found := dangerous.FindString(string(text)); found != "" {
			t.Errorf("%s uses %s: a text of the vault could become HTML or a script", name, found)
		}
	}
}

func TestAFilesAddressGivesTheSameForEver(t *testing.T) {
	c := New(Options{})
	w := get(t, trip2g.Anonymous, true, http.MethodGet, c.files.URL("api.js"))
	if w.Code != http.StatusOK || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/javascript") {
		t.Errorf("status %d, %v", w.Code, w.Header())
	}
	other := get(t, trip2g.Anonymous, true, http.MethodGet, FilesPrefix+"0123456789abcdef/api.js")
	if other.Code != http.StatusOK || other.Header().Get("Cache-Control") != "no-cache" {
		t.Errorf("another version's address gives status %d, %v", other.Code, other.Header())
	}
	for _, name := range []string{"x/api.js", "0123456789abcdef/", "0123456789abcdef/none.js", "0123456789abcdef/%2e%2e/admin.go", "0123456789abcdef/..%2fpages%2foverview.html", "api.js"} {
		if w := get(t, trip2g.Anonymous, true, http.MethodGet, FilesPrefix+name); w.Code == http.StatusOK {
			t.Errorf("%s gives %q", name, w.Body)
		}
	}
}
