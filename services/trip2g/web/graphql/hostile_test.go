package graphql_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"strings"
	"testing"

	"trip2g/internal/tempdir"
	"trip2g/services/trip2g"
	"trip2g/services/trip2g/web/graphql"
)

func TestOnlyPOSTIsTaken(t *testing.T) {
	s := start(t, nil)
	for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodDelete} {
		r, err := http.NewRequestWithContext(t.Context(), method, s.URL+"?query={__typename}", nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := s.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		if a := s.read(response); a.status != http.StatusMethodNotAllowed || a.header.Get("Allow") != "OPTIONS, POST" || len(a.Errors) != 1 {
			t.Errorf("%s: status %d, Allow %q, %s", method, a.status, a.header.Get("Allow"), a.body)
		}
	}
}

func TestABrokenJSONBodyIsRefused(t *testing.T) {
	s := start(t, nil)
	push := func(content string) string {
		return fmt.Sprintf(`{"query":%q,"variables":{"input":{"updates":[{"path":"a.md","content":"%s"}]}}}`, pushQuery, content)
	}
	for name, tt := range map[string]struct {
		body    string
		status  int
		message string
	}{
		"invalid UTF-8":       {push("a\xffb"), 400, "UTF-8"},
		"lone high surrogate": {push(`a\ud800b`), 400, `\\ud800, half a surrogate pair`},
		"lone low surrogate":  {push(`\\\uDFFF`), 400, `\\uDFFF, half a surrogate pair`},
		"two high surrogates": {push(`\ud83d\ud83d\ude00`), 400, `half a surrogate pair`},
		"surrogate cut short": {push(`\ud83d\ude`), 400, `half a surrogate pair`},
		"surrogate at end":    {`{"query":"\ud83d`, 400, `half a surrogate pair`},
		"backslash at end":    {`{"query":"\`, 400, "JSON"},
		"cut short":           {push("x")[:40], 400, "JSON"},
		"empty":               {"", 400, "JSON"},
		"no JSON":             {"query=1", 400, "JSON"},
		"byte order mark":     {"\ufeff{}", 400, "JSON"},
		"a string":            {`"{__typename}"`, 400, "JSON"},
		"batch":               {"\n [" + push("x") + "]", 400, "batch"},
		"two values":          {push("x") + push("y"), 400, "goes on"},
		"query of wrong type": {`{"query":1}`, 400, "JSON"},
		"variables as list":   {`{"query":"{__typename}","variables":[]}`, 400, "JSON"},
		"no query":            {`{}`, 422, "no operation"},
		"null":                {`null`, 422, "no operation"},
		"deep":                {`{"query":"{__typename}","variables":` + strings.Repeat("[", 100_000), 400, "JSON"},
		"no GraphQL":          {`{"query":"{"}`, 422, "Expected"},
		"unknown field":       {`{"query":"{ secrets }"}`, 422, "secrets"},
		"unknown operation":   {`{"query":"query a {__typename}","operationName":"b"}`, 422, "operation b"},
		"subscription":        {`{"query":"subscription { x }"}`, 422, "ubscription"},
		"missing variable":    {`{"query":"mutation($input: PushNotesInput!) { pushNotes(input: $input) { __typename } }"}`, 422, "input"},
		"truth for text":      {strings.Replace(push("x"), `"a.md"`, `true`, 1), 422, "path"},
		"null for text":       {strings.Replace(push("x"), `"a.md"`, `null`, 1), 422, "path"},
		"file without form":   {fmt.Sprintf(`{"query":%q,"variables":{"input":{"file":"x","noteId":1,"sha256Hash":"","path":"","absolutePath":""}}}`, uploadQuery), 200, "Upload"},
		"number literal":      {`{"query":"{ noteVersion(id: 99999999999999999999) { id } }"}`, 422, "99999999999999999999 in the query is too large"},
		"number default":      {`{"query":"query($id: Int64! = -99999999999999999999) { noteVersion(id: $id) { id } }"}`, 422, "too large"},
		"float literal":       {`{"query":"{ noteVersion(id: 1e999) { id } }"}`, 422, "1e999 in the query is too large"},
		"number variable":     {`{"query":"query($id: Int64!) { noteVersion(id: $id) { id } }","variables":{"id":99999999999999999999}}`, 200, "value out of range"},
		"huge number":         {fmt.Sprintf(`{"query":%q,"variables":{"input":{"file":null,"noteId":99999999999999999999,"sha256Hash":"","path":"","absolutePath":""}}}`, uploadQuery), 422, "file"},
	} {
		t.Run(name, func(t *testing.T) {
			a := s.send("application/json", strings.NewReader(tt.body), s.withKey())
			if a.status != tt.status || len(a.Errors) == 0 || !strings.Contains(a.body, tt.message) {
				t.Errorf("status %d: %.300s; want %d and %q", a.status, a.body, tt.status, tt.message)
			}
			if len(a.body) > 2000 {
				t.Errorf("the answer has %d bytes", len(a.body))
			}
		})
	}
	s.wantUntouched()
	if log := s.log.String(); strings.Contains(log, "error") {
		t.Errorf("a client's mistake is logged as ours: %s", log)
	}
}

func TestEscapedCharactersAreStoredAsTheyAre(t *testing.T) {
	s := start(t, nil)
	body := fmt.Sprintf(`{"query":%q,"variables":{"input":{"updates":[{"path":"a.md","content":"\ud83d\ude00 \uD83D\uDE00 \\ud800 \ufffd \u0041\n"}]}}}`, pushQuery)
	s.send("application/json", strings.NewReader(body), s.withKey())
	if notes, _ := s.notes(); notes["a.md"] != "😀 😀 \\ud800 \ufffd A\n" {
		t.Errorf("readers see %q", notes)
	}
}

func TestOtherMediaTypesAreRefused(t *testing.T) {
	s := start(t, nil)
	for _, contentType := range []string{"", "text/plain", "application/x-www-form-urlencoded", "application/graphql", "multipart/mixed", ";;"} {
		if a := s.send(contentType, strings.NewReader(`{"query":"{__typename}"}`), s.withKey()); a.status != http.StatusUnsupportedMediaType || len(a.Errors) != 1 {
			t.Errorf("%q: status %d, %s", contentType, a.status, a.body)
		}
	}
	if a := s.send("application/json; charset=utf-8", strings.NewReader(`{"query":"{__typename}"}`), nil); a.status != http.StatusOK {
		t.Errorf("with a charset: status %d, %s", a.status, a.body)
	}
}

// endless hides the length of a body, so that it is sent in chunks.
type endless struct{ io.Reader }

func TestALargeBodyIsRefusedByName(t *testing.T) {
	s := start(t, func(o *graphql.Options) { o.MaxBody = 2 << 20; o.MaxAsset = 3 << 20 })
	tooMuch := strings.Repeat(" ", 5<<20)
	for name, body := range map[string]io.Reader{"length known": strings.NewReader(tooMuch), "length unknown": endless{strings.NewReader(tooMuch)}} {
		a := s.send("application/json", body, s.withKey())
		if a.status != http.StatusRequestEntityTooLarge || len(a.Errors) != 1 {
			t.Errorf("%s: status %d, %s", name, a.status, a.body)
		}
		contains(t, a.body, "2097152", "nothing was written")
	}
	form, contentType := uploadBody(t, uploadInput(1, "a", tooMuch), tooMuch)
	for name, body := range map[string]io.Reader{"form, length known": bytes.NewReader(form.Bytes()), "form, length unknown": endless{bytes.NewReader(form.Bytes())}} {
		if a := s.send(contentType, body, s.withKey()); a.status != http.StatusRequestEntityTooLarge || len(a.Errors) != 1 {
			t.Errorf("%s: status %d, %s", name, a.status, a.body)
		}
	}
	// Without a key the response is about the key.
	a := s.send("application/json", strings.NewReader(tooMuch[:1<<20+1]), nil)
	if a.status != http.StatusOK || len(a.Errors) != 1 || !strings.Contains(a.Errors[0].Message, "API key") {
		t.Errorf("no key: status %d, %s", a.status, a.body)
	}
	s.wantUntouched()
	s.wantNoTempFiles()
}

func TestABrokenFormIsRefused(t *testing.T) {
	s := start(t, nil)
	whole, contentType := uploadBody(t, uploadInput(1, "a.png", "x"), "x")
	operations := fmt.Sprintf(`{"query":%q,"variables":{"input":{"file":null,"list":[null]}}}`, uploadQuery)
	form := func(parts ...string) string {
		var body bytes.Buffer
		w := multipart.NewWriter(&body)
		w.SetBoundary("b")
		for i := 0; i < len(parts); i += 2 {
			w.WriteField(parts[i], parts[i+1])
		}
		w.Close()
		return body.String()
	}
	mapped := func(mapping string) string { return form("operations", operations, "map", mapping, "0", "x") }
	many := `{"0":["variables.input.file"]`
	for i := range 20 {
		many += fmt.Sprintf(`,"f%d":["variables.input.file"]`, i)
	}
	for name, body := range map[string]string{
		"empty":                  "",
		"no form":                "hello",
		"cut in a file":          strings.TrimSuffix(mapped(`{"0":["variables.input.file"]}`), "x\r\n--b--\r\n"),
		"cut before the end":     strings.TrimSuffix(mapped(`{"0":["variables.input.file"]}`), "--\r\n"),
		"no operations":          form("map", `{}`, "operations", operations),
		"no map":                 form("operations", operations, "0", "x"),
		"operations alone":       form("operations", operations),
		"operations no JSON":     form("operations", "x", "map", "{}"),
		"operations a batch":     form("operations", "["+operations+"]", "map", "{}"),
		"operations no UTF-8":    form("operations", strings.Replace(operations, "list", "\xff", 1), "map", "{}"),
		"operations huge":        form("operations", strings.Repeat(" ", 2<<20), "map", "{}"),
		"map no JSON":            mapped(`x`),
		"map of strings":         mapped(`{"0":"variables.input.file"}`),
		"map huge":               mapped(strings.Repeat(" ", 65<<10)),
		"map of many":            form("operations", operations, "map", many+"}"),
		"file not in the map":    form("operations", operations, "map", `{}`, "0", "x"),
		"file missing":           form("operations", operations, "map", `{"0":["variables.input.file"]}`),
		"file twice":             form("operations", operations, "map", `{"0":["variables.input.file"]}`, "0", "x", "0", "y"),
		"path empty":             mapped(`{"0":[""]}`),
		"path of variables":      mapped(`{"0":["variables"]}`),
		"path elsewhere":         mapped(`{"0":["query.x"]}`),
		"path through null":      mapped(`{"0":["variables.input.file.x"]}`),
		"path past a list":       mapped(`{"0":["variables.input.list.1"]}`),
		"path before a list":     mapped(`{"0":["variables.input.list.-1"]}`),
		"path by name in a list": mapped(`{"0":["variables.input.list.x"]}`),
		"no variables":           form("operations", `{"query":"{__typename}"}`, "map", `{"0":["variables.file"]}`, "0", "x"),
	} {
		t.Run(name, func(t *testing.T) {
			a := s.send("multipart/form-data; boundary=b", strings.NewReader(body), s.withKey())
			if a.status != http.StatusBadRequest || len(a.Errors) != 1 || !strings.Contains(a.Errors[0].Message, "nothing was written") && !strings.Contains(a.Errors[0].Message, "batch") {
				t.Errorf("status %d: %s", a.status, a.body)
			}
		})
	}
	if a := s.send("multipart/form-data", whole, s.withKey()); a.status != http.StatusBadRequest {
		t.Errorf("no boundary in %q: status %d, %s", contentType, a.status, a.body)
	}
	s.wantUntouched()
	s.wantNoTempFiles()
}

func TestHalfAFormOnTheWireWritesNothing(t *testing.T) {
	s := start(t, nil)
	note := s.pushed(map[string]string{"a.md": "![[a.bin]]"}, false).Notes[0]
	file := strings.Repeat("0123456789abcdef", 10<<20/16)
	body, contentType := uploadBody(t, uploadInput(note.ID, "a.bin", file), file)
	for name, send := range map[string]int{"in its head": 100, "in the file": body.Len() / 2, "in a large file": body.Len() - 200, "before its last byte": body.Len() - 3} {
		t.Run(name, func(t *testing.T) {
			conn, err := net.Dial("tcp", s.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: %s\r\nX-API-Key: %s\r\nContent-Length: %d\r\n\r\n", contentType, s.key, body.Len())
			if _, err := conn.Write(body.Bytes()[:send]); err != nil {
				t.Fatal(err)
			}
			conn.(*net.TCPConn).CloseWrite()
			response, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				t.Fatal(err)
			}
			if a := s.read(response); a.status != http.StatusBadRequest || !strings.Contains(a.body, "nothing was written") {
				t.Errorf("status %d: %s", a.status, a.body)
			}
		})
	}
	if _, err := s.db.Asset(t.Context(), hexHash(file)); trip2g.ErrorCode(err) != trip2g.ENOTFOUND {
		t.Errorf("half a file is stored: %v", err)
	}
	s.wantNoTempFiles()
}

func TestAMissingTemporaryFolderIsToldAndLogged(t *testing.T) {
	s := start(t, func(o *graphql.Options) { o.TempDirs = tempdir.Of(t.TempDir() + "/gone") })
	file := strings.Repeat("x", 9<<20)
	a := s.upload(uploadInput(1, "a.bin", file), file, s.withKey())
	if a.status != http.StatusServiceUnavailable || strings.Contains(a.body, "gone") {
		t.Errorf("status %d: %s", a.status, a.body)
	}
	contains(t, s.log.String(), "gone", `"level":"error"`)
}

func TestAnOperationThatWouldCostTooMuchIsRefused(t *testing.T) {
	s := start(t, nil)
	// Fragments that each spread the next one twice: 2^40 fields.
	var bomb strings.Builder
	bomb.WriteString("{ ...f0 }")
	for i := range 40 {
		fmt.Fprintf(&bomb, " fragment f%d on Query { ...f%d ...f%d }", i, i+1, i+1)
	}
	bomb.WriteString(" fragment f40 on Query { viewer { id } }")
	aliases := func(n int, field string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, " a%d: %s", i, field)
		}
		return "{" + b.String() + "}"
	}
	for name, query := range map[string]string{
		"aliases":             aliases(11, "notePaths { content }"),
		"aliases of mutation": "mutation " + aliases(11, `signInByEmail(input: {email: "a@b", code: "1"}) { __typename }`),
		"aliases in a field":  "{ viewer " + aliases(501, "id") + "}",
		"many aliases":        aliases(100_000, "__typename"),
		"fragment bomb":       bomb.String(),
		"fragment circle":     "{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }",
		"deep introspection":  "{ __schema { types " + strings.Repeat("{ fields { type ", 50) + "{ name }" + strings.Repeat("} }", 50) + "} }",
		"deep selection":      strings.Repeat("{ viewer ", 900),
		"deep list":           `{ notePaths(filter: {paths: ` + strings.Repeat("[", 1900) + `}) { value } }`,
		"directives":          "{ __typename " + strings.Repeat("@skip(if: false) ", 500) + "}",
		"long text":           `{ notePaths(filter: {search: "` + strings.Repeat("x", 300<<10) + `"}) { value } }`,
		"long block text":     `{ notePaths(filter: {search: """` + strings.Repeat("\n ", 200<<10) + `"""}) { value } }`,
	} {
		t.Run(name, func(t *testing.T) {
			a := s.post(query, nil, s.withKey())
			if len(a.Errors) == 0 || a.Data != nil && a.Data["viewer"] != nil {
				t.Errorf("status %d: %.300s", a.status, a.body)
			}
		})
	}
}

// broken is a publisher with an internal error.
type broken struct {
	trip2g.Publisher
	commit func() error
}

func (b broken) Discard(context.Context, trip2g.Stage) (bool, error) { return false, b.commit() }
func (b broken) Commit(context.Context, trip2g.Stage) ([]int64, trip2g.Position, error) {
	return nil, 0, b.commit()
}

func TestAFaultOfOursShowsNothingAndIsLoggedOnce(t *testing.T) {
	for name, fault := range map[string]func() error{
		"panic": func() error { panic("secret detail") },
		"error": func() error { return fmt.Errorf("secret detail") },
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, func(o *graphql.Options) { o.Publisher = broken{o.Publisher, fault} })
			headers := s.withKey()
			headers["X-Test-Id"] = "request-7"
			a := s.post(commitQuery, nil, headers)
			if a.status != http.StatusOK || len(a.Errors) != 1 || !strings.Contains(a.Errors[0].Message, "internal error") || strings.Contains(a.body, "secret") {
				t.Errorf("status %d: %s", a.status, a.body)
			}
			log := s.log.String()
			if strings.Count(log, "\n") != 1 {
				t.Errorf("the log has more than a line: %s", log)
			}
			contains(t, log, "secret detail", "request-7", "commitNotes")
			if after := s.post(`{__typename}`, nil, nil); after.status != http.StatusOK {
				t.Errorf("the server does not answer any more: %s", after.body)
			}
		})
	}
}

func TestAnUnknownOutcomeIsNotTakenForSuccessOrForNothingWritten(t *testing.T) {
	unconfirmed := &trip2g.Error{Code: trip2g.EINDETERMINATE, Message: "could not confirm that this was stored", Err: errors.New("ENOTCONN")}
	s := start(t, func(o *graphql.Options) { o.Publisher = broken{o.Publisher, func() error { return unconfirmed }} })
	a := s.post(commitQuery, nil, s.withKey())
	if a.status != http.StatusBadGateway || len(a.Errors) != 1 || a.Errors[0].Extensions["code"] != trip2g.EINDETERMINATE || !strings.Contains(a.Errors[0].Message, "could not confirm") {
		t.Errorf("status %d: %s", a.status, a.body)
	}
	contains(t, s.log.String(), "ENOTCONN")
}

func TestAServerThatCannotStoreSaysSoAndLogsWhy(t *testing.T) {
	full := &trip2g.Error{Code: trip2g.EUNAVAILABLE, Message: "the disk is full", Err: errors.New("ENOSPC on sda1")}
	s := start(t, func(o *graphql.Options) { o.Publisher = broken{o.Publisher, func() error { return full }} })
	a := s.post(commitQuery, nil, s.withKey())
	if p := a.get(t, "commitNotes"); p.Typename != "ErrorPayload" || p.Message != "the disk is full" || strings.Contains(a.body, "sda1") {
		t.Errorf("got %s", a.body)
	}
	contains(t, s.log.String(), "ENOSPC on sda1")
}

func TestANoteWithEveryCharacterComesBackAsItWas(t *testing.T) {
	s := start(t, nil)
	content := "NUL \x00, CR \r\n, tab \t, <script>&amp;</script>, \u2028, \U0001f600, e\u0301, \ufeff, \ufffd"
	s.pushed(map[string]string{"a.md": content}, false)
	if notes, _ := s.notes(); notes["a.md"] != content {
		t.Errorf("readers see %q, want %q", notes["a.md"], content)
	}
	a := s.post(`{ notePaths { latestContentHash } }`, nil, s.withKey())
	contains(t, a.body, trip2g.ContentHash(content))
}
