package tcpopt_test

import (
	"net"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"trip2g/internal/tcpopt"
)

func option(t *testing.T, c net.Conn, name int) int {
	t.Helper()
	raw, err := c.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var value int
	var got error
	if err := raw.Control(func(fd uintptr) { value, got = unix.GetsockoptInt(int(fd), unix.IPPROTO_TCP, name) }); err != nil {
		t.Fatal(err)
	}
	if got != nil {
		t.Fatal(got)
	}
	return value
}

func TestBothEndsOfAConnectionNoticeASilentPeer(t *testing.T) {
	listener, err := tcpopt.ListenConfig().Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	dialed, err := tcpopt.Dialer{Timeout: 10 * time.Second}.DialContext(t.Context(), "tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer dialed.Close()
	accepted, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer accepted.Close()
	for name, c := range map[string]net.Conn{"dialed": dialed, "accepted": accepted} {
		if got := option(t, c, unix.TCP_USER_TIMEOUT); got != int(tcpopt.LostAfter.Milliseconds()) {
			t.Errorf("%s: TCP_USER_TIMEOUT is %d ms", name, got)
		}
		if got := option(t, c, unix.TCP_KEEPIDLE); got > 5 {
			t.Errorf("%s: an idle connection is probed after %d s", name, got)
		}
	}
}
