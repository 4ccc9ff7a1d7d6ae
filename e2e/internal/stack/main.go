package stack

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	tclog "github.com/testcontainers/testcontainers-go/log"
)

// cleanupTimeout limits the removal of everything that a run created.
const cleanupTimeout = 2 * time.Minute

// Root is the root of the checkout: the parent of the folder in which go test runs e2e.
var Root = func() string {
	root, err := filepath.Abs("..")
	if err != nil {
		panic(err)
	}
	return root
}()

// logRoot is the folder of the containers' logs of failed tests, with a folder for each test.
var logRoot = filepath.Join(Root, "tmp", "e2e-logs")

// Main is the body of TestMain. It runs the tests, removes everything they created and returns the
// exit code. In the sweeper's process, it runs the sweeper.
func Main(m *testing.M) (exitCode int) {
	if os.Getenv(sweeperEnv) != "" {
		return sweep(os.Stdin)
	}
	// The sweeper replaces testcontainers' own reaper, which needs an image from a registry and
	// leaves a container for some seconds after the run.
	os.Setenv("TESTCONTAINERS_RYUK_DISABLED", "true")
	flag.Parse()
	if !testing.Verbose() {
		tclog.SetDefault(quiet{})
	}
	return run(m)
}

// run runs the tests and cleans up. Anything left behind fails the run.
func run(m *testing.M) int {
	if err := os.RemoveAll(logRoot); err != nil {
		fmt.Fprintln(os.Stderr, "e2e: remove the last run's logs:", err)
		return 1
	}
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-interrupted
		fmt.Fprintln(os.Stderr, "e2e: interrupted; removing the containers ...")
		cleanUp()
		os.Exit(130)
	}()

	code := m.Run()
	if !cleanUp() {
		code = 1
	}
	return code
}

// cleanUp makes the sweeper remove all stacks and reports whether nothing is left of them.
func cleanUp() (clean bool) {
	if err := Sweeper.finish(); err != nil {
		fmt.Fprintln(os.Stderr, "e2e: remove what the suite created:", err)
		return false
	}
	ctx, cancel := context.WithTimeout(context.Background(), cleanupTimeout)
	defer cancel()
	for _, project := range Sweeper.projects {
		left, err := leftovers(ctx, project)
		if err != nil {
			fmt.Fprintln(os.Stderr, "e2e: look for what the suite left behind:", err)
			return false
		}
		for _, thing := range left {
			fmt.Fprintln(os.Stderr, "e2e: left behind:", thing)
			clean = false
		}
		if len(left) > 0 {
			return false
		}
	}
	return true
}

// quiet drops testcontainers' log of each step.
type quiet struct{}

// Printf implements the logger of testcontainers.
func (quiet) Printf(string, ...any) {}
