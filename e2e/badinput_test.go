package e2e

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"trip2g/e2e/internal/stack"
)

// TestBadPathsAreRefused pushes, through a replica, each bad path beside a good note: the answer
// names the path, and neither note is stored.
func TestBadPathsAreRefused(t *testing.T) {
	s := stack.LiteFS(t)
	c := s.Replica.API()
	for name, path := range map[string]string{
		"empty":             "",
		"above the vault":   "../up.md",
		"dots inside":       "a/../b.md",
		"absolute":          "/etc/a.md",
		"backslash":         `a\b.md`,
		"NUL":               "a\x00.md",
		"line break":        "a\nb.md",
		"10,000 characters": strings.Repeat("a", 10_000) + ".md",
	} {
		t.Run(name, func(t *testing.T) {
			good := "Beside " + stack.RandomHex(4) + ".md"
			_, err := c.Push(t.Context(), false, stack.Note{Path: good, Content: "good"}, stack.Note{Path: path, Content: "bad"})
			var refused *stack.Refusal
			if !errors.As(err, &refused) {
				t.Fatalf("%v, want an ErrorPayload", err)
			}
			if refused.Message == "" || len(refused.ByFields) == 0 {
				t.Errorf("the refusal does not say what is wrong: %v", refused)
			}
			checkStored(t, c, good, false)
			checkStored(t, c, path, false)
		})
	}
	t.Run("a file that is no note is left out", func(t *testing.T) {
		good := "Beside a program " + stack.RandomHex(4) + ".md"
		if _, err := c.Push(t.Context(), false, stack.Note{Path: good, Content: "good"}, stack.Note{Path: "program.exe", Content: "no note"}); err != nil {
			t.Fatal(err)
		}
		checkStored(t, c, good, true)
		checkStored(t, c, "program.exe", false)
	})
	t.Run("one path twice", func(t *testing.T) {
		path := "Twice " + stack.RandomHex(4) + ".md"
		_, err := c.Push(t.Context(), false, stack.Note{Path: path, Content: "first"}, stack.Note{Path: path, Content: "second"})
		if refused := (*stack.Refusal)(nil); !errors.As(err, &refused) {
			t.Errorf("%v, want an ErrorPayload", err)
		}
		checkStored(t, c, path, false)
	})
}

// TestOddNotesAreTaken pushes what is unusual and no fault: each note has a page.
func TestOddNotesAreTaken(t *testing.T) {
	s := stack.LiteFS(t)
	c := s.Replica.API()
	folder := "Odd " + stack.RandomHex(4)
	base := "/" + stack.PageAddress(folder)
	for path, content := range map[string]string{
		"Case.md":       "upper",
		"case.md":       "lower", // the same address: the second gets _2
		"e\u0301t.md":   "decomposed",
		"\u00e9t.md":    "composed", // the same note
		"Bomb.md":       yamlBomb(),
		"Null.md":       "---\n~: ~\ntitle: ~\ntags: [~, {~: ~}]\n---\nnull",
		"Empty.md":      "",
		"Deep.md":       strings.Repeat("> ", 5000) + "deep",
		"NUL inside.md": "before\x00after",
	} {
		if _, err := c.Push(t.Context(), false, stack.Note{Path: folder + "/" + path, Content: content}); err != nil {
			t.Errorf("push %q: %v", path, err)
		}
	}
	for _, path := range []string{"/case", "/case_2", "/%C3%A9t", "/bomb", "/null", "/empty", "/deep", "/nul_inside"} {
		stack.AwaitText(t, s.Nodes(), base+path, "<main")
	}
}

// yamlBomb is frontmatter whose aliases unfold to a billion values.
func yamlBomb() string {
	bomb := "---\na0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
	for i := range 9 {
		bomb += fmt.Sprintf("a%d: &a%d [%s]\n", i+1, i+1, strings.Repeat(fmt.Sprintf("*a%d, ", i), 10))
	}
	return bomb + "---\nstill a note"
}

