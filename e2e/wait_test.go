package e2e

import (
	"fmt"
	"testing"
	"time"
)

// How long a condition may take to come true, and how often it is looked at. The deadline is for
// a machine that is busy with other things; nothing is expected to need it.
const (
	patience  = 60 * time.Second
	lookEvery = 5 * time.Millisecond
)

// eventually waits until condition gives no error, and fails the test with its last one.
func eventually(t *testing.T, what string, condition func() error) {
	t.Helper()
	if err := within(patience, condition); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

// within looks at a condition until it gives no error or the time is over.
func within(limit time.Duration, condition func() error) error {
	deadline := time.After(limit)
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	for {
		err := condition()
		if err == nil {
			return nil
		}
		select {
		case <-deadline:
			return fmt.Errorf("not within %s: %w", limit, err)
		case <-look.C:
		}
	}
}
