package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/push"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"trip2g": main})
}

// TestPushScripts runs the scripts of push: each is a session at a terminal, with a server of this
// very program.
func TestPushScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Files: scripts(t, "push*.txtar"),
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"server": startServer, "push": pushAndExit, "page": fetchPage, "bytes": writeBytes, "nobody": freeURL,
		},
		RequireExplicitExec: true,
	})
}

func scripts(t *testing.T, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", "script", pattern))
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts %s: %v", pattern, err)
	}
	return files
}

// startServer ("server [SETTING=VALUE...]") starts a leader and puts its URL and a key of it where
// push looks for them.
func startServer(ts *testscript.TestScript, neg bool, settings []string) {
	public, internal := freeListenAddr(ts), freeListenAddr(ts)
	database := ts.MkAbs(strings.ReplaceAll(public, ":", "_") + ".sqlite3")
	env := append([]string{"PATH=" + ts.Getenv("PATH"), "TRIP2G_DB_FILE=" + database, "TRIP2G_LISTEN_ADDR=" + public, "TRIP2G_INTERNAL_LISTEN_ADDR=" + internal}, settings...)
	program, err := exec.LookPath("trip2g")
	ts.Check(err)
	cmd := exec.Command(program, "serve")
	cmd.Env, cmd.Dir = env, ts.MkAbs(".")
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	ts.Check(cmd.Start())
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	ts.Defer(func() {
		cmd.Process.Signal(syscall.SIGTERM)
		if err := <-ended; err != nil {
			ts.Logf("the server ended with %v: %s", err, log.String())
		}
	})
	awaitReady(ts, "http://"+internal+"/readyz", ended)
	ts.Check(ts.Exec("trip2g", "keys", "create", "--name", "script", "--db-file", database))
	ts.Setenv("TRIP2G_URL", "http://"+public)
	ts.Setenv("TRIP2G_KEY", strings.TrimSpace(ts.ReadFile("stdout")))
}

func awaitReady(ts *testscript.TestScript, url string, ended chan error) {
	deadline := time.Now().Add(30 * time.Second)
	for {
		if resp, err := http.Get(url); err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return
			}
		}
		select {
		case err := <-ended:
			ended <- err
			ts.Fatalf("the server ended before it was ready: %v", err)
		case <-time.After(10 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			ts.Fatalf("the server did not become ready")
		}
	}
}

func freeListenAddr(ts *testscript.TestScript) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	defer listener.Close()
	return listener.Addr().String()
}

// freeURL ("nobody") points push at a port where nothing listens.
func freeURL(ts *testscript.TestScript, _ bool, _ []string) {
	ts.Setenv("TRIP2G_URL", "http://"+freeListenAddr(ts))
}

// pushAndExit ("push CODE ARG...") runs push, which must end with the exit code. Nothing that it
// prints may hold the key.
func pushAndExit(ts *testscript.TestScript, _ bool, args []string) {
	err := ts.Exec("trip2g", append([]string{"push"}, args[1:]...)...)
	code := 0
	if ended, ok := errors.AsType[*exec.ExitError](err); ok {
		code = ended.ExitCode()
	} else {
		ts.Check(err)
	}
	if args[0] != strconv.Itoa(code) {
		ts.Fatalf("push %q ended with %d, want %s:\n%s%s", args[1:], code, args[0], ts.ReadFile("stdout"), ts.ReadFile("stderr"))
	}
	if key := ts.Getenv("TRIP2G_KEY"); key != "" && strings.Contains(ts.ReadFile("stdout")+ts.ReadFile("stderr"), key) {
		ts.Fatalf("push printed the key")
	}
}

// fetchPage ("[!] page PATH TEXT") asks the server for a page, which must be there and have the text.
func fetchPage(ts *testscript.TestScript, neg bool, args []string) {
	resp, err := http.Get(ts.Getenv("TRIP2G_URL") + args[0])
	ts.Check(err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	ts.Check(err)
	if found := resp.StatusCode == http.StatusOK && strings.Contains(string(body), args[1]); found == neg {
		ts.Fatalf("%s is %s:\n%s", args[0], resp.Status, body)
	}
}

// writeBytes ("bytes FILE GO-STRING") writes what an archive of text cannot hold.
func writeBytes(ts *testscript.TestScript, _ bool, args []string) {
	content, err := strconv.Unquote(`"` + args[1] + `"`)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(content), 0o644))
}

// TestCtrlCEndsAPushWithAWord stops a push while the server takes its time.
func TestCtrlCEndsAPushWithAWord(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.md"), []byte("a"), 0o644); err != nil {
		t.Fatal(err)
	}
	for operation, want := range map[string]string{
		"mutation PushNotes": "nothing of this push is visible", "mutation CommitNotes": "run it again to be sure",
	} {
		t.Run(operation, func(t *testing.T) {
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				if strings.Contains(string(body), operation) {
					stop()
					<-r.Context().Done()
					return
				}
				w.Header().Set("Content-Type", "application/json")
				switch {
				case strings.Contains(string(body), "NotePaths"):
					io.WriteString(w, `{"data":{"notePaths":[]}}`)
				default:
					io.WriteString(w, `{"data":{"result":{"__typename":"PushNotesPayload","notes":[{"id":1,"path":"a.md","assets":[]}]}}}`)
				}
			}))
			defer server.Close()
			var stdout, stderr bytes.Buffer
			code := run(ctx, []string{"push", dir, "--url", server.URL, "--key", "t2g_key"}, &stdout, &stderr)
			if code != exitFailure || stdout.Len() != 0 || !strings.Contains(stderr.String(), "trip2g: stopped") || !strings.Contains(stderr.String(), want) {
				t.Errorf("exit code %d: %s%s", code, stdout.String(), stderr.String())
			}
		})
	}
}

// TestWarningsStayReadableBesideTheBar shows a push as on a terminal.
func TestWarningsStayReadableBesideTheBar(t *testing.T) {
	var out, err bytes.Buffer
	c := newPushConsole(&out, &err, false)
	c.terminal = true
	c.Begin("files", 0, true)
	c.Add(0)
	c.End()
	c.Begin("notes", 100, false)
	c.Add(10)
	c.Warn(trip2g.Warning{Path: "a\x1b[2J.md", Line: 3, Text: "is odd"})
	c.Add(90)
	c.End()
	c.Summary(push.Summary{Sent: 1, Unchanged: 2, Assets: 2}, false, "http://localhost/")
	if !strings.Contains(err.String(), "Sending notes") || !strings.Contains(err.String(), "\rwarning: a\uFFFD[2J.md:3: is odd\n") {
		t.Errorf("stderr %q", err.String())
	}
	if want := "Published: 1 note sent, 2 unchanged, 0 hidden; 2 files sent. Read it at http://localhost/\n"; out.String() != want {
		t.Errorf("stdout %q", out.String())
	}
}
