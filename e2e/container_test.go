package e2e

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

// server is the user that the server runs as in its container.
const server = "trip2g"

// container finds a service's container. It is looked up each time: a test may replace it.
func (s *stack) container(ctx context.Context, service string) (id string, err error) {
	filter := ofProject(s.project).Add("label", api.ServiceLabel+"="+service)
	list, err := s.docker.ContainerList(ctx, client.ContainerListOptions{All: true, Filters: filter})
	if err != nil {
		return "", fmt.Errorf("find the container of %s: %w", service, err)
	}
	if len(list.Items) != 1 {
		return "", fmt.Errorf("find the container of %s: there are %d", service, len(list.Items))
	}
	return list.Items[0].ID, nil
}

func (n *node) containerID(t *testing.T) string {
	t.Helper()
	id, err := n.stack.container(t.Context(), n.service)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// stop stops the node as "docker stop" does: SIGTERM, and time to end its requests.
func (n *node) stop(t *testing.T) {
	t.Helper()
	if _, err := n.stack.docker.ContainerStop(t.Context(), n.containerID(t), client.ContainerStopOptions{}); err != nil {
		t.Fatalf("stop %s: %v", n.service, err)
	}
}

// kill ends every process of the node with SIGKILL.
func (n *node) kill(t *testing.T) {
	t.Helper()
	if _, err := n.stack.docker.ContainerKill(t.Context(), n.containerID(t), client.ContainerKillOptions{Signal: "KILL"}); err != nil {
		t.Fatalf("kill %s: %v", n.service, err)
	}
}

// killServer ends the server's process alone with SIGKILL and waits until the container's restart
// policy has brought the node back.
func (n *node) killServer(t *testing.T) {
	t.Helper()
	before := n.restarts(t)
	// The shell may be killed with its container before it is through, so its exit code says nothing.
	n.exec(t, "root", "sh", "-c",
		`for p in /proc/[0-9]*; do if [ "$(cat $p/comm 2>/dev/null)" = trip2g ]; then kill -KILL "${p#/proc/}"; fi; done`)
	testwait.NoError(t, n.service+" is restarted", func() error {
		if n.restarts(t) == before {
			return errors.New("the container has not been restarted")
		}
		return n.ready(t.Context())
	})
}

// start starts a stopped node and waits until it is ready. It runs in a clean-up, too.
func (n *node) start(t *testing.T) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	id, err := n.stack.container(ctx, n.service)
	if err == nil {
		_, err = n.stack.docker.ContainerStart(ctx, id, client.ContainerStartOptions{})
	}
	if err != nil {
		t.Fatalf("start %s: %v", n.service, err)
	}
	n.awaitReady(t)
}

// restart restarts the node as "docker restart" does and waits until it is ready.
func (n *node) restart(t *testing.T) {
	t.Helper()
	if _, err := n.stack.docker.ContainerRestart(t.Context(), n.containerID(t), client.ContainerRestartOptions{}); err != nil {
		t.Fatalf("restart %s: %v", n.service, err)
	}
	n.awaitReady(t)
}

// cutOff takes the node off the stack's network; what it gives brings the node back, as the test's
// end does.
func (n *node) cutOff(t *testing.T) (reconnect func()) {
	t.Helper()
	id := n.containerID(t)
	name := n.stack.project + "_default"
	inspected, err := n.stack.docker.ContainerInspect(t.Context(), id, client.ContainerInspectOptions{})
	if err != nil {
		t.Fatalf("inspect %s: %v", n.service, err)
	}
	aliases := inspected.Container.NetworkSettings.Networks[name].Aliases
	if _, err := n.stack.docker.NetworkDisconnect(t.Context(), name, client.NetworkDisconnectOptions{Container: id}); err != nil {
		t.Fatalf("cut %s off: %v", n.service, err)
	}
	reconnect = sync.OnceFunc(func() {
		_, err := n.stack.docker.NetworkConnect(context.WithoutCancel(t.Context()), name, client.NetworkConnectOptions{
			Container: id, EndpointConfig: &network.EndpointSettings{Aliases: aliases},
		})
		if err != nil {
			t.Errorf("bring %s back to the network: %v", n.service, err)
		}
	})
	t.Cleanup(reconnect)
	return reconnect
}