// TestBadRequestsGetASensibleStatus sends, through a replica, requests that are broken on the way.
func TestBadRequestsGetASensibleStatus(t *testing.T) {
	s := stack.LiteFS(t)
	c := s.Replica.API()
	mutation := `mutation($input: PushNotesInput!) { pushNotes(input: $input) { __typename` + stack.ErrorPayload + ` } }`
	good := "Broken on the way " + stack.RandomHex(4) + ".md"
	body, err := json.Marshal(map[string]any{"query": mutation,
		"variables": map[string]any{"input": map[string]any{"updates": []stack.Note{{Path: good, Content: "text"}}}}})
	if err != nil {
		t.Fatal(err)
	}
	for name, request := range map[string]struct {
		method, contentType, body string
		want                      int
	}{
		"half of the JSON":        {"POST", "application/json", string(body[:len(body)/2]), 400},
		"invalid UTF-8":           {"POST", "application/json", strings.Replace(string(body), `"text"`, "\"\xff\xfe\"", 1), 400},
		"a batch":                 {"POST", "application/json", "[" + string(body) + "]", 400},
		"half of the multipart":   {"POST", "multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"operations\"\r\n\r\n" + string(body), 400},
		"GET of the API":          {"GET", "", "", 405},
		"nothing":                 {"POST", "application/json", "", 400},
		"a body of no known type": {"POST", "application/x-unknown", string(body), 415},
	} {
		t.Run(name, func(t *testing.T) {
			header := http.Header{"X-Api-Key": {s.Key}}
			if request.contentType != "" {
				header.Set("Content-Type", request.contentType)
			}
			a, err := stack.Fetch(t.Context(), request.method, s.Replica.Public+stack.APIPath, header, request.body)
			if err != nil {
				t.Fatal(err)
			}
			if a.Status != request.want {
				t.Errorf("status %d, want %d: %.300s", a.Status, request.want, a.Body)
			}
			if len(strings.TrimSpace(a.Body)) == 0 {
				t.Error("the answer says nothing")
			}
			checkStored(t, c, good, false)
		})
	}
	t.Run("a wrong key", func(t *testing.T) {
		_, err := (&stack.APIClient{Node: s.Replica, Key: "t2g_wrong"}).Push(t.Context(), false, stack.Note{Path: good, Content: "text"})
		if err == nil || !strings.Contains(strings.ToLower(err.Error()), "key") {
			t.Errorf("%v, want an error that speaks of the key", err)
		}
		checkStored(t, c, good, false)
	})
	t.Run("a connection cut in the body", func(t *testing.T) {
		sendHalf(t, s.Replica, string(body))
		checkStored(t, c, good, false)
		c.MustPush(t, stack.Note{Path: good, Content: "text"})
	})
}

// sendHalf announces a whole request, sends half of it and hangs up.
func sendHalf(t *testing.T, n *stack.Node, body string) {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(n.Public, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\nX-Api-Key: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
		stack.APIPath, n.Stack.Key, len(body), body[:len(body)/2])
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return // Hung up on in turn.
	}
	resp.Body.Close()
	if resp.StatusCode < 400 {
		t.Errorf("half a request was answered with %d", resp.StatusCode)
	}
}

// TestHugeNoteIsRefused sends a note of 200 MB through a replica, as a client that takes no heed
// of limits and as the command line.
func TestHugeNoteIsRefused(t *testing.T) {
	s := stack.LiteFS(t)
	const size = 200 << 20
	t.Run("by the API", func(t *testing.T) {
		head := `{"query":"mutation($input: PushNotesInput!) { pushNotes(input: $input) { __typename ... on ErrorPayload { message byFields { name value } } } }","variables":{"input":{"updates":[{"path":"Huge.md","content":"`
		tail := `"}]}}}`
		whole := io.MultiReader(strings.NewReader(head), io.LimitReader(stack.Letters{}, size), strings.NewReader(tail))
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.Replica.Public+stack.APIPath, whole)
		if err != nil {
			t.Fatal(err)
		}
		req.ContentLength = int64(len(head) + size + len(tail))
		req.Header.Set("Content-Type", "application/json")
		a, err := s.Replica.API().Send(req)
		if err != nil {
			t.Fatal(err)
		}
		if a.Status != http.StatusRequestEntityTooLarge {
			t.Errorf("status %d, want 413: %.300s", a.Status, a.Body)
		}
	})
	t.Run("by the command line", func(t *testing.T) {
		dir := t.TempDir()
		stack.WriteFiles(t, dir, map[string]string{"Huge.md": strings.Repeat("letters\n", size/8), "Beside huge.md": "small"})
		r, err := s.Replica.PushFolder(t.Context(), dir)
		if err != nil {
			t.Fatal(err)
		}
		if r.ExitCode != 0 || !strings.Contains(r.Stderr, "warning: Huge.md") {
			t.Errorf("exit code %d, want 0 and a warning that names the note: %s", r.ExitCode, r.Stderr)
		}
		checkStored(t, s.App.API(), "Beside huge.md", true)
		if err := s.App.API().Hide(t.Context(), "Beside huge.md"); err != nil {
			t.Error(err)
		}
	})
	checkStored(t, s.App.API(), "Huge.md", false)
	stack.MustNotBeFound(t, s.Nodes(), "/huge")
}

// TestPushWithoutAServerSaysSo pushes to a port that nothing listens on.
func TestPushWithoutAServerSaysSo(t *testing.T) {
	s := stack.LiteFS(t)
	port, err := stack.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	nobody := &stack.Node{Stack: s, Service: "nobody", Public: "http://127.0.0.1:" + port}
	r, err := nobody.PushFolder(context.WithoutCancel(t.Context()), filepath.Join("testdata", "vault"), "--retry-for", "1s")
	if err != nil {
		t.Fatal(err)
	}
	if r.ExitCode != 4 || r.Stderr == "" {
		t.Errorf("exit code %d, want 4 and a message: %s", r.ExitCode, r.Stderr)
	}
}

// checkStored checks whether the server has a note.
func checkStored(t *testing.T, c *stack.APIClient, path string, want bool) {
	t.Helper()
	paths, err := c.NotePaths(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := slices.Contains(paths, path); got != want {
		t.Errorf("the server has %.60q: %v, want %v", path, got, want)
	}
}
