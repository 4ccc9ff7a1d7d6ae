package e2e

import (
	"strconv"
	"strings"
	"testing"

	"trip2g/e2e/internal/stack"
)

// TestSeedVerification runs each command of the seed's section "Verification" as it stands there,
// from inside the nodes' private network, with the stack's names and ports in place of the two
// machines'.
func TestSeedVerification(t *testing.T) {
	s := stack.LiteFS(t)
	stack.SettledPages(t, s)
	// A shell without the quiet of -e: each command's own output is what counts.
	run := func(n *stack.Node, script string) string {
		return strings.TrimSpace(n.MustExec(t, stack.ServerUser, "sh", "-c", script))
	}
	want := func(what, got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("%s: %q, want %q", what, got, want)
		}
	}

	want("replica is alive", run(s.App, `curl -s http://app-replica:20072/livez; curl -s -o /dev/null -w " %{http_code}" http://app-replica:20072/livez`), "alive 200")
	want("replica serves", run(s.App, `curl -s -o /dev/null -w "%{http_code}" http://app-replica:20071/`), "200")

	bytes := run(s.App, `curl -s http://app:20081/ | wc -c`)
	if n, err := strconv.Atoi(bytes); err != nil || n < 500 {
		t.Errorf("the leader's start page has %s bytes", bytes)
	}
	want("read parity", run(s.App, `curl -s http://app-replica:20071/ | wc -c`), bytes)

	want("write forwarding", run(s.App, `curl -s -X POST -H "Content-Type: application/json" -d '{"query":"{__typename}"}' http://app-replica:20071/_system/graphql`),
		`{"data":{"__typename":"Query"}}`)
	want("auth enforced", run(s.App, `curl -s -o /dev/null -w "%{http_code}" -X POST -d '{"query":"{__typename}"}' http://app:20082/_system/graphql`), "401")

	lag := run(s.Replica, `cat /litefs/.lag`)
	if ms, err := strconv.Atoi(lag); err != nil {
		t.Errorf("/litefs/.lag of a replica: %q, want milliseconds", lag)
	} else {
		t.Logf("LiteFS reports a lag of %d ms", ms)
	}

	guardrail := s.Replica.Exec(t, stack.ServerUser, "sqlite3", "/litefs/data.sqlite3", "INSERT INTO notes(id) VALUES(1);")
	if guardrail.ExitCode == 0 {
		t.Error("an INSERT on a replica's mount succeeded")
	}
	t.Logf("an INSERT on a replica's mount: %s", strings.TrimSpace(guardrail.Stderr))

	counted := make(chan string, 1)
	go func() {
		r, err := s.Exec(t.Context(), s.Replica2.Service, stack.ServerUser, "sh", "-c",
			`for i in $(seq 1 60); do curl -s -o /dev/null -w "%{http_code}\n" http://app-replica:20071/; done | sort | uniq -c`)
		if err != nil {
			counted <- err.Error()
			return
		}
		counted <- strings.Join(strings.Fields(r.Stdout), " ")
	}()
	s.App.Restart(t)
	want("zero downtime", <-counted, "60 200")
}
