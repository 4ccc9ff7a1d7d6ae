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

	// textsBatch is how many notes' texts one request asks for.
	textsBatch = 50
	// maxDownload bounds a file, in bytes: what a server may be set to take is less.
	maxDownload = 64 << 30
	// absentFor is how long a file may be missing on a node that has not followed its leader yet.
	absentFor = 5 * time.Second
)

// Vault lists the notes that the server has, by path, with the files that it holds for each. What this
// key has staged and not committed counts.
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
		return nil, c.notOurs("its answer has no list of notes")
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

// NoteTexts gives the texts of notes, in the order of paths, to each, one after the other. A note that
// the server has no more is left out.
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

// Download writes a file to what create gives; each attempt creates it anew. ECONFLICT if what the
// server gives is not what file.Hash says, ENOTFOUND if it does not give it. The key is not sent: the
// address is enough.
func (c *Client) Download(ctx context.Context, file trip2g.RemoteFile, create func() (io.Writer, error)) error {
	address, err := c.here(file.URL)
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

// here gives the address of a file at the URL that the server was reached by, which may be another
// than the one that it knows of itself, behind a tunnel for example.
func (c *Client) here(address string) (string, error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", c.notOurs("it gives a file an address that is none")
	}
	_, inside, ok := strings.Cut(u.EscapedPath(), trip2g.AssetPrefix)
	if !ok {
		return "", c.notOurs("it gives a file an address that is none of its files'")
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
	in := &watchedReader{resp.Body, func() { stall.Reset(c.Stall) }}
	broken := &brokenWriter{Writer: out}
	n, err := io.Copy(io.MultiWriter(broken, sum), io.LimitReader(in, maxDownload+1))
	switch {
	case broken.err != nil:
		return broken.err
	case err != nil:
		return c.unreachable(asked, ctx, &sentBody{}, err)
	case n > maxDownload || hex.EncodeToString(sum.Sum(nil)) != file.Hash:
		return trip2g.Errorf(trip2g.ECONFLICT, "%s gives another file than the one that it named", c.base)
	}
	return nil
}

// brokenWriter remembers that it was the writing that failed.
type brokenWriter struct {
	io.Writer
	err error
}

func (w *brokenWriter) Write(p []byte) (int, error) {
	n, err := w.Writer.Write(p)
	w.err = err
	return n, err
}

// readFile sorts the head of an answer that should be a file.
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
		return trip2g.Errorf(trip2g.EUNAUTHORIZED, "%s does not give it: %s", c.base, c.clean(resp.Status))
	default:
		return c.notOurs("it answered " + c.clean(resp.Status))
	}
}
