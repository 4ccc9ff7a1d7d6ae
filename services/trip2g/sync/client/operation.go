package client

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"trip2g/services/trip2g"
)

const (
	notePathsQuery = `query NotePaths { notePaths {
  id path: value hash: latestContentHash assetReplaces { id hash absolutePath } } }`
	pushNotesMutation = `mutation PushNotes($input: PushNotesInput!) { result: pushNotes(input: $input) { __typename
  ... on PushNotesPayload { notes { id path assets { path sha256Hash absolutePath } } updated { id path warnings { message } } } ` + errorFields
	uploadMutation = `mutation UploadNoteAsset($input: UploadNoteAssetInput!) { result: uploadNoteAsset(input: $input) { __typename
  ... on UploadNoteAssetPayload { uploadSkipped } ` + errorFields
	hideNotesMutation = `mutation HideNotes($input: HideNotesInput!) { result: hideNotes(input: $input) { __typename
  ... on HideNotesPayload { success } ` + errorFields
	commitMutation = `mutation CommitNotes { result: commitNotes { __typename
  ... on CommitNotesPayload { success } ` + errorFields
	discardMutation = `mutation DiscardNotes { result: discardNotes { __typename
  ... on DiscardNotesPayload { committed } ` + errorFields
	warningsQuery = `query Warnings { warnings { path line text } }`

	errorFields = `... on ErrorPayload { code message byFields { name value } } } }`
)

// warningsWithin is the timeout for warnings.
const warningsWithin = 10 * time.Second

// UsePush sets the ID of the push that later requests belong to. It is random and new for each
// push.
func (c *Client) UsePush(id string) { c.push.Store(&id) }

// NotePaths lists the notes on the server, including those that the push has staged. Content is
// empty.
func (c *Client) NotePaths(ctx context.Context) ([]trip2g.NotePath, error) {
	var data struct {
		NotePaths *[]struct {
			ID            int64
			Path, Hash    string
			AssetReplaces []struct{ ID, Hash, AbsolutePath string }
		}
	}
	if err := c.call(ctx, notePathsQuery, nil, maxList, &data); err != nil {
		return nil, err
	}
	if data.NotePaths == nil {
		return nil, c.notTrip2g("its answer has no list of notes")
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

// StageNotes stages notes until Commit. It returns, in the same order, the references of each with
// the hashes of the server's files. EFORBIDDEN names notes that the server skips.
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
		Updated []updatedNote
	}
	if err := c.mutate(ctx, pushNotesMutation, map[string]any{"updates": list, "skipCommit": true}, &result); err != nil {
		return nil, err
	}
	if err := c.skipped(result.Updated); err != nil {
		return nil, err
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
			return nil, c.notTrip2g("its answer is about other notes than were sent")
		}
	}
	if len(notes) != len(updates) {
		return nil, c.notTrip2g("its answer is about fewer notes than were sent")
	}
	return notes, nil
}

// updatedNote is the server's result for one note. The ID is 0 for a skipped note.
type updatedNote struct {
	ID       int64
	Path     string
	Warnings []struct{ Message string }
}

// skipped returns an error that names the notes that the server skips, nil if there are none.
func (c *Client) skipped(notes []updatedNote) error {
	var fields []trip2g.FieldError
	for _, n := range notes {
		if n.ID != 0 {
			continue
		}
		for _, w := range n.Warnings {
			fields = append(fields, trip2g.FieldError{Name: c.clean(n.Path), Value: strings.TrimPrefix(c.clean(w.Message), "is left out: ")})
		}
	}
	if len(fields) == 0 {
		return nil
	}
	return &trip2g.Error{Code: trip2g.EFORBIDDEN, Message: fields[0].Name + ": " + fields[0].Value, Fields: fields}
}

// StageHiding stages the hiding of notes until Commit. Unknown paths are not an error.
func (c *Client) StageHiding(ctx context.Context, paths []string) error {
	return c.mutate(ctx, hideNotesMutation, map[string]any{"paths": paths, "skipCommit": true}, nil)
}

