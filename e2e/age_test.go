package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"trip2g/internal/testwait"
)

// detail is what /readyz tells of a node's lag.
type detail struct {
	Ready          bool     `json:"ready"`
	Position       int64    `json:"position"`
	LeaderPosition int64    `json:"leader_position"`
	HeardAgo       *float64 `json:"leader_heard_seconds_ago"`
	Age            float64  `json:"age_seconds"`
	Behind         int64    `json:"behind"`
	Note           string   `json:"note"`
}

func parseDetail(body string) (d detail, err error) {
	if err = json.Unmarshal([]byte(body), &d); err != nil {
		err = fmt.Errorf("/readyz: %w: %.300s", err, body)
	}
	return d, err
}

// TestNodesTellHowFreshTheyAre asks every node of both stacks, at rest, in each of the ways there are.
func TestNodesTellHowFreshTheyAre(t *testing.T) { onBothStacks(t, checkFreshness) }

func checkFreshness(t *testing.T, s *stack) {
	position := s.app.api().mustPush(t, note{"Fresh.md", "fresh " + randomHex(4)})
	for _, n := range s.nodes() {
		testwait.NoError(t, n.service+" knows that it is level with the leader", func() error {
			a, err := fetch(t.Context(), http.MethodGet, n.internal+"/readyz", nil, "")
			if err != nil {
				return err
			}
			d, err := parseDetail(a.body)
			if err == nil && (!d.Ready || d.Position < position || d.LeaderPosition != d.Position || d.HeardAgo == nil || d.Behind != 0 || d.Note != "") {
				err = errors.New(a.body)
			}
			return err
		})
		for _, path := range []string{"/", "/no/such"} {
			a, err := fetch(t.Context(), http.MethodGet, n.public+path, http.Header{"X-Trip2g-Position": {"0"}}, "")
			if err != nil {
				t.Fatal(err)
			}
			leader, err := strconv.ParseInt(a.header.Get("X-Trip2g-Leader-Position"), 10, 64)
			if err != nil || leader < position || a.header.Get("X-Trip2g-Position") == "" || a.header.Get("X-Trip2g-Age") == "" || a.header.Get("X-Trip2g-Behind") != "" {
				t.Errorf("%s of %s on demand: %v", path, n.service, a.header)
			}
		}
	}
}

// TestReplicaCutOffFromTheNetworkServesAndTellsItsAge takes a replica off the network for a write. It
// serves what it had, stays ready, and says in every way how old that is; back again, it catches up.
func TestReplicaCutOffFromTheNetworkServesAndTellsItsAge(t *testing.T) {
	s := litefsStack(t)
	before, after := "before "+randomHex(8), "meanwhile "+randomHex(8)
	s.app.api().mustPush(t, note{"Aged.md", before})
	awaitText(t, s.nodes(), "/aged", before)
	reconnect := s.replica2.cutOff(t)
	position := s.app.api().mustPush(t, note{"Aged.md", after})

	missed := s.replica2.awaitInside(t, "it misses the leader", func(d detail) bool {
		return strings.Contains(d.Note, "the leader does not answer: ") && strings.Contains(d.Note, "serving what was published up to ")
	})
	older := s.replica2.awaitInside(t, "it grows older", func(d detail) bool { return d.Age > missed.Age && *d.HeardAgo > *missed.HeardAgo })
	if older.Position >= position {
		t.Errorf("without a network it has position %d", older.Position)
	}
	checkAgeInside(t, s.replica2, position, before)

	reconnect()
	awaitText(t, s.nodes(), "/aged", after)
	testwait.NoError(t, "it is fresh again", func() error {
		a, err := fetch(t.Context(), http.MethodGet, s.replica2.internal+"/readyz", nil, "")
		if err != nil {
			return err
		}
		d, err := parseDetail(a.body)
		if err == nil && (d.Note != "" || d.Behind != 0 || d.LeaderPosition < position || d.Age >= older.Age) {
			err = errors.New(a.body)
		}
		return err
	})
}

// awaitInside asks a node's /readyz until its detail is as wanted; the node has to be ready all the
// time. It asks inside the container: the host's way to the node is cut, too.
func (n *node) awaitInside(t *testing.T, what string, is func(detail) bool) (d detail) {
	t.Helper()
	testwait.NoError(t, what, func() error {
		body := n.mustExec(t, server, "curl", "-sS", "--fail-with-body", "http://127.0.0.1:20074/readyz")
		var err error
		if d, err = parseDetail(body); err != nil || d.HeardAgo == nil || !d.Ready {
			t.Fatalf("/readyz of %s: %s: %v", n.service, body, err)
		}
		if !is(d) {
			return errors.New(body)
		}
		return nil
	})
	return d
}

var (
	leaderUp  = regexp.MustCompile(`(?m)^trip2g_leader_up (\S+)$`)
	servedAge = regexp.MustCompile(`(?m)^trip2g_served_age_seconds (\S+)$`)
)

// checkAgeInside reads a cut-off node's metrics and a page for which it is asked to have a position.
func checkAgeInside(t *testing.T, n *node, position int64, shown string) {
	t.Helper()
	metrics := n.mustExec(t, server, "curl", "-sS", "http://127.0.0.1:20074/metrics")
	up, age := leaderUp.FindStringSubmatch(metrics), servedAge.FindStringSubmatch(metrics)
	if up == nil || up[1] != "0" {
		t.Errorf("trip2g_leader_up: %v", up)
	}
	if age == nil || age[1] == "0" {
		t.Errorf("trip2g_served_age_seconds: %v", age)
	}
	page := n.mustExec(t, server, "curl", "-sSi", "-H", fmt.Sprintf("X-Trip2g-Position: %d", position), "http://127.0.0.1:20073/aged")
	for _, want := range []string{"HTTP/1.1 200 OK\r\n", "X-Trip2g-Behind: ", "X-Trip2g-Leader-Position: ", "X-Trip2g-Age: ", "Cache-Control: no-store\r\n", shown} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q in its answer: %s", want, page)
		}
	}
}
