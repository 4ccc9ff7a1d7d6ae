package index

import (
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"trip2g/services/trip2g/content/site/ordered"
)

// indexer maintains the items of entries in one index. Added items are queued by addNew, inserted
// by flush and reported by notify.
type indexer interface {
	removeOld(change)
	addNew(change)
	flush()
	notify()
}

// indexerOf is the indexer of a set with items of type T.
type indexerOf[T comparable] struct {
	index    *ordered.Index[T]
	items    func(*Entry) []T
	onChange func(item T, delta int) // called with 1 for an added item and -1 for a removed one; may be nil

	pending *[]T // added and not flushed
}

func newIndexer[T comparable](index *ordered.Index[T], items func(*Entry) []T, onChange func(item T, delta int)) indexer {
	return indexerOf[T]{index, items, onChange, new([]T)}
}

func (t indexerOf[T]) removeOld(c change) {
	if old, new := t.diff(c); !slices.Equal(old, new) {
		for _, item := range old {
			t.index.Delete(item)
			t.notifyOne(item, -1)
		}
	}
}

func (t indexerOf[T]) addNew(c change) {
	if old, new := t.diff(c); !slices.Equal(old, new) {
		*t.pending = append(*t.pending, new...)
	}
}

// flush inserts the queued items in sorted order. For a whole vault this takes a third of the time,
// because each item is inserted next to the last one.
func (t indexerOf[T]) flush() {
	t.index.Sort(*t.pending)
	t.index.InsertSorted(*t.pending)
}

func (t indexerOf[T]) notify() {
	for _, item := range *t.pending {
		t.notifyOne(item, 1)
	}
	*t.pending = nil
}

func (t indexerOf[T]) diff(c change) (old, new []T) {
	if c.old != nil {
		old = t.items(c.old)
	}
	if c.new != nil {
		new = t.items(c.new)
	}
	return old, new
}

func (t indexerOf[T]) notifyOne(item T, delta int) {
	if t.onChange != nil {
		t.onChange(item, delta)
	}
}

// parallelThreshold is the number of changes from which indexes are updated in parallel, as at
// startup.
const parallelThreshold = 1000

// parallel calls fn(0..n-1), concurrently if there are many changes.
func parallel(changes, n int, fn func(int)) {
	if changes < parallelThreshold {
		for i := range n {
			fn(i)
		}
		return
	}
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i := range n {
		group.Go(func() error {
			fn(i)
			return nil
		})
	}
	group.Wait()
}

// parallelChunks calls fn with all items in chunks, concurrently if there are many.
func parallelChunks[T any](items []T, fn func([]T)) {
	chunks := slices.Collect(slices.Chunk(items, parallelThreshold))
	parallel(len(items), len(chunks), func(i int) { fn(chunks[i]) })
}
