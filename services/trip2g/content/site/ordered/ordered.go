// Package ordered has sorted sets with snapshots in constant time.
package ordered

import (
	"iter"
	"slices"
	"strings"

	"github.com/tidwall/btree"
)

// treeDegree is the degree of the trees. Nodes are small because a change copies those on its path.
const treeDegree = 16

// Set is an immutable sorted set. It is read without a lock.
type Set[T comparable] struct{ tree *btree.BTreeG[T] }

// Get returns the item with the key of the given one.
func (s Set[T]) Get(key T) (T, bool) { return s.tree.Get(key) }

// From iterates over the items from key on.
func (s Set[T]) From(key T) iter.Seq[T] {
	return func(yield func(T) bool) { s.tree.Ascend(key, yield) }
}

// BackwardFrom iterates over the items from key on in reverse order.
func (s Set[T]) BackwardFrom(key T) iter.Seq[T] {
	return func(yield func(T) bool) { s.tree.Descend(key, yield) }
}

// Backward iterates over all items in reverse order.
func (s Set[T]) Backward() iter.Seq[T] {
	return func(yield func(T) bool) { s.tree.Reverse(yield) }
}

// FromIndex iterates over the items from the nth on.
func (s Set[T]) FromIndex(n int) iter.Seq[T] {
	return func(yield func(T) bool) {
		if first, ok := s.tree.GetAt(n); ok {
			s.tree.Ascend(first, yield)
		}
	}
}

func (s Set[T]) Len() int { return s.tree.Len() }

// First returns the first item at or after key.
func (s Set[T]) First(key T) (item T, ok bool) {
	for item := range s.From(key) {
		return item, true
	}
	return item, false
}

// Index is a mutable sorted set with snapshots. A snapshot is O(1) and shares all unchanged
// nodes, so the cost of a change does not depend on the size of the set. Of the copy-on-write trees
// tried, this one was the smallest: 100,000 URLs take 7 MB, against 68 MB in a radix tree. A hash
// trie is twice as fast but has no order.
type Index[T comparable] struct {
	Set[T]
	last    Set[T]
	changed bool           // since the last snapshot
	key     func(T) string // primary sort key; nil if it is not a string
}

func New[T comparable](less func(a, b T) bool) *Index[T] {
	tree := btree.NewBTreeGOptions(less, btree.Options{Degree: treeDegree, NoLocks: true})
	return &Index[T]{Set: Set[T]{tree}, changed: true}
}

// NewKeyed returns an index sorted by key, then by rest.
func NewKeyed[T comparable](key func(T) string, rest func(a, b T) int) *Index[T] {
	x := New(func(a, b T) bool {
		c := strings.Compare(key(a), key(b))
		return c < 0 || c == 0 && rest(a, b) < 0
	})
	x.key = key
	return x
}

// LessBy converts a comparison function to a less function.
func LessBy[T any](compare func(a, b T) int) func(a, b T) bool {
	return func(a, b T) bool { return compare(a, b) < 0 }
}

// Sort sorts items in the order of the set.
func (x *Index[T]) Sort(items []T) {
	if x.key == nil || len(items) < groupThreshold {
		x.sortItems(items)
		return
	}
	for group := range groupByKey(items, x.key) {
		x.sortItems(group)
	}
}

func (s Set[T]) sortItems(items []T) {
	slices.SortFunc(items, func(a, b T) int {
		switch {
		case s.tree.Less(a, b):
			return -1
		case s.tree.Less(b, a):
			return 1
		}
		return 0
	})
}

// groupThreshold is the number of items from which grouping by key before sorting pays off.
const groupThreshold = 1000

// groupByKey sorts items by key, stably, and iterates over the groups. It compares each distinct
// key only once: in a vault with a million links, a third as many names are distinct.
func groupByKey[T any](items []T, key func(T) string) iter.Seq[[]T] {
	numbers := make(map[string]int) // key → number, by first occurrence
	var keys []string
	of, sizes := make([]int, len(items)), []int{}
	for i, item := range items {
		k := key(item)
		n, known := numbers[k]
		if !known {
			n = len(keys)
			numbers[k], keys, sizes = n, append(keys, k), append(sizes, 0)
		}
		of[i] = n
		sizes[n]++
	}
	slices.Sort(keys)
	ends := make([]int, len(keys)) // by key number
	end := 0
	for _, k := range keys {
		ends[numbers[k]] = end
		end += sizes[numbers[k]]
	}
	for i, item := range slices.Clone(items) {
		n := of[i]
		items[ends[n]] = item
		ends[n]++
	}
	return func(yield func([]T) bool) {
		for n, size := range sizes {
			if !yield(items[ends[n]-size : ends[n]]) {
				return
			}
		}
	}
}

// Put adds item or replaces the one with its key.
func (x *Index[T]) Put(item T) {
	if old, found := x.tree.Set(item); !found || old != item {
		x.changed = true
	}
}

// InsertSorted adds sorted items.
func (x *Index[T]) InsertSorted(items []T) {
	if x.Len() > 0 {
		for _, item := range items {
			x.Put(item)
		}
		return
	}
	for _, item := range items {
		x.tree.Load(item) // each one comes after all others
		x.changed = true
	}
}

// Delete removes the item with a key.
func (x *Index[T]) Delete(key T) {
	if _, found := x.tree.Delete(key); found {
		x.changed = true
	}
}

// Clone returns an independent copy in O(1).
func (x *Index[T]) Clone() *Index[T] {
	return &Index[T]{Set[T]{x.tree.IsoCopy()}, x.last, x.changed, x.key}
}

// Snapshot returns an immutable copy in O(1).
func (x *Index[T]) Snapshot() Set[T] {
	if x.changed {
		x.last, x.changed = Set[T]{x.tree.IsoCopy()}, false
	}
	return x.last
}

// Reset replaces the contents by a copy of s in O(1).
func (x *Index[T]) Reset(s Set[T]) {
	x.Set, x.changed = Set[T]{s.tree.IsoCopy()}, true
}

// Changed reports whether the set changed since the last snapshot.
func (x *Index[T]) Changed() bool { return x.changed }
