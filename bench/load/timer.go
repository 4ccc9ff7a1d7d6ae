package load

import (
	"encoding/binary"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// Timer ticks with a precision of some ten microseconds. Go's own timers can be a millisecond late
// when nothing else happens, because epoll_wait counts in milliseconds.
type Timer struct {
	file *os.File
}

// NewTimer returns a timer that ticks after a delay and then after each interval.
func NewTimer(delay, interval time.Duration) (*Timer, error) {
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("make a timer: %w", err)
	}
	spec := unix.ItimerSpec{
		Value:    unix.NsecToTimespec(max(1, delay.Nanoseconds())),
		Interval: unix.NsecToTimespec(interval.Nanoseconds()),
	}
	if err := unix.TimerfdSettime(fd, 0, &spec, nil); err != nil {
		unix.Close(fd)
		return nil, fmt.Errorf("set a timer: %w", err)
	}
	return &Timer{os.NewFile(uintptr(fd), "timer")}, nil
}

// Wait waits for the next tick and returns the number of ticks since the last call: more than one
// if the caller was late.
func (t *Timer) Wait() (moments uint64, err error) {
	var count [8]byte
	if _, err := t.file.Read(count[:]); err != nil {
		return 0, fmt.Errorf("wait for a timer: %w", err)
	}
	return binary.NativeEndian.Uint64(count[:]), nil
}

// Stop stops the timer; a pending Wait returns an error. It can be called from any goroutine.
func (t *Timer) Stop() { t.file.Close() }
