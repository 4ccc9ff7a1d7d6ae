package cluster

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Received returns the number of bytes that the replica's LiteFS node has received over its current
// connection to the leader's: TCP payload. In addition to transactions, this includes some bytes
// per second of heartbeats.
func (n *Node) Received() (int64, error) {
	leader, err := net.ResolveTCPAddr("tcp", n.leader.litefs)
	if err != nil {
		return 0, fmt.Errorf("count what %s received: %w", n.Name, err)
	}
	var sum int64
	found := false
	err = n.LiteFS().eachSocket(func(socket int) error {
		if !isPeer(socket, leader) {
			return nil
		}
		info, err := unix.GetsockoptTCPInfo(socket, unix.IPPROTO_TCP, unix.TCP_INFO)
		if err != nil {
			return err
		}
		found = true
		sum += int64(info.Bytes_received)
		return nil
	})
	if err == nil && !found {
		err = errors.New("it has no connection to the leader's LiteFS")
	}
	if err != nil {
		return 0, fmt.Errorf("count what %s received: %w", n.Name, err)
	}
	return sum, nil
}

// eachSocket calls fn with a copy of each socket of the process (pidfd_getfd(2)). This needs the
// permission to trace the process, which a process has for its children.
func (p Process) eachSocket(fn func(socket int) error) error {
	process, err := unix.PidfdOpen(int(p), 0)
	if err != nil {
		return err
	}
	defer unix.Close(process)
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", p))
	if err != nil {
		return err
	}
	for _, file := range files {
		target, err := os.Readlink(file)
		if err != nil || !strings.HasPrefix(target, "socket:") {
			continue // closed meanwhile, or no socket
		}
		number, err := strconv.Atoi(filepath.Base(file))
		if err != nil {
			return err
		}
		socket, err := unix.PidfdGetfd(process, number, 0)
		if errors.Is(err, unix.EBADF) {
			continue // closed meanwhile
		}
		if err != nil {
			return fmt.Errorf("look at a socket: %w", err)
		}
		err = fn(socket)
		unix.Close(socket)
		if err != nil {
			return err
		}
	}
	return nil
}

func isPeer(socket int, address *net.TCPAddr) bool {
	peer, err := unix.Getpeername(socket)
	if err != nil {
		return false // a listener
	}
	inet, ok := peer.(*unix.SockaddrInet4)
	return ok && inet.Port == address.Port && address.IP.Equal(inet.Addr[:])
}
