package e2e

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"trip2g/internal/testwait"
)

// stalledReader has read the beginning of an answer and no more.
type stalledReader struct {
	conn net.Conn
	resp *http.Response
	read strings.Builder
}

// stallOn asks for a page on a connection with a small buffer and reads its first bytes. header is
// lines to add, each with its end.
func stallOn(t *testing.T, n *node, path, header string) *stalledReader {
	t.Helper()
	host := strings.TrimPrefix(n.public, "http://")
	conn, err := net.Dial("tcp", host)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.(*net.TCPConn).SetReadBuffer(128 << 10); err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\n%s\r\n", path, host, header); err != nil {
		t.Fatal(err)
	}
	r := &stalledReader{conn: conn}
	r.resp, err = http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	if r.resp.StatusCode != http.StatusOK {
		t.Fatalf("%s of %s: %s", path, n.service, r.resp.Status)
	}
	r.take(t, 64<<10)
	return r
}

// take reads n bytes more; less only at the end.
func (r *stalledReader) take(t *testing.T, n int64) {
	t.Helper()
	r.conn.SetReadDeadline(time.Now().Add(testwait.Patience))
	if _, err := io.CopyN(&r.read, r.resp.Body, n); err != nil && err != io.EOF {
		t.Fatalf("read on after %d bytes of %d: %v", r.read.Len(), r.resp.ContentLength, err)
	}
}

// rest reads to the end and gives the whole body.
func (r *stalledReader) rest(t *testing.T) string {
	t.Helper()
	r.take(t, r.resp.ContentLength)
	return r.read.String()
}
