package graphql_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"trip2g/internal/testwait"
)

// answer is a response.
type answer struct {
	status int
	header http.Header
	body   string
	Data   map[string]json.RawMessage
	Errors []struct {
		Message    string
		Path       []any
		Extensions map[string]any
	}
}

// payload has the fields that any operation of these tests returns.
type payload struct {
	Typename      string `json:"__typename"`
	Code          string
	Message       string
	ByFields      []struct{ Name, Value string }
	Success       bool
	Committed     bool
	UploadSkipped bool
	Token         string
	ID            string
	Role          string
	User          *struct{ Email string }
	Viewer        *struct {
		Role string
		User *struct{ Email string }
	}
	Notes []struct {
		ID     int64
		Path   string
		Assets []struct {
			ID           string
			AssetID      int64 `json:"assetId"`
			Path         string
			Sha256Hash   *string
			AbsolutePath string
			URL          string
		}
	}
}

// get returns the payload of one field.
func (a answer) get(t *testing.T, field string) (p payload) {
	t.Helper()
	if a.status != http.StatusOK || len(a.Errors) > 0 || a.Data[field] == nil {
		t.Fatalf("status %d: %s", a.status, a.body)
	}
	if err := json.Unmarshal(a.Data[field], &p); err != nil {
		t.Fatal(err)
	}
	return p
}

// decode reads the data into v.
func (a answer) decode(t *testing.T, v any) {
	t.Helper()
	var whole struct{ Data json.RawMessage }
	if err := json.Unmarshal([]byte(a.body), &whole); err != nil || a.status != http.StatusOK || len(a.Errors) > 0 {
		t.Fatalf("status %d: %s", a.status, a.body)
	}
	if err := json.Unmarshal(whole.Data, v); err != nil {
		t.Fatal(err)
	}
}

type header map[string]string

// send posts an unmodified body.
func (s *server) send(contentType string, body io.Reader, headers header) answer {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.URL, body)
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Content-Type", contentType)
	for name, value := range headers {
		r.Header.Set(name, value)
	}
	if host := headers["Host"]; host != "" {
		r.Host = host
	}
	response, err := s.Client().Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	return s.read(response)
}

func (s *server) read(response *http.Response) answer {
	s.t.Helper()
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	a := answer{status: response.StatusCode, header: response.Header, body: string(text)}
	if err := json.Unmarshal(text, &a); err != nil {
		s.t.Fatalf("status %d with a body that is no JSON: %q", a.status, text)
	}
	return a
}

// post sends an operation as JSON.
func (s *server) post(query string, variables map[string]any, headers header) answer {
	s.t.Helper()
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		s.t.Fatal(err)
	}
	return s.send("application/json", bytes.NewReader(body), headers)
}

func (s *server) withKey() header { return header{"X-API-Key": s.key} }

// push sends notes, path → content.
func (s *server) push(notes map[string]string, skipCommit bool, headers header) answer {
	s.t.Helper()
	updates := []map[string]string{}
	for path, content := range notes {
		updates = append(updates, map[string]string{"path": path, "content": content})
	}
	input := map[string]any{"updates": updates}
	if skipCommit {
		input["skipCommit"] = true
	}
	return s.post(pushQuery, map[string]any{"input": input}, headers)
}

func (s *server) pushed(notes map[string]string, skipCommit bool) payload {
	s.t.Helper()
	p := s.push(notes, skipCommit, s.withKey()).get(s.t, "pushNotes")
	if p.Typename != "PushNotesPayload" || len(p.Notes) != len(notes) {
		s.t.Fatalf("pushed: %+v", p)
	}
	return p
}

// upload sends a file by the multipart request specification.
func (s *server) upload(input map[string]any, file string, headers header) answer {
	s.t.Helper()
	body, contentType := uploadBody(s.t, input, file)
	return s.send(contentType, body, headers)
}

func uploadBody(t *testing.T, input map[string]any, file string) (*bytes.Buffer, string) {
	t.Helper()
	input["file"] = nil
	operations, err := json.Marshal(map[string]any{"query": uploadQuery, "variables": map[string]any{"input": input}})
	if err != nil {
		t.Fatal(err)
	}
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	form.WriteField("operations", string(operations))
	form.WriteField("map", `{"0": ["variables.input.file"]}`)
	part, err := form.CreateFormFile("0", "file.bin")
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(part, file)
	form.Close()
	return &body, form.FormDataContentType()
}

func uploadInput(noteID int64, ref, file string) map[string]any {
	return map[string]any{"noteId": noteID, "sha256Hash": hexHash(file), "path": ref, "absolutePath": "img/" + ref}
}

func hexHash(content string) string {
	sum := sha256.Sum256([]byte(content))
	return hex.EncodeToString(sum[:])
}

// code requests a sign-in code and returns the mailed one.
func (s *server) code(headers header) string {
	s.t.Helper()
	p := s.post(requestQuery, map[string]any{"input": map[string]any{"email": owner}}, headers).get(s.t, "requestEmailSignInCode")
	if !p.Success {
		s.t.Fatalf("no code: %+v", p)
	}
	return testwait.Receive(s.t, "a code by mail", s.codes)
}

func (s *server) signIn(code string, headers header) answer {
	s.t.Helper()
	return s.post(signInQuery, map[string]any{"input": map[string]any{"email": owner, "code": code}}, headers)
}

func contains(t *testing.T, text string, wants ...string) {
	t.Helper()
	for _, want := range wants {
		if !strings.Contains(text, want) {
			t.Errorf("%q lacks %q", text, want)
		}
	}
}
