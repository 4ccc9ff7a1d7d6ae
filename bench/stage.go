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

// The vault that readers ask for.
const (
	vaultSeed  = 1
	vaultNotes = 1000
)

// Notes of the stage besides the vault's, to have every kind of answer.
const (
	membersNote = "Members.md"
	filesNote   = "Files.md"
	largeFile   = "large.pdf"
	largeSize   = 4 << 20 // bytes
)

// stage is what the serving rows have in common: a leader with two replicas that have a vault, and the
// servers that they are compared with.
type stage struct {
	*options
	*cluster.Cluster
	vault    *vault.Vault
	dir      string
	withLane *cluster.Node // the replica as it is
	noLane   *cluster.Node // the replica with TRIP2G_FAST_LANE=false
	bare     *static.Server
	nginx    *static.Server
	written  int // how often the probe note was
}

// asks are the ways in which a page is asked for.
var asks = []ask{
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

// ask is one of them.
type ask struct {
	name   string
	header []string
}

var plain, browser = asks[0], asks[1]

// setStage starts everything, servers with more settings, "TRIP2G_NAME=value". The caller calls close, whatever happens.
func setStage(ctx context.Context, o *options, settings ...string) (s *stage, err error) {
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
	return s, s.startRivals(ctx)
}

// publish pushes the vault and waits until both replicas have it.
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

// startRivals starts the servers of given bytes with the page's.
func (s *stage) startRivals(ctx context.Context) (err error) {
	responses := make(map[string]static.Response)
	for _, a := range asks {
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

// nginxPage is the file of the page.
const nginxPage = "page.html"

// barePath is where the bare server has the page in the form that is asked for.
func barePath(a ask) string { return "/" + strings.ReplaceAll(a.name, " ", "-") }

// fetch gives an answer with its header, without what a server sets anew each time.
func (s *stage) fetch(ctx context.Context, url string, a ask) (*static.Response, error) {
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

// What a page refers to: the addresses of files, and its stylesheet.
var (
	assetIn      = regexp.MustCompile(regexp.QuoteMeta(trip2g.AssetPrefix) + `[^"]+`)
	stylesheetIn = regexp.MustCompile(`<link rel="stylesheet" href="([^"]+)"`)
)

// close ends everything; it may be called twice, and on a stage that is not set.
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

// address is where the page of a note is, escaped.
func address(path string) string {
	where, _ := trip2g.NoteURL(path, "")
	return (&url.URL{Path: where}).EscapedPath()
}

// onePage asks for the page of 28 KB.
func onePage(a ask) []load.Request {
	return []load.Request{{Path: address(vault.OnePage), Header: a.header}}
}
