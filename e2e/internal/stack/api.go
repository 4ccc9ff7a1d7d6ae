package stack

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

// APIPath is the canonical path of the API.
const APIPath = "/_system/graphql"

// APIClient calls the API of a node, as a vault client does.
type APIClient struct {
	Node   *Node
	Key    string
	Client *http.Client // nil: the package's Client
	Token  string       // of the session, after SignInWith
}

// API returns a client with the stack's API key.
func (n *Node) API() *APIClient { return &APIClient{Node: n, Key: n.Stack.Key} }

// Refusal is an ErrorPayload as an error.
type Refusal struct {
	Message  string
	ByFields []struct{ Name, Value string }
}

// Error implements error.
func (r *Refusal) Error() string { return fmt.Sprintf("refused: %s %v", r.Message, r.ByFields) }

// StatusError is a response with a status other than 200.
type StatusError struct{ Answer }

// Error implements error.
func (e *StatusError) Error() string { return fmt.Sprintf("status %d: %.300s", e.Status, e.Body) }

// ErrorPayload selects the fields of an ErrorPayload; every query contains it.
const ErrorPayload = " ... on ErrorPayload { message byFields { name value } }"

// Do sends an operation and decodes its only field into out, which may be nil. The error is a
// *Refusal for an ErrorPayload, and a *StatusError for a status other than 200.
func (c *APIClient) Do(ctx context.Context, query string, variables, out any) (http.Header, error) {
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.Node.Public+APIPath, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	a, err := c.Send(req)
	if err != nil {
		return nil, err
	}
	return a.Header, a.decode(out)
}

// Send sends a request with the key, if there is one.
func (c *APIClient) Send(req *http.Request) (Answer, error) {
	if c.Key != "" {
		req.Header.Set("X-API-Key", c.Key)
	}
	client := c.Client
	if client == nil {
		client = Client
	}
	return Send(client, req)
}

// decode reads the response to an operation; see Do.
func (a Answer) decode(out any) error {
	if a.Status != http.StatusOK {
		return &StatusError{a}
	}
	var got struct {
		Data   map[string]json.RawMessage
		Errors []struct{ Message string }
	}
	if err := json.Unmarshal([]byte(a.Body), &got); err != nil {
		return fmt.Errorf("no GraphQL answer: %w: %.300s", err, a.Body)
	}
	if len(got.Errors) > 0 {
		return errors.New("GraphQL error: " + got.Errors[0].Message)
	}
	for _, field := range got.Data {
		var refused Refusal
		if json.Unmarshal(field, &refused) == nil && refused.Message != "" {
			return &refused
		}
		if out != nil {
			return json.Unmarshal(field, out)
		}
	}
	return nil
}

// Note is a note to push.
type Note struct {
	Path    string `json:"path"`
	Content string `json:"content"`
}

// Push publishes notes, or stages them for Commit, and returns the position of the change.
func (c *APIClient) Push(ctx context.Context, staged bool, notes ...Note) (position int64, err error) {
	header, err := c.Do(ctx, `mutation($input: PushNotesInput!) { pushNotes(input: $input) {
		... on PushNotesPayload { notes { id path } }`+ErrorPayload+` } }`,
		map[string]any{"input": map[string]any{"updates": notes, "skipCommit": staged}}, nil)
	if err != nil {
		return 0, err
	}
	return positionOf(header)
}

// Commit publishes what was staged and returns the position of the change.
func (c *APIClient) Commit(ctx context.Context) (position int64, err error) {
	header, err := c.Do(ctx, `mutation { commitNotes { ... on CommitNotesPayload { success }`+ErrorPayload+` } }`, nil, nil)
	if err != nil {
		return 0, err
	}
	return positionOf(header)
}

// Hide unpublishes notes.
func (c *APIClient) Hide(ctx context.Context, paths ...string) error {
	_, err := c.Do(ctx, `mutation($paths: [String!]!) { hideNotes(input: {paths: $paths}) {
		... on HideNotesPayload { success }`+ErrorPayload+` } }`, map[string]any{"paths": paths}, nil)
	return err
}

// MustPush publishes notes or fails the test.
func (c *APIClient) MustPush(t *testing.T, notes ...Note) (position int64) {
	t.Helper()
	position, err := c.Push(t.Context(), false, notes...)
	if err != nil {
		t.Fatalf("push through %s: %v", c.Node.Service, err)
	}
	return position
}

// NotePaths returns the paths of all notes on the server, including those this client has staged.
func (c *APIClient) NotePaths(ctx context.Context) ([]string, error) {
	return c.NotePathsLike(ctx, "%")
}

// NotePathsLike is NotePaths for paths that match an SQL LIKE pattern.
func (c *APIClient) NotePathsLike(ctx context.Context, pattern string) ([]string, error) {
	var notes []struct{ Path string }
	_, err := c.Do(ctx, `query($like: String) { notePaths(filter: {like: $like}) { path: value } }`,
		map[string]any{"like": pattern}, &notes)
	var paths []string
	for _, n := range notes {
		paths = append(paths, n.Path)
	}
	return paths, err
}

// positionOf returns the position in the response to a mutation.
func positionOf(header http.Header) (int64, error) {
	text := header.Get("X-Trip2g-Position")
	position, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("the answer carries no position: X-Trip2g-Position: %q", text)
	}
	return position, nil
}

// SetSiteAccess sets the access default of the site, and confirms the number of notes that become
// public. EVERYONE requires that the site has another default, or none.
func (c *APIClient) SetSiteAccess(ctx context.Context, access string) error {
	var state struct{ Unspecified int }
	_, err := c.Do(ctx, `{ siteAccess { unspecified } }`, nil, &state)
	if err != nil {
		return err
	}
	_, err = c.Do(ctx, `mutation($access: SiteAccess!, $public: Int) {
		setSiteAccess(input: {access: $access, expectedPublic: $public}) { __typename`+ErrorPayload+` } }`,
		map[string]any{"access": access, "public": state.Unspecified}, nil)
	return err
}

// NewKey creates an API key with the command line, in the leader's container.
func (s *Stack) NewKey(ctx context.Context, name string) (string, error) {
	r, err := s.Exec(ctx, "app", ServerUser, "trip2g", "keys", "create", "--name", name, "--scope", "read,publish,settings")
	if err != nil {
		return "", err
	}
	if r.ExitCode != 0 {
		return "", fmt.Errorf("trip2g keys create ended with %d: %s", r.ExitCode, r.Stderr)
	}
	return strings.TrimSpace(r.Stdout), nil
}
