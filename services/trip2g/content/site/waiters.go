package site

import (
	"container/heap"
	"sync"

	"trip2g/services/trip2g"
)

// waiters is a queue of waiters for positions, nearest first. A new snapshot examines only those
// that it wakes and one more, however many wait for a position that never comes.
type waiters struct {
	mu    sync.Mutex
	queue waiterQueue
}

// waiter waits for a position.
type waiter struct {
	position  trip2g.Position
	reached   chan struct{} // closed when the site is at position
	heapIndex int           // in the queue; -1 outside
}

func (w *waiters) add(position trip2g.Position) *waiter {
	added := &waiter{position: position, reached: make(chan struct{})}
	w.mu.Lock()
	defer w.mu.Unlock()
	heap.Push(&w.queue, added)
	return added
}

// remove ends a wait, unless the waiter was woken already.
func (w *waiters) remove(ended *waiter) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if ended.heapIndex >= 0 {
		heap.Remove(&w.queue, ended.heapIndex)
	}
}

// wake wakes the waiters for positions up to position.
func (w *waiters) wake(position trip2g.Position) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(w.queue) > 0 && w.queue[0].position <= position {
		close(heap.Pop(&w.queue).(*waiter).reached)
	}
}

// waiterQueue implements heap.Interface, ordered by position.
type waiterQueue []*waiter

func (q waiterQueue) Len() int           { return len(q) }
func (q waiterQueue) Less(i, j int) bool { return q[i].position < q[j].position }

func (q waiterQueue) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].heapIndex, q[j].heapIndex = i, j
}

func (q *waiterQueue) Push(x any) {
	w := x.(*waiter)
	w.heapIndex = len(*q)
	*q = append(*q, w)
}

func (q *waiterQueue) Pop() any {
	old := *q
	w := old[len(old)-1]
	old[len(old)-1] = nil
	*q = old[:len(old)-1]
	w.heapIndex = -1
	return w
}
