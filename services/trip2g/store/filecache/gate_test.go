package filecache

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// Readers who come and go at once must not read the database for more than half of the time.
func TestTheGateRestsAsLongAsItWasOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		var ended time.Time
		var took time.Duration
		for _, d := range []time.Duration{5 * time.Millisecond, time.Second, time.Millisecond, time.Minute} {
			reader, leave := context.WithCancel(t.Context())
			ok(t, g.pass(reader, func() error {
				if rested := time.Since(ended); rested < took {
					t.Errorf("the gate rested for %v after %v", rested, took)
				}
				time.Sleep(d)
				return nil
			}))
			leave()
			ended, took = time.Now(), min(d, longestRest)

			impatient, leave := context.WithTimeout(t.Context(), took/2)
			if err := g.pass(impatient, func() error { return nil }); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("who cannot wait gets %v", err)
			}
			leave()
		}
	})
}
