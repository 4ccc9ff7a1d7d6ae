package testwait

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestAWaitEndsAsSoonAsTheConditionHolds(t *testing.T) {
	looks := 0
	Until(t, "the third look", func() bool { looks++; return looks == 3 })
	NoError(t, "the sixth look", func() error {
		if looks++; looks < 6 {
			return errors.New("too early")
		}
		return nil
	})
	NoFault(t, func() string {
		if looks++; looks < 9 {
			return "too early"
		}
		return ""
	})
	if looks != 9 {
		t.Errorf("the conditions were looked at %d times, want 9", looks)
	}
}

func TestAWaitThatFailsShowsTheLastError(t *testing.T) {
	looks := 0
	err := Within(20*time.Millisecond, func() error {
		looks++
		return errors.New(strings.Repeat("still ", min(looks, 2)) + "wrong")
	})
	if err == nil || !strings.Contains(err.Error(), "not within 20ms: still still wrong") {
		t.Errorf("the error is %v", err)
	}
}
