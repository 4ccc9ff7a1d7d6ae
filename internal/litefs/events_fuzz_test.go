package litefs

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
)

// transport answers each request with the body that it makes.
type transport func() io.Reader

func (tr transport) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(tr()), Request: r}, nil
}

// FuzzEvents follows any event stream. A follower must get every event before the first broken
// line and none after it, however the network cuts the stream; an event that it gets is complete.
func FuzzEvents(f *testing.F) {
	const start = `{"type":"init","data":{"isPrimary":false,"hostname":"app"}}` + "\n"
	const commit = `{"type":"tx","db":"data.sqlite3","data":{"txID":"0000000000000034","postApplyChecksum":"d07fa107f1d55f23","pageSize":4096,"commit":9,"timestamp":"2026-03-04T05:06:07Z"}}` + "\n"
	f.Add([]byte(start + commit + `{"type":"primaryChange","data":{"isPrimary":true}}` + "\n"))
	f.Add([]byte(start + "\n" + commit))
	f.Add([]byte(start + start[:20]))
	f.Add([]byte(strings.TrimSuffix(commit, "\n") + commit))
	f.Add([]byte(strings.ReplaceAll(start, "\n", "\r\n")))
	f.Add([]byte(strings.Replace(commit, "data.sqlite3", "../data.sqlite3", 1)))
	f.Add([]byte(strings.Replace(start, "app", strings.Repeat("a", 70<<10), 1)))
	f.Add([]byte(`{"type":"tx","db":"a","data":null}`))
	f.Fuzz(func(t *testing.T, stream []byte) {
		read := func(body func() io.Reader) (events []Event) {
			n := &Node{api: DefaultAPI, client: &http.Client{Transport: transport(body)}}
			err := n.follow(t.Context(), func(e Event) error {
				events = append(events, e)
				return nil
			})
			if err == nil {
				t.Error("the stream ended without an error")
			}
			return events
		}
		events := read(func() io.Reader { return bytes.NewReader(stream) })
		for _, e := range events {
			checkEvent(t, e)
		}
		if want := countEvents(stream); len(events) != want {
			t.Errorf("%d events, want %d", len(events), want)
		}
		cut := read(func() io.Reader { return iotest.HalfReader(bytes.NewReader(stream)) })
		if len(cut) != len(events) {
			t.Errorf("%d events of a stream in pieces, want %d", len(cut), len(events))
		}
	})
}

// countEvents returns how many lines come before the first that is no event.
func countEvents(stream []byte) (n int) {
	for line := range bytes.Lines(stream) {
		if _, err := parseEvent(bytes.TrimRight(line, "\r\n")); err != nil || len(line) > longestEvent {
			break
		}
		n++
	}
	return n
}

func checkEvent(t *testing.T, e Event) {
	switch e.Kind {
	case Connected, LeaderChanged:
		if e.Role != Primary && e.Role != Replica || e.DB != "" {
			t.Errorf("an event without a role: %+v", e)
		}
	case Committed:
		if err := checkName(e.DB); err != nil || e.Role != "" {
			t.Errorf("a commit without a database: %+v", e)
		}
		if p, err := parsePosition(e.Position.String()); err != nil || p != e.Position {
			t.Errorf("position %s is read as %s: %v", e.Position, p, err)
		}
	default:
		t.Errorf("an event of kind %q", e.Kind)
	}
}
