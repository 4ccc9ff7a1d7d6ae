package client

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"trip2g/services/trip2g"
)

const (
	vaultQuery = `query Vault { notePaths {
  path: value hash: latestContentHash assetReplaces { url hash absolutePath } } }`
	textsQuery = `query NoteTexts($filter: NotePathsFilter) { notePaths(filter: $filter) { path: value content } }`

	// textsBatch is the number of texts per request.
	textsBatch = 50
	// maxDownload is the maximum size of a file in bytes.
	maxDownload = 64 << 30
	// absentFor is how long a file can be missing on a replica that is behind its leader.
	absentFor = 5 * time.Second
)

// Vault lists the notes on the server by path, with the files of each. It includes notes that this
// key has staged.
func (c *Client) Vault(ctx context.Context) ([]trip2g.RemoteNote, error) {
	var data struct {
		NotePaths *[]struct {
			Path, Hash    string
			AssetReplaces []struct{ URL, Hash, AbsolutePath string }
		}
	}
	if err := c.call(ctx, vaultQuery, nil, maxList, &data); err != nil {
		return nil, err
	}
	if data.NotePaths == nil {
		return nil, c.notTrip2g("its answer has no list of notes")
	}
	notes := make([]trip2g.RemoteNote, len(*data.NotePaths))
	for i, n := range *data.NotePaths {
		notes[i] = trip2g.RemoteNote{Path: n.Path, Hash: n.Hash}
		for _, a := range n.AssetReplaces {
			notes[i].Files = append(notes[i].Files, trip2g.RemoteFile{Path: a.AbsolutePath, Hash: a.Hash, URL: a.URL})
		}
	}
	return notes, nil
}

// NoteTexts calls each with the texts of notes, in the order of paths. Notes that no longer exist
// are skipped.
func (c *Client) NoteTexts(ctx context.Context, paths []string, each func(path, content string) error) error {
	size := textsBatch
	for len(paths) > 0 {
		size = min(size, len(paths))
		texts, err := c.noteTexts(ctx, paths[:size])
		if _, long := errors.AsType[longAnswer](err); long && size > 1 {
			size /= 2 // the notes are larger than usual
			continue
		}
		if err != nil {
			return err
		}
		for _, path := range paths[:size] {
			if content, ok := texts[path]; ok {
				if err := each(path, content); err != nil {
					return err
				}
			}
		}
		paths = paths[size:]
	}
	return nil
}

func (c *Client) noteTexts(ctx context.Context, paths []string) (map[string]string, error) {
	var data struct {
		NotePaths []struct{ Path, Content string }
	}
	if err := c.call(ctx, textsQuery, map[string]any{"filter": map[string]any{"paths": paths}}, maxList, &data); err != nil {
		return nil, err
	}
	texts := make(map[string]string, len(data.NotePaths))
	for _, n := range data.NotePaths {
		texts[n.Path] = n.Content
	}
	return texts, nil
}

// Download writes a file to the writer from create, which each attempt calls. ECONFLICT if the
// content does not match file.Hash, ENOTFOUND if the server does not have it. The key is not sent,
// because the URL is signed.
func (c *Client) Download(ctx context.Context, file trip2g.RemoteFile, create func() (io.Writer, error)) error {
	address, err := c.reachableURL(file.URL)
	if err != nil {
		return err
	}
	asked := time.Now()
	err = c.retry(ctx, func() error {
		err := c.download(ctx, address, file, create)
		if trip2g.ErrorCode(err) == trip2g.ENOTFOUND && time.Since(asked) < absentFor {
			return &temporary{failure: &trip2g.Error{Code: trip2g.ENOTFOUND, Message: trip2g.ErrorMessage(err)}}
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("download %s: %w", c.clean(file.Path), err)
	}
	return nil
}

// reachableURL returns a file's URL with the base URL of this client. The server may know itself by
// another one, for example behind a tunnel.
func (c *Client) reachableURL(address string) (string, error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", c.notTrip2g("it returns an invalid file URL")
	}
	_, inside, ok := strings.Cut(u.EscapedPath(), trip2g.AssetPrefix)
	if !ok {
		return "", c.notTrip2g("it returns a file URL outside its files")
	}
	out := c.base.String() + trip2g.AssetPrefix + inside
	if u.RawQuery != "" {
		out += "?" + u.RawQuery
	}
	return out, nil
}

func (c *Client) download(asked context.Context, address string, file trip2g.RemoteFile, create func() (io.Writer, error)) error {
	ctx, cancel := context.WithCancelCause(asked)
	defer cancel(nil)
	stall := time.AfterFunc(c.Stall, func() { cancel(errStalled) })
	defer stall.Stop()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return fmt.Errorf("make the request: %w", err)
	}
	if c.UserAgent != "" {
		req.Header.Set("User-Agent", c.UserAgent)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return c.unreachable(asked, ctx, &sentBody{}, err)
	}
	defer resp.Body.Close()
	if err := c.readFile(resp); err != nil {
		return err
	}
	out, err := create()
	if err != nil {
		return err
	}
	sum := sha256.New()
	in := &progressReader{resp.Body, func() { stall.Reset(c.Stall) }}
	broken := &errorWriter{Writer: out}
	n, err := io.Copy(io.MultiWriter(broken, sum), io.LimitReader(in, maxDownload+1))
	switch {
	case broken.err != nil:
		return broken.err
	case err != nil:
		return c.unreachable(asked, ctx, &sentBody{}, err)
	case n > maxDownload || hex.EncodeToString(sum.Sum(nil)) != file.Hash:
		return trip2g.Errorf(trip2g.ECONFLICT, "%s sent a file that does not match its hash", c.base)
	}
	return nil
}

// errorWriter records its error.
type errorWriter struct {
	io.Writer
	err error
}

func (w *errorWriter) Write(p []byte) (int, error) {
	n, err := w.Writer.Write(p)
	w.err = err
	return n, err
}

// readFile checks the status of a response that should be a file.
func (c *Client) readFile(resp *http.Response) error {
	switch code := resp.StatusCode; {
	case code == http.StatusOK:
		return nil
	case isTemporary(code):
		failure := trip2g.Errorf(trip2g.EUNAVAILABLE, "%s cannot serve now: %s", c.base, c.clean(resp.Status))
		return &temporary{failure, retryAfter(resp.Header, time.Now())}
	case code == http.StatusNotFound:
		return trip2g.Errorf(trip2g.ENOTFOUND, "%s does not have it: %s", c.base, c.clean(resp.Status))
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		return trip2g.Errorf(trip2g.EUNAUTHORIZED, "%s denied access: %s", c.base, c.clean(resp.Status))
	default:
		return c.notTrip2g("it answered " + c.clean(resp.Status))
	}
}
