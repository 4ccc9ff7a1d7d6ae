package cli

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/creack/pty"
	"github.com/rogpeppe/go-internal/testscript"

	"trip2g/internal/testwait"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"trip2g": func() {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		os.Exit(Run(ctx, os.Args[1:], os.Stdout, os.Stderr))
	}})
}

// TestScripts runs the scripts of the commands that connect to a server. Each is a session at a
// terminal, with a server of this program.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Files: scripts(t, "*.txtar"),
		Setup: func(env *testscript.Env) error {
			env.Values[serverKey{}] = &scriptServer{}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"server": startPublicServer, "newsite": startServer, "key": useKey, "stop": stopServer, "restart": restartServer, "nobody": freeURL,
			"exits": commandAndExit, "asked": commandOnTerminal, "push": pushAndExit, "page": fetchPage, "await": awaitPage, "leads": followPage, "bytes": writeBytes, "says": awaitOutput,
			"busy": holdDatabase, "free": freeDatabase,
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

type serverKey struct{}

// scriptServer is the leader of a script. It is the zero value until "server".
type scriptServer struct {
	public, internal, database string
	settings                   []string

	release func() // releases the lock of its database; nil: not held

	cmd   *exec.Cmd
	log   *bytes.Buffer
	ended chan error
}

func serverOf(ts *testscript.TestScript) *scriptServer { return ts.Value(serverKey{}).(*scriptServer) }

// startServer ("newsite [SETTING=VALUE...]") starts a leader with a new database. It sets the
// variables from which the commands read the URL and key, and INTERNAL_URL for the internal port.
func startServer(ts *testscript.TestScript, _ bool, settings []string) {
	s := serverOf(ts)
	s.stop(ts)
	s.public, s.internal, s.settings = freeListenAddr(ts), freeListenAddr(ts), settings
	s.database = ts.MkAbs(strings.ReplaceAll(s.public, ":", "_") + ".sqlite3")
	s.start(ts)
	ts.Defer(func() { s.stop(ts) })
	useKey(ts, false, []string{"read,publish,settings"})
	ts.Setenv("TRIP2G_URL", "http://"+s.public)
	ts.Setenv("INTERNAL_URL", "http://"+s.internal)
}

// useKey ("key SCOPES") creates a key on the server and sets the commands' variable to it.
func useKey(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(ts.Exec("trip2g", "keys", "create", "--name", "script", "--scope", args[0], "--db-file", serverOf(ts).database))
	ts.Setenv("TRIP2G_KEY", strings.TrimSpace(ts.ReadFile("stdout")))
}

// startPublicServer ("server [SETTING=VALUE...]") is startServer for a site whose notes are public
// by default.
func startPublicServer(ts *testscript.TestScript, neg bool, settings []string) {
	startServer(ts, neg, settings)
	makePublic(ts, ts.Getenv("TRIP2G_URL"), ts.Getenv("TRIP2G_KEY"))
}

// makePublic sets the default access to public, on a site without one.
func makePublic(ts *testscript.TestScript, server, key string) {
	body := `{"query": "mutation { setSiteAccess(input: {access: EVERYONE, expectedPublic: 0}) { __typename } }"}`
	request, err := http.NewRequest(http.MethodPost, server+"/_system/graphql", strings.NewReader(body))
	ts.Check(err)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-API-Key", key)
	response, err := http.DefaultClient.Do(request)
	ts.Check(err)
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	ts.Check(err)
	if !bytes.Contains(answer, []byte("SetSiteAccessPayload")) {
		ts.Fatalf("the notes cannot be made public: %s", answer)
	}
}

// stopServer ("stop") ends the server.
func stopServer(ts *testscript.TestScript, _ bool, _ []string) { serverOf(ts).stop(ts) }

// restartServer ("restart") restarts the stopped server with the same address and database.
func restartServer(ts *testscript.TestScript, _ bool, _ []string) { serverOf(ts).start(ts) }

func (s *scriptServer) start(ts *testscript.TestScript) {
	program, err := exec.LookPath("trip2g")
	ts.Check(err)
	s.cmd, s.log, s.ended = exec.Command(program, "serve"), &bytes.Buffer{}, make(chan error, 1)
	s.cmd.Env = append([]string{
		"PATH=" + ts.Getenv("PATH"), "TRIP2G_DB_FILE=" + s.database, "TRIP2G_LISTEN_ADDR=" + s.public, "TRIP2G_INTERNAL_LISTEN_ADDR=" + s.internal,
	}, s.settings...)
	s.cmd.Dir = ts.MkAbs(".")
	s.cmd.Stdout, s.cmd.Stderr = s.log, s.log
	ts.Check(s.cmd.Start())
	cmd, ended := s.cmd, s.ended
	go func() { ended <- cmd.Wait() }()
	awaitReady(ts, "http://"+s.internal+"/readyz", s.ended)
}

func (s *scriptServer) stop(ts *testscript.TestScript) {
	if s.cmd == nil {
		return
	}
	s.cmd.Process.Signal(syscall.SIGTERM)
	if err := <-s.ended; err != nil {
		ts.Logf("the server ended with %v: %s", err, s.log.String())
	}
	s.cmd = nil
}

func awaitReady(ts *testscript.TestScript, url string, ended chan error) {
	until(ts, "the server is ready", func() bool {
		select {
		case err := <-ended:
			ended <- err
			ts.Fatalf("the server ended before it was ready: %v", err)
		default:
		}
		resp, err := http.Get(url)
		if err != nil {
			return false
		}
		resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	})
}

// until waits for a condition.
func until(ts *testscript.TestScript, what string, holds func() bool) {
	ts.Check(testwait.Within(testwait.Patience, func() error {
		if !holds() {
			return errors.New(what)
		}
		return nil
	}))
}

func freeListenAddr(ts *testscript.TestScript) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	defer listener.Close()
	return listener.Addr().String()
}

