package cli

import (
	"context"
	"io"
	"strings"
	"testing"

	"trip2g/internal/litefs/litefstest"
	"trip2g/internal/testwait"
)

// A leader that lived on after its LiteFS had been killed held the ports that the next one needs, and failed
// every write that replicas would have held.
func TestALeaderEndsWithItsLiteFS(t *testing.T) {
	beside := litefstest.StartPrimary(t)
	public, internal := freeAddr(t), freeAddr(t)
	log := &lockedBuffer{}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan int, 1)
	go func() {
		ended <- Run(ctx, []string{"serve", "--listen-addr", public, "--internal-listen-addr", internal, "--jwt-secret", testJWT,
			"--data-encryption-key", testKey, "--log-format", "json", "--db-file", beside.Path("data.sqlite3")}, io.Discard, log)
	}()
	t.Cleanup(cancel)
	(&testNode{internal: "http://" + internal, log: log}).waitReady(t)
	beside.Kill()
	code := testwait.Receive(t, "the server to end", ended)
	if text := log.String(); code == 0 || !strings.Contains(text, "LiteFS has ended") {
		t.Errorf("it ended with %d:\n%s", code, text)
	}
}
