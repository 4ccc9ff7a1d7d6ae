package cluster

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
)

// portsOfNode is the number of ports of a node: public, internal, LiteFS.
const portsOfNode = 3

// lowestPort is where the search for free ports starts.
const lowestPort = 20_000

// freeAddresses finds free ports of 127.0.0.1 below the ephemeral ports, so that the ports of a
// node that restarts are still free.
func freeAddresses(count int) ([]string, error) {
	highest, err := lowestEphemeralPort()
	if err != nil {
		return nil, fmt.Errorf("find free ports: %w", err)
	}
	var found []string
	for range 100 * count {
		address := fmt.Sprintf("127.0.0.1:%d", lowestPort+rand.IntN(highest-lowestPort))
		listener, err := net.Listen("tcp", address)
		if err != nil {
			continue
		}
		// Kept open until all are found, so that none is found twice.
		defer listener.Close()
		if found = append(found, address); len(found) == count {
			return found, nil
		}
	}
	return nil, fmt.Errorf("find free ports: %d of %d between %d and %d", len(found), count, lowestPort, highest)
}

func lowestEphemeralPort() (port int, err error) {
	text, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range")
	if err != nil {
		return 0, err
	}
	if _, err := fmt.Sscan(string(text), &port); err != nil {
		return 0, err
	}
	if port <= lowestPort {
		return 0, fmt.Errorf("the kernel gives all ports from %d on to connections: raise net.ipv4.ip_local_port_range", port)
	}
	return port, nil
}
