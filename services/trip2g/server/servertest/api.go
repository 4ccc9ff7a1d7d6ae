package servertest

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"trip2g/internal/testwait"
	"trip2g/services/trip2g"
	"trip2g/services/trip2g/auth"
	"trip2g/services/trip2g/content/markdown"
	"trip2g/services/trip2g/store/sqlite"
	"trip2g/services/trip2g/sync/client"
	"trip2g/services/trip2g/sync/push"
	"trip2g/services/trip2g/sync/vault"
)

// NewKey creates an API key with every scope in a database, and makes notes public by default.
func NewKey(t *testing.T, db string) string {
	t.Helper()
	site, err := sqlite.OpenLeader(t.Context(), db, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer site.Close()
	if _, err := site.SetSiteAccess(t.Context(), trip2g.AccessEveryone, trip2g.AnyPosition); err != nil {
		t.Fatal(err)
	}
	scopes, err := trip2g.ParseScopes("read", "publish", "settings")
	if err != nil {
		t.Fatal(err)
	}
	secret, _, err := auth.NewKeys(site, nil).CreateKey(t.Context(), "test", trip2g.Grant{Scopes: scopes}, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	return secret
}

// PushNote publishes a note through the node. It returns the API's response and the position of the
// change.
func (n *Node) PushNote(t *testing.T, key, path, content string) (answer, position string) {
	t.Helper()
	answer, header := n.post(t, http.Header{"X-Api-Key": {key}},
		`mutation($i: PushNotesInput!) { pushNotes(input: $i) { __typename ... on ErrorPayload { message } } }`,
		map[string]any{"i": map[string]any{"updates": []map[string]string{{"path": path, "content": content}}}})
	return answer, header.Get(trip2g.PositionHeader)
}

// GraphQL sends an operation and returns its data.
func (n *Node) GraphQL(t *testing.T, header http.Header, query string, variables any) json.RawMessage {
	t.Helper()
	text, _ := n.post(t, header, query, variables)
	var answer struct {
		Data   json.RawMessage
		Errors []struct{ Message string }
	}
	if err := json.Unmarshal([]byte(text), &answer); err != nil || len(answer.Errors) > 0 {
		t.Fatalf("the API answered %s: %v", text, err)
	}
	return answer.Data
}

func (n *Node) post(t *testing.T, header http.Header, query string, variables any) (text string, got http.Header) {
	t.Helper()
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, n.Public+"/_system/graphql", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if header != nil {
		req.Header = header.Clone()
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(answer), res.Header
}

var codeInLog = regexp.MustCompile(`"code":"([0-9]+)"`)

// SignIn signs a user in on a leader without a mail server and returns the session as a header.
func (n *Node) SignIn(t *testing.T, email string) http.Header {
	t.Helper()
	seen := len(codeInLog.FindAllString(n.Log.String(), -1))
	input := map[string]any{"input": map[string]string{"email": email}}
	n.GraphQL(t, nil, `mutation($input: RequestEmailSignInCodeInput!) { requestEmailSignInCode(input: $input) { __typename } }`, input)
	var code string
	testwait.NoFault(t, func() string {
		codes := codeInLog.FindAllStringSubmatch(n.Log.String(), -1)
		if len(codes) == seen {
			return "no code in the log"
		}
		code = codes[len(codes)-1][1]
		return ""
	})
	input = map[string]any{"input": map[string]string{"email": email, "code": code}}
	data := n.GraphQL(t, nil, `mutation($input: SignInByEmailInput!) { signInByEmail(input: $input) { ... on SignInPayload { token } } }`, input)
	var answer struct{ SignInByEmail struct{ Token string } }
	if err := json.Unmarshal(data, &answer); err != nil || answer.SignInByEmail.Token == "" {
		t.Fatalf("signing in answered %s: %v", data, err)
	}
	return http.Header{"Authorization": {"Bearer " + answer.SignInByEmail.Token}}
}

// Nodes returns the state of all nodes as the leader reports it.
func (n *Node) Nodes(t *testing.T, key string) (trip2g.Topology, error) {
	t.Helper()
	return n.client(t, key, 0).Nodes(t.Context())
}

// Push publishes a vault, path → content, through the node. It tries again for as long as retryFor.
func (n *Node) Push(t *testing.T, key string, files map[string]string, retryFor time.Duration) error {
	t.Helper()
	folder, err := vault.Open(t.Context(), writeFiles(t, files), vault.Options{MaxNoteSize: int64(vault.DefaultMaxNoteSize), Settings: markdown.PushRules})
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	_, err = push.Run(t.Context(), push.Options{Vault: folder, Server: n.client(t, key, retryFor), Reporter: silent{}, References: markdown.AssetRefs})
	return err
}

func (n *Node) client(t *testing.T, key string, retryFor time.Duration) *client.Client {
	t.Helper()
	c, err := client.New(client.Options{URL: n.Public, Key: key, UserAgent: "servertest", RetryFor: retryFor})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// writeFiles writes files, path → content, to a temporary folder.
func writeFiles(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// silent is a push.Reporter that reports nothing.
type silent struct{}

func (silent) Warn(trip2g.Warning)       {}
func (silent) Would(string, string)      {}
func (silent) Begin(string, int64, bool) {}
func (silent) Add(int64)                 {}
func (silent) End()                      {}
