package e2e

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/modules/compose"
)

// upTimeout bounds a stack's way from nothing to healthy.
const upTimeout = 3 * time.Minute

// owner is who may sign in, in every stack of the suite.
const owner = "owner@example.com"

// The stacks of a run, each started by the first test that asks for it and shared by the rest.
var (
	litefsFixture = fixture{kind: "litefs", files: []string{"compose/litefs.yml"}}
	sharedFixture = fixture{kind: "shared", files: []string{"compose/shared.yml", "e2e/echo.yml"}}
)

// litefsStack gives the default stack, as "make up" starts it, healthy and with docs/ published.
func litefsStack(t *testing.T) *stack { return litefsFixture.get(t) }

// sharedStack gives the stack whose replicas read the leader's own file. Beside it run an echo
// server in a leader's place and a replica of that.
func sharedStack(t *testing.T) *stack { return sharedFixture.get(t) }

// fixture starts a stack once and gives it to every test that asks.
type fixture struct {
	kind  string
	files []string

	once sync.Once
	st   *stack
	err  error
}

func (f *fixture) get(t *testing.T) *stack {
	t.Helper()
	f.once.Do(func() { f.st, f.err = startStack(f.kind, f.files) })
	if f.st != nil {
		saveLogsOnFailure(t, f.st)
	}
	if f.err != nil {
		t.Fatalf("start the %s stack: %v", f.kind, f.err)
	}
	return f.st
}

// stack is a running compose project.
type stack struct {
	project string
	docker  client.APIClient
	compose *compose.DockerCompose
	env     map[string]string
	secret  string // TRIP2G_JWT_SECRET, which signs what replicas forward
	key     string // an API key

	signIn  sync.Once
	session string // of the owner, for browsers that have been here before

	app, replica, replica2 *node
	echo, echoReplica      *node // in the shared stack
}

// nodes gives the leader and its replicas.
func (s *stack) nodes() []*node { return append([]*node{s.app}, s.replicas()...) }

func (s *stack) replicas() []*node { return []*node{s.replica, s.replica2} }

// node is one server of a stack, with the addresses that it has on this host.
type node struct {
	stack    *stack
	service  string
	public   string // e.g. "http://127.0.0.1:23456"
	internal string
	cookie   string // the session cookie's name
}

// startStack brings a stack up that has the documentation published for everybody. It gives the stack,
// too, when it did not become healthy: its logs say why.
func startStack(kind string, files []string) (*stack, error) {
	ctx, cancel := context.WithTimeout(context.Background(), upTimeout)
	defer cancel()
	s, err := startEmptyStack(ctx, kind, files)
	if err != nil {
		return s, err
	}
	if s.key, err = s.newKey(ctx, "e2e"); err != nil {
		return s, err
	}
	if err := s.app.api().setSiteAccess(ctx, "EVERYONE"); err != nil {
		return s, err
	}
	return s, s.publishDocs(ctx)
}

// startEmptyStack brings a compose project up under a name, ports and secrets of its own, after prepare.
func startEmptyStack(ctx context.Context, kind string, files []string, prepare ...func(*stack) error) (*stack, error) {
	s, err := newStack(ctx, kind)
	if err != nil {
		return nil, err
	}
	if err := sweeper.own(s.project); err != nil {
		return nil, err
	}
	for _, do := range prepare {
		if err := do(s); err != nil {
			return nil, err
		}
	}
	var paths []string
	for _, file := range files {
		paths = append(paths, filepath.Join(repoRoot, file))
	}
	s.compose, err = compose.NewDockerComposeWith(compose.StackIdentifier(s.project), compose.WithStackFiles(paths...))
	if err != nil {
		return nil, err
	}
	s.compose.WithEnv(s.env)
	return s, s.compose.Up(ctx, compose.Wait(true))
}

