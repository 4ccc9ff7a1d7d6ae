package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"time"

	"trip2g/bench/report"
)

// yardstickTimes is the number of repetitions per round.
const yardstickTimes = 300

// measureYardsticks measures the machine without any server. Machines of the same type differ in
// these values, and so in every absolute time, by more than the servers that are compared.
func measureYardsticks(ctx context.Context, o *options) ([]report.Section, error) {
	o.progress("the machine itself")
	row := report.Row{Name: "The machine alone", Figures: []report.Figure{
		{Name: "a write of 4 KB to a file, synced (p50)", Unit: "ms"},
		{Name: "a round trip of one byte over loopback (p50)", Unit: "µs"},
		{Name: "SHA-256 on one core", Unit: "MB/s"},
	}}
	measures := []func() (float64, error){syncedWrite, roundTrip, hashing}
	for range o.rounds {
		for i, measure := range measures {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			value, err := measure()
			if err != nil {
				return nil, fmt.Errorf("measure %s: %w", row.Figures[i].Name, err)
			}
			row.Figures[i].Values = append(row.Figures[i].Values, value)
		}
	}
	return []report.Section{{
		Title: "The machine",
		Text:  "A write takes several synced writes and round trips on each node, and goals in milliseconds depend on these values: check them before you compare two runs. Ratios depend on them less.",
		Rows:  []report.Row{row},
	}}, nil
}

// syncedWrite returns milliseconds.
func syncedWrite() (float64, error) {
	file, err := os.CreateTemp("", "bench-*")
	if err != nil {
		return 0, err
	}
	defer os.Remove(file.Name())
	defer file.Close()
	block := make([]byte, 4<<10)
	return median(time.Millisecond, func() error {
		if _, err := file.WriteAt(block, 0); err != nil {
			return err
		}
		return file.Sync()
	})
}

// roundTrip returns microseconds.
func roundTrip() (float64, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer listener.Close()
	go func() {
		if conn, err := listener.Accept(); err == nil {
			defer conn.Close()
			_, _ = io.Copy(conn, conn)
		}
	}()
	conn, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	one := make([]byte, 1)
	return median(time.Microsecond, func() error {
		if _, err := conn.Write(one); err != nil {
			return err
		}
		_, err := io.ReadFull(conn, one)
		return err
	})
}

// hashing returns megabytes per second.
func hashing() (float64, error) {
	block := make([]byte, 1<<20)
	seconds, err := median(time.Second, func() error {
		sha256.Sum256(block)
		return nil
	})
	return float64(len(block)) / 1e6 / seconds, err
}

// median returns the median duration of f, in units.
func median(unit time.Duration, f func() error) (float64, error) {
	took := make([]time.Duration, yardstickTimes)
	for i := range took {
		began := time.Now()
		if err := f(); err != nil {
			return 0, err
		}
		took[i] = time.Since(began)
	}
	slices.Sort(took)
	return float64(took[len(took)/2]) / float64(unit), nil
}