// recreateEmpty removes the node's container and the volumes that are its own and brings the node up
// again.
func (n *node) recreateEmpty(t *testing.T) {
	t.Helper()
	n.removeData(t)
	if err := n.stack.compose.Up(t.Context(), compose.Wait(true)); err != nil {
		t.Fatalf("bring %s up with an empty volume: %v", n.service, err)
	}
	n.awaitReady(t)
}

// loseDisk is recreateEmpty for a leader whose replicas keep their data, and so do not become ready.
func (n *node) loseDisk(t *testing.T) {
	t.Helper()
	n.removeData(t)
	if err := n.stack.compose.Up(t.Context()); err != nil {
		t.Fatalf("bring %s up with an empty volume: %v", n.service, err)
	}
	n.awaitReady(t)
}

// removeData removes the node's container and the volumes that are its own.
func (n *node) removeData(t *testing.T) {
	t.Helper()
	ctx := t.Context()
	id := n.containerID(t)
	inspected, err := n.stack.docker.ContainerInspect(ctx, id, client.ContainerInspectOptions{})
	if err != nil {
		t.Fatalf("inspect %s: %v", n.service, err)
	}
	n.stop(t)
	if _, err := n.stack.docker.ContainerRemove(ctx, id, client.ContainerRemoveOptions{}); err != nil {
		t.Fatalf("remove the container of %s: %v", n.service, err)
	}
	for _, mount := range inspected.Container.Mounts {
		if mount.Name == "" || mount.Destination == filepath.Dir(secretsFile) {
			continue
		}
		if _, err := n.stack.docker.VolumeRemove(ctx, mount.Name, client.VolumeRemoveOptions{}); err != nil {
			t.Fatalf("remove the volume %s: %v", mount.Name, err)
		}
	}
}

// restarts tells how often the container's restart policy has started it again.
func (n *node) restarts(t *testing.T) int {
	t.Helper()
	inspected, err := n.stack.docker.ContainerInspect(t.Context(), n.containerID(t), client.ContainerInspectOptions{})
	if err != nil {
		t.Fatalf("inspect %s: %v", n.service, err)
	}
	return inspected.Container.RestartCount
}

// result is what a command in a container did.
type result struct {
	stdout, stderr string
	exitCode       int
}

// exec runs a command in a service's container.
func (s *stack) exec(ctx context.Context, service, user string, command ...string) (result, error) {
	id, err := s.container(ctx, service)
	if err != nil {
		return result{}, err
	}
	fail := func(err error) (result, error) {
		return result{}, fmt.Errorf("run %q in %s: %w", strings.Join(command, " "), service, err)
	}
	made, err := s.docker.ExecCreate(ctx, id, client.ExecCreateOptions{
		User: user, Cmd: command, AttachStdout: true, AttachStderr: true,
	})
	if err != nil {
		return fail(err)
	}
	attached, err := s.docker.ExecAttach(ctx, made.ID, client.ExecAttachOptions{})
	if err != nil {
		return fail(err)
	}
	defer attached.Close()
	var stdout, stderr bytes.Buffer
	if _, err := stdcopy.StdCopy(&stdout, &stderr, attached.Reader); err != nil && !errors.Is(err, io.EOF) {
		return fail(err)
	}
	done, err := s.docker.ExecInspect(ctx, made.ID, client.ExecInspectOptions{})
	if err != nil {
		return fail(err)
	}
	return result{stdout.String(), stderr.String(), done.ExitCode}, nil
}

// exec runs a command in the node's container as the given user.
func (n *node) exec(t *testing.T, user string, command ...string) result {
	t.Helper()
	r, err := n.stack.exec(t.Context(), n.service, user, command...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// mustExec is exec for a command that has to succeed; it gives what the command printed.
func (n *node) mustExec(t *testing.T, user string, command ...string) string {
	t.Helper()
	r := n.exec(t, user, command...)
	if r.exitCode != 0 {
		t.Fatalf("%q in %s ended with %d: %s%s", strings.Join(command, " "), n.service, r.exitCode, r.stdout, r.stderr)
	}
	return r.stdout
}

// logs gives what a service's container has printed since it was made.
func (s *stack) logs(ctx context.Context, service string) (string, error) {
	id, err := s.container(ctx, service)
	if err != nil {
		return "", err
	}
	stream, err := s.docker.ContainerLogs(ctx, id, client.ContainerLogsOptions{ShowStdout: true, ShowStderr: true})
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
