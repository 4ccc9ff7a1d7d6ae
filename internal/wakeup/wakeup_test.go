package wakeup

import "testing"

func TestSignalsThatNobodyReceivedAreMerged(t *testing.T) {
	c := make(chan struct{}, 1)
	Signal(c)
	Signal(c)
	<-c
	select {
	case <-c:
		t.Error("two signals were not merged")
	default:
	}
	Signal(c)
	if len(c) != 1 {
		t.Error("a signal after the receive was lost")
	}
}
