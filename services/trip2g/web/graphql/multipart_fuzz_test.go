package graphql

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"

	"trip2g/internal/tempdir"
)

// FuzzMultipart parses any form. An accepted one has every file, complete, at the paths in its map.
// A refused one gets a 4xx and a short message. No temporary file remains.
func FuzzMultipart(f *testing.F) {
	encode := func(parts ...string) []byte {
		var b strings.Builder
		for i := 0; i+1 < len(parts); i += 2 {
			fmt.Fprintf(&b, "--b\r\nContent-Disposition: form-data; name=%q; filename=\"f\"\r\n\r\n%s\r\n", parts[i], parts[i+1])
		}
		return []byte(b.String() + "--b--\r\n")
	}
	const operations = `{"query":"{a}","variables":{"input":{"file":null,"files":[null,null]}}}`
	f.Add(encode("operations", operations, "map", `{"0":["variables.input.file"]}`, "0", "content"))
	f.Add(encode("operations", operations, "map", `{"0":["variables.input.files.1","variables.input.files.0"],"1":["variables.input.file"]}`, "1", "", "0", "--b"))
	f.Add(encode("operations", operations, "map", `{"0":["variables.input.file","variables.input.file.a"]}`, "0", "content"))
	f.Add(encode("operations", operations, "map", `{"0":["variables.input.file"],"1":["variables.input.file"]}`, "0", "a", "1", "b"))
	f.Add(encode("operations", operations, "map", `{"0":["variables.input.file"],"1":["variables.input"]}`, "0", "a", "1", "b"))
	f.Add(encode("operations", operations, "map", `{"0":["variables.input.files.-1"]}`, "0", "content"))
	f.Add(encode("operations", operations, "map", `{"0":["variables"]}`, "0", "content"))
	f.Add(encode("operations", `{"query":"{a}"}`, "map", `{"0":["variables.a"]}`, "0", "content"))
	f.Add(encode("operations", operations, "map", `{"0":["variables.input.file"]}`, "0", "a", "0", "b"))
	f.Add(encode("operations", operations, "map", `{"`+strings.Repeat("a", 3000)+`":["variables.input.file"]}`))
	f.Add(encode("operations", operations, "map", `{"0":["variables.`+strings.Repeat("a.", 3000)+`"]}`, "0", "content"))
	f.Add(encode("operations", operations, "map", "null", strings.Repeat("a", 3000), "content"))
	f.Add(encode("operations", operations, "map", `[]`))
	f.Add(encode("map", "{}", "operations", operations))
	f.Add(encode("operations", "null", "map", `{"0":["variables.a"]}`, "0", ""))
	f.Add(encode())
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, body []byte) {
		r := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(body))
		r.Header.Set("Content-Type", "multipart/form-data; boundary=b")
		read := &form{keep: true, tempDirs: tempdir.Of(dir)}
		params, err := read.read(r)
		switch {
		case err != nil:
			checkFormError(t, r, err)
		default:
			checkForm(t, body, params)
		}
		read.close()
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("left behind: %v, %v", left, err)
		}
	})
}

func checkFormError(t *testing.T, r *http.Request, err error) {
	w := httptest.NewRecorder()
	refuseForm(w, r, err, 1<<20)
	var answer struct{ Errors []struct{ Message string } }
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || len(answer.Errors) != 1 {
		t.Errorf("the response is %.200q", w.Body)
	}
	if w.Code < 400 || w.Code > 499 || w.Body.Len() > 2000 {
		t.Errorf("status %d with %d bytes for %.200v", w.Code, w.Body.Len(), err)
	}
}

// checkForm parses the parts again and looks for each file at the paths in the map.
func checkForm(t *testing.T, body []byte, params *graphql.RawParams) {
	reader := multipart.NewReader(bytes.NewReader(body), "b")
	var parts [][]byte
	var names []string
	for {
		part, err := reader.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("a broken form is accepted: %v", err)
		}
		content, err := io.ReadAll(part)
		if err != nil {
			t.Fatalf("a broken part is accepted: %v", err)
		}
		parts, names = append(parts, content), append(names, part.FormName())
	}
	if len(parts) < 2 {
		t.Fatalf("a form of %d parts is accepted", len(parts))
	}
	targets := map[string][]string{}
	if err := json.Unmarshal(parts[1], &targets); err != nil {
		t.Fatal(err)
	}
	if len(parts) != 2+len(targets) {
		t.Errorf("%d files for a map of %d are accepted", len(parts)-2, len(targets))
	}
	for i, content := range parts[2:] {
		for _, path := range targets[names[i+2]] {
			checkUpload(t, params.Variables, path, content)
		}
	}
}

func checkUpload(t *testing.T, variables map[string]any, path string, want []byte) {
	var at any = variables
	for _, name := range strings.Split(path, ".")[1:] {
		switch container := at.(type) {
		case map[string]any:
			at = container[name]
		case []any:
			var i int
			fmt.Sscan(name, &i)
			at = container[i]
		}
	}
	upload, ok := at.(graphql.Upload)
	if !ok {
		t.Fatalf("%q is %T, not a file", path, at)
	}
	if got, err := io.ReadAll(upload.File); err != nil || !bytes.Equal(got, want) || upload.Size != int64(len(want)) {
		t.Errorf("%q is %q of size %d, %v; want %q", path, got, upload.Size, err, want)
	}
}
