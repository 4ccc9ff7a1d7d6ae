package cluster

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

const (
	// startTimeout limits the start of a node; a large vault takes a while to load.
	startTimeout = 2 * time.Minute
	// stopTimeout is longer than the server's shutdown timeout.
	stopTimeout = 30 * time.Second
	// readyInterval is the polling interval of a starting node, and so the error of its start time.
	readyInterval = 5 * time.Millisecond
)

// Node is a server with its LiteFS node.
type Node struct {
	Name string

	public, internal, litefs string // addresses
	dir, root                string
	plain                    bool
	settings                 []string
	leader                   *Node // itself on the leader

	process *exec.Cmd     // LiteFS, or the server where there is none
	ended   chan struct{} // closed when process has been waited for
}

// URL returns the node's base URL without a trailing slash.
func (n *Node) URL() string { return "http://" + n.public }

// Address returns the host and port of the URL.
func (n *Node) Address() string { return n.public }

// InternalURL returns the base URL of probes and metrics, without a trailing slash.
func (n *Node) InternalURL() string { return "http://" + n.internal }

// Database returns the path of the node's database file.
func (n *Node) Database() string {
	if n.plain {
		return filepath.Join(n.dir, "data.sqlite3")
	}
	return filepath.Join(n.mount(), "data.sqlite3")
}

// LogFile returns the path of the output of the node's LiteFS and server.
func (n *Node) LogFile() string { return filepath.Join(n.dir, "log") }

// Program returns the path of the server's binary.
func (n *Node) Program() string { return n.binary("trip2g") }

// Restart stops the node and starts it with additional settings, "TRIP2G_NAME=value", until the
// next restart. It returns the time from the start of the first process until the node was ready.
func (n *Node) Restart(ctx context.Context, settings ...string) (toReady time.Duration, err error) {
	if err := n.stop(); err != nil {
		return 0, err
	}
	return n.start(ctx, settings...)
}

func (n *Node) prepare() error {
	for _, dir := range []string{n.dir, n.temp()} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return fmt.Errorf("prepare %s: %w", n.Name, err)
		}
	}
	return nil
}

func (n *Node) temp() string { return filepath.Join(n.dir, "tmp") }

func (n *Node) binary(name string) string { return filepath.Join(n.root, "bin", name) }

func (n *Node) start(ctx context.Context, settings ...string) (time.Duration, error) {
	return n.startCommand(ctx, []string{n.Program(), "serve"}, settings, n.InternalURL()+"/readyz")
}

// startCommand starts a command, under LiteFS if the node has it, and waits until a URL returns
// 200.
func (n *Node) startCommand(ctx context.Context, command, settings []string, ready string) (time.Duration, error) {
	if !n.plain {
		if err := n.litefsConfig(command); err != nil {
			return 0, fmt.Errorf("start %s: %w", n.Name, err)
		}
		command = []string{n.binary("litefs"), "mount", "-config", n.litefsFile()}
	}
	log, err := os.OpenFile(n.LogFile(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return 0, fmt.Errorf("start %s: %w", n.Name, err)
	}
	defer log.Close()
	process := exec.Command(command[0], command[1:]...)
	process.Env, process.Stdout, process.Stderr = n.environment(settings), log, log
	// In its own process group: Ctrl-C ends this process, which then stops the nodes and unmounts.
	process.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	began := time.Now()
	if err := process.Start(); err != nil {
		return 0, fmt.Errorf("start %s: %w", n.Name, err)
	}
	ended := make(chan struct{})
	n.process, n.ended = process, ended
	go func() {
		defer close(ended)
		process.Wait()
	}()
	if err := n.waitReady(ctx, ready); err != nil {
		return 0, fmt.Errorf("start %s: %w; its log ends with\n%s", n.Name, err, n.logEnd())
	}
	return time.Since(began), nil
}

// environment returns this process's environment without its own settings, and the node's settings.
func (n *Node) environment(settings []string) []string {
	var env []string
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "TRIP2G_") && !strings.HasPrefix(variable, "LITEFS_") {
			env = append(env, variable)
		}
	}
	env = append(env,
		"TMPDIR="+n.temp(),
		"TRIP2G_DB_FILE="+n.Database(),
		"TRIP2G_LISTEN_ADDR="+n.public,
		"TRIP2G_INTERNAL_LISTEN_ADDR="+n.internal,
		"TRIP2G_LITEFS_URL=http://"+n.litefs,
		"TRIP2G_NODE_NAME="+n.Name,
		"TRIP2G_SESSION_COOKIE_NAME=session_"+n.Name,
		"TRIP2G_LEADER_SESSION_COOKIE_NAME=session_leader",
	)
	if n != n.leader {
		env = append(env, "TRIP2G_LEADER_ADDR="+n.leader.internal)
	} else {
		env = append(env, "TRIP2G_PUBLIC_URL="+n.URL()) // there is no sitemap without it
	}
	return append(append(env, n.settings...), settings...)
}

func (n *Node) waitReady(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	client := &http.Client{}
	defer client.CloseIdleConnections()
	ticker := time.NewTicker(readyInterval)
	defer ticker.Stop()
	for {
		if answers(ctx, client, url) {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for %s to answer 200: %w", url, ctx.Err())
		case <-n.ended:
			return fmt.Errorf("it ended: %s", n.process.ProcessState)
		case <-ticker.C:
		}
	}
}

func answers(ctx context.Context, client *http.Client, url string) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return false
	}
	response, err := client.Do(request)
	if err != nil {
		return false
	}
	response.Body.Close()
	return response.StatusCode == http.StatusOK
}

// logEnd returns the last lines of the log.
func (n *Node) logEnd() string {
	const most = 4 << 10 // bytes
	text, err := os.ReadFile(n.LogFile())
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-most):])
}

// stop stops the node as systemd or Docker does, kills it if that takes too long, and unmounts.
func (n *Node) stop() error {
	if n.process == nil {
		return nil
	}
	n.process.Process.Signal(syscall.SIGTERM)
	var late error
	select {
	case <-n.ended:
	case <-time.After(stopTimeout):
		late = fmt.Errorf("%s did not end within %s and was killed", n.Name, stopTimeout)
	}
	// The server is in LiteFS's process group and may have outlived it.
	syscall.Kill(-n.process.Process.Pid, syscall.SIGKILL)
	<-n.ended
	n.process = nil
	return errors.Join(late, n.unmount())
}

// unmount unmounts the mount point if LiteFS did not.
func (n *Node) unmount() error {
	mounted, err := isMounted(n.mount())
	if n.plain || err != nil || !mounted {
		return err
	}
	if out, err := exec.Command("fusermount3", "-u", "-z", n.mount()).CombinedOutput(); err != nil {
		return fmt.Errorf("unmount %s: %w: %s", n.mount(), err, out)
	}
	return nil
}

// isMounted reads the kernel's list (proc(5), mountinfo), because a mount whose LiteFS process has
// died does not respond.
func isMounted(dir string) (bool, error) {
	list, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return false, fmt.Errorf("list the mounts: %w", err)
	}
	for line := range strings.Lines(string(list)) {
		if fields := strings.Fields(line); len(fields) > 4 && fields[4] == dir {
			return true, nil
		}
	}
	return false, nil
}
