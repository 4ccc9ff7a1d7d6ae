package forward

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
)

const reportPath = "/nodes/report"

// startMessages starts a leader that keeps the messages that it accepts. Its public port answers
// "public".
func startMessages(t *testing.T) (l *leader, taken *lines) {
	t.Helper()
	l, taken = startLeader(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, "public", http.StatusMethodNotAllowed)
	})), new(lines)
	l.stop()
	intake := NewIntake(IntakeOptions{Verifier: mustVerifier(t, testSecret, nil), Handler: l.handler, Log: zerolog.New(l.log)})
	handler, err := NewMessages(MessageOptions{
		Epoch: testEpoch, Secret: testSecret, Log: zerolog.New(l.log), Registerer: prometheus.NewRegistry(),
		Take: map[string]MessageFunc{reportPath: func(_ context.Context, node string, message []byte) (any, error) {
			fmt.Fprintf(taken, "%s: %s\n", node, message)
			switch string(message) {
			case `"wrong"`:
				return nil, &MessageError{http.StatusBadRequest, "that is no report"}
			case `"later"`:
				return nil, errors.New("the disk is full")
			}
			return map[string]int{"n": 1}, nil
		}},
	}, intake)
	if err != nil {
		t.Fatal(err)
	}
	l.startWith(handler)
	return l, taken
}

func startMessenger(t *testing.T, addr, secret string) *Messenger {
	t.Helper()
	m, err := NewMessenger(MessengerOptions{LeaderAddr: addr, Secret: secret, Node: "r1", Timeout: patience})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	return m
}

// TestAReplicaTellsItsLeader has messages accepted, refused and failed. The sender can distinguish
// the three, and the leader knows the sender.
func TestAReplicaTellsItsLeader(t *testing.T) {
	l, taken := startMessages(t)
	m := startMessenger(t, l.addr, testSecret)
	var answer struct{ N int }
	if err := m.Send(t.Context(), reportPath, "hello", &answer); err != nil || answer.N != 1 {
		t.Fatalf("answered %+v, %v", answer, err)
	}
	if !strings.Contains(taken.String(), `r1: "hello"`) {
		t.Errorf("the leader took %s", taken)
	}
	var refused *MessageError
	if err := m.Send(t.Context(), reportPath, "wrong", nil); !errors.As(err, &refused) || refused.Text != "that is no report" {
		t.Errorf("a wrong message: %v", err)
	}
	if err := m.Send(t.Context(), reportPath, "later", nil); err == nil || errors.As(err, &refused) || strings.Contains(err.Error(), "disk") {
		t.Errorf("a message that the leader cannot take now: %v", err)
	}
	if err := m.Send(t.Context(), reportPath, strings.Repeat("x", MaxMessage), nil); !errors.As(err, &refused) || refused.Status != http.StatusRequestEntityTooLarge {
		t.Errorf("a message that is too large: %v", err)
	}
	l.stop()
	if err := m.Send(t.Context(), reportPath, "hello", nil); err == nil || errors.As(err, &refused) {
		t.Errorf("without a leader: %v", err)
	}
	l.start()
	var rejected *RejectedError
	if err := m.Send(t.Context(), reportPath, "hello", nil); !errors.As(err, &rejected) {
		t.Errorf("to a leader that takes no messages: %v", err)
	}
}

// TestARejectedReplicaIsToldWhatToChange has a replica with another secret, and two with wrong
// clocks. Each learns which fault it has, and the leader learns the rejected names.
func TestARejectedReplicaIsToldWhatToChange(t *testing.T) {
	var told []Rejection
	l := startLeader(t, http.HandlerFunc(describe))
	l.stop()
	l.startWith(mustMessages(t, func(r Rejection) { told = append(told, r) }))
	for _, tt := range []struct {
		name, secret string
		ahead        time.Duration
		reason       Reason
		says         string
	}{
		{"another secret", "another secret of that length", 0, ReasonBadMAC, "set its TRIP2G_JWT_SECRET to the leader's"},
		{"a clock that is ahead", testSecret, time.Minute, ReasonFuture, "ahead of the leader's; set both by NTP"},
		{"a clock that is behind", testSecret, -time.Minute, ReasonExpired, "behind the leader's; set both by NTP"},
	} {
		m := startMessenger(t, l.addr, tt.secret)
		m.signer.now = clock(time.Now().Add(tt.ahead))
		var rejected *RejectedError
		err := m.Send(t.Context(), reportPath, "hello", nil)
		if !errors.As(err, &rejected) || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: %v", tt.name, err)
		}
		if n := len(told); n == 0 || told[n-1].Reason != tt.reason || told[n-1].Node != "r1" || !strings.HasPrefix(told[n-1].RemoteAddr, "127.0.0.1:") {
			t.Errorf("%s: the leader was told of %+v", tt.name, told)
		}
	}
}

