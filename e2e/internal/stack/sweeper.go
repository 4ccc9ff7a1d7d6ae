package stack

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"sync"
	"syscall"

	"github.com/docker/compose/v5/pkg/api"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"
	tclog "github.com/testcontainers/testcontainers-go/log"
)

// sweeperEnv is set for the process that is the sweeper of a run: the same test binary.
const sweeperEnv = "E2E_SWEEPER"

// Sweeper is a child process that removes the run's stacks when its standard input closes. That
// happens however the run ends, also by a panic, a timeout or SIGKILL, when the run's own cleanup
// does not run.
var Sweeper sweepHandle

// sweepHandle is the parent's side of the sweeper.
type sweepHandle struct {
	mu       sync.Mutex
	cmd      *exec.Cmd
	in       io.WriteCloser
	errs     strings.Builder
	finished bool
	projects []string
}

// Own registers a compose project, before anything of it is created.
func (s *sweepHandle) Own(project string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.finished {
		return errors.New("the run is ending")
	}
	if s.cmd == nil {
		if err := s.start(); err != nil {
			return fmt.Errorf("start the sweeper: %w", err)
		}
	}
	s.projects = append(s.projects, project)
	_, err := fmt.Fprintln(s.in, project)
	return err
}

func (s *sweepHandle) start() error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), sweeperEnv+"=1")
	// In its own session, so that Ctrl-C ends the run but not the sweeper.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.Stderr = &s.errs
	if s.in, err = cmd.StdinPipe(); err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	s.cmd = cmd
	return nil
}

// finish makes the sweeper remove everything and waits for it.
func (s *sweepHandle) finish() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cmd == nil || s.finished {
		s.finished = true
		return nil
	}
	s.finished = true
	s.in.Close()
	if err := s.cmd.Wait(); err != nil {
		return fmt.Errorf("%w: %s", err, strings.TrimSpace(s.errs.String()))
	}
	return nil
}

// sweep is the sweeper's main function. It reads projects until the run ends, then removes them.
func sweep(in io.Reader) (exitCode int) {
	// A run that was killed no longer reads the sweeper's output.
	signal.Ignore(syscall.SIGPIPE)
	tclog.SetDefault(quiet{})
	var projects []string
	for lines := bufio.NewScanner(in); lines.Scan(); {
		projects = append(projects, lines.Text())
	}
	ctx, cancel := context.WithTimeout(context.Background(), cleanupTimeout)
	defer cancel()
	for _, project := range projects {
		if err := removeProject(ctx, project); err != nil {
			fmt.Fprintln(os.Stderr, err)
			exitCode = 1
		}
	}
	return exitCode
}

// removeProject removes a compose project's containers, networks and volumes, its folder on the
// host and its image. It repeats until nothing is left, because Docker may still be creating a
// container for a run that was killed.
func removeProject(ctx context.Context, project string) error {
	docker, err := testcontainers.NewDockerClientWithOpts(ctx)
	if err != nil {
		return fmt.Errorf("connect to Docker: %w", err)
	}
	defer docker.Close()
	for {
		left, err := leftovers(ctx, project)
		if err != nil {
			return err
		}
		if len(left) == 0 {
			if err := removeData(ctx, docker.Client, project); err != nil {
				return err
			}
			return removeImage(ctx, docker.Client, project)
		}
		if err := removeOnce(ctx, docker.Client, project); err != nil {
			return fmt.Errorf("remove %s: %w", project, err)
		}
	}
}

// removeData removes a project's folder on the host. If the suite may not, because the server's
// user owns files there, a container does.
func removeData(ctx context.Context, docker client.APIClient, project string) error {
	dir := projectDir(project)
	if os.RemoveAll(dir) == nil {
		return nil
	}
	made, err := docker.ContainerCreate(ctx, client.ContainerCreateOptions{
		Config: &container.Config{
			Image:      ImageName(),
			Entrypoint: []string{"find", "/data", "-mindepth", "1", "-delete"},
			Labels:     map[string]string{api.ProjectLabel: project},
		},
		HostConfig: &container.HostConfig{Binds: []string{dir + ":/data"}},
	})
	if err != nil {
		return fmt.Errorf("remove %s: %w", dir, err)
	}
	wait := docker.ContainerWait(ctx, made.ID, client.ContainerWaitOptions{Condition: container.WaitConditionNextExit})
	if _, err := docker.ContainerStart(ctx, made.ID, client.ContainerStartOptions{}); err != nil {
		return fmt.Errorf("remove %s: %w", dir, err)
	}
	select {
	case <-wait.Result:
	case err := <-wait.Error:
		return fmt.Errorf("remove %s: %w", dir, err)
	}
	if err := removeOnce(ctx, docker, project); err != nil {
		return fmt.Errorf("remove %s: %w", project, err)
	}
	return os.RemoveAll(dir)
}

func removeOnce(ctx context.Context, docker client.APIClient, project string) error {
	filter := ofProject(project)
	containers, err := docker.ContainerList(ctx, client.ContainerListOptions{All: true, Filters: filter})
	if err != nil {
		return err
	}
	for _, c := range containers.Items {
		_, err := docker.ContainerRemove(ctx, c.ID, client.ContainerRemoveOptions{Force: true, RemoveVolumes: true})
		if err != nil {
			return err
		}
	}
	networks, err := docker.NetworkList(ctx, client.NetworkListOptions{Filters: filter})
	if err != nil {
		return err
	}
	for _, n := range networks.Items {
		if _, err := docker.NetworkRemove(ctx, n.ID, client.NetworkRemoveOptions{}); err != nil {
			return err
		}
	}
	volumes, err := docker.VolumeList(ctx, client.VolumeListOptions{Filters: filter})
	if err != nil {
		return err
	}
	for _, v := range volumes.Items {
		if _, err := docker.VolumeRemove(ctx, v.Name, client.VolumeRemoveOptions{Force: true}); err != nil {
			return err
		}
	}
	return nil
}

// removeImage removes the image that Compose has built for a project, or only its tag if it has
// others.
func removeImage(ctx context.Context, docker client.APIClient, project string) error {
	name := project + ":latest"
	images, err := docker.ImageList(ctx, client.ImageListOptions{Filters: make(client.Filters).Add("reference", name)})
	if err != nil || len(images.Items) == 0 {
		return err
	}
	_, err = docker.ImageRemove(ctx, name, client.ImageRemoveOptions{Force: true})
	return err
}

// leftovers lists the containers, networks and volumes of a project.
func leftovers(ctx context.Context, project string) ([]string, error) {
	docker, err := testcontainers.NewDockerClientWithOpts(ctx)
	if err != nil {
		return nil, fmt.Errorf("connect to Docker: %w", err)
	}
	defer docker.Close()
	filter := ofProject(project)
	var left []string
	containers, err := docker.ContainerList(ctx, client.ContainerListOptions{All: true, Filters: filter})
	if err != nil {
		return nil, err
	}
	for _, c := range containers.Items {
		left = append(left, "container "+strings.Join(c.Names, " "))
	}
	networks, err := docker.NetworkList(ctx, client.NetworkListOptions{Filters: filter})
	if err != nil {
		return nil, err
	}
	for _, n := range networks.Items {
		left = append(left, "network "+n.Name)
	}
	volumes, err := docker.VolumeList(ctx, client.VolumeListOptions{Filters: filter})
	if err != nil {
		return nil, err
	}
	for _, v := range volumes.Items {
		left = append(left, "volume "+v.Name)
	}
	return left, nil
}

func ofProject(project string) client.Filters {
	return make(client.Filters).Add("label", api.ProjectLabel+"="+project)
}
