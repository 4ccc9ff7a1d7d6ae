package site

import (
	"container/heap"
	"sync"

	"trip2g/services/trip2g"
)

// waiters are those who wait for positions, the nearest first: a snapshot looks at those that it
// wakes and at one more, however many wait for what may never come.
type waiters struct {
	mu    sync.Mutex
	queue waiterQueue
}

// waiter is one who waits.
type waiter struct {
	position trip2g.Position
	arrived  chan struct{} // closed when the site is there
	place    int           // in the queue, -1 outside
}

func (w *waiters) add(position trip2g.Position) *waiter {
	added := &waiter{position: position, arrived: make(chan struct{})}
	w.mu.Lock()
	defer w.mu.Unlock()
	heap.Push(&w.queue, added)
	return added
}

// remove ends a wait; one that was woken has ended already.
func (w *waiters) remove(ended *waiter) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if ended.place >= 0 {
		heap.Remove(&w.queue, ended.place)
	}
}

// wake ends the waits for a position and those before it.
func (w *waiters) wake(position trip2g.Position) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(w.queue) > 0 && w.queue[0].position <= position {
		close(heap.Pop(&w.queue).(*waiter).arrived)
	}
}

// waiterQueue is a heap.Interface by position.
type waiterQueue []*waiter

func (q waiterQueue) Len() int           { return len(q) }
func (q waiterQueue) Less(i, j int) bool { return q[i].position < q[j].position }

func (q waiterQueue) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].place, q[j].place = i, j
}

func (q *waiterQueue) Push(x any) {
	w := x.(*waiter)
	w.place = len(*q)
	*q = append(*q, w)
}

func (q *waiterQueue) Pop() any {
	old := *q
	w := old[len(old)-1]
	old[len(old)-1] = nil
	*q = old[:len(old)-1]
	w.place = -1
	return w
}
