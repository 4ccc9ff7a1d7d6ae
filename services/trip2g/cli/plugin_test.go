package cli

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"trip2g/internal/testwait"
	"trip2g/services/trip2g"
)

// recordedRequest is a request as a build of the Obsidian plugin sends it.
type recordedRequest struct {
	Path       string
	Headers    map[string]string
	Operations map[string]any
	File       string            // sent as a form with it, if it is not empty
	Answer     any               // with values of the same kinds
	Keep       map[string]string // values of the answer for the requests after this one, by their path in it
}

// TestRequestsOfThePluginAreAnsweredThroughAReplica sends what builds 0.3 to 0.12 do, in order.
func TestRequestsOfThePluginAreAnsweredThroughAReplica(t *testing.T) {
	p := startLeaderAndReplica(t)
	files, err := filepath.Glob("testdata/plugin/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no requests: %v", err)
	}
	kept := map[string]any{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var request recordedRequest
		if err := json.Unmarshal(text, &request); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if variables, ok := request.Operations["variables"].(map[string]any); ok {
			fillIn(variables, kept)
		}
		status, body := p.plugin().send(t, request)
		var got any
		if err := json.Unmarshal(body, &got); err != nil || status != http.StatusOK {
			t.Fatalf("%s: status %d: %s", file, status, body)
		}
		if err := sameShape("", request.Answer, got); err != nil {
			t.Fatalf("%s: %v: %s", file, err, body)
		}
		for name, path := range request.Keep {
			kept["$"+name] = valueAt(got, path)
		}
	}
	if status, body := get(p.replica.public + "/trips/japan"); status != http.StatusOK || !strings.Contains(body, "Japan") {
		t.Errorf("the replica shows status %d", status)
	}
	if status, _ := get(p.replica.public + "/a"); status != http.StatusNotFound {
		t.Errorf("what was pushed with a wrong key has status %d", status)
	}
}

// fillIn puts kept values where their names are. An id goes as text, as some builds send it.
func fillIn(value any, kept map[string]any) {
	switch value := value.(type) {
	case map[string]any:
		for key, inner := range value {
			if name, ok := inner.(string); ok && kept[name] != nil {
				value[key] = fmt.Sprint(kept[name])
				continue
			}
			fillIn(inner, kept)
		}
	case []any:
		for _, inner := range value {
			fillIn(inner, kept)
		}
	}
}

// plugin is the Obsidian plugin of one vault, as far as the server sees it.
type plugin struct{ url, key string }

func (p *stack) plugin() plugin { return plugin{p.replica.public, p.key} }

func startLeaderAndReplica(t *testing.T) *stack {
	t.Helper()
	db := filepath.Join(t.TempDir(), "data.sqlite3")
	p := &stack{t: t, leader: startNode(t, "DB_FILE="+db, "NODE_NAME=app", "OWNER_EMAIL="+testOwner)}
	p.leader.waitReady(t)
	p.replica = startNode(t, "DB_FILE="+db, "NODE_NAME=app-replica", "LEADER_ADDR="+p.leader.internalAddr, "SESSION_COOKIE_NAME=session_r1")
	p.replica.waitReady(t)
	p.key = newKey(t, db)
	return p
}

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

// upload sends the files that the server lacks of notes, from a vault.
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

// pull reads what a two-way sync would write into an empty folder.
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

// download fetches a file without a key and beside a wrong one: neither may make a difference.
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

func TestATwoWaySyncBringsAVaultWithItsPicturesIntoAnEmptyFolder(t *testing.T) {
	p := startLeaderAndReplica(t)
	notes := map[string]string{
		"index.md": "---\nfree: true\n---\n![[one.png]]", "Private/diary.md": "---\nfree: false\n---\n![[two.png]]", "_sidebar.md": "![[three.png]]",
	}
	files := map[string]string{"one.png": "one", "Private/two.png": "two", "three.png": "three"}
	c := p.plugin()
	c.upload(t, c.push(t, notes, true), files)
	c.commit(t)
	gotNotes, gotFiles := c.pull(t)
	if diff := cmp.Diff(notes, gotNotes); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(files, gotFiles); diff != "" {
		t.Error(diff)
	}
}

func TestAPictureThatComesAfterItsNoteIsUploadedAtTheNextSync(t *testing.T) {
	p := startLeaderAndReplica(t)
	c := p.plugin()
	c.push(t, map[string]string{"a.md": "---\nfree: true\n---\n![[late.png]]"}, true)
	c.commit(t)
	c.upload(t, c.push(t, nil, false), map[string]string{"late.png": "late"})
	c.commit(t)
	if _, files := c.pull(t); files["late.png"] != "late" {
		t.Errorf("the server has %v", files)
	}
}

