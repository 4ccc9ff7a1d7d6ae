package client

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"trip2g/services/trip2g"
)

const (
	notePathsQuery = `query NotePaths($filter: NotePathsFilter) { notePaths(filter: $filter) {
  id path: value hash: latestContentHash assetReplaces { id hash absolutePath } } }`
	pushNotesMutation = `mutation PushNotes($input: PushNotesInput!) { result: pushNotes(input: $input) { __typename
  ... on PushNotesPayload { notes { id path assets { path sha256Hash absolutePath } } } ` + errorFields
	uploadMutation = `mutation UploadNoteAsset($input: UploadNoteAssetInput!) { result: uploadNoteAsset(input: $input) { __typename
  ... on UploadNoteAssetPayload { uploadSkipped } ` + errorFields
	hideNotesMutation = `mutation HideNotes($input: HideNotesInput!) { result: hideNotes(input: $input) { __typename
  ... on HideNotesPayload { success } ` + errorFields
	commitMutation = `mutation CommitNotes { result: commitNotes { __typename
  ... on CommitNotesPayload { success } ` + errorFields
	warningsQuery = `query Warnings { warnings { path line text } }`

	errorFields = `... on ErrorPayload { message byFields { name value } } } }`
)

// warningsWithin bounds the asking for warnings.
const warningsWithin = 10 * time.Second

// NotePaths lists what the server has, with what this key has staged and not committed. Content
// is left empty.
func (c *Client) NotePaths(ctx context.Context) ([]trip2g.NotePath, error) {
	return c.notePaths(ctx, nil)
}

func (c *Client) notePaths(ctx context.Context, filter map[string]any) ([]trip2g.NotePath, error) {
	var data struct {
		NotePaths *[]struct {
			ID            int64
			Path, Hash    string
			AssetReplaces []struct{ ID, Hash, AbsolutePath string }
		}
	}
	if err := c.call(ctx, notePathsQuery, map[string]any{"filter": filter}, maxList, &data); err != nil {
		return nil, fmt.Errorf("ask what the server has: %w", err)
	}
	if data.NotePaths == nil {
		return nil, c.notOurs("its answer has no list of notes")
	}
	notes := make([]trip2g.NotePath, len(*data.NotePaths))
	for i, n := range *data.NotePaths {
		notes[i] = trip2g.NotePath{ID: n.ID, Path: n.Path, Hash: n.Hash}
		for _, a := range n.AssetReplaces {
			notes[i].Assets = append(notes[i].Assets, trip2g.NoteAsset{Ref: a.ID, Hash: a.Hash, AbsolutePath: a.AbsolutePath})
		}
	}
	return notes, nil
}

// StageNotes stages notes until Commit and gives, in their order, each with the files that it
// refers to and the hashes that the server has of them.
func (c *Client) StageNotes(ctx context.Context, updates []trip2g.NoteUpdate) ([]trip2g.PushedNote, error) {
	type update struct {
		Path    string `json:"path"`
		Content string `json:"content"`
	}
	list := make([]update, len(updates))
	for i, u := range updates {
		list[i] = update{u.Path, u.Content}
	}
	var result struct {
		Notes []struct {
			ID     int64
			Path   string
			Assets []struct {
				Path         string
				Sha256Hash   *string
				AbsolutePath string
			}
		}
	}
	if err := c.mutate(ctx, pushNotesMutation, map[string]any{"updates": list, "skipCommit": true}, &result); err != nil {
		return nil, fmt.Errorf("send notes: %w", err)
	}
	notes := make([]trip2g.PushedNote, len(result.Notes))
	for i, n := range result.Notes {
		notes[i] = trip2g.PushedNote{ID: n.ID, Path: n.Path}
		for _, a := range n.Assets {
			asset := trip2g.NoteAsset{Ref: a.Path, AbsolutePath: a.AbsolutePath}
			if a.Sha256Hash != nil {
				asset.Hash = *a.Sha256Hash
			}
			notes[i].Assets = append(notes[i].Assets, asset)
		}
		if i >= len(updates) || n.Path != updates[i].Path {
			return nil, c.notOurs("its answer is about other notes than were sent")
		}
	}
	if len(notes) != len(updates) {
		return nil, c.notOurs("its answer is about fewer notes than were sent")
	}
	return notes, nil
}

// StageHiding stages the hiding of notes until Commit. Unknown paths are no error.
func (c *Client) StageHiding(ctx context.Context, paths []string) error {
	if err := c.mutate(ctx, hideNotesMutation, map[string]any{"paths": paths, "skipCommit": true}, nil); err != nil {
		return fmt.Errorf("hide notes: %w", err)
	}
	return nil
}

