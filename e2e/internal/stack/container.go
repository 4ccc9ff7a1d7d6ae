package stack

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/docker/compose/v5/pkg/api"
	"github.com/moby/moby/api/pkg/stdcopy"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go/modules/compose"

	"trip2g/internal/testwait"
)

// ServerUser is the server's user in its container.
const ServerUser = "trip2g"

// Container returns the ID of a service's container. Tests replace containers, so it is not cached.
func (s *Stack) Container(ctx context.Context, service string) (id string, err error) {
	filter := ofProject(s.Project).Add("label", api.ServiceLabel+"="+service)
	list, err := s.Docker.ContainerList(ctx, client.ContainerListOptions{All: true, Filters: filter})
	if err != nil {
		return "", fmt.Errorf("find the container of %s: %w", service, err)
	}
	if len(list.Items) != 1 {
		return "", fmt.Errorf("find the container of %s: there are %d", service, len(list.Items))
	}
	return list.Items[0].ID, nil
}

// ContainerID returns the ID of the node's container.
func (n *Node) ContainerID(t *testing.T) string {
	t.Helper()
	id, err := n.Stack.Container(t.Context(), n.Service)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// Stop stops the node as "docker stop" does: it sends SIGTERM and waits for requests to end.
func (n *Node) Stop(t *testing.T) {
	t.Helper()
	if _, err := n.Stack.Docker.ContainerStop(t.Context(), n.ContainerID(t), client.ContainerStopOptions{}); err != nil {
		t.Fatalf("stop %s: %v", n.Service, err)
	}
}

// Kill ends every process of the node with SIGKILL.
func (n *Node) Kill(t *testing.T) {
	t.Helper()
	if _, err := n.Stack.Docker.ContainerKill(t.Context(), n.ContainerID(t), client.ContainerKillOptions{Signal: "KILL"}); err != nil {
		t.Fatalf("kill %s: %v", n.Service, err)
	}
}

// KillServer kills only the server's process and waits until the container's restart policy has
// started it again.
func (n *Node) KillServer(t *testing.T) {
	t.Helper()
	before := n.Restarts(t)
	// The shell may be killed with its container before it ends, so its exit code is ignored.
	n.Exec(t, "root", "sh", "-c",
		`for p in /proc/[0-9]*; do if [ "$(cat $p/comm 2>/dev/null)" = trip2g ]; then kill -KILL "${p#/proc/}"; fi; done`)
	testwait.NoError(t, n.Service+" is restarted", func() error {
		if n.Restarts(t) == before {
			return errors.New("the container has not been restarted")
		}
		return n.Ready(t.Context())
	})
}

// Start starts a stopped node and waits until it is ready. It also works in a cleanup function.
func (n *Node) Start(t *testing.T) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	id, err := n.Stack.Container(ctx, n.Service)
	if err == nil {
		_, err = n.Stack.Docker.ContainerStart(ctx, id, client.ContainerStartOptions{})
	}
	if err != nil {
		t.Fatalf("start %s: %v", n.Service, err)
	}
	n.AwaitReady(t)
}

// Restart restarts the node as "docker restart" does and waits until it is ready.
func (n *Node) Restart(t *testing.T) {
	t.Helper()
	if _, err := n.Stack.Docker.ContainerRestart(t.Context(), n.ContainerID(t), client.ContainerRestartOptions{}); err != nil {
		t.Fatalf("restart %s: %v", n.Service, err)
	}
	n.AwaitReady(t)
}

// Disconnect removes the node from the stack's network. reconnect, or the end of the test,
// reconnects it.
func (n *Node) Disconnect(t *testing.T) (reconnect func()) {
	t.Helper()
	id := n.ContainerID(t)
	name := n.Stack.Project + "_default"
	inspected, err := n.Stack.Docker.ContainerInspect(t.Context(), id, client.ContainerInspectOptions{})
	if err != nil {
		t.Fatalf("inspect %s: %v", n.Service, err)
	}
	aliases := inspected.Container.NetworkSettings.Networks[name].Aliases
	if _, err := n.Stack.Docker.NetworkDisconnect(t.Context(), name, client.NetworkDisconnectOptions{Container: id}); err != nil {
		t.Fatalf("cut %s off: %v", n.Service, err)
	}
	reconnect = sync.OnceFunc(func() {
		_, err := n.Stack.Docker.NetworkConnect(context.WithoutCancel(t.Context()), name, client.NetworkConnectOptions{
			Container: id, EndpointConfig: &network.EndpointSettings{Aliases: aliases},
		})
		if err != nil {
			t.Errorf("bring %s back to the network: %v", n.Service, err)
		}
	})
	t.Cleanup(reconnect)
	return reconnect
}

