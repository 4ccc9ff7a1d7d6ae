// Package static runs the servers that a replica is compared with, each as its own process with
// given responses: nginx with files, and a minimal net/http server.
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
	startTimeout = 10 * time.Second
	stopTimeout  = 10 * time.Second
)

// Server is a running server.
type Server struct {
	URL string // without a slash at the end

	process *exec.Cmd
	ended   chan error // receives the process's error
	cleanup func()     // removes the server's files
}

// PID is the ID of the server's process. The responses of nginx come from its child processes.
func (s *Server) PID() int { return s.process.Process.Pid }

// start starts the process and waits until it responds.
func start(ctx context.Context, process *exec.Cmd, url string, cleanup func()) (*Server, error) {
	// In its own process group: Ctrl-C ends this process, which then stops its servers.
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
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
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

// Stop stops the server and removes its files.
func (s *Server) Stop() error {
	defer s.cleanup()
	s.process.Process.Signal(syscall.SIGTERM)
	var late error
	select {
	case <-s.ended:
	case <-time.After(stopTimeout):
		late = fmt.Errorf("%s did not end within %s and was killed", s.process.Path, stopTimeout)
	}
	// nginx's workers are in its process group and may have outlived it.
	syscall.Kill(-s.process.Process.Pid, syscall.SIGKILL)
	return late
}
