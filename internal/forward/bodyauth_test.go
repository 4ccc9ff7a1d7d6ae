package forward

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

// TestASignatureHoldsForOneRunOfOneLeader replays a request that an eavesdropper kept on another
// leader with the same secret, which is what a restarted leader is, too.
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

// TestWritesGoOnAfterTheLeaderRestarts has connections of the epoch before in the pool.
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

// TestABodyThatWasAlteredOnTheWayIsNotTaken has a network that changes a word of each body.
func TestABodyThatWasAlteredOnTheWayIsNotTaken(t *testing.T) {
	read := make(chan error, 1)
	l := startLeader(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, err := io.ReadAll(r.Body)
		read <- err
	}))
	r := startReplica(t, alter(t, l.addr, "low tide", "bad tide"), nil)

	if res, body := post(t, r.addr, "/", "text/plain", "low tide"); res.StatusCode != http.StatusBadGateway {
		t.Errorf("a whole body: %s: %s", res.Status, body)
	}
	select {
	case <-read:
		t.Error("a handler ran for a whole body")
	default:
	}
}

// TestABodyThatNobodySignedIsNotTaken adds one to a request that was signed without.
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

// alter relays connections and replaces one text by another of the same length on the way to addr.
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