// freeURL ("nobody") sets the commands' URL to a port without a listener.
func freeURL(ts *testscript.TestScript, _ bool, _ []string) {
	ts.Setenv("TRIP2G_URL", "http://"+freeListenAddr(ts))
}

// pushAndExit ("push CODE ARG...") is "exits CODE push ARG...".
func pushAndExit(ts *testscript.TestScript, neg bool, args []string) {
	commandAndExit(ts, neg, append([]string{args[0], "push"}, args[1:]...))
}

// commandAndExit ("exits CODE ARG...") runs trip2g and checks its exit code. Its output must not
// contain the key.
func commandAndExit(ts *testscript.TestScript, _ bool, args []string) {
	err := ts.Exec("trip2g", args[1:]...)
	code := 0
	if ended, ok := errors.AsType[*exec.ExitError](err); ok {
		code = ended.ExitCode()
	} else {
		ts.Check(err)
	}
	if args[0] != strconv.Itoa(code) {
		ts.Fatalf("%q ended with %d, want %s:\n%s%s", args[1:], code, args[0], ts.ReadFile("stdout"), ts.ReadFile("stderr"))
	}
	if key := ts.Getenv("TRIP2G_KEY"); key != "" && strings.Contains(ts.ReadFile("stdout")+ts.ReadFile("stderr"), key) {
		ts.Fatalf("%q printed the key", args[1:])
	}
}

