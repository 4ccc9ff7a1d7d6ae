package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/sync/push"
)

// TestCtrlCEndsAPushWithAWord stops a push while it waits for the server.
func TestCtrlCEndsAPushWithAWord(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.md"), []byte("a"), 0o644); err != nil {
		t.Fatal(err)
	}
	const discarded = `{"data":{"result":{"__typename":"DiscardNotesPayload","committed":%v}}}`
	for name, tt := range map[string]struct{ operation, discard, want string }{
		"while notes are sent":             {"mutation PushNotes", "", "nothing of this push is visible"},
		"before the commit":                {"mutation CommitNotes", fmt.Sprintf(discarded, false), "nothing of this push is visible"},
		"after the commit":                 {"mutation CommitNotes", fmt.Sprintf(discarded, true), "the push is visible nevertheless"},
		"at the commit, the server silent": {"mutation CommitNotes", "", "run it again"},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				if strings.Contains(string(body), tt.operation) {
					stop()
					<-r.Context().Done()
					return
				}
				w.Header().Set("Content-Type", "application/json")
				switch {
				case strings.Contains(string(body), "DiscardNotes"):
					io.WriteString(w, tt.discard)
				case strings.Contains(string(body), "SiteAccess"):
					io.WriteString(w, `{"data":{"siteAccess":{"default":"MEMBERS"}}}`)
				case strings.Contains(string(body), "NotePaths"):
					io.WriteString(w, `{"data":{"notePaths":[]}}`)
				default:
					io.WriteString(w, `{"data":{"result":{"__typename":"PushNotesPayload","notes":[{"id":1,"path":"a.md","assets":[]}]}}}`)
				}
			}))
			defer server.Close()
			var stdout, stderr bytes.Buffer
			code := Run(ctx, []string{"push", dir, "--url", server.URL, "--key", "t2g_key"}, &stdout, &stderr)
			if code != exitFailure || stdout.Len() != 0 || !strings.Contains(stderr.String(), "trip2g: stopped") || !strings.Contains(stderr.String(), tt.want) {
				t.Errorf("exit code %d: %s%s", code, stdout.String(), stderr.String())
			}
		})
	}
}

// TestWarningsStayReadableBesideTheBar shows a push as on a terminal.
func TestWarningsStayReadableBesideTheBar(t *testing.T) {
	var out, err bytes.Buffer
	c := newTerminal(&out, &err, false)
	c.bars = true
	c.Begin("files", 0, true)
	c.Add(0)
	c.End()
	c.Begin("notes", 100, false)
	c.Add(10)
	c.Warn(trip2g.Warning{Path: "a\x1b[2J.md", Line: 3, Text: "is odd"})
	c.Add(90)
	c.End()
	c.Summary(push.Summary{Sent: []string{"a.md"}, Unchanged: 2, Files: []string{"a.png", "b.png"}}, false, "http://localhost/")
	if !strings.Contains(err.String(), "Sending notes") || !strings.Contains(err.String(), "\rwarning: a\uFFFD[2J.md:3: is odd\n") {
		t.Errorf("stderr %q", err.String())
	}
	if want := "Published: 1 note sent, 2 unchanged, 0 unpublished; 2 files sent. Read it at http://localhost/\n"; out.String() != want {
		t.Errorf("stdout %q", out.String())
	}
}
