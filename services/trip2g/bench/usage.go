package main

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"time"

	"trip2g/services/trip2g/bench/report"
)

// process is the id of a process; 0 is none, which uses nothing.
type process int

// usage is processor time: in the program, and in the kernel on its behalf.
type usage struct {
	program, kernel time.Duration
}

func (u usage) plus(v usage) usage  { return usage{u.program + v.program, u.kernel + v.kernel} }
func (u usage) minus(v usage) usage { return usage{u.program - v.program, u.kernel - v.kernel} }

// tick is the unit of times in /proc/PID/stat: USER_HZ, which is 100 on Linux.
const tick = 10 * time.Millisecond

// usage gives what the process has used since it started (proc(5), /proc/PID/stat).
func (p process) usage() (usage, error) {
	if p == 0 {
		return usage{}, nil
	}
	path := fmt.Sprintf("/proc/%d/stat", p)
	text, err := os.ReadFile(path)
	if err != nil {
		return usage{}, fmt.Errorf("measure processor time: %w", err)
	}
	// The second field is the program's name, which may hold spaces, in parentheses.
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	const utime, stime = 14 - 3, 15 - 3 // fields 14 and 15, and the first one here is 3
	if len(fields) <= stime {
		return usage{}, fmt.Errorf("measure processor time: %s has %d fields", path, len(fields))
	}
	program, err := strconv.ParseInt(string(fields[utime]), 10, 64)
	if err != nil {
		return usage{}, fmt.Errorf("measure processor time: read %s: %w", path, err)
	}
	kernel, err := strconv.ParseInt(string(fields[stime]), 10, 64)
	if err != nil {
		return usage{}, fmt.Errorf("measure processor time: read %s: %w", path, err)
	}
	return usage{time.Duration(program) * tick, time.Duration(kernel) * tick}, nil
}

// figures tells the usage of one of so many requests.
func (u usage) figures(name string, requests float64) []report.Figure {
	each := func(d time.Duration) []float64 { return []float64{d.Seconds() * 1e6 / requests} }
	return []report.Figure{
		{Name: name + ", in the program", Unit: "µs", Values: each(u.program)},
		{Name: name + ", in the kernel", Unit: "µs", Values: each(u.kernel)},
	}
}
