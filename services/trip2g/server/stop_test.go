package server_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"trip2g/internal/testwait"
	"trip2g/services/trip2g/server/servertest"
)

// TestEveryRequestIsAnsweredWhileANodeStops has clients that keep their connections and send one
// request after another until a response closes the connection.
func TestEveryRequestIsAnsweredWhileANodeStops(t *testing.T) {
	const (
		clients = 20
		query   = `{"query":"{__typename}"}`
	)
	page := "GET / HTTP/1.1\r\nHost: h\r\n\r\n"
	write := fmt.Sprintf("POST /_system/graphql HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(query), query)
	for name, requests := range map[string][]string{"pages": {page}, "writes": {write}, "both": {page, page, page, write}} {
		for _, lane := range []string{"true", "false"} {
			t.Run(name+", fast lane "+lane, func(t *testing.T) {
				n := servertest.Start(t, "DB_FILE="+filepath.Join(t.TempDir(), "data.sqlite3"), "FAST_LANE="+lane)
				n.WaitReady(t)
				var group sync.WaitGroup
				var answered atomic.Int64
				for range clients {
					conn, err := net.Dial("tcp", strings.TrimPrefix(n.Public, "http://"))
					if err != nil {
						t.Fatal(err)
					}
					reader := bufio.NewReader(conn)
					if _, err := askOn(conn, reader, requests[0]); err != nil {
						t.Fatal(err)
					}
					group.Go(func() {
						defer conn.Close()
						if err := askUntilTheLast(conn, reader, requests, &answered); err != nil {
							t.Error(err)
						}
					})
				}
				testwait.NoFault(t, func() string {
					if answered.Load() < 10*clients {
						return "the clients have just begun"
					}
					return ""
				})
				if err := n.Stop(); err != nil {
					t.Error(err)
				}
				group.Wait()
			})
		}
	}
}

// TestAnIdleConnectionIsToldThatItEnds has a client that sends nothing while the node stops.
func TestAnIdleConnectionIsToldThatItEnds(t *testing.T) {
	n := servertest.Start(t, "DB_FILE="+filepath.Join(t.TempDir(), "data.sqlite3"))
	n.WaitReady(t)
	for _, first := range []string{"GET / HTTP/1.1\r\nHost: h\r\n\r\n", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n"} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(n.Public, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		reader := bufio.NewReader(conn)
		if res, err := askOn(conn, reader, first); err != nil || res.Close {
			t.Fatalf("the first answer: %v, %v", res, err)
		}
		defer func() {
			res, err := askOn(conn, reader, "")
			if err != nil || res.StatusCode != http.StatusRequestTimeout || !res.Close {
				t.Errorf("the connection ended with %v, %v", res, err)
			}
		}()
	}
	if err := n.Stop(); err != nil {
		t.Error(err)
	}
}

// askUntilTheLast sends the requests in turn until a response closes the connection.
func askUntilTheLast(conn net.Conn, reader *bufio.Reader, requests []string, answered *atomic.Int64) error {
	for i := 0; ; i++ {
		res, err := askOn(conn, reader, requests[i%len(requests)])
		if err != nil {
			return fmt.Errorf("request %d has no answer: %w", i, err)
		}
		answered.Add(1)
		if res.Close {
			return nil
		}
	}
}

func askOn(conn net.Conn, reader *bufio.Reader, request string) (*http.Response, error) {
	conn.SetDeadline(time.Now().Add(30 * time.Second)) // far more than is needed
	if _, err := io.WriteString(conn, request); err != nil {
		return nil, err
	}
	res, err := http.ReadResponse(reader, nil)
	if err == nil {
		_, err = io.Copy(io.Discard, res.Body)
	}
	return res, err
}