// newStack checks what a stack needs and chooses its name, ports and secrets.
func newStack(ctx context.Context, kind string) (*stack, error) {
	docker, err := testcontainers.NewDockerClientWithOpts(ctx)
	if err != nil {
		return nil, fmt.Errorf("connect to Docker: %w", err)
	}
	if _, err := docker.ImageInspect(ctx, imageName()); err != nil {
		return nil, fmt.Errorf("the image %s is not there; make it and run the suite with: make e2e (%w)", imageName(), err)
	}
	if _, err := os.Stat(trip2gBinary()); err != nil {
		return nil, fmt.Errorf("the command line is not there; build it with: make build (%w)", err)
	}
	s := &stack{
		project: "trip2g-e2e-" + kind + "-" + randomHex(4),
		docker:  docker,
		secret:  randomHex(32),
	}
	s.env = map[string]string{
		"STACK_IMAGE":                imageName(),
		"STACK_BIND":                 "127.0.0.1",
		"STACK_DATA":                 filepath.Join(projectDir(s.project), "shared"),
		"TRIP2G_JWT_SECRET":          s.secret,
		"TRIP2G_DATA_ENCRYPTION_KEY": randomHex(16),
		"TRIP2G_OWNER_EMAIL":         owner,
	}
	if err := s.addNodes(); err != nil {
		return nil, err
	}
	if kind == sharedFixture.kind {
		return s, s.addEcho(ctx)
	}
	return s, nil
}

// addNodes adds the leader and its replicas.
func (s *stack) addNodes() (err error) {
	if s.app, err = s.newNode("app", "session"); err != nil {
		return err
	}
	if s.replica, err = s.newNode("app-replica", "session_r1"); err != nil {
		return err
	}
	s.replica2, err = s.newNode("app-replica2", "session_r2")
	return err
}

// newNode chooses a service's two ports and passes them to the compose files.
func (s *stack) newNode(service, cookie string) (*node, error) {
	prefix := strings.ToUpper(strings.ReplaceAll(strings.TrimPrefix(service, "app-"), "-", "_"))
	n := &node{stack: s, service: service, cookie: cookie}
	for variable, address := range map[string]*string{"_PORT": &n.public, "_INTERNAL_PORT": &n.internal} {
		port, err := freePort()
		if err != nil {
			return nil, err
		}
		s.env[prefix+variable] = port
		*address = "http://127.0.0.1:" + port
	}
	s.env[prefix+"_URL"] = n.public
	return n, nil
}

// imageName is the image under test, by the variable that the compose files use.
func imageName() string {
	if image := os.Getenv("STACK_IMAGE"); image != "" {
		return image
	}
	return "trip2g:latest"
}

// trip2gBinary is the command line under test, as "make build" leaves it.
func trip2gBinary() string { return filepath.Join(repoRoot, "bin", "trip2g") }

// projectDir is a project's folder on the host: what its nodes share, and what is built for it.
func projectDir(project string) string { return filepath.Join(repoRoot, "tmp", "e2e", project) }

func randomHex(bytes int) string {
	b := make([]byte, bytes)
	rand.Read(b)
	return hex.EncodeToString(b)
}

var (
	portMu   sync.Mutex
	nextPort = 20100 + int(randomByte())*40
)

func randomByte() byte {
	var b [1]byte
	rand.Read(b[:])
	return b[0]
}

// freePort gives a port of 127.0.0.1 that nothing listens on. It is below those that Linux
// (32768) and macOS (49152) give to outgoing connections, so that no client of the suite sits on
// a node's port while that node restarts.
func freePort() (string, error) {
	portMu.Lock()
	defer portMu.Unlock()
	for range 1000 {
		nextPort++
		if nextPort > 32000 {
			nextPort = 20100
		}
		port := strconv.Itoa(nextPort)
		if l, err := net.Listen("tcp", "127.0.0.1:"+port); err == nil {
			l.Close()
			return port, nil
		}
	}
	return "", errors.New("no free port between 20100 and 32000 on 127.0.0.1")
}
