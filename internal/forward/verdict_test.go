package forward

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// scripted is a leader that sends scripted HTTP/2 frames. Forwarders send it requests whose bodies
// are still arriving.
type scripted struct {
	t    *testing.T
	addr string

	mu     sync.Mutex
	writes int      // streams other than OPTIONS
	auths  []string // their X-Replica-Auth
	last   []byte   // the body of the last
}

// act answers the nth write, n from 1. It answers the first when upTo bytes of its body have
// arrived, the others at their end.
type act func(c *scriptedConn, n int, stream uint32)

type scriptedConn struct {
	net.Conn
	*http2.Framer
	enc  *hpack.Encoder
	head bytes.Buffer
}

// startScripted starts a leader that acts by a script.
func startScripted(t *testing.T, upTo int, do act) *scripted {
	t.Helper()
	s := &scripted{t: t}
	s.addr = serveConns(t, func(c net.Conn) { s.serve(c, upTo, do) }).Addr().String()
	return s
}

// serve reads frames until the connection ends.
func (s *scripted) serve(nc net.Conn, upTo int, do act) {
	if _, err := io.ReadFull(nc, make([]byte, len(http2.ClientPreface))); err != nil {
		return
	}
	c := &scriptedConn{Conn: nc, Framer: http2.NewFramer(nc, nc)}
	c.enc = hpack.NewEncoder(&c.head)
	c.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	// Reads exceed half a chunk, on a smaller window, so that a write stops within a chunk.
	c.WriteSettings(http2.Setting{ID: http2.SettingMaxFrameSize, Val: chunkSize/2 + chunkSize/8}, http2.Setting{ID: http2.SettingInitialWindowSize, Val: chunkSize / 4})
	got := make(map[uint32][]byte)
	number := make(map[uint32]int)
	for {
		f, err := c.ReadFrame()
		if err != nil {
			return
		}
		id, ended := f.Header().StreamID, false
		switch f := f.(type) {
		case *http2.SettingsFrame:
			if !f.IsAck() {
				c.WriteSettingsAck()
			}
		case *http2.MetaHeadersFrame:
			if f.PseudoValue("method") == http.MethodOptions {
				c.answer(id, 200, strings.ToLower(serverHeader), testEpoch.String())
				continue
			}
			number[id], ended = s.note(f), f.StreamEnded()
		case *http2.DataFrame:
			got[id], ended = append(got[id], f.Data()...), f.StreamEnded()
			if !ended {
				c.WriteWindowUpdate(0, uint32(len(f.Data())))
				c.WriteWindowUpdate(id, uint32(len(f.Data())))
			}
		}
		if n := number[id]; n > 0 && (ended || n == 1 && len(got[id]) >= upTo) {
			delete(number, id)
			s.keep(got[id])
			do(c, n, id)
		}
	}
}

func (s *scripted) keep(body []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = body
}

// note counts a write.
func (s *scripted) note(f *http2.MetaHeadersFrame) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writes++
	for _, h := range f.RegularFields() {
		if h.Name == strings.ToLower(AuthHeader) {
			s.auths = append(s.auths, h.Value)
		}
	}
	return s.writes
}

// answer ends a stream with a status and headers, given as name, value, name, value.
func (c *scriptedConn) answer(stream uint32, status int, headers ...string) {
	c.head.Reset()
	c.enc.WriteField(hpack.HeaderField{Name: ":status", Value: fmt.Sprint(status)})
	for i := 0; i < len(headers); i += 2 {
		c.enc.WriteField(hpack.HeaderField{Name: headers[i], Value: headers[i+1]})
	}
	c.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: c.head.Bytes(), EndHeaders: true, EndStream: true})
}