func TestAnUploadThatBrokeOffIsRepeated(t *testing.T) {
	p := startLeaderAndReplica(t)
	c := p.plugin()
	picture := strings.Repeat("pixels", 1<<20)
	notes := c.push(t, map[string]string{"a.md": "---\nfree: true\n---\n![[large.png]]"}, true)
	body, contentType := uploadOf(notes[0], "large.png", "large.png", picture).body(t)
	ctx, breakOff := context.WithCancel(t.Context())
	half := io.MultiReader(bytes.NewReader(body.Bytes()[:body.Len()/2]), readerFunc(func([]byte) (int, error) {
		breakOff()
		return 0, context.Canceled
	}))
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url+"/_system/graphql", half)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", contentType)
	r.Header.Set("X-API-Key", c.key)
	if response, err := http.DefaultClient.Do(r); err == nil {
		response.Body.Close()
		t.Fatalf("half of an upload has status %d", response.StatusCode)
	}
	c.upload(t, c.push(t, nil, false), map[string]string{"large.png": picture})
	c.commit(t)
	if _, files := c.pull(t); files["large.png"] != picture {
		t.Errorf("the server has %d bytes of the picture", len(files["large.png"]))
	}
}

type readerFunc func([]byte) (int, error)

// Read implements io.Reader.
func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func TestALargeVaultIsPushedInBatchesBesideAnotherClient(t *testing.T) {
	p := startLeaderAndReplica(t)
	const batches, batch = 100, 100
	other := plugin{p.replica.public, p.secondKey(t)}
	var clients errgroup.Group
	clients.Go(func() error {
		for n := range batches {
			notes := map[string]string{}
			for i := range batch {
				notes[fmt.Sprintf("vault/%d/note %d.md", n, i)] = fmt.Sprintf("---\nfree: true\n---\n# Note %d of %d", i, n)
			}
			p.plugin().push(t, notes, true)
		}
		p.plugin().commit(t)
		return nil
	})
	clients.Go(func() error {
		for n := range 10 {
			other.push(t, map[string]string{fmt.Sprintf("other %d.md", n): "other"}, n%2 == 0)
		}
		return nil
	})
	clients.Wait()
	listed := 0
	for _, note := range p.plugin().push(t, nil, false) {
		if strings.HasPrefix(note.Path, "vault/") {
			listed++
		}
		if strings.HasPrefix(note.Path, "other ") && note.Path[len("other ")]%2 == 0 {
			t.Errorf("%s is visible, which the other client has only staged", note.Path)
		}
	}
	if listed != batches*batch {
		t.Errorf("%d of %d notes are there", listed, batches*batch)
	}
}

// secondKey is the key of another client.
func (p *stack) secondKey(t *testing.T) string {
	t.Helper()
	headers := signInOwner(t, p.leader)
	body := strings.NewReader(`{"query":"mutation { createApiKey(input: {name: \"other\"}) { ... on CreateApiKeyPayload { secret } } }"}`)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.leader.public+"/_system/graphql", body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header = headers.Clone()
	r.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var answer struct {
		Data struct{ CreateApiKey struct{ Secret string } }
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil || answer.Data.CreateApiKey.Secret == "" {
		t.Fatalf("no key: %v", err)
	}
	return answer.Data.CreateApiKey.Secret
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

func wantLine(t *testing.T, lines <-chan string, wants ...string) {
	t.Helper()
	line := testwait.Receive(t, strings.Join(wants, " "), lines)
	for _, want := range wants {
		if !strings.Contains(line, want) {
			t.Fatalf("got %q, want %q", line, want)
		}
	}
}

// TestALivePullEndsWithEitherNodeSoThatThePluginAsksAgain stops the nodes, whose shutdown it must not hold up.
func TestALivePullEndsWithEitherNodeSoThatThePluginAsksAgain(t *testing.T) {
	for name, stopped := range map[string]func(*stack) *testNode{
		"leader":  func(p *stack) *testNode { return p.leader },
		"replica": func(p *stack) *testNode { return p.replica },
	} {
		t.Run(name, func(t *testing.T) {
			p := startLeaderAndReplica(t)
			c := p.plugin()
			lines := c.follow(t)
			c.push(t, map[string]string{"a.md": "text"}, false)
			wantLine(t, lines, "event: next")
			wantLine(t, lines, `data: {"data":{"noteChanges":{"changes":[{"__typename":"NoteUpsertEvent","path":"a.md"}]}}}`)
			began := time.Now()
			if err := stopped(p).stop(); err != nil {
				t.Fatal(err)
			}
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("stopping took %v", took)
			}
			wantLine(t, lines, "event: complete")
			if line, more := <-lines; more {
				t.Errorf("after the end: %q", line)
			}
		})
	}
}
