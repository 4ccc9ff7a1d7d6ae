package site

import (
	"iter"
	"slices"
	"strings"

	"github.com/tidwall/btree"
)

// treeDegree is the degree of the trees. Nodes are small because a change copies those on its path.
const treeDegree = 16

// orderedSet is an immutable sorted set. It is read without a lock.
type orderedSet[T comparable] struct{ tree *btree.BTreeG[T] }

// get returns the item with the key of the given one.
func (s orderedSet[T]) get(key T) (T, bool) { return s.tree.Get(key) }

// from iterates over the items from key on.
func (s orderedSet[T]) from(key T) iter.Seq[T] {
	return func(yield func(T) bool) { s.tree.Ascend(key, yield) }
}

// backwardFrom iterates over the items from key on in reverse order.
func (s orderedSet[T]) backwardFrom(key T) iter.Seq[T] {
	return func(yield func(T) bool) { s.tree.Descend(key, yield) }
}

// backward iterates over all items in reverse order.
func (s orderedSet[T]) backward() iter.Seq[T] {
	return func(yield func(T) bool) { s.tree.Reverse(yield) }
}

// fromIndex iterates over the items from the nth on.
func (s orderedSet[T]) fromIndex(n int) iter.Seq[T] {
	return func(yield func(T) bool) {
		if first, ok := s.tree.GetAt(n); ok {
			s.tree.Ascend(first, yield)
		}
	}
}

func (s orderedSet[T]) len() int { return s.tree.Len() }

// first returns the first item at or after key.
func (s orderedSet[T]) first(key T) (item T, ok bool) {
	for item := range s.from(key) {
		return item, true
	}
	return item, false
}

// orderedIndex is a mutable sorted set with snapshots. A snapshot is O(1) and shares all unchanged
// nodes, so the cost of a change does not depend on the size of the set. Of the copy-on-write trees
// tried, this one was the smallest: 100,000 URLs take 7 MB, against 68 MB in a radix tree. A hash
// trie is twice as fast but has no order.
type orderedIndex[T comparable] struct {
	orderedSet[T]
	last    orderedSet[T]
	changed bool           // since the last snapshot
	key     func(T) string // primary sort key; nil if it is not a string
}

func newOrderedIndex[T comparable](less func(a, b T) bool) *orderedIndex[T] {
	tree := btree.NewBTreeGOptions(less, btree.Options{Degree: treeDegree, NoLocks: true})
	return &orderedIndex[T]{orderedSet: orderedSet[T]{tree}, changed: true}
}

// newKeyedIndex returns an index sorted by key, then by rest.
func newKeyedIndex[T comparable](key func(T) string, rest func(a, b T) int) *orderedIndex[T] {
	x := newOrderedIndex(func(a, b T) bool {
		c := strings.Compare(key(a), key(b))
		return c < 0 || c == 0 && rest(a, b) < 0
	})
	x.key = key
	return x
}

// lessBy converts a comparison function to a less function.
func lessBy[T any](compare func(a, b T) int) func(a, b T) bool {
	return func(a, b T) bool { return compare(a, b) < 0 }
}

// sort sorts items in the order of the set.
func (x *orderedIndex[T]) sort(items []T) {
	if x.key == nil || len(items) < groupThreshold {
		x.sortItems(items)
		return
	}
	for group := range groupByKey(items, x.key) {
		x.sortItems(group)
	}
}

func (s orderedSet[T]) sortItems(items []T) {
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

// put adds item or replaces the one with its key.
func (x *orderedIndex[T]) put(item T) {
	if old, found := x.tree.Set(item); !found || old != item {
		x.changed = true
	}
}

// insertSorted adds sorted items.
func (x *orderedIndex[T]) insertSorted(items []T) {
	if x.len() > 0 {
		for _, item := range items {
			x.put(item)
		}
		return
	}
	for _, item := range items {
		x.tree.Load(item) // each one comes after all others
		x.changed = true
	}
}

// delete removes the item with a key.
func (x *orderedIndex[T]) delete(key T) {
	if _, found := x.tree.Delete(key); found {
		x.changed = true
	}
}

// clone returns an independent copy in O(1).
func (x *orderedIndex[T]) clone() *orderedIndex[T] {
	return &orderedIndex[T]{orderedSet[T]{x.tree.IsoCopy()}, x.last, x.changed, x.key}
}

// snapshot returns an immutable copy in O(1).
func (x *orderedIndex[T]) snapshot() orderedSet[T] {
	if x.changed {
		x.last, x.changed = orderedSet[T]{x.tree.IsoCopy()}, false
	}
	return x.last
}

// urlItem is a value at a URL.
type urlItem[T comparable] struct {
	url   string
	value T
}

func lessURL[T comparable](a, b urlItem[T]) bool { return a.url < b.url }

// at returns the value at url, or the zero T.
func at[T comparable](s orderedSet[urlItem[T]], url string) T {
	item, _ := s.get(urlItem[T]{url: url})
	return item.value
}
