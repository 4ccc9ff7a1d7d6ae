package filecache

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// Clients that disconnect at once must not keep the database busy for more than half of the time.
func TestThePauseIsAsLongAsTheRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		throttled := newThrottle()
		var ended time.Time
		var took time.Duration
		for _, d := range []time.Duration{5 * time.Millisecond, time.Second, time.Millisecond, time.Minute} {
			reader, leave := context.WithCancel(t.Context())
			ok(t, throttled.do(reader, func() error {
				if paused := time.Since(ended); paused < took {
					t.Errorf("it paused for %v after %v", paused, took)
				}
				time.Sleep(d)
				return nil
			}))
			leave()
			ended, took = time.Now(), min(d, maxPause)

			impatient, leave := context.WithTimeout(t.Context(), took/2)
			if err := throttled.do(impatient, func() error { return nil }); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("a wait past its deadline returns %v", err)
			}
			leave()
		}
	})
}
