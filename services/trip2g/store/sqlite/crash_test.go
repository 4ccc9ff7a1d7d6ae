package sqlite

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"trip2g/services/trip2g"
)

// childVariable makes the test binary run as a child process of a test and names the child.
const childVariable = "SQLITE_TEST_CHILD"

func TestMain(m *testing.M) {
	name, path, isChild := strings.Cut(os.Getenv(childVariable), ":")
	if !isChild {
		os.Exit(m.Run())
	}
	children := map[string]func(path string) error{"write": writeUntilKilled, "fill": writeUntilFull}
	if err := children[name](path); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// child returns the command of a child process that works on a database.
func child(name, path string) *exec.Cmd {
	command := exec.Command(os.Args[0])
	command.Env = append(os.Environ(), childVariable+"="+name+":"+path)
	command.Stderr = os.Stderr
	return command
}

// writeUntilKilled publishes vault after vault and prints the number of each that is acknowledged.
func writeUntilKilled(path string) error {
	ctx := context.Background()
	db, err := OpenLeader(ctx, path, Options{})
	if err != nil {
		return err
	}
	start, err := lastMarker(ctx, db)
	if err != nil {
		return err
	}
	for n := start + 1; ; n++ {
		if _, _, err := db.PushNotes(ctx, stageA, vault(0, strconv.Itoa(n)), false); err != nil {
			return err
		}
		if _, _, err := db.Commit(ctx, stageA); err != nil {
			return err
		}
		fmt.Println(n)
	}
}

func lastMarker(ctx context.Context, source trip2g.ChangeSource) (int, error) {
	f := follow(source)
	if err := f.catchUp(ctx, 100); err != nil {
		return 0, err
	}
	for _, note := range f.notes {
		return strconv.Atoi(note.Content)
	}
	return 0, nil
}

func TestAKilledWriterLosesNothingThatItAcknowledged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data.sqlite3")
	for round := range 3 {
		acknowledged := killAfter(t, path, 10+7*round)
		db, err := OpenLeader(t.Context(), path, Options{})
		ok(t, err)
		var verdict string
		ok(t, db.writer.QueryRow(`PRAGMA integrity_check`).Scan(&verdict))
		if verdict != "ok" {
			t.Fatalf("round %d: the database is damaged: %s", round, verdict)
		}
		f := follow(db)
		ok(t, f.catchUp(t.Context(), 100))
		checkWhole(t, f, "")
		if got := must[int](t)(lastMarker(t.Context(), db)); got < acknowledged || got > acknowledged+1 {
			t.Errorf("round %d: commit %d was acknowledged and %d is there", round, acknowledged, got)
		}
		ok(t, db.Close())
	}
}

// killAfter lets a child process write, kills it after some commits, and returns the number of the
// last commit that it acknowledged.
func killAfter(t *testing.T, path string, commits int) (acknowledged int) {
	writer := child("write", path)
	output, err := writer.StdoutPipe()
	ok(t, err)
	ok(t, writer.Start())
	lines := bufio.NewScanner(output)
	for seen := 0; lines.Scan(); seen++ {
		acknowledged = must[int](t)(strconv.Atoi(lines.Text()))
		if seen == commits {
			ok(t, writer.Process.Kill())
		}
	}
	if err := writer.Wait(); err == nil || writer.ProcessState.Exited() {
		t.Fatalf("the writer ended by itself: %v", err)
	}
	return acknowledged
}
