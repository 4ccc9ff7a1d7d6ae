package forward

import (
	"bytes"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"trip2g/internal/testwait"
)

// TestASignatureHoldsForOneRunOfOneLeader replays a recorded request on another leader with the
// same secret. A restarted leader is another one, too.
func TestASignatureHoldsForOneRunOfOneLeader(t *testing.T) {
	const uri = "/path?q=1"
	kept := signed(t, mustSigner(t, testSecret, clock(testTime)), "POST", uri)
	wantReason(t, mustVerifier(t, testSecret, clock(testTime)).Verify(kept), "")
	other, err := NewVerifier(testSecret, NewEpoch(), clock(testTime))
	if err != nil {
		t.Fatal(err)
	}
	wantReason(t, other.Verify(kept), ReasonEpoch)
	replaceToken(kept, testEpoch.String(), other.epoch.String())
	wantReason(t, other.Verify(kept), ReasonBadMAC)
}

// TestWritesGoOnAfterTheLeaderRestarts leaves connections of the previous epoch in the pool.
func TestWritesGoOnAfterTheLeaderRestarts(t *testing.T) {
	l := startLeader(t, http.HandlerFunc(describe))
	r := startReplica(t, l.addr, nil)
	for range 2 {
		if res, body := post(t, r.addr, "/", "text/plain", "x"); res.StatusCode != http.StatusOK {
			t.Errorf("%s: %s", res.Status, body)
		}
		l.stop()
		l.epoch = NewEpoch()
		l.start()
	}
}

