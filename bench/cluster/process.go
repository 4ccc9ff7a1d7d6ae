package cluster

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Process is a running process of a node.
type Process int // its id

// LiteFS returns the node's LiteFS process. It panics if there is none.
func (n *Node) LiteFS() Process {
	if n.plain || n.process == nil {
		panic(n.Name + " runs no LiteFS")
	}
	return Process(n.process.Process.Pid)
}

// Server returns the node's server process.
func (n *Node) Server() (Process, error) {
	if n.process == nil {
		return 0, fmt.Errorf("%s is not running", n.Name)
	}
	if n.plain {
		return Process(n.process.Process.Pid), nil
	}
	children, err := n.LiteFS().children()
	if err != nil || len(children) != 1 {
		return 0, fmt.Errorf("find the server of %s: LiteFS has the children %v: %w", n.Name, children, err)
	}
	return children[0], nil
}

// children returns the running child processes of p (proc(5)).
func (p Process) children() ([]Process, error) {
	lists, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", p))
	if err != nil {
		return nil, err
	}
	var found []Process
	for _, list := range lists {
		text, err := os.ReadFile(list)
		if err != nil {
			return nil, err
		}
		for _, field := range strings.Fields(string(text)) {
			pid, err := strconv.Atoi(field)
			if err != nil {
				return nil, fmt.Errorf("read %s: %w", list, err)
			}
			found = append(found, Process(pid))
		}
	}
	return found, nil
}

// RSS returns the resident memory of the process in bytes.
func (p Process) RSS() (int64, error) {
	path := fmt.Sprintf("/proc/%d/status", p)
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, fmt.Errorf("measure memory: %w", err)
	}
	for line := range strings.Lines(string(text)) {
		if size, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kilobytes, err := strconv.ParseInt(strings.Fields(size)[0], 10, 64)
			if err != nil {
				return 0, fmt.Errorf("measure memory: read %s: %w", path, err)
			}
			return kilobytes << 10, nil
		}
	}
	return 0, fmt.Errorf("measure memory: %s has no VmRSS", path)
}

// CPU returns the CPU time of the process since it started.
func (p Process) CPU() (time.Duration, error) {
	// The ID of a process's CPU clock, as clock_getcpuclockid(3) computes it.
	const schedulerClock = 2
	var used unix.Timespec
	if err := unix.ClockGettime(int32(^int(p)<<3|schedulerClock), &used); err != nil {
		return 0, fmt.Errorf("measure processor time: %w", err)
	}
	return time.Duration(used.Nano()), nil
}
