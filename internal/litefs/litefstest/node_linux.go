// Package litefstest runs real LiteFS nodes for tests: the shipped
// configuration files, on temporary directories and free ports of 127.0.0.1.
//
// A test that cannot run LiteFS fails and says what is missing; it is never
// skipped. Needed are /dev/fuse, fusermount3 (Debian: fuse3), and the litefs
// binary: the file that LITEFS_BIN names, or bin/litefs of the repository, or one
// built from the repository's litefs module and kept in the user's cache directory.
package litefstest

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"trip2g/internal/testwait"
)

// patience bounds every wait for a node. It is far more than any step takes, so
// that a busy machine fails no test.
const patience = 30 * time.Second

// A Node is a LiteFS process with a mount of its own.
type Node struct {
	Mount string // directory of the mount
	Data  string // LiteFS's own directory, which survives a restart
	API   string // base URL of the HTTP API

	tb        testing.TB
	name      string
	binary    string
	config    string // path of the configuration file
	template  string // its text, but for the addresses
	exec      string // its line for the command to start; "" for none
	leaderURL string
	log       *log
	process   *exec.Cmd
	ended     chan struct{} // closed when process has been waited for
}

// An Option changes a node before it starts.
type Option func(*Node)

// Exec makes LiteFS start a command, as the shipped files start the server. The
// words go through LiteFS's shell-like parser; none may hold a quote.
func Exec(words ...string) Option {
	return func(n *Node) { n.exec = fmt.Sprintf("exec: %q", strings.Join(words, " ")) }
}

// LeaderURL makes a replica connect to its leader at another URL than the leader's own.
func LeaderURL(url string) Option {
	return func(n *Node) { n.leaderURL = url }
}

// StartPrimary starts a leader and returns when its mount takes writes. The
// node and its mount go away with the test.
func StartPrimary(tb testing.TB, options ...Option) *Node {
	tb.Helper()
	return start(tb, "primary", "", options)
}

// StartReplica starts a replica of a leader, which may be down, and returns
// when it is mounted, which may be before it has any database: see
// [Node.WaitFor].
func StartReplica(tb testing.TB, leader *Node, options ...Option) *Node {
	tb.Helper()
	return start(tb, "replica", leader.API, options)
}

func start(tb testing.TB, role, leaderURL string, options []Option) *Node {
	tb.Helper()
	root := repository(tb)
	needFUSE(tb)
	text, err := os.ReadFile(filepath.Join(root, "litefs", "litefs."+role+".yml"))
	if err != nil {
		tb.Fatal(err)
	}
	dir := tb.TempDir()
	n := &Node{
		Mount:     filepath.Join(dir, "mount"),
		Data:      filepath.Join(dir, "data"),
		tb:        tb,
		name:      role,
		binary:    binary(tb, root),
		config:    filepath.Join(dir, "litefs.yml"),
		template:  string(text),
		leaderURL: leaderURL,
		log:       &log{},
	}
	n.template = replace(tb, n.template, `dir: "/litefs"`, fmt.Sprintf("dir: %q", n.Mount))
	n.template = replace(tb, n.template, `dir: "/var/lib/litefs"`, fmt.Sprintf("dir: %q", n.Data))
	if os.Geteuid() != 0 {
		n.template = replace(tb, n.template, "allow-other: true", "allow-other: false")
	}
	for _, option := range options {
		option(n)
	}
	n.template = replaceLine(tb, n.template, "exec: ", n.exec)
	tb.Cleanup(n.cleanup)
	n.Start()
	return n
}

// replace is strings.Replace for a text that must be there: the tests hold for
// the shipped files only as long as they are what the tests think.
func replace(tb testing.TB, text, old, new string) string {
	tb.Helper()
	if strings.Count(text, old) != 1 {
		tb.Fatalf("litefs configuration: %d times %q, want once", strings.Count(text, old), old)
	}
	return strings.Replace(text, old, new, 1)
}

// replaceLine replaces the one line that starts, after its indentation, so.
func replaceLine(tb testing.TB, text, start, line string) string {
	tb.Helper()
	lines := regexp.MustCompile(`(?m)^( *)` + regexp.QuoteMeta(start) + `.*$`)
	if found := lines.FindAllString(text, -1); len(found) != 1 {
		tb.Fatalf("litefs configuration: %d lines start with %q, want one", len(found), start)
	}
	return lines.ReplaceAllString(text, "${1}"+strings.ReplaceAll(line, "$", "$$"))
}

// Start restarts the node after it ended, on the same directories and address, and returns when it
// is mounted.
func (n *Node) Start() {
	n.tb.Helper()
	deadline := time.Now().Add(patience)
	for {
		err := n.try()
		if err == nil {
			return
		}
		// Another process may have got the port as its own end of a connection.
		if !strings.Contains(n.log.String(), "address already in use") || time.Now().After(deadline) {
			n.tb.Fatalf("start LiteFS %s: %v\n%s", n.name, err, n.log)
		}
	}
}