// mustMessages returns the handler of a leader's internal port that accepts no message.
func mustMessages(t *testing.T, onReject func(Rejection)) http.Handler {
	t.Helper()
	handler, err := NewMessages(MessageOptions{
		Epoch: testEpoch, Secret: testSecret, Take: map[string]MessageFunc{reportPath: nil}, OnReject: onReject, Log: zerolog.Nop(),
	}, NewIntake(IntakeOptions{Verifier: mustVerifier(t, testSecret, nil), OnReject: onReject, Log: zerolog.Nop()}))
	if err != nil {
		t.Fatal(err)
	}
	return handler
}

// TestWhatNoReplicaSignedIsNoMessage posts to the leader's internal port as a stranger, another
// cluster, or somebody who altered a message would.
func TestWhatNoReplicaSignedIsNoMessage(t *testing.T) {
	l, taken := startMessages(t)
	m := startMessenger(t, l.addr, testSecret)
	body := []byte(`"forged"`)
	sum := sha256.Sum256(body)
	target := "http://" + l.addr + reportPath + "?sha256=" + hex.EncodeToString(sum[:])
	by := func(s *Signer) func(*http.Request) { return func(r *http.Request) { s.Sign(r, testEpoch) } }
	at := func(d time.Duration) func(*http.Request) { return by(&Signer{m.signer.key, clock(time.Now().Add(d))}) }
	asForwarded := func(r *http.Request) {
		r.Header.Set(bodyHeader, bodyHash(body))
		mustSigner(t, testSecret, nil).Sign(r, testEpoch)
	}
	for _, c := range []struct {
		name   string
		method string
		sign   func(*http.Request)
		body   []byte
		want   int
	}{
		{"unsigned", http.MethodPost, func(*http.Request) {}, body, 401},
		{"unsigned, read", http.MethodGet, func(*http.Request) {}, nil, 401},
		{"another secret", http.MethodPost, by(startMessenger(t, l.addr, "another secret of that length").signer), body, 401},
		{"signed as forwarded", http.MethodPost, asForwarded, body, 405},
		{"too old", http.MethodPost, at(-time.Minute), body, 401},
		{"from the future", http.MethodPost, at(time.Minute), body, 401},
		{"another body", http.MethodPost, by(m.signer), []byte(`"altered"`), 400},
		{"read", http.MethodGet, by(m.signer), nil, 405},
		{"from another node", http.MethodPost, func(r *http.Request) { m.signer.Sign(r, testEpoch); r.Header.Set(nodeHeader, "r2") }, body, 401},
	} {
		t.Run(c.name, func(t *testing.T) {
			if status, answer := postSigned(t, c.method, target, c.body, c.sign); status != c.want {
				t.Errorf("answered %d %s, want %d", status, answer, c.want)
			}
		})
	}
	var kept string
	sign := func(r *http.Request) {
		if kept == "" {
			m.signer.Sign(r, testEpoch)
			kept = r.Header.Get(AuthHeader)
		}
		r.Header.Set(AuthHeader, kept)
	}
	if status, answer := postSigned(t, http.MethodPost, target, body, sign); status != 200 {
		t.Fatalf("the message itself: %d %s", status, answer)
	}
	if status, _ := postSigned(t, http.MethodPost, target, body, sign); status != 401 {
		t.Errorf("the same again: %d", status)
	}
	if n := strings.Count(taken.String(), "forged"); n != 1 || strings.Contains(taken.String(), "altered") {
		t.Errorf("the leader took %s", taken)
	}
}

func postSigned(t *testing.T, method, target string, body []byte, sign func(*http.Request)) (int, string) {
	t.Helper()
	req, err := http.NewRequest(method, target, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set(nodeHeader, "r1")
	sign(req)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(answer)
}

// TestAClientCannotSendAMessageThroughAReplica posts a message to a replica's public port. The
// replica signs the requests that it forwards, but with another key.
func TestAClientCannotSendAMessageThroughAReplica(t *testing.T) {
	l, taken := startMessages(t)
	f, err := New(Options{LeaderAddr: l.addr, Signer: mustSigner(t, testSecret, nil), Node: "r1"})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	replica := httptest.NewServer(PublicGuard(f))
	defer replica.Close()
	body := []byte(`"forged"`)
	sum := sha256.Sum256(body)
	for name, sign := range map[string]func(*http.Request){"unsigned": func(*http.Request) {}, "signed": func(r *http.Request) { startMessenger(t, l.addr, testSecret).signer.Sign(r, testEpoch) }} {
		status, answer := postSigned(t, http.MethodPost, replica.URL+reportPath+"?sha256="+hex.EncodeToString(sum[:]), body, sign)
		if status != http.StatusMethodNotAllowed || answer != "public\n" {
			t.Errorf("%s: answered %d %s, want the public port's answer", name, status, answer)
		}
	}
	if taken.String() != "" {
		t.Errorf("the leader took %s", taken)
	}
}
