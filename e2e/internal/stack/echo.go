package stack

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/moby/moby/client"
)

// addEcho adds the echo server, built for the platform of the containers, and the replica that
// forwards to it.
func (s *Stack) addEcho(ctx context.Context) (err error) {
	if s.Echo, err = s.newNode("echo", "session"); err != nil {
		return err
	}
	if s.EchoReplica, err = s.newNode("echo-replica", "session_r3"); err != nil {
		return err
	}
	version, err := s.Docker.ServerVersion(ctx, client.ServerVersionOptions{})
	if err != nil {
		return fmt.Errorf("ask Docker for its platform: %w", err)
	}
	binary := filepath.Join(projectDir(s.Project), "echo")
	build := exec.CommandContext(ctx, "go", "build", "-o", binary, "./echo")
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+version.Os, "GOARCH="+version.Arch)
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build the echo server: %w: %s", err, out)
	}
	s.Env["ECHO_BINARY"] = binary
	return nil
}
