package main

import (
	"fmt"
	"net/http"
	"os"
	"testing"
	"time"

	"trip2g/bench/cluster"
)

func look(l *lagRound, number int, at time.Time) error {
	return l.look(http.StatusOK, fmt.Appendf(nil, "<p>%s</p>", probeText(number)), at)
}

// The lag is the most important claim. A write that is seen late, seen with a later one, or never
// must be counted as such.
func TestTheLagOfARound(t *testing.T) {
	start := time.Now()
	at := func(ms int) time.Time { return start.Add(time.Duration(ms) * time.Millisecond) }
	l := &lagRound{first: 11, seen: make(map[int]time.Time)}
	l.acknowledged = []time.Time{at(0), at(10), at(20), at(30), at(40)}
	for _, answer := range []struct{ number, ms int }{
		{10, 0},        // the text of the previous round
		{11, 5},        // 5 ms
		{11, 6},        //
		{13, 27},       // 12 was overwritten meanwhile: 17 ms, and 13: 7 ms
		{14, 29},       // served before the writer had its answer
		{14, 1000_000}, // 15 never arrives
	} {
		if err := look(l, answer.number, at(answer.ms)); err != nil {
			t.Fatal(err)
		}
	}
	l.all = at(2040)
	got := l.result()
	if fmt.Sprint(got.sorted) != "[0s 5ms 7ms 17ms 2s]" || got.missing != 1 {
		t.Errorf("lags are %v, %d are missing", got.sorted, got.missing)
	}
}

// A replica that returns to an older text violates its guarantee. The bench must not count it as
// served.
func TestAnOlderTextAfterANewerIsAnError(t *testing.T) {
	l := &lagRound{first: 1, seen: make(map[int]time.Time)}
	if err := look(l, 2, time.Now()); err != nil {
		t.Fatal(err)
	}
	if err := look(l, 1, time.Now()); err == nil {
		t.Error("no error")
	}
	if err := l.look(http.StatusNotFound, nil, time.Now()); err == nil {
		t.Error("no error for a page that is gone")
	}
}

// The page divides a request's time by its use. This compares the total with the kernel's clock of
// the process.
func TestUsageIsTheProcessorTimeOfAProcess(t *testing.T) {
	for began := time.Now(); time.Since(began) < 50*time.Millisecond; {
	}
	used, err := process(os.Getpid()).usage()
	if err != nil {
		t.Fatal(err)
	}
	total, err := cluster.Process(os.Getpid()).CPU()
	if err != nil {
		t.Fatal(err)
	}
	if sum := used.program + used.kernel; sum <= 0 || sum > total+2*tick {
		t.Errorf("%s in the program and %s in the kernel, %s in all", used.program, used.kernel, total)
	}
}
