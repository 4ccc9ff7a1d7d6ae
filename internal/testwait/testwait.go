// Package testwait waits for conditions in tests, which never sleep for a fixed time. A wait that
// ends without its condition fails the test with the last error.
package testwait

import (
	"errors"
	"fmt"
	"testing"
	"time"
)

// Patience bounds every wait. It allows for a busy machine: only a broken program needs all of it.
const Patience = 60 * time.Second

// interval is the pause between two checks of a condition.
const interval = 2 * time.Millisecond

// Until waits until condition holds. what names it in the failure.
func Until(t testing.TB, what string, condition func() bool) {
	t.Helper()
	poll(t, what, func() error {
		if condition() {
			return nil
		}
		return errors.New("the condition does not hold")
	})
}

// NoError waits until condition returns nil. The test fails with the last error.
func NoError(t testing.TB, what string, condition func() error) {
	t.Helper()
	poll(t, what, condition)
}

// NoFault waits until condition returns "". The test fails with the last fault.
func NoFault(t testing.TB, condition func() string) {
	t.Helper()
	poll(t, "no fault is left", func() error {
		if fault := condition(); fault != "" {
			return errors.New(fault)
		}
		return nil
	})
}

// Receive returns the next value of a channel. what names it in the failure.
func Receive[T any](t testing.TB, what string, values <-chan T) T {
	t.Helper()
	timeout := time.NewTimer(Patience)
	defer timeout.Stop()
	select {
	case v := <-values:
		return v
	case <-timeout.C:
		t.Fatalf("gave up waiting (%s): nothing came within %s", what, Patience)
	}
	panic("not reached")
}

// Within polls condition until it returns nil or limit has passed, and then returns its last error.
func Within(limit time.Duration, condition func() error) error {
	for deadline := time.Now().Add(limit); ; time.Sleep(interval) {
		err := condition()
		if err == nil {
			return nil
		}
		if !time.Now().Before(deadline) {
			return fmt.Errorf("not within %s: %w", limit, err)
		}
	}
}

func poll(t testing.TB, what string, condition func() error) {
	t.Helper()
	if err := Within(Patience, condition); err != nil {
		t.Fatalf("gave up waiting (%s): %v", what, err)
	}
}
