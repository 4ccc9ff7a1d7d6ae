package e2e

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"trip2g/e2e/internal/stack"
	"trip2g/internal/testwait"
)

// TestNodesTellHowFreshTheyAre asks every node of both stacks, at rest, in each of the ways there are.
func TestNodesTellHowFreshTheyAre(t *testing.T) { stack.OnBoth(t, checkFreshness) }

func checkFreshness(t *testing.T, s *stack.Stack) {
	position := s.App.API().MustPush(t, stack.Note{Path: "Fresh.md", Content: "fresh " + stack.RandomHex(4)})
	for _, n := range s.Nodes() {
		testwait.NoError(t, n.Service+" knows that it is level with the leader", func() error {
			a, err := stack.Fetch(t.Context(), http.MethodGet, n.Internal+"/readyz", nil, "")
			if err != nil {
				return err
			}
			d, err := stack.ParseDetail(a.Body)
			if err == nil && (!d.Ready || d.Position < position || d.LeaderPosition != d.Position || d.HeardAgo == nil || d.Behind != 0 || d.Note != "") {
				err = errors.New(a.Body)
			}
			return err
		})
		for _, path := range []string{"/", "/no/such"} {
			a, err := stack.Fetch(t.Context(), http.MethodGet, n.Public+path, http.Header{"X-Trip2g-Position": {"0"}}, "")
			if err != nil {
				t.Fatal(err)
			}
			leader, err := strconv.ParseInt(a.Header.Get("X-Trip2g-Leader-Position"), 10, 64)
			if err != nil || leader < position || a.Header.Get("X-Trip2g-Position") == "" || a.Header.Get("X-Trip2g-Age") == "" || a.Header.Get("X-Trip2g-Behind") != "" {
				t.Errorf("%s of %s on demand: %v", path, n.Service, a.Header)
			}
		}
	}
}

// TestReplicaCutOffFromTheNetworkServesAndTellsItsAge takes a replica off the network for a write. It
// serves what it had, stays ready, and says in every way how old that is; back again, it catches up.
func TestReplicaCutOffFromTheNetworkServesAndTellsItsAge(t *testing.T) {
	s := stack.LiteFS(t)
	before, after := "before "+stack.RandomHex(8), "meanwhile "+stack.RandomHex(8)
	s.App.API().MustPush(t, stack.Note{Path: "Aged.md", Content: before})
	stack.AwaitText(t, s.Nodes(), "/aged", before)
	reconnect := s.Replica2.Disconnect(t)
	position := s.App.API().MustPush(t, stack.Note{Path: "Aged.md", Content: after})

	missed := s.Replica2.AwaitDetail(t, "it misses the leader", func(d stack.Detail) bool {
		return strings.Contains(d.Note, "the leader does not answer: ") && strings.Contains(d.Note, "serving what was published up to ")
	})
	older := s.Replica2.AwaitDetail(t, "it grows older", func(d stack.Detail) bool { return d.Age > missed.Age && *d.HeardAgo > *missed.HeardAgo })
	if older.Position >= position {
		t.Errorf("without a network it has position %d", older.Position)
	}
	checkAgeInside(t, s.Replica2, position, before)

	reconnect()
	stack.AwaitText(t, s.Nodes(), "/aged", after)
	testwait.NoError(t, "it is fresh again", func() error {
		a, err := stack.Fetch(t.Context(), http.MethodGet, s.Replica2.Internal+"/readyz", nil, "")
		if err != nil {
			return err
		}
		d, err := stack.ParseDetail(a.Body)
		if err == nil && (d.Note != "" || d.Behind != 0 || d.LeaderPosition < position || d.Age >= older.Age) {
			err = errors.New(a.Body)
		}
		return err
	})
}

var (
	leaderUp  = regexp.MustCompile(`(?m)^trip2g_leader_up (\S+)$`)
	servedAge = regexp.MustCompile(`(?m)^trip2g_served_age_seconds (\S+)$`)
)

// checkAgeInside reads a cut-off node's metrics and a page for which it is asked to have a position.
func checkAgeInside(t *testing.T, n *stack.Node, position int64, shown string) {
	t.Helper()
	metrics := n.MustExec(t, stack.ServerUser, "curl", "-sS", "http://127.0.0.1:20074/metrics")
	up, age := leaderUp.FindStringSubmatch(metrics), servedAge.FindStringSubmatch(metrics)
	if up == nil || up[1] != "0" {
		t.Errorf("trip2g_leader_up: %v", up)
	}
	if age == nil || age[1] == "0" {
		t.Errorf("trip2g_served_age_seconds: %v", age)
	}
	page := n.MustExec(t, stack.ServerUser, "curl", "-sSi", "-H", fmt.Sprintf("X-Trip2g-Position: %d", position), "http://127.0.0.1:20073/aged")
	for _, want := range []string{"HTTP/1.1 200 OK\r\n", "X-Trip2g-Behind: ", "X-Trip2g-Leader-Position: ", "X-Trip2g-Age: ", "Cache-Control: no-store\r\n", shown} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q in its answer: %s", want, page)
		}
	}
}
