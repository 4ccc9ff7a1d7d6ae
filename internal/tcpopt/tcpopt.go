// Package tcpopt configures the TCP connections between nodes, so that both ends notice a network
// that drops packets within seconds, and use it again within a second of its return.
//
// Without it a sender retries after 0.2, 0.4, ... 12.8, 25.6 s: a network that was away for 8 s is
// used again after 12.6 s. A peer that vanished is noticed after 15 minutes by a sender, and after
// two and a half by a receiver.
package tcpopt

import (
	"net"
	"time"
)

// LostAfter is how long a peer may leave data or keep-alive probes without an acknowledgement
// before the connection counts as lost.
const LostAfter = 12 * time.Second

const (
	// probeAfter and probeEvery are when a connection without traffic is probed.
	probeAfter = 3 * time.Second
	probeEvery = 2 * time.Second
	// probes bounds the probes without an answer where the system has no TCP_USER_TIMEOUT.
	probes = 4
	// longestRetry bounds the pauses between retransmissions. Linux takes no less than a second.
	longestRetry = time.Second
)

func keepAlive() net.KeepAliveConfig {
	return net.KeepAliveConfig{Enable: true, Idle: probeAfter, Interval: probeEvery, Count: probes}
}

// ListenConfig returns the settings of a port that other nodes connect to.
func ListenConfig() *net.ListenConfig {
	return &net.ListenConfig{KeepAliveConfig: keepAlive(), Control: control}
}
