package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"trip2g/bench/cluster"
)

// halves divides the cores in two; the second half is larger if the number is odd. With one core,
// both halves are that core.
func halves() (first, second unix.CPUSet) {
	n := runtime.NumCPU()
	for cpu := range n {
		if cpu < n/2 || n == 1 {
			first.Set(cpu)
		}
		if cpu >= n/2 {
			second.Set(cpu)
		}
	}
	return first, second
}

// bind restricts a process with all its threads, and processes that it starts later, to cores
// (sched_setaffinity(2)).
func bind(process cluster.Process, to unix.CPUSet) error {
	tasks, err := os.ReadDir(filepath.Join("/proc", strconv.Itoa(int(process)), "task"))
	if err != nil {
		return fmt.Errorf("bind process %d to processors: %w", process, err)
	}
	for _, task := range tasks {
		id, err := strconv.Atoi(task.Name())
		if err == nil {
			err = unix.SchedSetaffinity(id, &to)
		}
		if err != nil && err != unix.ESRCH { // that thread has ended
			return fmt.Errorf("bind process %d to processors: %w", process, err)
		}
	}
	return nil
}

// bindNode binds both processes of a node.
func bindNode(n *cluster.Node, to unix.CPUSet) error {
	server, err := n.Server()
	if err != nil {
		return err
	}
	for _, process := range []cluster.Process{server, n.LiteFS()} {
		if err := bind(process, to); err != nil {
			return err
		}
	}
	return nil
}

// apart moves a replica to its own cores, and the leader, the other replica and this process, which
// writes, to the others, like separate machines. The returned function undoes this.
func (s *stage) apart(replica *cluster.Node) (together func() error, own unix.CPUSet, err error) {
	others, own := halves()
	place := func(replicas, rest unix.CPUSet) error {
		for _, n := range append([]*cluster.Node{s.Leader}, s.Replicas...) {
			to := rest
			if n == replica {
				to = replicas
			}
			if err := bindNode(n, to); err != nil {
				return err
			}
		}
		return bind(cluster.Process(os.Getpid()), rest)
	}
	var all unix.CPUSet
	for cpu := range runtime.NumCPU() {
		all.Set(cpu)
	}
	return func() error { return place(all, all) }, own, place(own, others)
}

// list formats cores for taskset(1).
func list(processors unix.CPUSet) string {
	var names []string
	for cpu := range runtime.NumCPU() {
		if processors.IsSet(cpu) {
			names = append(names, strconv.Itoa(cpu))
		}
	}
	return strings.Join(names, ",")
}