// RecreateEmpty removes the node's container and its own volumes, and starts the node again.
func (n *Node) RecreateEmpty(t *testing.T) {
	t.Helper()
	n.removeData(t)
	if err := n.Stack.Compose.Up(t.Context(), compose.Wait(true)); err != nil {
		t.Fatalf("bring %s up with an empty volume: %v", n.Service, err)
	}
	n.AwaitReady(t)
}

// LoseDisk is RecreateEmpty for a leader. It does not wait for replicas: with their old data, they
// do not become ready.
func (n *Node) LoseDisk(t *testing.T) {
	t.Helper()
	n.removeData(t)
	if err := n.Stack.Compose.Up(t.Context()); err != nil {
		t.Fatalf("bring %s up with an empty volume: %v", n.Service, err)
	}
	n.AwaitReady(t)
}

// removeData removes the node's container and its own volumes.
func (n *Node) removeData(t *testing.T) {
	t.Helper()
	ctx := t.Context()
	id := n.ContainerID(t)
	inspected, err := n.Stack.Docker.ContainerInspect(ctx, id, client.ContainerInspectOptions{})
	if err != nil {
		t.Fatalf("inspect %s: %v", n.Service, err)
	}
	n.Stop(t)
	if _, err := n.Stack.Docker.ContainerRemove(ctx, id, client.ContainerRemoveOptions{}); err != nil {
		t.Fatalf("remove the container of %s: %v", n.Service, err)
	}
	for _, mount := range inspected.Container.Mounts {
		if mount.Name == "" || mount.Destination == filepath.Dir(SecretsFile) {
			continue
		}
		if _, err := n.Stack.Docker.VolumeRemove(ctx, mount.Name, client.VolumeRemoveOptions{}); err != nil {
			t.Fatalf("remove the volume %s: %v", mount.Name, err)
		}
	}
}

// Restarts returns how often the restart policy has started the container again.
func (n *Node) Restarts(t *testing.T) int {
	t.Helper()
	inspected, err := n.Stack.Docker.ContainerInspect(t.Context(), n.ContainerID(t), client.ContainerInspectOptions{})
	if err != nil {
		t.Fatalf("inspect %s: %v", n.Service, err)
	}
	return inspected.Container.RestartCount
}

// Result is the output and exit code of a command.
type Result struct {
	Stdout, Stderr string
	ExitCode       int
}

// Exec runs a command in a service's container.
func (s *Stack) Exec(ctx context.Context, service, user string, command ...string) (Result, error) {
	id, err := s.Container(ctx, service)
	if err != nil {
		return Result{}, err
	}
	fail := func(err error) (Result, error) {
		return Result{}, fmt.Errorf("run %q in %s: %w", strings.Join(command, " "), service, err)
	}
	made, err := s.Docker.ExecCreate(ctx, id, client.ExecCreateOptions{
		User: user, Cmd: command, AttachStdout: true, AttachStderr: true,
	})
	if err != nil {
		return fail(err)
	}
	attached, err := s.Docker.ExecAttach(ctx, made.ID, client.ExecAttachOptions{})
	if err != nil {
		return fail(err)
	}
	defer attached.Close()
	var stdout, stderr bytes.Buffer
	if _, err := stdcopy.StdCopy(&stdout, &stderr, attached.Reader); err != nil && !errors.Is(err, io.EOF) {
		return fail(err)
	}
	done, err := s.Docker.ExecInspect(ctx, made.ID, client.ExecInspectOptions{})
	if err != nil {
		return fail(err)
	}
	return Result{stdout.String(), stderr.String(), done.ExitCode}, nil
}

// Exec runs a command in the node's container as the given user.
func (n *Node) Exec(t *testing.T, user string, command ...string) Result {
	t.Helper()
	r, err := n.Stack.Exec(t.Context(), n.Service, user, command...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// MustExec runs a command that must succeed and returns its standard output.
func (n *Node) MustExec(t *testing.T, user string, command ...string) string {
	t.Helper()
	r := n.Exec(t, user, command...)
	if r.ExitCode != 0 {
		t.Fatalf("%q in %s ended with %d: %s%s", strings.Join(command, " "), n.Service, r.ExitCode, r.Stdout, r.Stderr)
	}
	return r.Stdout
}

// Logs returns the output of a service's container since it was created.
func (s *Stack) Logs(ctx context.Context, service string) (string, error) {
	id, err := s.Container(ctx, service)
	if err != nil {
		return "", err
	}
	stream, err := s.Docker.ContainerLogs(ctx, id, client.ContainerLogsOptions{ShowStdout: true, ShowStderr: true})
	if err != nil {
		return "", fmt.Errorf("read the log of %s: %w", service, err)
	}
	defer stream.Close()
	var text bytes.Buffer
	if _, err := stdcopy.StdCopy(&text, &text, stream); err != nil {
		return "", fmt.Errorf("read the log of %s: %w", service, err)
	}
	return text.String(), nil
}
