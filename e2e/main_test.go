package e2e

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

// cleanupTimeout bounds the removal of all that a run made.
const cleanupTimeout = 2 * time.Minute

// repoRoot is the checkout's root; a test runs in its package's folder.
var repoRoot = func() string {
	root, err := filepath.Abs("..")
	if err != nil {
		panic(err)
	}
	return root
}()

// logRoot is where a failed test leaves the containers' logs, one folder a test.
var logRoot = filepath.Join(repoRoot, "tmp", "e2e-logs")

func TestMain(m *testing.M) {
	if os.Getenv(sweeperEnv) != "" {
		os.Exit(sweep(os.Stdin))
	}
	// The sweeper does what testcontainers' own reaper does, needs no image from a registry and leaves
	// no container for some seconds after the run.
	os.Setenv("TESTCONTAINERS_RYUK_DISABLED", "true")
	flag.Parse()
	if !testing.Verbose() {
		tclog.SetDefault(quiet{})
	}
	os.Exit(run(m))
}

// run runs the tests and removes what they made. What is left behind fails the run.
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

// cleanUp has the sweeper remove all stacks and tells whether nothing is left of them.
func cleanUp() (clean bool) {
	if err := sweeper.finish(); err != nil {
		fmt.Fprintln(os.Stderr, "e2e: remove what the suite made:", err)
		return false
	}
	ctx, cancel := context.WithTimeout(context.Background(), cleanupTimeout)
	defer cancel()
	for _, project := range sweeper.projects {
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

// quiet drops what testcontainers tells of each step.
type quiet struct{}

func (quiet) Printf(string, ...any) {}
