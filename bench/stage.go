package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"trip2g/bench/cluster"
	"trip2g/bench/load"
	"trip2g/bench/static"
	"trip2g/bench/vault"
	"trip2g/services/trip2g"
)

// The vault that readers request.
const (
	vaultSeed  = 1
	vaultNotes = 1000
)

// Notes in addition to the vault, for every kind of response.
const (
	membersNote = "Members.md"
	filesNote   = "Files.md"
	largeFile   = "large.pdf"
	largeSize   = 4 << 20 // bytes
)

// stage holds a leader and two replicas with a vault, and the servers that they are compared with.
// The rows about reads share it.
type stage struct {
	*options
	*cluster.Cluster
	vault    *vault.Vault
	dir      string
	withLane *cluster.Node // the replica with the fast lane
	noLane   *cluster.Node // the replica with TRIP2G_FAST_LANE=false
	bare     *static.Server
	nginx    *static.Server
	written  int // number of writes of the probe
}

// requestKinds are the kinds of requests for a page.
var requestKinds = []requestKind{
	{"plain", []string{"Accept-Encoding: identity"}},
	{"as a browser", []string{
		"Accept-Encoding: gzip, deflate, br, zstd",
		"Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
		"Accept-Language: en-US,en;q=0.5",
		"User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
		"Sec-Fetch-Dest: document",
		"Sec-Fetch-Mode: navigate",
		"Sec-Fetch-Site: same-origin",
		"Sec-Fetch-User: ?1",
		"Upgrade-Insecure-Requests: 1",
		"Priority: u=0, i",
	}},
}

// requestKind is a kind of request: its name and header fields.
type requestKind struct {
	name   string
	header []string
}

var plain, browser = requestKinds[0], requestKinds[1]

// newStage starts everything; settings are additional server settings, "TRIP2G_NAME=value". The
// caller must call close, even after an error.
func newStage(ctx context.Context, o *options, settings ...string) (s *stage, err error) {
	s = &stage{options: o, vault: vault.Generate(vaultSeed, vaultNotes)}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	o.progress("starting a leader and two replicas")
	if s.Cluster, err = cluster.Start(ctx, cluster.Options{Root: o.root, Replicas: 2, Env: settings}); err != nil {
		return s, err
	}
	s.withLane, s.noLane = s.Replicas[0], s.Replicas[1]
	if _, err := s.noLane.Restart(ctx, "TRIP2G_FAST_LANE=false"); err != nil {
		return s, err
	}
	o.progress("publishing a vault of %d notes", vaultNotes)
	if err := s.publish(ctx); err != nil {
		return s, err
	}
	return s, s.startBaselines(ctx)
}

// publish pushes the vault and waits until both replicas show it.
func (s *stage) publish(ctx context.Context) error {
	s.dir = filepath.Join(s.Dir, "vault")
	if _, err := s.vault.Write(s.dir); err != nil {
		return err
	}
	large := make([]byte, largeSize)
	noise := rand.NewChaCha8([32]byte{1})
	noise.Read(large)
	for name, content := range map[string][]byte{
		membersNote: []byte("---\nfree: false\n---\nFor members.\n"),
		filesNote:   []byte("![[" + largeFile + "]]\n\n![[" + filepath.Base(s.vault.Image(0).Path) + "]]\n"),
		largeFile:   large,
	} {
		if err := os.WriteFile(filepath.Join(s.dir, name), content, 0o600); err != nil {
			return err
		}
	}
	push := exec.CommandContext(ctx, s.Leader.Program(), "push", "--quiet", "--url", s.Leader.URL(), s.dir)
	push.Env = append(os.Environ(), "TRIP2G_KEY="+s.Key)
	if out, err := push.CombinedOutput(); err != nil {
		return fmt.Errorf("push the vault: %w: %s", err, out)
	}
	for _, replica := range s.Replicas {
		reader := replica.NewReader()
		_, err := reader.WaitFor(ctx, address(filesNote), trip2g.AssetPrefix, 10*time.Millisecond)
		reader.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

// startBaselines starts the servers for comparison, with the bytes of the page.
func (s *stage) startBaselines(ctx context.Context) (err error) {
	responses := make(map[string]static.Response)
	for _, a := range requestKinds {
		response, err := s.fetch(ctx, s.withLane.URL()+address(vault.OnePage), a)
		if err != nil {
			return err
		}
		responses[barePath(a)] = *response
	}
	if s.bare, err = static.StartBare(ctx, responses); err != nil {
		return err
	}
	page := responses[barePath(plain)].Body
	s.nginx, err = static.StartNginx(ctx, map[string][]byte{nginxPage: page})
	return err
}

// nginxPage is the file name of the page.
const nginxPage = "page.html"

// barePath returns the path at which the bare server has the page for a kind of request.
func barePath(a requestKind) string { return "/" + strings.ReplaceAll(a.name, " ", "-") }

// fetch returns a response without the header fields that a server sets for each response.
func (s *stage) fetch(ctx context.Context, url string, a requestKind) (*static.Response, error) {
	status, header, body, err := get(ctx, url, a.header)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("the answer is %d", status)
	}
	if err != nil {
		return nil, fmt.Errorf("get %s: %w", url, err)
	}
	header.Del("Date")
	return &static.Response{Header: header, Body: body}, nil
}

// URLs in a page: files and the stylesheet.
var (
	assetIn      = regexp.MustCompile(regexp.QuoteMeta(trip2g.AssetPrefix) + `[^"]+`)
	stylesheetIn = regexp.MustCompile(`<link rel="stylesheet" href="([^"]+)"`)
)

// close stops everything. It can be called twice, and on a stage that has not started completely.
func (s *stage) close() (err error) {
	for _, server := range []*static.Server{s.bare, s.nginx} {
		if server != nil {
			err = errors.Join(err, server.Stop())
		}
	}
	s.bare, s.nginx = nil, nil
	if s.Cluster != nil {
		err = errors.Join(err, s.Cluster.Stop())
		s.Cluster = nil
	}
	return err
}

// address returns the escaped URL path of a note.
func address(path string) string {
	where, _ := trip2g.NoteURL(path, "")
	return (&url.URL{Path: where}).EscapedPath()
}

// onePage returns the request for the page of 28 KB.
func onePage(a requestKind) []load.Request {
	return []load.Request{{Path: address(vault.OnePage), Header: a.header}}
}