// TestOnlyAStreamThatTheLeaderDidNotBeginIsSentAgain goes through a leader's answers to a write
// over HTTP/2.
func TestOnlyAStreamThatTheLeaderDidNotBeginIsSentAgain(t *testing.T) {
	small, medium, large := "small", strings.Repeat("0123456789", replayLimit/10), strings.Repeat("x", 3*replayLimit)
	goAway := func(c *scriptedConn, stream uint32, code http2.ErrCode) { c.WriteGoAway(stream, code, nil) }
	for _, c := range []struct {
		name   string
		body   string
		upTo   int
		first  func(c *scriptedConn, stream uint32) // the first write's answer; later ones get 204
		status int
		writes int
		text   string
	}{
		{"GOAWAY before it", small, 1, func(c *scriptedConn, id uint32) { goAway(c, id-2, http2.ErrCodeNo) }, 204, 2, ""},
		{"GOAWAY before it, with an error", small, 1, func(c *scriptedConn, id uint32) { goAway(c, id-2, http2.ErrCodeEnhanceYourCalm) }, 204, 2, ""},
		{"GOAWAY within it", medium, chunkSize / 4, func(c *scriptedConn, id uint32) { goAway(c, id-2, http2.ErrCodeNo) }, 204, 2, ""},
		{"GOAWAY before it, when too much has been sent", large, 2 * replayLimit,
			func(c *scriptedConn, id uint32) { goAway(c, id-2, http2.ErrCodeNo) }, 503, 1, "nothing was written"},
		{"GOAWAY after it, then the end", small, 1, func(c *scriptedConn, id uint32) { goAway(c, id, http2.ErrCodeNo); c.Close() }, 502, 1, "may or may not"},
		{"REFUSED_STREAM", small, 1, func(c *scriptedConn, id uint32) { c.WriteRSTStream(id, http2.ErrCodeRefusedStream) }, 204, 2, ""},
		// net/http's Transport would send this again.
		{"PROTOCOL_ERROR", small, 1, func(c *scriptedConn, id uint32) { c.WriteRSTStream(id, http2.ErrCodeProtocol) }, 502, 1, "may or may not"},
		{"INTERNAL_ERROR", small, 1, func(c *scriptedConn, id uint32) { c.WriteRSTStream(id, http2.ErrCodeInternal) }, 502, 1, "may or may not"},
		{"the end", small, 1, func(c *scriptedConn, id uint32) { c.Close() }, 502, 1, "may or may not"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := startScripted(t, c.upTo, func(conn *scriptedConn, n int, stream uint32) {
				if n == 1 {
					c.first(conn, stream)
					return
				}
				conn.answer(stream, 204)
			})
			r := startReplica(t, s.addr, nil)
			res, body := postStream(t, r.addr, "/", c.body)
			if res.StatusCode != c.status || !strings.Contains(body, c.text) {
				t.Errorf("%s: %s", res.Status, body)
			}
			s.mu.Lock()
			defer s.mu.Unlock()
			if s.writes != c.writes {
				t.Errorf("sent %d times", s.writes)
			}
			if c.status == 204 && string(s.last) != c.body {
				t.Errorf("%d bytes arrived at last, or others than the %d that were sent", len(s.last), len(c.body))
			}
			r.wantNothingKept(t)
			r.forwarder.Close()
		})
	}
}

// TestAWriteSentAgainCanBeTakenOnce: a leader that had begun the write after all sees a nonce that
// it has accepted. The client is then not told that nothing was written.
func TestAWriteSentAgainCanBeTakenOnce(t *testing.T) {
	s := startScripted(t, 1, func(c *scriptedConn, n int, stream uint32) {
		if n == 1 {
			c.WriteRSTStream(stream, http2.ErrCodeRefusedStream)
			return
		}
		c.answer(stream, 401, "www-authenticate", authScheme)
	})
	r := startReplica(t, s.addr, nil)
	defer r.forwarder.Close()
	if res, body := postStream(t, r.addr, "/", "x"); res.StatusCode != http.StatusBadGateway || !strings.Contains(body, "may or may not") {
		t.Errorf("%s: %s", res.Status, body)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.auths) != 2 {
		t.Fatalf("sent %d times", len(s.auths))
	}
	first, _ := parseToken(s.auths[0])
	second, _ := parseToken(s.auths[1])
	if first.nonce != second.nonce {
		t.Error("each attempt had a nonce of its own")
	}
}
