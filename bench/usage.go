package main

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"time"

	"trip2g/bench/report"
)

// process is a process ID; 0 is no process, with no usage.
type process int

// usage is CPU time in user mode and in the kernel.
type usage struct {
	program, kernel time.Duration
}

func (u usage) minus(v usage) usage { return usage{u.program - v.program, u.kernel - v.kernel} }

// tick is the unit of times in /proc/PID/stat: USER_HZ, which is 100 on Linux.
const tick = 10 * time.Millisecond

// usage returns the CPU time of the process since it started (proc(5), /proc/PID/stat).
func (p process) usage() (usage, error) {
	if p == 0 {
		return usage{}, nil
	}
	path := fmt.Sprintf("/proc/%d/stat", p)
	text, err := os.ReadFile(path)
	if err != nil {
		return usage{}, fmt.Errorf("measure processor time: %w", err)
	}
	// The second field is the program's name in parentheses, which may contain spaces.
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

// cost is the CPU time per request, by round.
type cost struct{ program, kernel report.Figure }

func newCost(name string) cost {
	return cost{
		report.Figure{Name: name + ", user", Unit: "µs"},
		report.Figure{Name: name + ", kernel", Unit: "µs"},
	}
}

// add adds the usage of a round with that many requests.
func (c *cost) add(u usage, requests float64) {
	c.program.Values = append(c.program.Values, u.program.Seconds()*1e6/requests)
	c.kernel.Values = append(c.kernel.Values, u.kernel.Seconds()*1e6/requests)
}

// costRow returns the row of the CPU times; the first cost is the replica's.
func costRow(a requestKind, costs []cost) report.Row {
	row := report.Row{Name: "CPU time per request, " + a.name, Against: "bare net/http"}
	for _, c := range costs {
		row.Figures = append(row.Figures, c.program, c.kernel)
	}
	program, kernel := costs[0].program.Median(), costs[0].kernel.Median()
	row.Notes = []string{fmt.Sprintf("The kernel takes %.0f %% of the replica's time, to read the request from the socket and write the response to it. "+
		"The rest is the program: it parses the request, finds the page and writes the log.", 100*kernel/(program+kernel))}
	return row
}
