package stack

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

// StalledReader has read the beginning of a response.
type StalledReader struct {
	conn net.Conn
	resp *http.Response
	read strings.Builder
}

// Stall requests a page on a connection with a small buffer and reads the first bytes. header is
// additional header lines, each with its line ending.
func Stall(t *testing.T, n *Node, path, header string) *StalledReader {
	t.Helper()
	host := strings.TrimPrefix(n.Public, "http://")
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
	r := &StalledReader{conn: conn}
	r.resp, err = http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	if r.resp.StatusCode != http.StatusOK {
		t.Fatalf("%s of %s: %s", path, n.Service, r.resp.Status)
	}
	r.take(t, 64<<10)
	return r
}

// take reads n more bytes, fewer only at the end.
func (r *StalledReader) take(t *testing.T, n int64) {
	t.Helper()
	r.conn.SetReadDeadline(time.Now().Add(testwait.Patience))
	if _, err := io.CopyN(&r.read, r.resp.Body, n); err != nil && err != io.EOF {
		t.Fatalf("read on after %d bytes of %d: %v", r.read.Len(), r.resp.ContentLength, err)
	}
}

// Rest reads to the end and returns the whole body.
func (r *StalledReader) Rest(t *testing.T) string {
	t.Helper()
	r.take(t, r.resp.ContentLength)
	return r.read.String()
}
