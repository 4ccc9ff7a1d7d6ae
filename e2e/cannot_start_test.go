package e2e

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/docker/compose/v5/pkg/api"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"

	"trip2g/e2e/internal/stack"
	"trip2g/internal/testwait"
)

// TestUpNamesATakenPort starts a stack whose port something else has.
func TestUpNamesATakenPort(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	_, port, _ := net.SplitHostPort(taken.Addr().String())
	internal, err := stack.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	project := stack.OwnProject(t, "taken")

	up := exec.CommandContext(t.Context(), "sh", "compose/up.sh", stack.ImageName())
	up.Dir = stack.Root
	up.Env = append(os.Environ(), "STACK=single", "PROJECT="+project, "APP_PORT="+port, "APP_INTERNAL_PORT="+internal)
	out, err := up.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "A port is taken: ") {
		t.Errorf("make up on a taken port (error %v) does not say what to do:\n%s", err, out)
	}
}

// TestANodeWithoutFUSESaysWhatToDo runs a LiteFS node in a container that was not given /dev/fuse.
func TestANodeWithoutFUSESaysWhatToDo(t *testing.T) {
	s := startContainer(t, []string{"LITEFS_ROLE=primary", "LITEFS_PRIMARY_HOST=app"}, nil)
	awaitLog(t, s, "cannot use /dev/fuse", "compose/single.yml")
}

// TestANodeWithoutSpaceSaysWhatToDo runs a node whose volume is full.
func TestANodeWithoutSpaceSaysWhatToDo(t *testing.T) {
	s := startContainer(t, nil, map[string]string{"/var/lib/trip2g": "size=512k"})
	awaitLog(t, s, "no space left for /var/lib/trip2g", "docker system df")
}

// startContainer runs the image alone, as the service "alone" of a project.
func startContainer(t *testing.T, env []string, tmpfs map[string]string) *stack.Stack {
	t.Helper()
	docker, err := testcontainers.NewDockerClientWithOpts(t.Context())
	if err != nil {
		t.Fatalf("connect to Docker: %v", err)
	}
	s := &stack.Stack{Project: stack.OwnProject(t, "alone"), Docker: docker}
	made, err := docker.ContainerCreate(t.Context(), client.ContainerCreateOptions{
		Config: &container.Config{
			Image: stack.ImageName(), Env: env,
			Labels: map[string]string{api.ProjectLabel: s.Project, api.ServiceLabel: "alone"},
		},
		HostConfig: &container.HostConfig{Tmpfs: tmpfs},
	})
	if err == nil {
		_, err = docker.ContainerStart(t.Context(), made.ID, client.ContainerStartOptions{})
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// awaitLog waits until the container's log has a line with all parts.
func awaitLog(t *testing.T, s *stack.Stack, parts ...string) {
	t.Helper()
	var log string
	testwait.NoError(t, "the log says "+parts[0], func() (err error) {
		if log, err = s.Logs(context.WithoutCancel(t.Context()), "alone"); err != nil {
			return err
		}
		for line := range strings.Lines(log) {
			if stack.ContainsAll(line, parts) {
				return nil
			}
		}
		return errors.New(log)
	})
}
