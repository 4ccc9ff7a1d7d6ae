package client

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"mime/multipart"

	"trip2g/services/trip2g"
)

// StageAsset sends a file of size bytes for a note's reference, staged until Commit. Each attempt
// opens the file again; upload.Body is not used.
//
// The file is sent while it is read. StageAsset returns ECONFLICT if its size or hash differs.
// Nothing was stored then, and the caller can hash the file and retry.
func (c *Client) StageAsset(ctx context.Context, upload trip2g.AssetUpload, size int64, open func() (io.ReadCloser, error)) error {
	head, tail, contentType, err := uploadForm(upload)
	if err != nil {
		return fmt.Errorf("encode the request: %w", err)
	}
	return c.change(ctx, request{
		contentType: contentType,
		length:      int64(len(head)) + size + int64(len(tail)),
		open: func() (io.ReadCloser, error) {
			f, err := open()
			if err != nil {
				return nil, err
			}
			whole := io.MultiReader(bytes.NewReader(head), &verifiedReader{file: f, left: size, want: upload.Hash, sum: sha256.New()}, bytes.NewReader(tail))
			return struct {
				io.Reader
				io.Closer
			}{whole, f}, nil
		},
		maxAnswer: maxResult,
	}, nil)
}

// uploadForm returns the parts of the body before and after the file, as in the GraphQL multipart
// request specification (github.com/jaydenseric/graphql-multipart-request-spec).
func uploadForm(upload trip2g.AssetUpload) (head, tail []byte, contentType string, err error) {
	operations, err := encode(map[string]any{"query": uploadMutation, "variables": map[string]any{"input": map[string]any{
		"file": nil, "noteId": upload.NoteID, "sha256Hash": upload.Hash, "path": upload.Ref, "absolutePath": upload.AbsolutePath, "skipCommit": true,
	}}})
	if err != nil {
		return nil, nil, "", err
	}
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	// Writes to a buffer do not fail.
	form.WriteField("operations", string(operations))
	form.WriteField("map", `{"0":["variables.input.file"]}`)
	form.CreateFormFile("0", "file")
	head = bytes.Clone(b.Bytes())
	b.Reset()
	form.Close()
	return head, b.Bytes(), form.FormDataContentType(), nil
}

// verifiedReader reads a file and fails at its end if the content does not match the announced size
// and hash. The request is then incomplete, and the server drops it.
type verifiedReader struct {
	file io.Reader
	left int64
	want string
	sum  hash.Hash
}

func (r *verifiedReader) Read(p []byte) (int, error) {
	if r.left == 0 {
		return 0, r.end()
	}
	n, err := r.file.Read(p[:min(int64(len(p)), r.left)])
	r.sum.Write(p[:n])
	r.left -= int64(n)
	if err == io.EOF && r.left > 0 {
		return n, errChanged
	}
	if err == io.EOF {
		err = nil
	}
	return n, err
}

func (r *verifiedReader) end() error {
	n, err := r.file.Read(make([]byte, 1))
	switch {
	case n > 0 || hex.EncodeToString(r.sum.Sum(nil)) != r.want:
		return errChanged
	case err == nil:
		return nil // a reader can return 0 and no error
	}
	return err
}

var errChanged = trip2g.Errorf(trip2g.ECONFLICT, "the file changed while it was sent; nothing of it was stored")
