package server

import (
	"testing"
	"testing/synctest"
	"time"

	"trip2g/services/trip2g"
)

// TestAReplicaThatIsFarBehindReadsItsDatabaseSeldom counts the reads during 200 wake-ups in a
// second. Each read would hold up LiteFS.
func TestAReplicaThatIsFarBehindReadsItsDatabaseSeldom(t *testing.T) {
	for name, tt := range map[string]struct {
		behind   trip2g.Position
		min, max int
	}{
		"far behind": {1000, 1, 5},
		"following":  {farBehind, 150, 200},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				wake := make(chan struct{}, 1)
				paced := paceCatchUp(t.Context(), wake, func() trip2g.Position { return tt.behind })
				go func() {
					defer close(wake)
					for range 200 {
						time.Sleep(5 * time.Millisecond)
						select {
						case wake <- struct{}{}:
						default:
						}
					}
				}()
				reads := 0
				for range paced {
					reads++
				}
				if reads < tt.min || reads > tt.max {
					t.Errorf("it read %d times", reads)
				}
			})
		})
	}
}
