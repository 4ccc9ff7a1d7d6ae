package stack

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

// OwnProject returns the name of a new compose project, which the sweeper removes.
func OwnProject(t *testing.T, kind string) string {
	t.Helper()
	project := "trip2g-e2e-" + kind + "-" + RandomHex(4)
	if err := Sweeper.Own(project); err != nil {
		t.Fatal(err)
	}
	return project
}

// ContainsAll reports whether text contains every part.
func ContainsAll(text string, parts []string) bool {
	for _, part := range parts {
		if !strings.Contains(text, part) {
			return false
		}
	}
	return true
}

// Empty starts a default stack without notes for one test.
func Empty(t *testing.T) *Stack {
	t.Helper()
	return Own(t, "empty", LiteFSFiles)
}

// Own runs prepare, then starts a stack for one test, which removes it when it ends.
func Own(t *testing.T, kind string, files []string, prepare ...func(*Stack) error) *Stack {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), upTimeout)
	defer cancel()
	s, err := startEmptyStack(ctx, kind, files, prepare...)
	if s != nil {
		SaveLogsOnFailure(t, s)
	}
	if err != nil {
		t.Fatalf("start the %s stack: %v", kind, err)
	}
	t.Cleanup(func() {
		if err := s.Compose.Down(context.WithoutCancel(t.Context()), compose.RemoveVolumes(true)); err != nil {
			t.Errorf("remove the %s stack: %v", kind, err)
		}
	})
	return s
}

// OnBoth runs a test on the LiteFS stack and on the shared one.
func OnBoth(t *testing.T, test func(*testing.T, *Stack)) {
	t.Run("LiteFS", func(t *testing.T) { test(t, LiteFS(t)) })
	t.Run("shared volume", func(t *testing.T) { test(t, Shared(t)) })
}

// upTimeout limits the time until a new stack is healthy.
const upTimeout = 3 * time.Minute

// Owner is the owner's email address in every stack.
const Owner = "owner@example.com"

// LiteFSFiles are the compose files of the default stack.
var LiteFSFiles = []string{"compose/litefs.yml"}

// The stacks of a run. The first test that needs one starts it; the others share it.
var (
	litefsFixture = fixture{kind: "litefs", files: LiteFSFiles}
	sharedFixture = fixture{kind: "shared", files: []string{"compose/shared.yml", "e2e/echo.yml"}}
)

// LiteFS returns the default stack, as "make up" starts it: healthy, with docs/ published.
func LiteFS(t *testing.T) *Stack { return litefsFixture.get(t) }

// Shared returns the stack whose replicas read the leader's own file. It also runs an echo server
// in place of a leader, and a replica of that server.
func Shared(t *testing.T) *Stack { return sharedFixture.get(t) }

// fixture is a stack that starts once and is shared by all tests.
type fixture struct {
	kind  string
	files []string

	once sync.Once
	st   *Stack
	err  error
}

func (f *fixture) get(t *testing.T) *Stack {
	t.Helper()
	f.once.Do(func() { f.st, f.err = startStack(f.kind, f.files) })
	if f.st != nil {
		SaveLogsOnFailure(t, f.st)
	}
	if f.err != nil {
		t.Fatalf("start the %s stack: %v", f.kind, f.err)
	}
	return f.st
}

// Stack is a compose project.
type Stack struct {
	Project string
	Docker  client.APIClient
	Compose *compose.DockerCompose
	Env     map[string]string
	Secret  string // TRIP2G_JWT_SECRET, which signs what replicas forward
	Key     string // an API key

	signIn  sync.Once
	session string // of the owner, for browsers that start signed in

	App, Replica, Replica2 *Node
	Echo, EchoReplica      *Node // in the shared stack
}

// Nodes returns the leader and its replicas.
func (s *Stack) Nodes() []*Node { return append([]*Node{s.App}, s.Replicas()...) }

// Replicas returns the replicas of the leader.
func (s *Stack) Replicas() []*Node { return []*Node{s.Replica, s.Replica2} }

// Node is one server of a stack, with the addresses that it has on this host.
type Node struct {
	Stack    *Stack
	Service  string
	Public   string // e.g. "http://127.0.0.1:23456"
	Internal string
	Cookie   string // the session cookie's name
}

