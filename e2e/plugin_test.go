package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"trip2g/e2e/internal/stack"
)

// pluginRequest is a request that a build of the Obsidian plugin sends, as it was recorded.
type pluginRequest struct {
	Path       string
	Headers    map[string]string
	Operations json.RawMessage
	File       string            // sent as a form with it, if it is not empty
	Answer     any               // with values of the same kinds
	Keep       map[string]string // values of the answer for the requests after this one, by their path in it
}

// TestObsidianSyncsAVaultThroughAReplica sends what builds 0.3 to 0.12 of the plugin do, in their order, to a
// replica of a site that was just set up.
func TestObsidianSyncsAVaultThroughAReplica(t *testing.T) {
	s := stack.Empty(t)
	var err error
	if s.Key, err = s.NewKey(t.Context(), "obsidian"); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(stack.Root, "services", "trip2g", "server", "testdata", "plugin", "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no requests: %v", err)
	}
	kept := map[string]string{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var request pluginRequest
		if err := json.Unmarshal(text, &request); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		a := request.send(t, s.Replica, kept)
		var got any
		if err := json.Unmarshal([]byte(a.Body), &got); err != nil || a.Status != http.StatusOK {
			t.Fatalf("%s: status %d: %s", filepath.Base(file), a.Status, a.Body)
		}
		if err := hasShape("the answer", request.Answer, got); err != nil {
			t.Fatalf("%s: %v: %s", filepath.Base(file), err, a.Body)
		}
		for name, path := range request.Keep {
			kept[name] = textAt(got, path)
		}
	}
	stack.AwaitText(t, s.Nodes(), "/trips/japan", "Japan")
	stack.MustNotBeFound(t, s.Nodes(), "/a")
}

// send sends the request to a node, with the kept values in place of their names.
func (r pluginRequest) send(t *testing.T, n *stack.Node, kept map[string]string) stack.Answer {
	t.Helper()
	operations := string(r.Operations)
	for name, value := range kept {
		operations = strings.ReplaceAll(operations, `"$`+name+`"`, strconv.Quote(value))
	}
	body, contentType := bytes.NewBufferString(operations), "application/json"
	if r.File != "" {
		body = &bytes.Buffer{}
		form := multipart.NewWriter(body)
		form.WriteField("operations", operations)
		form.WriteField("map", `{"0":["variables.input.file"]}`)
		part, err := form.CreateFormFile("0", "map.png")
		if err != nil {
			t.Fatal(err)
		}
		part.Write([]byte(r.File))
		form.Close()
		contentType = form.FormDataContentType()
	}
	header := http.Header{"Content-Type": {contentType}, "X-Api-Key": {n.Stack.Key}, "Origin": {"app://obsidian.md"}}
	for name, value := range r.Headers {
		header.Set(name, value)
	}
	a, err := stack.Fetch(t.Context(), http.MethodPost, n.Public+r.Path, header, body.String())
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// hasShape compares the keys and the kinds of values of an answer with those of a recorded one.
func hasShape(where string, recorded, got any) error {
	switch recorded := recorded.(type) {
	case nil:
		return nil
	case map[string]any:
		got, ok := got.(map[string]any)
		if !ok {
			return fmt.Errorf("%s is no object", where)
		}
		for key, value := range recorded {
			if err := hasShape(where+"."+key, value, got[key]); err != nil {
				return err
			}
		}
		return nil
	case []any:
		got, ok := got.([]any)
		if !ok || (len(got) == 0) != (len(recorded) == 0) {
			return fmt.Errorf("%s is not a list like the recorded one", where)
		}
		for i := range got {
			if err := hasShape(fmt.Sprintf("%s[%d]", where, i), recorded[min(i, len(recorded)-1)], got[i]); err != nil {
				return err
			}
		}
		return nil
	}
	if fmt.Sprintf("%T", recorded) != fmt.Sprintf("%T", got) {
		return fmt.Errorf("%s is %v, and was %v", where, got, recorded)
	}
	return nil
}

// textAt returns a value of an answer as text, "data.notes.0.id" for example.
func textAt(value any, path string) string {
	for step := range strings.SplitSeq(path, ".") {
		switch at := value.(type) {
		case map[string]any:
			value = at[step]
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i >= len(at) {
				return ""
			}
			value = at[i]
		}
	}
	if number, ok := value.(float64); ok {
		return strconv.FormatInt(int64(number), 10)
	}
	return fmt.Sprint(value)
}