// try starts the process once and waits until it is mounted or has ended.
func (n *Node) try() error {
	n.writeConfig()
	n.log.reset()
	n.process = exec.Command(n.binary, "mount", "-config", n.config)
	n.process.Env = append(os.Environ(), "LITEFS_PRIMARY_HOST=leader.test")
	n.process.Stdout, n.process.Stderr = n.log, n.log
	// The process group lets cleanup reach the command that LiteFS started. The
	// node ends, and unmounts, even when the test binary is killed.
	n.process.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	// A command that outlives LiteFS holds the pipe of the log open.
	n.process.WaitDelay = time.Second
	if err := n.process.Start(); err != nil {
		return err
	}
	process, ended := n.process, make(chan struct{})
	n.ended = ended
	go func() {
		defer close(ended)
		process.Wait()
	}()
	ready := regexp.MustCompile(`(?s)http server listening on: (http://127\.0\.0\.1:\d+).*waiting for signal or subprocess to exit`)
	deadline := time.Now().Add(patience)
	for time.Now().Before(deadline) {
		if found := ready.FindStringSubmatch(n.log.String()); found != nil {
			n.API = found[1]
			return nil
		}
		select {
		case <-ended:
			return fmt.Errorf("it ended: %s", process.ProcessState)
		case <-time.After(5 * time.Millisecond):
		}
	}
	return errors.New("it did not come up in time")
}

// writeConfig writes the configuration: the leader, and a port that is chosen the
// first time and kept.
func (n *Node) writeConfig() {
	n.tb.Helper()
	address, leader := "127.0.0.1:0", n.leaderURL
	if n.API != "" {
		address = strings.TrimPrefix(n.API, "http://")
	}
	if leader == "" {
		leader = n.API
	}
	text := replaceLine(n.tb, n.template, "addr: ", fmt.Sprintf("addr: %q", address))
	text = replaceLine(n.tb, text, "advertise-url: ", fmt.Sprintf("advertise-url: %q", leader))
	if err := os.WriteFile(n.config, []byte(text), 0o600); err != nil {
		n.tb.Fatal(err)
	}
}

// Path returns the path of a database on the mount.
func (n *Node) Path(db string) string { return filepath.Join(n.Mount, db) }

// Log returns what the node and the command it started have printed since the
// last start.
func (n *Node) Log() string { return n.log.String() }

// Stop ends the node with SIGTERM, as a container or unit does, and waits for
// it. It returns the exit code.
func (n *Node) Stop() int {
	n.tb.Helper()
	n.process.Process.Signal(syscall.SIGTERM)
	return n.Wait()
}

// Kill ends LiteFS with SIGKILL, and leaves its mount stale and the command it
// started alive.
func (n *Node) Kill() {
	n.tb.Helper()
	n.process.Process.Kill()
	n.Wait()
}

// Freeze suspends LiteFS with SIGSTOP: access to its mount blocks. The returned function, or the
// end of the test, resumes it.
func (n *Node) Freeze() (thaw func()) {
	n.tb.Helper()
	process := n.process.Process
	if err := process.Signal(syscall.SIGSTOP); err != nil {
		n.tb.Fatal(err)
	}
	thaw = func() { process.Signal(syscall.SIGCONT) }
	n.tb.Cleanup(thaw)
	return thaw
}

// Wait waits until the node has ended and returns its exit code, -1 where a
// signal ended it.
func (n *Node) Wait() int {
	n.tb.Helper()
	select {
	case <-n.ended:
		return n.process.ProcessState.ExitCode()
	case <-time.After(patience):
		n.tb.Fatalf("LiteFS %s did not end in time\n%s", n.name, n.log)
		return 0
	}
}

// WaitFor waits until this node's copy of a database is where the leader's is.
func (n *Node) WaitFor(leader *Node, db string) {
	n.tb.Helper()
	want, err := os.ReadFile(leader.Path(db + "-pos"))
	if err != nil {
		n.tb.Fatal(err)
	}
	testwait.Until(n.tb, "the replica to reach the leader's position of "+db, func() bool {
		have, err := os.ReadFile(n.Path(db + "-pos"))
		return err == nil && bytes.Equal(have, want)
	})
}

// cleanup ends the node's process group and frees the mount point.
func (n *Node) cleanup() {
	if n.process != nil && n.process.Process != nil {
		group := -n.process.Process.Pid
		n.process.Process.Signal(syscall.SIGTERM)
		select {
		case <-n.ended:
		case <-time.After(5 * time.Second):
			n.tb.Errorf("LiteFS %s did not end on SIGTERM within 5 s", n.name)
		}
		syscall.Kill(group, syscall.SIGKILL)
		<-n.ended
	}
	exec.Command("fusermount3", "-u", "-z", "-q", n.Mount).Run()
	if n.tb.Failed() {
		n.tb.Logf("LiteFS %s:\n%s", n.name, n.log)
	}
}

// log collects the output of a process while others read it.
type log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func (l *log) reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text.Reset()
}
