package e2e

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"slices"
	"strconv"
	"strings"
	"testing"

	"trip2g/e2e/internal/stack"
)

// described is the echo server's description of a request; see echo/handler.go.
type described struct {
	Method, URI, Host, RemoteAddr, Proto string
	Header, Trailer                      http.Header
	Chunked                              bool
	Length                               int64
	SHA256                               string
}

// sendDescribed sends a request to /describe and decodes what arrived.
func sendDescribed(t *testing.T, req *http.Request) (stack.Answer, described) {
	t.Helper()
	a, err := stack.Send(stack.Client, req.WithContext(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	var d described
	if a.Body != "" {
		if err := json.Unmarshal([]byte(a.Body), &d); err != nil {
			t.Fatalf("status %d: %v: %.200s", a.Status, err, a.Body)
		}
	}
	return a, d
}

// TestForwardedMethodsAreKept forwards methods that are no everyday ones.
func TestForwardedMethodsAreKept(t *testing.T) {
	s := stack.Shared(t)
	for _, method := range []string{"POST", "PUT", "PATCH", "DELETE", "PURGE", "PROPFIND", "M-SEARCH", "REPORT", "brew"} {
		_, d := sendDescribed(t, stack.NewRequest(t, method, s.EchoReplica.Public+"/describe?q=a%2Fb&q=%20", strings.NewReader("x")))
		if d.Method != method || d.URI != "/describe?q=a%2Fb&q=%20" {
			t.Errorf("%s arrived as %s %s", method, d.Method, d.URI)
		}
	}
}

// TestReadsAreNotForwarded asks for a path that the echo server alone knows.
func TestReadsAreNotForwarded(t *testing.T) {
	s := stack.Shared(t)
	for _, method := range []string{"GET", "HEAD", "OPTIONS"} {
		a, err := stack.Fetch(t.Context(), method, s.EchoReplica.Public+"/describe", nil, "")
		if err != nil {
			t.Fatal(err)
		}
		if a.Header.Get("X-Repeated") != "" {
			t.Errorf("%s was forwarded", method)
		}
	}
}

// TestForwardedStatusAndHeadersAreVerbatim compares each answer through the replica with the one
// of the echo server itself.
func TestForwardedStatusAndHeadersAreVerbatim(t *testing.T) {
	s := stack.Shared(t)
	for _, status := range []int{200, 201, 204, 302, 404, 418, 500, 503, 599} {
		path := "/describe?status=" + strconv.Itoa(status)
		direct, _ := sendDescribed(t, stack.NewRequest(t, "PUT", s.Echo.Public+path, nil))
		through, _ := sendDescribed(t, stack.NewRequest(t, "PUT", s.EchoReplica.Public+path, nil))
		if through.Status != status {
			t.Errorf("status %d came as %d", status, through.Status)
		}
		want := direct.Header.Clone()
		want["Set-Cookie"][1] = strings.Replace(want["Set-Cookie"][1], "session=", "session_r3=", 1)
		for name, values := range want {
			// The date is the moment's, and the length that of a description that differs.
			if name != "Date" && name != "Content-Length" && !slices.Equal(through.Header[name], values) {
				t.Errorf("status %d: %s: %q, want %q", status, name, through.Header[name], values)
			}
		}
	}
}

// TestForwardedRequestHeadersAreKept sends repeated lines, cookies and what must not go on.
func TestForwardedRequestHeadersAreKept(t *testing.T) {
	s := stack.Shared(t)
	req := stack.NewRequest(t, "POST", s.EchoReplica.Public+"/describe", strings.NewReader("x"))
	req.Header["X-Repeated"] = []string{"one", "two", "one"}
	req.Header["Cookie"] = []string{`a=1; session_r3=mine; session=the-leaders; odd="q u o t e d"; b=2`}
	req.Header["Connection"] = []string{"X-Private"}
	req.Header["X-Private"] = []string{"for the next hop alone"}
	req.Header["X-Replica-Auth"] = []string{"forged"}
	req.Header["X-Forwarded-For"] = []string{"203.0.113.7"}
	req.Header["X-Forwarded-Host"] = []string{"evil.example"}
	req.Header["X-Forwarded-Proto"] = []string{"https"}
	req.Host = "notes.example:8081"
	a, d := sendDescribed(t, req)
	if a.Status != http.StatusOK {
		t.Fatalf("status %d: %s", a.Status, a.Body)
	}
	if got := d.Header["X-Repeated"]; !slices.Equal(got, req.Header["X-Repeated"]) {
		t.Errorf("X-Repeated arrived as %q", got)
	}
	if got, want := d.Header.Get("Cookie"), `a=1; session=mine; odd="q u o t e d"; b=2`; got != want {
		t.Errorf("the cookies arrived as %q, want %q", got, want)
	}
	for _, name := range []string{"X-Private", "X-Replica-Auth", "X-Forwarded-For", "X-Forwarded-Host"} {
		if d.Header.Get(name) != "" {
			t.Errorf("%s arrived: %q", name, d.Header.Get(name))
		}
	}
	if d.Host != req.Host || d.Proto != "http" || strings.HasPrefix(d.RemoteAddr, "203.0.113.7") {
		t.Errorf("host %q, scheme %q, client %q arrived", d.Host, d.Proto, d.RemoteAddr)
	}
}

// TestForwardedBodiesArriveWhole sends a chunked body, an empty one, one that waits for 100
// Continue, and 64 MB with its length.
func TestForwardedBodiesArriveWhole(t *testing.T) {
	s := stack.Shared(t)
	const size = 64 << 20
	sum := func(r io.Reader) string {
		h := sha256.New()
		io.Copy(h, r)
		return hex.EncodeToString(h.Sum(nil))
	}
	large := func() io.Reader { return io.LimitReader(stack.Letters{}, size) }
	for name, body := range map[string]struct {
		length int64 // -1: chunked
		expect bool
		give   func() io.Reader
	}{
		"empty":         {0, false, func() io.Reader { return http.NoBody }},
		"chunked":       {-1, false, func() io.Reader { return io.LimitReader(stack.Letters{}, 100_000) }},
		"100-continue":  {5, true, func() io.Reader { return strings.NewReader("hello") }},
		"64 MB":         {size, false, large},
		"64 MB chunked": {-1, false, large},
	} {
		t.Run(name, func(t *testing.T) {
			req := stack.NewRequest(t, "POST", s.EchoReplica.Public+"/describe", body.give())
			req.ContentLength = body.length
			if body.expect {
				req.Header.Set("Expect", "100-continue")
			}
			_, d := sendDescribed(t, req)
			if want := sum(body.give()); d.SHA256 != want || d.Chunked != (body.length < 0) {
				t.Errorf("%d bytes arrived, chunked %v, digest %s, want %s", d.Length, d.Chunked, d.SHA256, want)
			}
		})
	}
}

// TestForwardedStreamsGoBothWays has 64 MB sent back while it is being sent, with trailers both
// ways.
func TestForwardedStreamsGoBothWays(t *testing.T) {
	s := stack.Shared(t)
	const size = 64 << 20
	req := stack.NewRequest(t, "POST", s.EchoReplica.Public+"/mirror", io.LimitReader(stack.Letters{}, size)).WithContext(t.Context())
	req.Trailer = http.Header{"Mine": {"at the end"}}
	resp, err := stack.Client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	hash := sha256.New()
	n, err := io.Copy(hash, resp.Body)
	if err != nil || n != size {
		t.Fatalf("%d bytes came back: %v", n, err)
	}
	sum := hex.EncodeToString(hash.Sum(nil))
	for name, want := range map[string]string{"X-Announced": sum, "X-Unannounced": sum, "X-Sent-Mine": "at the end"} {
		if got := resp.Trailer.Get(name); got != want {
			t.Errorf("trailer %s: %q, want %q", name, got, want)
		}
	}
}

// TestForwardedStreamComesFlushByFlush sends a line only when the last one has come back: a
// forwarder that waited for more, either way, would stop it.
func TestForwardedStreamComesFlushByFlush(t *testing.T) {
	s := stack.Shared(t)
	body, pen := io.Pipe()
	req := stack.NewRequest(t, "POST", s.EchoReplica.Public+"/lines", body).WithContext(t.Context())
	resp, err := stack.Client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	in := bufio.NewReader(resp.Body)
	for _, line := range []string{"one", "two", "three"} {
		if _, err := io.WriteString(pen, line+"\n"); err != nil {
			t.Fatal(err)
		}
		if got, err := in.ReadString('\n'); err != nil || got != "echo "+line+"\n" {
			t.Fatalf("%q came back: %q, %v", line, got, err)
		}
	}
	pen.Close()
	if rest, err := io.ReadAll(in); err != nil || len(rest) > 0 {
		t.Errorf("at the end: %q, %v", rest, err)
	}
}

// TestForwardedEarlyHintsCome counts informational responses.
func TestForwardedEarlyHintsCome(t *testing.T) {
	s := stack.Shared(t)
	var hints []string
	trace := &httptrace.ClientTrace{Got1xxResponse: func(code int, header textproto.MIMEHeader) error {
		hints = append(hints, strconv.Itoa(code)+" "+header.Get("Link"))
		return nil
	}}
	req := stack.NewRequest(t, "POST", s.EchoReplica.Public+"/hints", nil)
	a, err := stack.Send(stack.Client, req.WithContext(httptrace.WithClientTrace(t.Context(), trace)))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"103 </a.css>; rel=preload", "103 </b.css>; rel=preload"}
	if a.Body != "done" || !slices.Equal(hints, want) {
		t.Errorf("hints %q, want %q; then %q", hints, want, a.Body)
	}
}

// TestForwardedResponseThatBreaksOffIsSeenAsBroken must not look like a whole one.
func TestForwardedResponseThatBreaksOffIsSeenAsBroken(t *testing.T) {
	s := stack.Shared(t)
	_, err := stack.Fetch(t.Context(), "POST", s.EchoReplica.Public+"/hangup", nil, "")
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("%v, want an unexpected end", err)
	}
}

// TestUpgradeThroughAReplicaIsRefused asks for a WebSocket.
func TestUpgradeThroughAReplicaIsRefused(t *testing.T) {
	s := stack.Shared(t)
	a, err := stack.Fetch(t.Context(), "POST", s.EchoReplica.Public+"/describe",
		http.Header{"Connection": {"Upgrade"}, "Upgrade": {"websocket"}}, "")
	if err != nil {
		t.Fatal(err)
	}
	if a.Status != http.StatusNotImplemented || a.Body == "" {
		t.Errorf("status %d %q, want 501 and a word on it", a.Status, a.Body)
	}
}