// startStack starts a stack and publishes the documentation for everyone. A stack that did not
// become healthy is returned with the error, because its logs contain the reason.
func startStack(kind string, files []string) (*Stack, error) {
	ctx, cancel := context.WithTimeout(context.Background(), upTimeout)
	defer cancel()
	s, err := startEmptyStack(ctx, kind, files)
	if err != nil {
		return s, err
	}
	if s.Key, err = s.NewKey(ctx, "e2e"); err != nil {
		return s, err
	}
	if err := s.App.API().SetSiteAccess(ctx, "EVERYONE"); err != nil {
		return s, err
	}
	return s, s.publishDocs(ctx)
}

// startEmptyStack runs prepare, then starts a compose project with its own name, ports and secrets.
func startEmptyStack(ctx context.Context, kind string, files []string, prepare ...func(*Stack) error) (*Stack, error) {
	s, err := NewStack(ctx, kind)
	if err != nil {
		return nil, err
	}
	if err := Sweeper.Own(s.Project); err != nil {
		return nil, err
	}
	for _, do := range prepare {
		if err := do(s); err != nil {
			return nil, err
		}
	}
	var paths []string
	for _, file := range files {
		paths = append(paths, filepath.Join(Root, file))
	}
	s.Compose, err = compose.NewDockerComposeWith(compose.StackIdentifier(s.Project), compose.WithStackFiles(paths...))
	if err != nil {
		return nil, err
	}
	s.Compose.WithEnv(s.Env)
	return s, s.Compose.Up(ctx, compose.Wait(true))
}

// NewStack checks that a stack can start and chooses its name, ports and secrets. It starts
// nothing.
func NewStack(ctx context.Context, kind string) (*Stack, error) {
	docker, err := testcontainers.NewDockerClientWithOpts(ctx)
	if err != nil {
		return nil, fmt.Errorf("connect to Docker: %w", err)
	}
	if _, err := docker.ImageInspect(ctx, ImageName()); err != nil {
		return nil, fmt.Errorf("the image %s is not there; make it and run the suite with: make e2e (%w)", ImageName(), err)
	}
	if _, err := os.Stat(binary()); err != nil {
		return nil, fmt.Errorf("the command line is not there; build it with: make build (%w)", err)
	}
	s := &Stack{
		Project: "trip2g-e2e-" + kind + "-" + RandomHex(4),
		Docker:  docker,
		Secret:  RandomHex(32),
	}
	s.Env = map[string]string{
		"STACK_IMAGE":                ImageName(),
		"STACK_BIND":                 "127.0.0.1",
		"STACK_DATA":                 filepath.Join(projectDir(s.Project), "shared"),
		"TRIP2G_JWT_SECRET":          s.Secret,
		"TRIP2G_DATA_ENCRYPTION_KEY": RandomHex(16),
		"TRIP2G_OWNER_EMAIL":         Owner,
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
func (s *Stack) addNodes() (err error) {
	if s.App, err = s.newNode("app", "session"); err != nil {
		return err
	}
	if s.Replica, err = s.newNode("app-replica", "session_r1"); err != nil {
		return err
	}
	s.Replica2, err = s.newNode("app-replica2", "session_r2")
	return err
}

// newNode chooses the two ports of a service and passes them to the compose files.
func (s *Stack) newNode(service, cookie string) (*Node, error) {
	prefix := strings.ToUpper(strings.ReplaceAll(strings.TrimPrefix(service, "app-"), "-", "_"))
	n := &Node{Stack: s, Service: service, Cookie: cookie}
	for variable, address := range map[string]*string{"_PORT": &n.Public, "_INTERNAL_PORT": &n.Internal} {
		port, err := FreePort()
		if err != nil {
			return nil, err
		}
		s.Env[prefix+variable] = port
		*address = "http://127.0.0.1:" + port
	}
	s.Env[prefix+"_URL"] = n.Public
	return n, nil
}

// ImageName returns the image under test: STACK_IMAGE, as in the compose files, or trip2g:latest.
func ImageName() string {
	if image := os.Getenv("STACK_IMAGE"); image != "" {
		return image
	}
	return "trip2g:latest"
}

// binary returns the path of the command line under test, which "make build" builds.
func binary() string { return filepath.Join(Root, "bin", "trip2g") }

// projectDir returns a project's folder on the host, for files that its nodes share and programs
// built for it.
func projectDir(project string) string { return filepath.Join(Root, "tmp", "e2e", project) }

// RandomHex returns that many random bytes in hexadecimal.
func RandomHex(bytes int) string {
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

// FreePort returns a port of 127.0.0.1 that nothing listens on. It is below the ephemeral ports of
// Linux (from 32768) and macOS (from 49152), so that no client takes the port of a node that
// restarts.
func FreePort() (string, error) {
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
