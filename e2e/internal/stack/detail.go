package stack

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"trip2g/internal/testwait"
)

// Detail is the part of /readyz about the node's lag.
type Detail struct {
	Ready          bool     `json:"ready"`
	Position       int64    `json:"position"`
	LeaderPosition int64    `json:"leader_position"`
	HeardAgo       *float64 `json:"leader_heard_seconds_ago"`
	Age            float64  `json:"age_seconds"`
	Behind         int64    `json:"behind"`
	Note           string   `json:"note"`
}

// ParseDetail reads the body of /readyz.
func ParseDetail(body string) (d Detail, err error) {
	if err = json.Unmarshal([]byte(body), &d); err != nil {
		err = fmt.Errorf("/readyz: %w: %.300s", err, body)
	}
	return d, err
}

// AwaitDetail polls /readyz until is returns true; the node must be ready all the time. It runs
// curl in the container, because a node without a network cannot be reached from the host.
func (n *Node) AwaitDetail(t *testing.T, what string, is func(Detail) bool) (d Detail) {
	t.Helper()
	testwait.NoError(t, what, func() error {
		body := n.MustExec(t, ServerUser, "curl", "-sS", "--fail-with-body", "http://127.0.0.1:20074/readyz")
		var err error
		if d, err = ParseDetail(body); err != nil || d.HeardAgo == nil || !d.Ready {
			t.Fatalf("/readyz of %s: %s: %v", n.Service, body, err)
		}
		if !is(d) {
			return errors.New(body)
		}
		return nil
	})
	return d
}