// TestABodyThatWasAlteredOnTheWayIsNotTaken changes a word of each body in the network.
func TestABodyThatWasAlteredOnTheWayIsNotTaken(t *testing.T) {
	l := startLeader(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a handler ran") }))
	r := startReplica(t, alter(t, l.addr, "low tide", "bad tide"), nil)
	if res, body := post(t, r.addr, "/", "text/plain", "low tide"); res.StatusCode != http.StatusBadGateway {
		t.Errorf("a whole body: %s: %s", res.Status, body)
	}
	if res, body := postStream(t, r.addr, "/", "low tide"); res.StatusCode != http.StatusBadGateway {
		t.Errorf("a body of no declared length: %s: %s", res.Status, body)
	}
	upload := dialRaw(t, r.addr)
	upload.send(t, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\nlow tide")
	if got := upload.line(t); !strings.HasPrefix(got, "HTTP/1.1 502 ") {
		t.Errorf("the beginning of an upload: %s", got)
	}
	if n := count(t, l.registry, "trip2g_intake_rejected_total", string(ReasonBody)); n != 3 {
		t.Errorf("%d were rejected for their bodies", n)
	}
}

// TestTheBeginningOfAnUploadIsTheOneThatWasSigned sends the leader uploads that differ from the
// signed ones.
func TestTheBeginningOfAnUploadIsTheOneThatWasSigned(t *testing.T) {
	const body = "the operation, and a file"
	signedFor := beginningOf([]byte(body[:13]), int64(len(body))).String()
	unknownLength := beginningOf([]byte(body[:13]), -1).String()
	tooMuch := strings.Repeat("x", bufferLimit+1)
	for name, tt := range map[string]struct {
		signed, sent string
		reason       Reason // "": a handler gets the body
		chunked      bool
	}{
		"as signed":                     {signedFor, body, "", false},
		"as signed, of unknown length":  {unknownLength, body, "", true},
		"another end":                   {signedFor, body[:21] + "page", "", false},
		"nothing has come yet":          {beginningOf(nil, -1).String(), body, "", true},
		"another first byte":            {signedFor, "T" + body[1:], ReasonBody, false},
		"another last byte":             {signedFor, body[:12] + "N" + body[13:], ReasonBody, false},
		"shortened":                     {unknownLength, body[:12], ReasonBody, true},
		"empty":                         {unknownLength, "", ReasonBody, true},
		"of another length":             {signedFor, body + "s", ReasonBody, false},
		"of a length that is not told":  {signedFor, body, ReasonBody, true},
		"of a length that was not told": {unknownLength, body, ReasonBody, false},
		"more than a replica buffers":   {beginningOf([]byte(tooMuch), -1).String(), tooMuch, ReasonMalformed, true},
		"no header":                     {"", body, ReasonBody, false},
		"unsigned, as of old":           {"stream", body, ReasonMalformed, false},
		"of no hash":                    {"first=13", body, ReasonMalformed, false},
		"of no number":                  {strings.Replace(signedFor, "13", "", 1), body, ReasonMalformed, false},
		"of a negative number":          {strings.Replace(signedFor, "13", "-1", 1), body, ReasonMalformed, false},
		"of a number in another form":   {strings.Replace(signedFor, "13", "+13", 1), body, ReasonMalformed, false},
		"of more fields":                {signedFor + ";length=25", body, ReasonMalformed, false},
	} {
		t.Run(name, func(t *testing.T) {
			l := startLeader(t, http.HandlerFunc(describe))
			source := io.Reader(strings.NewReader(tt.sent))
			if tt.chunked {
				source = stream(tt.sent)
			}
			req, err := http.NewRequest(http.MethodPost, "http://"+l.addr+"/", source)
			if err != nil {
				t.Fatal(err)
			}
			req.GetBody = nil // else Sign signs all of it
			if tt.signed != "" {
				req.Header.Set(bodyHeader, tt.signed)
			}
			if err := mustSigner(t, testSecret, nil).Sign(req, testEpoch); err != nil {
				t.Fatal(err)
			}
			res, answer := do(t, req)
			if tt.reason == "" {
				var s seen
				if err := json.Unmarshal([]byte(answer), &s); err != nil || s.Body != tt.sent {
					t.Errorf("%s: %s", res.Status, answer)
				}
				return
			}
			if n := count(t, l.registry, "trip2g_intake_rejected_total", string(tt.reason)); res.StatusCode != http.StatusUnauthorized || n != 1 {
				t.Errorf("%s, rejected %d times as %s: %s", res.Status, n, tt.reason, answer)
			}
		})
	}
}

// TestAReplicaSignsTheBeginningOfAnUpload checks the X-Replica-Body headers of uploads.
func TestAReplicaSignsTheBeginningOfAnUpload(t *testing.T) {
	for name, tt := range map[string]struct{ head, body, want string }{
		"long":               {"Content-Length: 1000000", strings.Repeat("x", 1_000_000), "first=[1-9][0-9]*;sha256=[0-9a-f]{64};length=1000000"},
		"small, in one part": {"Content-Length: 4", "body", regexp.QuoteMeta(bodyHash([]byte("body")))},
		"in chunks":          {"Transfer-Encoding: chunked", "4\r\nbody\r\n0\r\n\r\n", "(first=4;)?" + regexp.QuoteMeta(bodyHash([]byte("body")))},
		"half sent":          {"Content-Length: 100000", "body", regexp.QuoteMeta(beginningOf([]byte("body"), 100000).String())},
		"not asked for":      {"Content-Length: 4\r\nExpect: 100-continue", "", regexp.QuoteMeta(beginningOf(nil, 4).String())},
	} {
		t.Run(name, func(t *testing.T) {
			l := startLeader(t, nil)
			l.stop()
			told := make(chan string, 1)
			l.startWith(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { told <- r.Header.Get(bodyHeader) }))
			c := dialRaw(t, startReplica(t, l.addr, nil).addr)
			go io.WriteString(c, "POST / HTTP/1.1\r\nHost: h\r\n"+tt.head+"\r\n\r\n"+tt.body)
			got := testwait.Receive(t, "the request", told)
			if !regexp.MustCompile("^" + tt.want + "$").MatchString(got) {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

// TestAnUploadThatIsSentAgainIsTakenOnce delivers an upload twice. All attempts of a replica have
// the same nonce.
func TestAnUploadThatIsSentAgainIsTakenOnce(t *testing.T) {
	const body = "the operation, and a file"
	book := newLedger()
	l := startLeader(t, book)
	signer, again := mustSigner(t, testSecret, nil), newNonce()
	send := func(first int) *http.Response {
		req, err := http.NewRequest(http.MethodPost, "http://"+l.addr+"/", stream(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set(bodyHeader, beginningOf([]byte(body[:first]), -1).String())
		signer.sign(req, testEpoch, again)
		res, _ := do(t, req)
		return res
	}
	if res := send(3); res.StatusCode != http.StatusCreated {
		t.Errorf("first: %s", res.Status)
	}
	if res := send(13); res.StatusCode != http.StatusUnauthorized { // its second attempt
		t.Errorf("again: %s", res.Status)
	}
	if n := book.times(body); n != 1 {
		t.Errorf("applied %d times", n)
	}
}

// TestABodyThatNobodySignedIsNotTaken adds a body to a request that was signed without one.
func TestABodyThatNobodySignedIsNotTaken(t *testing.T) {
	l := startLeader(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the handler ran") }))
	req, err := http.NewRequest(http.MethodPost, "http://"+l.addr+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := mustSigner(t, testSecret, nil).Sign(req, testEpoch); err != nil {
		t.Fatal(err)
	}
	req.Body, req.ContentLength = io.NopCloser(strings.NewReader("x")), 1
	if res, body := do(t, req); res.StatusCode != http.StatusUnauthorized {
		t.Errorf("%s: %s", res.Status, body)
	}
}

// alter relays connections to addr and replaces one text by another of the same length on the way.
func alter(t *testing.T, addr, old, new string) string {
	t.Helper()
	l := serveConns(t, func(near net.Conn) {
		far, err := net.Dial("tcp", addr)
		if err != nil {
			return
		}
		defer far.Close()
		go func() {
			io.Copy(near, far)
			near.Close()
		}()
		buf := make([]byte, 64<<10)
		for {
			n, err := near.Read(buf)
			far.Write(bytes.ReplaceAll(buf[:n], []byte(old), []byte(new)))
			if err != nil {
				return
			}
		}
	})
	return l.Addr().String()
}
