package static_test

import (
	"io"
	"net/http"
	"os"
	"testing"

	"trip2g/bench/static"
)

func TestMain(m *testing.M) {
	static.ServeBare()
	os.Exit(m.Run())
}

// A bare server with other bytes or fields than a replica's would be no baseline for it.
func TestTheBareServerAnswersWithWhatItWasGiven(t *testing.T) {
	server, err := static.StartBare(t.Context(), map[string]static.Response{
		"/plain": {Header: http.Header{"Content-Type": {"text/html"}, "Etag": {`"1"`}, "Content-Length": {"4"}}, Body: []byte("page")},
		"/other": {Header: http.Header{"Content-Encoding": {"br"}}, Body: []byte{0, 1, 2}},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
		if _, err := http.Get(server.URL + "/plain"); err == nil {
			t.Error("the server answers after it was stopped")
		}
	}()
	for path, want := range map[string]struct {
		status              int
		header, value, body string
	}{
		"/plain": {http.StatusOK, "ETag", `"1"`, "page"},
		"/other": {http.StatusOK, "Content-Encoding", "br", "\x00\x01\x02"},
		"/none":  {http.StatusNotFound, "", "", "404 page not found\n"},
	} {
		response, err := http.Get(server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil || response.StatusCode != want.status || response.Header.Get(want.header) != want.value || string(body) != want.body {
			t.Errorf("%s: %d, %s %q, %q, %v", path, response.StatusCode, want.header, response.Header.Get(want.header), body, err)
		}
	}
}
