// Package load generates load: as many requests as a server can answer, or a fixed rate.
package load

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Connections is the number of connections of a load, each with one request at a time.
const Connections = 16

// Request is a request that a load repeats.
type Request struct {
	Path   string   // escaped
	Header []string // "Name: value"
}

// Wrk is a run of wrk with one thread. wrk must be installed.
type Wrk struct {
	URL         string // of the server, without a slash at the end
	Requests    []Request
	Connections int // 0: Connections
	For         time.Duration
	AnyStatus   bool   // answers other than 2xx and 3xx are expected
	Processors  string // cores it may run on, as listed for taskset(1); "": those of this process
}

//go:embed list.lua
var listScript string

// Rate runs wrk and returns the responses per second. A request without a response, or with an
// unexpected status, is an error. When ctx ends, the run ends, and the rate is that of the elapsed
// time.
func (w Wrk) Rate(ctx context.Context) (float64, error) {
	dir, err := os.MkdirTemp("", "wrk-")
	if err != nil {
		return 0, fmt.Errorf("run wrk: %w", err)
	}
	defer os.RemoveAll(dir)
	arguments, err := w.arguments(dir)
	if err != nil {
		return 0, fmt.Errorf("run wrk: %w", err)
	}
	// wrk prints its results when it is interrupted.
	command := exec.CommandContext(ctx, "wrk", arguments...)
	if w.Processors != "" {
		command = exec.CommandContext(ctx, "taskset", append([]string{"--cpu-list", w.Processors, "wrk"}, arguments...)...)
	}
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	command.WaitDelay = 10 * time.Second
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var out bytes.Buffer
	command.Stdout, command.Stderr = &out, &out
	if err := command.Run(); err != nil && ctx.Err() == nil {
		return 0, fmt.Errorf("run wrk: %w: %s", err, out.String())
	}
	return w.parse(out.String())
}

// arguments returns the arguments for a single request, or for a script with a list of requests.
func (w Wrk) arguments(dir string) ([]string, error) {
	connections := w.Connections
	if connections == 0 {
		connections = Connections
	}
	// An interrupted wrk drops its connections' responses only when they are late.
	arguments := []string{"-t", "1", "-c", strconv.Itoa(connections), "-d", strconv.Itoa(int(w.For.Seconds())) + "s", "--timeout", "30s"}
	if len(w.Requests) == 1 {
		for _, field := range w.Requests[0].Header {
			arguments = append(arguments, "-H", field)
		}
		return append(arguments, w.URL+w.Requests[0].Path), nil
	}
	script, list := filepath.Join(dir, "list.lua"), filepath.Join(dir, "list")
	if err := os.WriteFile(script, []byte(listScript), 0o600); err != nil {
		return nil, err
	}
	var lines strings.Builder
	for _, request := range w.Requests {
		lines.WriteString(request.Path + "\t" + strings.Join(request.Header, "\t") + "\n")
	}
	if err := os.WriteFile(list, []byte(lines.String()), 0o600); err != nil {
		return nil, err
	}
	return append(arguments, "-s", script, w.URL, "--", list), nil
}

var (
	rateLine   = regexp.MustCompile(`(?m)^Requests/sec:\s+([0-9.]+)$`)
	socketLine = regexp.MustCompile(`(?m)^\s*Socket errors:.*$`)
	statusLine = regexp.MustCompile(`(?m)^\s*Non-2xx or 3xx responses:.*$`)
)

// parse reads the rate from the output of wrk.
func (w Wrk) parse(out string) (float64, error) {
	if line := socketLine.FindString(out); line != "" {
		return 0, fmt.Errorf("wrk at %s: %s", w.URL, strings.TrimSpace(line))
	}
	if line := statusLine.FindString(out); line != "" && !w.AnyStatus {
		return 0, fmt.Errorf("wrk at %s: %s", w.URL, strings.TrimSpace(line))
	}
	match := rateLine.FindStringSubmatch(out)
	if match == nil {
		return 0, fmt.Errorf("wrk at %s printed no rate: %s", w.URL, out)
	}
	rate, err := strconv.ParseFloat(match[1], 64)
	if err == nil && rate == 0 {
		err = errors.New("no request was answered")
	}
	if err != nil {
		return 0, fmt.Errorf("wrk at %s: %w", w.URL, err)
	}
	return rate, nil
}
