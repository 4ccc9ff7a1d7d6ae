package report

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// Machine describes the hardware and versions. It contains nothing that identifies the machine.
type Machine struct {
	CPU    string   `json:"cpu"` // its model
	Cores  int      `json:"cores"`
	Memory int64    `json:"memory"` // bytes
	Kernel string   `json:"kernel"`
	Go     string   `json:"go"`
	Tools  []string `json:"tools,omitempty"` // versions of the other programs
}

// ThisMachine describes the machine that this process runs on, which must run Linux. Unknown values
// are empty.
func ThisMachine(tools ...string) Machine {
	return Machine{
		CPU:    field("/proc/cpuinfo", "model name"),
		Cores:  runtime.NumCPU(),
		Memory: memory(),
		Kernel: kernel(),
		Go:     strings.TrimPrefix(runtime.Version(), "go"),
		Tools:  tools,
	}
}

// field returns the value of the first line "name : value" of a file in /proc.
func field(path, name string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	for line := range bytes.Lines(text) {
		key, value, _ := bytes.Cut(line, []byte(":"))
		if string(bytes.TrimSpace(key)) == name {
			return string(bytes.TrimSpace(value))
		}
	}
	return ""
}

func memory() int64 {
	var kilobytes int64
	fmt.Sscan(field("/proc/meminfo", "MemTotal"), &kilobytes)
	return kilobytes << 10
}

func kernel() string {
	var name unix.Utsname
	if unix.Uname(&name) != nil {
		return ""
	}
	// The distribution's suffix could contain the name of a machine or its owner.
	release, _, _ := strings.Cut(unix.ByteSliceToString(name.Release[:]), "-")
	return unix.ByteSliceToString(name.Sysname[:]) + " " + release
}
