package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"trip2g/services/trip2g/server/servertest"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"trip2g/internal/testwait"
)

// TestRequestsOfThePluginAreAnsweredThroughAReplica sends the requests of the builds 0.3 to 0.12,
// in order.
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
	if status, body := servertest.Get(p.replica.Public + "/trips/japan"); status != http.StatusOK || !strings.Contains(body, "Japan") {
		t.Errorf("the replica shows status %d", status)
	}
	if status, _ := servertest.Get(p.replica.Public + "/a"); status != http.StatusNotFound {
		t.Errorf("what was pushed with a wrong key has status %d", status)
	}
}

// fillIn replaces names by kept values. An id is sent as text, as some builds do.
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

func startLeaderAndReplica(t *testing.T) *stack {
	t.Helper()
	db := filepath.Join(t.TempDir(), "data.sqlite3")
	p := &stack{t: t, leader: servertest.Start(t, "DB_FILE="+db, "NODE_NAME=app", "OWNER_EMAIL="+testOwner)}
	p.leader.WaitReady(t)
	p.replica = servertest.Start(t, "DB_FILE="+db, "NODE_NAME=app-replica", "LEADER_ADDR="+p.leader.InternalAddr, "SESSION_COOKIE_NAME=session_r1")
	p.replica.WaitReady(t)
	p.key = servertest.NewKey(t, db)
	return p
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
	other := plugin{p.replica.Public, p.secondKey(t)}
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

// secondKey returns the key of another client.
func (p *stack) secondKey(t *testing.T) string {
	t.Helper()
	headers := p.leader.SignIn(t, testOwner)
	body := strings.NewReader(`{"query":"mutation { createApiKey(input: {name: \"other\"}) { ... on CreateApiKeyPayload { secret } } }"}`)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.leader.Public+"/_system/graphql", body)
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

func wantLine(t *testing.T, lines <-chan string, wants ...string) {
	t.Helper()
	line := testwait.Receive(t, strings.Join(wants, " "), lines)
	for _, want := range wants {
		if !strings.Contains(line, want) {
			t.Fatalf("got %q, want %q", line, want)
		}
	}
}

// TestALivePullEndsWithEitherNodeSoThatThePluginAsksAgain stops the nodes. The live pull must not
// hold up their shutdown.
func TestALivePullEndsWithEitherNodeSoThatThePluginAsksAgain(t *testing.T) {
	for name, stopped := range map[string]func(*stack) *servertest.Node{
		"leader":  func(p *stack) *servertest.Node { return p.leader },
		"replica": func(p *stack) *servertest.Node { return p.replica },
	} {
		t.Run(name, func(t *testing.T) {
			p := startLeaderAndReplica(t)
			c := p.plugin()
			lines := c.follow(t)
			c.push(t, map[string]string{"a.md": "text"}, false)
			wantLine(t, lines, "event: next")
			wantLine(t, lines, `data: {"data":{"noteChanges":{"changes":[{"__typename":"NoteUpsertEvent","path":"a.md"}]}}}`)
			began := time.Now()
			if err := stopped(p).Stop(); err != nil {
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
