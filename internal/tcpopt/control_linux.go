package tcpopt

import (
	"errors"
	"fmt"
	"syscall"

	"golang.org/x/sys/unix"
)

// control sets the options of tcp(7) that the net package has no name for. Accepted connections
// inherit them from their listener.
func control(_, _ string, raw syscall.RawConn) error {
	var set error
	err := raw.Control(func(fd uintptr) {
		set = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(LostAfter.Milliseconds()))
		if set != nil {
			return
		}
		// Linux before 6.15 has no such option and goes on with longer pauses.
		set = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_RTO_MAX_MS, int(longestRetry.Milliseconds()))
		if errors.Is(set, unix.ENOPROTOOPT) {
			set = nil
		}
	})
	if err = errors.Join(err, set); err != nil {
		return fmt.Errorf("set the timeouts of a TCP connection: %w", err)
	}
	return nil
}
