package account_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/web/account"
)

// respond sends a request to a replica of a German site.
func respond(t *testing.T, method, path, acceptLanguage string, form url.Values) *http.Response {
	t.Helper()
	pages, err := account.New(account.Options{
		Ready:   func() bool { return true },
		Session: func(*http.Request) (trip2g.Session, bool) { return trip2g.Session{}, false },
		Frame:   func(p trip2g.SystemPage) []byte { return []byte(p.Lang + " " + p.Title + "\n" + string(p.Body)) },
		Owned:   func() bool { return false },
		Lang:    func() string { return "de" },
		Leader:  &account.Leader{Cookie: "session"},
	})
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(method, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if acceptLanguage != "" {
		r.Header.Set("Accept-Language", acceptLanguage)
	}
	w := httptest.NewRecorder()
	for _, p := range pages {
		if p.Path == r.URL.Path {
			p.Handler.ServeHTTP(w, r)
		}
	}
	return w.Result()
}

func TestAPageIsInTheLanguageOfTheBrowserElseOfTheSite(t *testing.T) {
	for _, tt := range []struct{ accept, want string }{
		{"en-US,en;q=0.9", "en Sign in\n"},
		{"de-CH,en;q=0.9", "de Anmelden\n"},
		{"fr", "de Anmelden\n"},
		{"", "de Anmelden\n"},
	} {
		response := respond(t, http.MethodGet, account.SignInPath, tt.accept, nil)
		if body := readAll(t, response); !strings.HasPrefix(body, tt.want) || !strings.Contains(body, `<label for="email">E`) {
			t.Errorf("Accept-Language %q: %s, want %q", tt.accept, body, tt.want)
		}
		if vary := response.Header.Get("Vary"); !strings.Contains(vary, "Accept-Language") {
			t.Errorf("Vary is %q", vary)
		}
	}
}

func TestAnErrorIsInTheLanguageOfTheBrowser(t *testing.T) {
	form := url.Values{"email": {strings.Repeat("a", 100<<10)}}
	response := respond(t, http.MethodPost, account.SignInPath, "de", form)
	if body := readAll(t, response); response.StatusCode != http.StatusRequestEntityTooLarge || !strings.Contains(body, "Das Formular ist zu groß.") {
		t.Errorf("%d: %s", response.StatusCode, body)
	}
}

func readAll(t *testing.T, response *http.Response) string {
	t.Helper()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}
