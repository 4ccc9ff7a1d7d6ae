package server_test

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"trip2g/services/trip2g"
)

// recordedRequest is a request of a build of the Obsidian plugin.
type recordedRequest struct {
	Path       string
	Headers    map[string]string
	Operations map[string]any
	File       string            // sent as a form with it, unless empty
	Answer     any               // with values of the same kinds
	Keep       map[string]string // values of the answer for later requests, by their path in it
}

// plugin is the Obsidian plugin of one vault, as the server sees it.
type plugin struct{ url, key string }

func (p *stack) plugin() plugin { return plugin{p.replica.Public, p.key} }

func (c plugin) send(t *testing.T, request recordedRequest) (status int, answer []byte) {
	t.Helper()
	body, contentType := request.body(t)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.url+request.Path, body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", contentType)
	r.Header.Set("X-API-Key", c.key)
	r.Header.Set("Origin", "app://obsidian.md")
	for name, value := range request.Headers {
		r.Header.Set(name, value)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err = io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if got := response.Header.Get("Access-Control-Allow-Origin"); got != "app://obsidian.md" {
		t.Errorf("Obsidian may not read the answer: Access-Control-Allow-Origin is %q", got)
	}
	return response.StatusCode, answer
}

func (r recordedRequest) body(t *testing.T) (body *bytes.Buffer, contentType string) {
	t.Helper()
	operations, err := json.Marshal(r.Operations)
	if err != nil {
		t.Fatal(err)
	}
	if r.File == "" {
		return bytes.NewBuffer(operations), "application/json"
	}
	body = &bytes.Buffer{}
	form := multipart.NewWriter(body)
	form.WriteField("operations", string(operations))
	form.WriteField("map", `{"0":["variables.input.file"]}`)
	part, err := form.CreateFormFile("0", "map.png")
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(part, r.File)
	form.Close()
	return body, form.FormDataContentType()
}

// ask sends an operation and reads its data into v.
func (c plugin) ask(t *testing.T, query string, input, v any) {
	t.Helper()
	_, body := c.send(t, recordedRequest{Path: "/_system/graphql", Operations: map[string]any{"query": query, "variables": map[string]any{"input": input}}})
	answer := struct {
		Data   any
		Errors []struct{ Message string }
	}{Data: v}
	if err := json.Unmarshal(body, &answer); err != nil || len(answer.Errors) > 0 {
		t.Fatalf("%s: %v", body, err)
	}
}

type pluginNote struct {
	ID     int64
	Path   string
	Assets []struct {
		Path, AbsolutePath, URL string
		Sha256Hash              *string
	}
}

const pluginPush = `mutation PushNotes($input: PushNotesInput!) { pushNotes(input: $input) { ... on ErrorPayload { message }
	... on PushNotesPayload { notes { id path assets { path sha256Hash absolutePath url } } } } }`

func (c plugin) push(t *testing.T, notes map[string]string, skipCommit bool) []pluginNote {
	t.Helper()
	updates := []map[string]string{}
	for path, content := range notes {
		updates = append(updates, map[string]string{"path": path, "content": content})
	}
	var data struct {
		PushNotes struct {
			Message string
			Notes   []pluginNote
		}
	}
	c.ask(t, pluginPush, map[string]any{"updates": updates, "skipCommit": skipCommit}, &data)
	if data.PushNotes.Message != "" {
		t.Fatal(data.PushNotes.Message)
	}
	return data.PushNotes.Notes
}

func (c plugin) commit(t *testing.T) {
	t.Helper()
	var data struct{ CommitNotes struct{ Success bool } }
	c.ask(t, `mutation { commitNotes { ... on CommitNotesPayload { success } ... on ErrorPayload { message } } }`, nil, &data)
	if !data.CommitNotes.Success {
		t.Fatal("the commit was refused")
	}
}

func uploadOf(note pluginNote, ref, path, file string) recordedRequest {
	sum := sha256.Sum256([]byte(file))
	return recordedRequest{Path: "/_system/graphql", File: file, Operations: map[string]any{
		"query": `mutation($input: UploadNoteAssetInput!) { uploadNoteAsset(input: $input) { ... on ErrorPayload { message } ... on UploadNoteAssetPayload { uploadSkipped } } }`,
		"variables": map[string]any{"input": map[string]any{"skipCommit": true, "file": nil, "noteId": fmt.Sprint(note.ID),
			"sha256Hash": hex.EncodeToString(sum[:]), "path": ref, "absolutePath": path}},
	}}
}

// upload sends the notes' files that the server lacks, from a vault.
func (c plugin) upload(t *testing.T, notes []pluginNote, files map[string]string) {
	t.Helper()
	for _, note := range notes {
		for _, asset := range note.Assets {
			if file, ok := files[asset.AbsolutePath]; ok && asset.Sha256Hash == nil {
				if status, body := c.send(t, uploadOf(note, asset.Path, asset.AbsolutePath, file)); status != http.StatusOK || !strings.Contains(string(body), `"uploadSkipped"`) {
					t.Fatalf("upload: status %d: %s", status, body)
				}
			}
		}
	}
}

// pull returns what a two-way sync would write into an empty folder.
func (c plugin) pull(t *testing.T) (notes, files map[string]string) {
	t.Helper()
	var texts struct {
		NotePaths []struct{ Path, Hash, Content string }
	}
	c.ask(t, `{ notePaths { path: value hash: latestContentHash content } }`, nil, &texts)
	notes, files = map[string]string{}, map[string]string{}
	for _, n := range texts.NotePaths {
		if trip2g.ContentHash(n.Content) != n.Hash {
			t.Errorf("%s does not have the hash that is told of it", n.Path)
		}
		notes[n.Path] = n.Content
	}
	for _, note := range c.push(t, nil, false) {
		for _, asset := range note.Assets {
			if asset.URL != "" {
				files[asset.AbsolutePath] = download(t, asset.URL)
			}
		}
	}
	return notes, files
}

// download fetches a file without a key and with a wrong one. Neither may make a difference.
func download(t *testing.T, url string) (content string) {
	t.Helper()
	for _, key := range []string{"", "t2g_wrong"} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		if key != "" {
			r.Header.Set("X-API-Key", key)
		}
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil || response.StatusCode != http.StatusOK {
			t.Fatalf("download with key %q: status %d, %v", key, response.StatusCode, err)
		}
		content = string(body)
	}
	return content
}

// follow opens the plugin's live pull and returns its lines; the channel is closed at the end.
func (c plugin) follow(t *testing.T) <-chan string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.url+"/_system/graphql", strings.NewReader(
		`{"query":"subscription NoteChanges($filter: NoteChangesFilter!) { noteChanges(filter: $filter) { changes { __typename ... on NoteUpsertEvent { path } ... on NoteHideEvent { path } } } }","variables":{"filter":{"includePatterns":["**"],"excludePatterns":[]}}}`))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "text/event-stream")
	r.Header.Set("X-API-Key", c.key)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if response.StatusCode != http.StatusOK {
		t.Fatalf("status %d", response.StatusCode)
	}
	t.Cleanup(func() { response.Body.Close() })
	lines := make(chan string, 100)
	go func() {
		defer close(lines)
		scanner := bufio.NewScanner(response.Body)
		for scanner.Scan() {
			if line := scanner.Text(); line != "" && line != ":" {
				lines <- line
			}
		}
		if err := scanner.Err(); err != nil {
			lines <- "broken off: " + err.Error()
		}
	}()
	return lines
}
