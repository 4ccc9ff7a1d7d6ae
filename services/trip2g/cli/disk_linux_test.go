package cli

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"trip2g/internal/litefs/litefstest"
	"trip2g/internal/testwait"
)

// TestAFullDiskStopsWritesAndNothingElse fills the disk of a leader's LiteFS. Probes, metrics and
// `trip2g status` say so before and while it is full, a push fails and says why, pages are served, also by a
// leader that starts meanwhile, and once there is room everything works again by itself.
func TestAFullDiskStopsWritesAndNothingElse(t *testing.T) {
	t.Parallel()
	beside := litefstest.StartPrimary(t, litefstest.OnDisk(320<<20))
	db := beside.Path("data.sqlite3")
	start := func() *testNode { return startNode(t, "DB_FILE="+db, "NODE_NAME=app") }
	leader := start()
	leader.waitReady(t)
	key := newKey(t, db)
	folder := t.TempDir()
	push := func(note string) (code int, output string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(folder, note+".md"), []byte("# "+note+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		var out, errs bytes.Buffer
		code = Run(t.Context(), []string{"push", "--url", leader.public, "--key", key, "--retry-for", "1s", folder}, &out, &errs)
		return code, out.String() + errs.String()
	}
	wantStatus := func(text string) {
		t.Helper()
		testwait.NoFault(t, func() string {
			if code, out, errs := status(t, leader, key); code != exitUnwell || !strings.Contains(out, text) {
				return out + errs
			}
			return ""
		})
	}
	if code, output := push("before"); code != 0 {
		t.Fatalf("push ended with %d: %s", code, output)
	}

	beside.FillDisk(100 << 20)
	awaitReadyz(t, leader, http.StatusOK, `"impaired":{"disk":"nearly full, `)
	wantStatus("app: impaired: disk: nearly full, ")
	if code, output := push("low"); code != 0 {
		t.Errorf("push to a disk that is nearly full ended with %d: %s", code, output)
	}

	beside.FillDisk(0)
	awaitReadyz(t, leader, http.StatusServiceUnavailable, `"disk":"full, 0B free and 64MiB needed`)
	wantStatus("app: not ready: disk: full, ")
	code, output := push("full")
	if code != exitUnavailable || !strings.Contains(output, "disk is full") || strings.Contains(output, "Published") {
		t.Errorf("push to a full disk ended with %d: %s", code, output)
	}
	if err := leader.stop(); err != nil {
		t.Fatal(err)
	}
	leader = start()
	testwait.NoFault(t, func() string { _, body := get(leader.public + "/before"); return unlessContains(body, "<h1") })
	awaitReadyz(t, leader, http.StatusServiceUnavailable, `"disk":"full, `)
	if _, metrics := get(leader.internal + "/metrics"); !strings.Contains(metrics, "\ntrip2g_disk_free_bytes 0\n") {
		t.Error("the metrics do not say that the disk has 0 bytes free")
	}

	beside.FreeDisk()
	testwait.NoFault(t, func() string { return unlessContains(leader.log.String(), "the disk of the database has room again") })
	awaitReadyz(t, leader, http.StatusOK, `"ready":true`)
	if code, output := push("after"); code != 0 {
		t.Errorf("push with room again ended with %d: %s", code, output)
	}
	if !strings.Contains(leader.log.String(), "the disk of the database is full") {
		t.Errorf("the log does not say that the disk was full:\n%s", leader.log)
	}
}

// unlessContains returns body, for eventually, until text is in it.
func unlessContains(body, text string) string {
	if strings.Contains(body, text) {
		return ""
	}
	return body + " "
}