// commandOnTerminal ("asked CODE ANSWER,... ARG...") runs trip2g on a pseudo-terminal on which the
// answers are typed, each as a line. It writes what the terminal shows to the file tty.
func commandOnTerminal(ts *testscript.TestScript, _ bool, args []string) {
	program, err := exec.LookPath("trip2g")
	ts.Check(err)
	cmd := exec.Command(program, args[2:]...)
	cmd.Dir = ts.MkAbs(".")
	for _, name := range []string{"PATH", "HOME", "TRIP2G_URL", "TRIP2G_KEY"} {
		cmd.Env = append(cmd.Env, name+"="+ts.Getenv(name))
	}
	tty, err := pty.Start(cmd)
	ts.Check(err)
	defer tty.Close()
	_, err = io.WriteString(tty, strings.ReplaceAll(args[1], ",", "\n")+"\n")
	ts.Check(err)
	shown, _ := io.ReadAll(tty) // it fails when the command's end of the terminal is closed
	cmd.Wait()
	ts.Check(os.WriteFile(ts.MkAbs("tty"), bytes.ReplaceAll(shown, []byte("\r\n"), []byte("\n")), 0o644))
	if code := strconv.Itoa(cmd.ProcessState.ExitCode()); code != args[0] {
		ts.Fatalf("%q on a terminal ended with %s, want %s:\n%s", args[2:], code, args[0], shown)
	}
}

// fetchPage ("[!] page PATH TEXT") requests a page, which must exist and contain the text.
func fetchPage(ts *testscript.TestScript, neg bool, args []string) {
	if status, body, found := pageHas(ts, args[0], args[1]); found == neg {
		ts.Fatalf("%s is %s:\n%s", args[0], status, body)
	}
}

// awaitPage ("[!] await PATH TEXT") waits until the page exists and contains the text.
func awaitPage(ts *testscript.TestScript, neg bool, args []string) {
	until(ts, strings.Join(args, " has "), func() bool {
		_, _, found := pageHas(ts, args[0], args[1])
		return found != neg
	})
}

// followPage ("leads PATH TO") requests a page that redirects.
func followPage(ts *testscript.TestScript, _ bool, args []string) {
	resp, err := noRedirect.Get(ts.Getenv("TRIP2G_URL") + args[0])
	ts.Check(err)
	resp.Body.Close()
	if to, err := resp.Location(); err != nil || to.Path != args[1] {
		ts.Fatalf("%s is %s and leads to %v: %v", args[0], resp.Status, to, err)
	}
}

// noRedirect returns redirects instead of following them.
var noRedirect = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

func pageHas(ts *testscript.TestScript, path, text string) (status string, body []byte, has bool) {
	resp, err := noRedirect.Get(ts.Getenv("TRIP2G_URL") + path)
	ts.Check(err)
	defer resp.Body.Close()
	body, err = io.ReadAll(resp.Body)
	ts.Check(err)
	return resp.Status, body, resp.StatusCode == http.StatusOK && strings.Contains(string(body), text)
}

// awaitOutput ("says FILE TEXT") waits until the output of a background command contains the text.
func awaitOutput(ts *testscript.TestScript, _ bool, args []string) {
	until(ts, strings.Join(args, " says "), func() bool {
		content, err := os.ReadFile(ts.MkAbs(args[0]))
		return err == nil && strings.Contains(string(content), args[1])
	})
}

// writeBytes ("bytes FILE GO-STRING") writes bytes that a txtar archive cannot contain.
func writeBytes(ts *testscript.TestScript, _ bool, args []string) {
	content, err := strconv.Unquote(`"` + args[1] + `"`)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(content), 0o644))
}

// holdDatabase ("busy") takes the write lock of the server's database, as a sqlite3 shell or a
// VACUUM does.
func holdDatabase(ts *testscript.TestScript, _ bool, _ []string) {
	s := serverOf(ts)
	db, err := sql.Open("sqlite3", "file:"+s.database+"?_pragma=busy_timeout(10000)&_txlock=immediate")
	ts.Check(err)
	lock, err := db.Begin()
	ts.Check(err)
	s.release = func() { lock.Rollback(); db.Close() }
	ts.Defer(func() { freeDatabase(ts, false, nil) })
}

// freeDatabase ("free") releases the lock of holdDatabase.
func freeDatabase(ts *testscript.TestScript, _ bool, _ []string) {
	if s := serverOf(ts); s.release != nil {
		s.release()
		s.release = nil
	}
}
