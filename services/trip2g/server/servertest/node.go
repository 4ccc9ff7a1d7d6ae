// Package servertest runs nodes in the process of a test.
package servertest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/rs/zerolog"
	"github.com/spf13/pflag"

	"trip2g/internal/testwait"
	"trip2g/services/trip2g/ops/config"
	"trip2g/services/trip2g/server"
)

// The secrets of all nodes, unless a test sets others.
const (
	JWTSecret     = "a-secret-that-all-nodes-share"
	EncryptionKey = "0123456789abcdef0123456789abcdef"
)

// Node is a leader or a replica that runs in this process.
type Node struct {
	Public, Internal string // base URLs of its ports
	InternalAddr     string // for LEADER_ADDR of replicas
	Log              *Buffer

	cancel context.CancelFunc
	ended  chan struct{} // closed when the node has ended
	err    error         // set before ended is closed
}

// Start runs a node with the settings given ("NAME=value", without the prefix) and stops it at the
// end of the test. A setting that is not given has its default, except the ports, which are free
// ones on this machine, and the secrets.
func Start(t *testing.T, settings ...string) *Node {
	t.Helper()
	public, internal := FreeAddr(t), FreeAddr(t)
	c, err := load(append([]string{
		"LISTEN_ADDR=" + public, "INTERNAL_LISTEN_ADDR=" + internal, "JWT_SECRET=" + JWTSecret, "DATA_ENCRYPTION_KEY=" + EncryptionKey,
	}, settings...))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	n := &Node{
		Public: "http://" + c.ListenAddr, Internal: "http://" + c.InternalListenAddr, InternalAddr: c.InternalListenAddr,
		Log: &Buffer{}, cancel: cancel, ended: make(chan struct{}),
	}
	log := zerolog.New(n.Log).With().Timestamp().Str("node", c.NodeName).Str("role", c.Role()).Logger()
	if level, err := zerolog.ParseLevel(c.LogLevel); err == nil {
		log = log.Level(level)
	}
	go func() {
		n.err = server.Run(ctx, c, log)
		close(n.ended)
	}()
	t.Cleanup(func() {
		if err := n.Stop(); err != nil {
			t.Errorf("the node ended with %v:\n%s", err, n.Log)
		}
	})
	return n
}

// load reads settings as the command line does. The environment has no effect.
func load(settings []string) (*config.Config, error) {
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	config.AddFlags(flags)
	for _, setting := range settings {
		name, value, _ := strings.Cut(setting, "=")
		if err := flags.Set(strings.ReplaceAll(strings.ToLower(name), "_", "-"), value); err != nil {
			return nil, err
		}
	}
	return config.Load(flags, nil)
}

// Stop ends the node gracefully and returns its error. Later calls return the same.
func (n *Node) Stop() error {
	n.cancel()
	<-n.ended
	return n.err
}

// WaitEnd waits until the node ends by itself and returns its error. The test does not fail by it.
func (n *Node) WaitEnd(t *testing.T) error {
	t.Helper()
	testwait.Receive(t, "the node to end", n.ended)
	err := n.err
	n.err = nil
	return err
}

// WaitReady waits until /readyz answers 200.
func (n *Node) WaitReady(t *testing.T) {
	t.Helper()
	testwait.NoFault(t, func() string {
		status, body := Get(n.Internal + "/readyz")
		if status == http.StatusOK {
			return ""
		}
		return fmt.Sprintf("/readyz is %d %s\n%s", status, body, n.Log)
	})
}

// Get returns the status and body of a URL; status 0 and the error if there is no response.
func Get(url string) (status int, body string) {
	res, err := http.Get(url)
	if err != nil {
		return 0, err.Error()
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		return 0, err.Error()
	}
	return res.StatusCode, string(b)
}

// FreeAddr returns an address of this machine on which nothing listens.
func FreeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// Buffer is a bytes.Buffer for concurrent use. The zero value is empty.
type Buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write implements io.Writer.
func (b *Buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

// String returns what was written so far.
func (b *Buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