// Commit makes all that this key staged visible, in one step.
func (c *Client) Commit(ctx context.Context) error {
	err := c.mutate(ctx, commitMutation, nil, nil)
	if trip2g.ErrorCode(err) == trip2g.EINVALID {
		// A commit has no input that could be at fault: the server cannot do it now.
		err = &trip2g.Error{Code: trip2g.EUNAVAILABLE, Message: trip2g.ErrorMessage(err)}
	}
	if err != nil {
		return fmt.Errorf("make the notes visible: %w", err)
	}
	return nil
}

// Warnings lists what in the server's notes could not be taken as it was meant. It is asked once and for
// seconds at the most: nothing hangs on the answer.
func (c *Client) Warnings(ctx context.Context) ([]trip2g.Warning, error) {
	ctx, cancel := context.WithTimeout(ctx, warningsWithin)
	defer cancel()
	r, err := operation(warningsQuery, nil, maxResult)
	if err != nil {
		return nil, err
	}
	var data struct{ Warnings []trip2g.Warning }
	if err := c.sendOnce(ctx, r, &data); err != nil {
		return nil, fmt.Errorf("ask for warnings: %w", err)
	}
	for i, w := range data.Warnings {
		data.Warnings[i] = trip2g.Warning{Path: c.clean(w.Path), Line: w.Line, Text: c.clean(w.Text)}
	}
	return data.Warnings, nil
}

// call runs one operation and decodes its data, of at most maxAnswer bytes, into out.
func (c *Client) call(ctx context.Context, query string, variables map[string]any, maxAnswer int64, out any) error {
	r, err := operation(query, variables, maxAnswer)
	if err != nil {
		return err
	}
	return c.send(ctx, r, out)
}

// operation is the request for one operation.
func operation(query string, variables map[string]any, maxAnswer int64) (request, error) {
	body, err := encode(map[string]any{"query": query, "variables": variables})
	if err != nil {
		return request{}, fmt.Errorf("encode the request: %w", err)
	}
	return request{
		contentType: "application/json",
		length:      int64(len(body)),
		open:        func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil },
		maxAnswer:   maxAnswer,
	}, nil
}

// encode is JSON without the escapes for HTML, which make a note of markup up to six times as long.
func encode(value any) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	return b.Bytes(), err
}

// payload is a mutation's result: the union of what it gives and ErrorPayload.
type payload struct {
	Typename string `json:"__typename"`
	Message  string
	ByFields []trip2g.FieldError
}

// mutate runs a mutation with an input; nil is none. out may be nil.
func (c *Client) mutate(ctx context.Context, query string, input map[string]any, out any) error {
	var variables map[string]any
	if input != nil {
		variables = map[string]any{"input": input}
	}
	var data mutationData
	if err := c.call(ctx, query, variables, maxResult, &data); err != nil {
		return err
	}
	return c.result(ctx, data, out)
}

type mutationData struct{ Result json.RawMessage }

// result reads a mutation's union.
func (c *Client) result(ctx context.Context, data mutationData, out any) error {
	var p payload
	if err := json.Unmarshal(data.Result, &p); err != nil || p.Typename == "" {
		return c.notOurs("its answer to a mutation has no result")
	}
	if p.Typename == "ErrorPayload" {
		return c.refused(ctx, p)
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(data.Result, out); err != nil {
		return c.notOurs("its answer to a mutation is of another shape")
	}
	return nil
}

// refused makes the error of an ErrorPayload. The payload has no code, and a key that was revoked
// meanwhile is refused as bad input is: a query, which has one, tells them apart.
func (c *Client) refused(ctx context.Context, p payload) error {
	if len(p.ByFields) == 0 {
		_, err := c.notePaths(ctx, map[string]any{"paths": []string{"?"}})
		if code := trip2g.ErrorCode(err); code == trip2g.EUNAUTHORIZED || code == trip2g.EFORBIDDEN {
			return err
		}
	}
	refused := &trip2g.Error{Code: trip2g.EINVALID, Message: c.clean(p.Message)}
	for _, f := range p.ByFields {
		refused.Fields = append(refused.Fields, trip2g.FieldError{Name: c.clean(f.Name), Value: c.clean(f.Value)})
	}
	return refused
}

func (c *Client) notOurs(why string) error {
	return &trip2g.Error{Code: trip2g.ENOTFOUND, Message: fmt.Sprintf("%s does not answer as a trip2g server does (%s): is it the right URL?", c.base, why)}
}

// header is what every request carries.
func (c *Client) header(contentType string) http.Header {
	h := http.Header{}
	h.Set("Content-Type", contentType)
	h.Set("Accept", "application/json")
	if c.Key != "" {
		h.Set("X-API-Key", c.Key)
	}
	if c.UserAgent != "" {
		h.Set("User-Agent", c.UserAgent)
	}
	return h
}
