// Package wakeup wakes a goroutine through a channel without blocking.
package wakeup

// Signal sends to c unless a value is pending there already. With a buffer of one, signals that
// nobody has received yet are merged, and none is lost.
func Signal(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
