package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
)

// apiPath is the API's canonical address on every node.
const apiPath = "/_system/graphql"

// apiClient speaks the sync API to a node as a vault client does.
type apiClient struct {
	node   *node
	key    string
	client *http.Client // browser if nil
	token  string       // of the session that signInWith began
}

// api gives a client with the stack's key.
func (n *node) api() *apiClient { return &apiClient{node: n, key: n.stack.key} }

// refusal is an ErrorPayload.
type refusal struct {
	Message  string
	ByFields []struct{ Name, Value string }
}

func (r *refusal) Error() string { return fmt.Sprintf("refused: %s %v", r.Message, r.ByFields) }

// statusError is an answer that is not 200.
type statusError struct{ answer }

func (e *statusError) Error() string { return fmt.Sprintf("status %d: %.300s", e.status, e.body) }

// errorPayload is asked for beside every payload.
const errorPayload = " ... on ErrorPayload { message byFields { name value } }"

// do sends an operation and decodes its only field into out, which may be nil. An ErrorPayload is
// a *refusal, a status other than 200 a *statusError.
func (c *apiClient) do(ctx context.Context, query string, variables, out any) (http.Header, error) {
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.node.public+apiPath, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	a, err := c.send(req)
	if err != nil {
		return nil, err
	}
	return a.header, a.decode(out)
}

func (c *apiClient) send(req *http.Request) (answer, error) {
	if c.key != "" {
		req.Header.Set("X-API-Key", c.key)
	}
	client := c.client
	if client == nil {
		client = browser
	}
	return send(client, req)
}

// decode reads an operation's answer; see do.
func (a answer) decode(out any) error {
	if a.status != http.StatusOK {
		return &statusError{a}
	}
	var got struct {
		Data   map[string]json.RawMessage
		Errors []struct{ Message string }
	}
	if err := json.Unmarshal([]byte(a.body), &got); err != nil {
		return fmt.Errorf("no GraphQL answer: %w: %.300s", err, a.body)
	}
	if len(got.Errors) > 0 {
		return errors.New("GraphQL error: " + got.Errors[0].Message)
	}
	for _, field := range got.Data {
		var refused refusal
		if json.Unmarshal(field, &refused) == nil && refused.Message != "" {
			return &refused
		}
		if out != nil {
			return json.Unmarshal(field, out)
		}
	}
	return nil
}

// note is one note of a push.
type note struct {
	Path    string `json:"path"`
	Content string `json:"content"`
}

// push publishes notes; staged leaves them for commit. It gives the position that was reached.
func (c *apiClient) push(ctx context.Context, staged bool, notes ...note) (position int64, err error) {
	header, err := c.do(ctx, `mutation($input: PushNotesInput!) { pushNotes(input: $input) {
		... on PushNotesPayload { notes { id path } }`+errorPayload+` } }`,
		map[string]any{"input": map[string]any{"updates": notes, "skipCommit": staged}}, nil)
	if err != nil {
		return 0, err
	}
	return positionOf(header)
}

// commit publishes what was staged.
func (c *apiClient) commit(ctx context.Context) (position int64, err error) {
	header, err := c.do(ctx, `mutation { commitNotes { ... on CommitNotesPayload { success }`+errorPayload+` } }`, nil, nil)
	if err != nil {
		return 0, err
	}
	return positionOf(header)
}

// hide takes notes from readers.
func (c *apiClient) hide(ctx context.Context, paths ...string) error {
	_, err := c.do(ctx, `mutation($paths: [String!]!) { hideNotes(input: {paths: $paths}) {
		... on HideNotesPayload { success }`+errorPayload+` } }`, map[string]any{"paths": paths}, nil)
	return err
}

// mustPush publishes notes or fails the test.
func (c *apiClient) mustPush(t *testing.T, notes ...note) (position int64) {
	t.Helper()
	position, err := c.push(t.Context(), false, notes...)
	if err != nil {
		t.Fatalf("push through %s: %v", c.node.service, err)
	}
	return position
}

// notePaths gives the paths of all notes that the server has, as this client's stage sees them.
func (c *apiClient) notePaths(ctx context.Context) ([]string, error) {
	return c.notePathsLike(ctx, "%")
}

// notePathsLike is notePaths for paths that match an SQL LIKE pattern.
func (c *apiClient) notePathsLike(ctx context.Context, pattern string) ([]string, error) {
	var notes []struct{ Path string }
	_, err := c.do(ctx, `query($like: String) { notePaths(filter: {like: $like}) { path: value } }`,
		map[string]any{"like": pattern}, &notes)
	var paths []string
	for _, n := range notes {
		paths = append(paths, n.Path)
	}
	return paths, err
}

// positionOf reads the position that a mutation's answer carries.
func positionOf(header http.Header) (int64, error) {
	text := header.Get("X-Trip2g-Position")
	position, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("the answer carries no position: X-Trip2g-Position: %q", text)
	}
	return position, nil
}

// setSiteAccess sets who may read notes that do not say, and confirms how many become public by it. EVERYONE
// is for a site that has another default, or none.
func (c *apiClient) setSiteAccess(ctx context.Context, access string) error {
	var state struct{ Unspecified int }
	_, err := c.do(ctx, `{ siteAccess { unspecified } }`, nil, &state)
	if err != nil {
		return err
	}
	_, err = c.do(ctx, `mutation($access: SiteAccess!, $public: Int) {
		setSiteAccess(input: {access: $access, expectedPublic: $public}) { __typename`+errorPayload+` } }`,
		map[string]any{"access": access, "public": state.Unspecified}, nil)
	return err
}

// newKey makes an API key as an operator does: with the command line, beside the leader.
func (s *stack) newKey(ctx context.Context, name string) (string, error) {
	r, err := s.exec(ctx, "app", server, "trip2g", "keys", "create", "--name", name, "--scope", "read,publish,settings")
	if err != nil {
		return "", err
	}
	if r.exitCode != 0 {
		return "", fmt.Errorf("trip2g keys create ended with %d: %s", r.exitCode, r.stderr)
	}
	return strings.TrimSpace(r.stdout), nil
}
