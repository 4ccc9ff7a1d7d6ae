// Package static runs the servers that a replica is compared with. Each is a process of its own and
// answers with bytes that it was given: nginx from files, and the barest server that net/http allows.
package static

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os/exec"
	"syscall"
	"time"
)

const (
	startPatience = 10 * time.Second
	stopPatience  = 10 * time.Second
)

// Server is a running server.
type Server struct {
	URL string // without a slash at the end

	process *exec.Cmd
	ended   chan error // has what the process ended with
	cleanup func()     // removes the server's files
}

// PID is the id of the server's process; nginx's answers nothing itself, its children do.
func (s *Server) PID() int { return s.process.Process.Pid }

// start starts the process and waits until it answers.
func start(ctx context.Context, process *exec.Cmd, url string, cleanup func()) (*Server, error) {
	// Ctrl-C is for this process, which then stops its servers; its death ends them.
	process.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	if err := process.Start(); err != nil {
		cleanup()
		return nil, fmt.Errorf("start %s: %w", process.Path, err)
	}
	s := &Server{URL: url, process: process, ended: make(chan error, 1), cleanup: cleanup}
	go func() { s.ended <- process.Wait() }()
	if err := s.waitReady(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("start %s: %w", process.Path, err), s.Stop())
	}
	return s, nil
}

func (s *Server) waitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startPatience)
	defer cancel()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL, nil)
		if err != nil {
			return err
		}
		response, err := client.Do(request)
		if err == nil {
			return response.Body.Close()
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait until it answers: %w", err)
		case ended := <-s.ended:
			s.ended <- ended
			return fmt.Errorf("it ended: %v", ended)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// Stop ends the server and removes its files.
func (s *Server) Stop() error {
	defer s.cleanup()
	s.process.Process.Signal(syscall.SIGTERM)
	var late error
	select {
	case <-s.ended:
	case <-time.After(stopPatience):
		late = fmt.Errorf("%s did not end within %s and was killed", s.process.Path, stopPatience)
	}
	// nginx's workers are of its process group, and could have outlived it.
	syscall.Kill(-s.process.Process.Pid, syscall.SIGKILL)
	return late
}