// Commit makes everything that the push has staged visible in one step. EEXPIRED if the push has
// ended.
func (c *Client) Commit(ctx context.Context) error {
	return c.mutate(ctx, commitMutation, nil, nil)
}

// Discard drops everything that the push has staged and ends it. committed reports that it was
// committed before. It does not retry.
func (c *Client) Discard(ctx context.Context) (committed bool, err error) {
	r, err := operation(discardMutation, nil, maxResult)
	if err != nil {
		return false, err
	}
	var result struct{ Committed bool }
	err = c.changeOnce(ctx, r, &result)
	return result.Committed, err
}

// Warnings lists problems in the server's notes. It does not retry, because nothing depends on the
// result.
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

// encode returns JSON without HTML escapes, which make markup up to six times as long.
func encode(value any) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	return b.Bytes(), err
}

// payload is a mutation's result: its payload or an ErrorPayload.
type payload struct {
	Typename      string `json:"__typename"`
	Code, Message string
	ByFields      []trip2g.FieldError
}

// mutate runs a mutation. input and out may be nil.
func (c *Client) mutate(ctx context.Context, query string, input map[string]any, out any) error {
	var variables map[string]any
	if input != nil {
		variables = map[string]any{"input": input}
	}
	r, err := operation(query, variables, maxResult)
	if err != nil {
		return err
	}
	return c.change(ctx, r, out)
}

// change sends a mutation with retries. out may be nil.
func (c *Client) change(ctx context.Context, r request, out any) error {
	return c.retry(ctx, func() error { return c.changeOnce(ctx, r, out) })
}

// changeOnce sends a mutation and reads its union.
func (c *Client) changeOnce(ctx context.Context, r request, out any) error {
	var data struct{ Result json.RawMessage }
	if err := c.sendOnce(ctx, r, &data); err != nil {
		return err
	}
	var p payload
	if err := json.Unmarshal(data.Result, &p); err != nil || p.Typename == "" {
		return c.notTrip2g("its answer to a mutation has no result")
	}
	if p.Typename == "ErrorPayload" {
		return c.rejected(p)
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(data.Result, out); err != nil {
		return c.notTrip2g("its answer to a mutation is of another shape")
	}
	return nil
}

// rejected returns the error of an ErrorPayload. It is temporary if the server was unavailable or
// the outcome is unknown.
func (c *Client) rejected(p payload) error {
	refused := &trip2g.Error{Code: knownCode(p.Code), Message: c.clean(p.Message)}
	for _, f := range p.ByFields {
		refused.Fields = append(refused.Fields, trip2g.FieldError{Name: c.clean(f.Name), Value: c.clean(f.Value)})
	}
	if refused.Code == trip2g.EUNAVAILABLE || refused.Code == trip2g.EINDETERMINATE {
		return &temporary{failure: refused}
	}
	return refused
}

// knownCode returns a known error code, or EINTERNAL for any other.
func knownCode(code string) string {
	switch code {
	case trip2g.EINVALID, trip2g.ETOOLARGE, trip2g.EUNAUTHORIZED, trip2g.EFORBIDDEN, trip2g.ENOTFOUND, trip2g.ECONFLICT, trip2g.EEXPIRED, trip2g.EUNAVAILABLE, trip2g.EINDETERMINATE:
		return code
	}
	return trip2g.EINTERNAL
}

func (c *Client) notTrip2g(why string) error {
	return &trip2g.Error{Code: trip2g.ENOTFOUND, Message: fmt.Sprintf("%s does not respond like a trip2g server (%s): is this the right URL?", c.base, why)}
}

// header returns the headers of a request.
func (c *Client) header(contentType string) http.Header {
	h := http.Header{}
	if c.VaultName != "" {
		h.Set(trip2g.VaultNameHeader, trip2g.EncodeVaultName(c.VaultName))
	}
	h.Set("Content-Type", contentType)
	h.Set("Accept", "application/json")
	if c.Key != "" {
		h.Set("X-API-Key", c.Key)
	}
	if c.UserAgent != "" {
		h.Set("User-Agent", c.UserAgent)
	}
	if id := c.push.Load(); id != nil {
		h.Set(trip2g.PushIDHeader, *id)
	}
	return h
}
