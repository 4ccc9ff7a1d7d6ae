package cork_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"trip2g/services/trip2g/web/http/cork"
)

type rawConnKey struct{}

// sizes of bodies: smaller than net/http's buffer, about its size, and much larger.
var sizes = []int{0, 1, 2047, 2048, 2049, 3000, 4095, 4096, 4097, 5000, 8191, 8192, 8193, 20_000, 1 << 20}

func bodyOf(size int) []byte { return bytes.Repeat([]byte("0123456789abcdef"), size/16+1)[:size] }

// serve serves /SIZE with a body of that size until the test ends. It calls written with Write's
// results.
func serve(t *testing.T, written func(*http.Request, int, error)) (addr string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		size, _ := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/"))
		w.Header().Set("Content-Length", strconv.Itoa(size))
		n, err := cork.Write(r.Context(), w, bodyOf(size))
		written(r, n, err)
	})
	server := &http.Server{Handler: handler, ConnContext: func(ctx context.Context, c net.Conn) context.Context {
		return context.WithValue(cork.WithConn(ctx, c), rawConnKey{}, c)
	}}
	go server.Serve(cork.Listener{Listener: listener})
	t.Cleanup(func() { server.Close() })
	return listener.Addr().String()
}

// TestAPageOfAnySizeComesWhole requests all sizes over one connection, where a byte too many or too
// few would corrupt the next response.
func TestAPageOfAnySizeComesWhole(t *testing.T) {
	addr := serve(t, func(r *http.Request, n int, err error) {
		if want := r.URL.Path[1:]; r.Method == "GET" && (err != nil || strconv.Itoa(n) != want) {
			t.Errorf("Write gives %d, %v for %s bytes", n, err, want)
		}
	})
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	answers := bufio.NewReader(conn)
	for _, method := range []string{"GET", "HEAD", "GET"} {
		for _, size := range sizes {
			fmt.Fprintf(conn, "%s /%d HTTP/1.1\r\nHost: a\r\n\r\n", method, size)
			answer, err := http.ReadResponse(answers, &http.Request{Method: method})
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(answer.Body)
			if err != nil || answer.ContentLength != int64(size) || method == "GET" && !bytes.Equal(got, bodyOf(size)) {
				t.Fatalf("%s /%d: %d bytes of %d came: %v", method, size, len(got), answer.ContentLength, err)
			}
		}
	}
}

// TestAPageIsSentWithOneCall counts the kernel's segments, one for each system call, of bodies that
// fit into one segment of the loopback interface.
func TestAPageIsSentWithOneCall(t *testing.T) {
	sent := make(chan uint32, 1)
	addr := serve(t, func(r *http.Request, _ int, _ error) {
		sent <- segments(t, r.Context().Value(rawConnKey{}).(syscall.Conn))
	})
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	answers := bufio.NewReader(conn)
	for i, size := range []int{4096, 5000, 8192, 9108, 16_000} {
		fmt.Fprintf(conn, "GET /%d HTTP/1.1\r\nHost: a\r\n\r\n", size)
		answer, err := http.ReadResponse(answers, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, answer.Body); err != nil {
			t.Fatal(err)
		}
		if got := <-sent; got != uint32(i+1) {
			t.Fatalf("%d segments were sent for %d answers, the last of %d bytes", got, i+1, size)
		}
	}
}

// segments returns the number of segments with data that a connection has sent.
func segments(t *testing.T, c syscall.Conn) (count uint32) {
	raw, err := c.SyscallConn()
	if err != nil {
		t.Error(err)
		return 0
	}
	var info *unix.TCPInfo
	if controlErr := raw.Control(func(fd uintptr) {
		info, err = unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO)
	}); controlErr != nil || err != nil {
		t.Error(errors.Join(controlErr, err))
		return 0
	}
	return info.Data_segs_out
}

// TestAPageThatCannotBeSentIsTold disconnects during a large page.
func TestAPageThatCannotBeSentIsTold(t *testing.T) {
	const size = 64 << 20 // more than the kernel buffers for a client that does not read
	told := make(chan error, 1)
	addr := serve(t, func(_ *http.Request, n int, err error) {
		if n >= size {
			t.Errorf("Write gives %d bytes of a page of which the client took none", n)
		}
		told <- err
	})
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(conn, "GET /%d HTTP/1.1\r\nHost: a\r\n\r\n", size)
	if _, err := conn.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	conn.Close()
	if err := <-told; err == nil {
		t.Error("Write gives no error")
	}
}
