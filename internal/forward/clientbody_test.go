package forward

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"trip2g/internal/testwait"
)

// answersUnread answers before it has read anything of the body.
func answersUnread(w http.ResponseWriter, _ *http.Request) {
	http.Error(w, "not here", http.StatusMethodNotAllowed)
}

// A replica once ended with "invalid concurrent Body.Read call": an answer came while its body was
// read.
func TestAnswersThatDoNotWaitForTheBody(t *testing.T) {
	const connections, requests = 60, 6
	r := startReplica(t, startLeader(t, http.HandlerFunc(answersUnread)).addr, nil)
	for name, one := range map[string]string{
		"of a known length": "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 24\r\n\r\n{\"query\":\"{__typename}\"}",
		"in chunks":         "PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			for range connections {
				c := dialRaw(t, r.addr)
				c.send(t, strings.Repeat(one, requests))
				answered := 0
				for {
					res, err := http.ReadResponse(c.r, nil)
					if err != nil {
						t.Fatalf("after %d answers the connection ended: %v", answered, err)
					}
					io.Copy(io.Discard, res.Body)
					if res.StatusCode != http.StatusMethodNotAllowed {
						t.Fatalf("got %s", res.Status)
					}
					if answered++; answered == requests || res.Close {
						break
					}
				}
				c.Close()
			}
			if res, _ := post(t, r.addr, "/", "text/plain", "x"); res.StatusCode != http.StatusMethodNotAllowed {
				t.Errorf("then: %s", res.Status)
			}
		})
	}
}

// TestABodyMayWaitForTheHeadersOfItsResponse is a stream whose client writes its first line when the
// handler has begun to respond.
func TestABodyMayWaitForTheHeadersOfItsResponse(t *testing.T) {
	l := startLeader(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.NewResponseController(w).Flush()
		io.Copy(w, r.Body)
	}))
	c := dialRaw(t, startReplica(t, l.addr, nil).addr)
	c.send(t, "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n")
	res, err := http.ReadResponse(c.r, nil)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%v: %v", res, err)
	}
	defer res.Body.Close()
	c.send(t, "3\r\none\r\n0\r\n\r\n")
	if body, err := io.ReadAll(res.Body); string(body) != "one" {
		t.Errorf("%q came back: %v", body, err)
	}
}

// A client that keeps its connection sends the next request on it.
func TestAnAnswerThatLeavesASmallBodyUnreadKeepsTheConnection(t *testing.T) {
	c := dialRaw(t, startReplica(t, startLeader(t, http.HandlerFunc(answersUnread)).addr, nil).addr)
	for i := range 150 {
		c.send(t, "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nwrite")
		res, err := http.ReadResponse(c.r, nil)
		if err != nil || res.Close {
			t.Fatalf("request %d: %v, or it was the last", i, err)
		}
		io.Copy(io.Discard, res.Body)
	}
}

// Data after a body of unknown end is no request (RFC 9112, section 6.3). A proxy before the
// replica may have sent it as a part of the body.
func TestNothingAfterABrokenBodyIsARequest(t *testing.T) {
	for name, body := range map[string]string{
		"a size that is none":   "ZZ\r\n",
		"a bare line feed":      "2\n",
		"a wrong end of chunk":  "2\r\n{}XX",
		"a trailer of no name":  "2\r\n{}\r\n0\r\nno name\r\n\r\n",
		"a trailer with a zero": "2\r\n{}\r\n0\r\nX-A: \x00\r\n\r\n",
	} {
		for handler, answer := range map[string]http.HandlerFunc{"read": describe, "unread": answersUnread} {
			t.Run(name+", "+handler, func(t *testing.T) {
				var smuggled atomic.Bool
				l := startLeader(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					smuggled.CompareAndSwap(false, r.URL.Path == "/second")
					answer(w, r)
				}))
				c := dialRaw(t, startReplica(t, l.addr, nil).addr)
				c.send(t, "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"+body+
					"POST /second HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nwrite")
				res, err := http.ReadResponse(c.r, nil)
				if err != nil {
					t.Fatal(err)
				}
				io.Copy(io.Discard, res.Body)
				if _, err := c.r.ReadByte(); err == nil || !res.Close || smuggled.Load() {
					t.Errorf("%s; close: %v, more came: %v, a second request was run: %v", res.Status, res.Close, err == nil, smuggled.Load())
				}
			})
		}
	}
}

// Clients that stall halfway through a body do not delay others, however many they are.
func TestHalfSentBodiesLeaveRoomForWholeOnes(t *testing.T) {
	l := startLeader(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.Copy(io.Discard, r.Body) }))
	const places = 4
	for name, length := range map[string]int{"small": 100, "large": 10_000_000} {
		t.Run(name, func(t *testing.T) {
			r := startReplica(t, l.addr, func(o *Options) { o.MaxInFlight = places })
			for range 2 * places {
				dialRaw(t, r.addr).send(t, fmt.Sprintf("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n{", length))
			}
			for range 2 * places {
				if res, body := post(t, r.addr, "/", "text/plain", "whole"); res.StatusCode != http.StatusOK {
					t.Fatalf("%s: %s", res.Status, body)
				}
			}
		})
	}
}

// The client of a long upload reads the refusal, although it sends on for a while.
func TestARefusalReachesAClientThatStillSends(t *testing.T) {
	c := dialRaw(t, startReplica(t, startLeader(t, http.HandlerFunc(answersUnread)).addr, nil).addr)
	c.send(t, "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 200000\r\n\r\n")
	go io.Copy(c.TCPConn, zeros(200_000))
	res, err := http.ReadResponse(bufio.NewReader(c.r), nil)
	if err != nil {
		t.Fatal(err)
	}
	if body, err := io.ReadAll(res.Body); res.StatusCode != http.StatusMethodNotAllowed || !strings.Contains(string(body), "not here") || err != nil {
		t.Errorf("%s: %q, %v", res.Status, body, err)
	}
}

// A client may close its half of the connection when it has sent all (nc -N does). It still reads
// the outcome.
func TestAClientThatClosesItsHalfIsToldTheFate(t *testing.T) {
	begun := make(chan struct{})
	l := startLeader(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(begun)
		<-r.Context().Done()
	}))
	c := dialRaw(t, startReplica(t, l.addr, nil).addr)
	c.send(t, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nwrite")
	testwait.Receive(t, "the write to begin", begun)
	if err := c.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(c.r, nil)
	if err != nil {
		t.Fatal(err)
	}
	if body, _ := io.ReadAll(res.Body); res.StatusCode != http.StatusBadGateway || !strings.Contains(string(body), "may or may not") {
		t.Errorf("%s: %s", res.Status, body)
	}
}
