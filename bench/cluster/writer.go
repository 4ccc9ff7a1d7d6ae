package cluster

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"
)

// Writer publishes single notes over one connection, as an editor does when a note is saved. A note
// is visible on the leader when its write is acknowledged. It is not safe for concurrent use.
type Writer struct {
	url, key string
	client   *http.Client
}

// Writer returns a writer to the server at a URL: of a node, or of a proxy in front of one.
func (c *Cluster) Writer(url string) *Writer {
	return &Writer{url: url + "/_system/graphql", key: c.Key, client: &http.Client{
		Transport: &http.Transport{MaxIdleConnsPerHost: 1},
		Timeout:   time.Minute,
	}}
}

const writeMutation = `mutation Write($input: PushNotesInput!) { pushNotes(input: $input) { __typename
  ... on ErrorPayload { message } } }`

// Write publishes a note and returns the time from the start of the request to the end of the
// response.
func (w *Writer) Write(ctx context.Context, path, content string) (time.Duration, error) {
	request, err := w.request(ctx, writeMutation, map[string]any{
		"input": map[string]any{"updates": []map[string]string{{"path": path, "content": content}}},
	})
	if err != nil {
		return 0, fmt.Errorf("write %s: %w", path, err)
	}
	began := time.Now()
	answer, err := w.send(request)
	took := time.Since(began)
	if err != nil {
		return 0, fmt.Errorf("write %s: %w", path, err)
	}
	var result struct {
		Data struct {
			PushNotes struct {
				Typename string `json:"__typename"`
			}
		}
	}
	if err := json.Unmarshal(answer, &result); err != nil || result.Data.PushNotes.Typename != "PushNotesPayload" {
		return 0, fmt.Errorf("write %s: the server answered %.500s", path, answer)
	}
	return took, nil
}

// makePublic makes notes public by default, as the benchmarks require.
func (c *Cluster) makePublic(ctx context.Context) error {
	w := c.Writer(c.Leader.URL())
	defer w.Close()
	request, err := w.request(ctx, `mutation { setSiteAccess(input: {access: EVERYONE, expectedPublic: 0}) { __typename } }`, nil)
	if err != nil {
		return fmt.Errorf("make notes public: %w", err)
	}
	answer, err := w.send(request)
	if err == nil && !bytes.Contains(answer, []byte("SetSiteAccessPayload")) {
		err = fmt.Errorf("the server answered %.500s", answer)
	}
	if err != nil {
		return fmt.Errorf("make notes public: %w", err)
	}
	return nil
}

// request returns the request of an operation.
func (w *Writer) request(ctx context.Context, query string, variables map[string]any) (*http.Request, error) {
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-API-Key", w.key)
	return request, nil
}

func (w *Writer) send(request *http.Request) ([]byte, error) {
	response, err := w.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %.500s", response.Status, answer)
	}
	return answer, err
}

// Close closes the connection.
func (w *Writer) Close() { w.client.CloseIdleConnections() }
