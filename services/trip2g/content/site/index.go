package site

import (
	"iter"
	"slices"
	"strings"

	"github.com/tidwall/btree"
)

// indexDegree is that of the trees: nodes are this small because a change copies those on its way.
const indexDegree = 16

// sorted is a set in the order of its keys. It never changes and is read without a lock.
type sorted[T comparable] struct{ tree *btree.BTreeG[T] }

// get gives the item that has the key of the one given.
func (s sorted[T]) get(key T) (T, bool) { return s.tree.Get(key) }

// from gives the items from a key on, in order.
func (s sorted[T]) from(key T) iter.Seq[T] {
	return func(yield func(T) bool) { s.tree.Ascend(key, yield) }
}

// before gives the items from a key back, in reverse order.
func (s sorted[T]) before(key T) iter.Seq[T] {
	return func(yield func(T) bool) { s.tree.Descend(key, yield) }
}

// last gives all items, in reverse order.
func (s sorted[T]) last() iter.Seq[T] {
	return func(yield func(T) bool) { s.tree.Reverse(yield) }
}

// fromNumber gives the items from the one with a number on, counted from 0.
func (s sorted[T]) fromNumber(n int) iter.Seq[T] {
	return func(yield func(T) bool) {
		if first, ok := s.tree.GetAt(n); ok {
			s.tree.Ascend(first, yield)
		}
	}
}

func (s sorted[T]) size() int { return s.tree.Len() }

// first gives the first item that is not before a key.
func (s sorted[T]) first(key T) (item T, ok bool) {
	for item := range s.from(key) {
		return item, true
	}
	return item, false
}

// index is a set that changes. Freezing it costs nothing: what was frozen shares all that did not
// change since, so that a change costs the same however much there is. Of the trees that can do so
// this one was the smallest: 100,000 addresses take 7 MB, in a radix tree with transactions 68; a
// hash trie finds them twice as fast and has no order.
type index[T comparable] struct {
	sorted[T]
	frozen  sorted[T]
	changed bool           // since it was frozen
	key     func(T) string // what items are sorted by first; nil if that is no text
}

func newIndex[T comparable](less func(a, b T) bool) *index[T] {
	tree := btree.NewBTreeGOptions(less, btree.Options{Degree: indexDegree, NoLocks: true})
	return &index[T]{sorted: sorted[T]{tree}, changed: true}
}

// newKeyed makes an index whose items are in byte order of a key, and where that is the same in the order of rest.
func newKeyed[T comparable](key func(T) string, rest func(a, b T) int) *index[T] {
	x := newIndex(func(a, b T) bool {
		c := strings.Compare(key(a), key(b))
		return c < 0 || c == 0 && rest(a, b) < 0
	})
	x.key = key
	return x
}

// before makes an order of a comparison.
func before[T any](compare func(a, b T) int) func(a, b T) bool {
	return func(a, b T) bool { return compare(a, b) < 0 }
}

// sort puts items in the order of the set.
func (x *index[T]) sort(items []T) {
	if x.key == nil || len(items) < manyItems {
		x.compareSort(items)
		return
	}
	for group := range byKey(items, x.key) {
		x.compareSort(group)
	}
}

func (s sorted[T]) compareSort(items []T) {
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

// manyItems is from how many on it is worth it to find those of one key first.
const manyItems = 1000

// byKey puts items in byte order of their keys, those of one key as they came, and gives each key's. Far fewer
// keys are compared than if the items were sorted, each at another place in memory: of a million links in a
// vault a third as many names are the ends.
func byKey[T any](items []T, key func(T) string) iter.Seq[[]T] {
	numbers := make(map[string]int) // of keys, as they come
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
	ends := make([]int, len(keys)) // by number
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

// put takes an item in, in place of the one with its key.
func (x *index[T]) put(item T) {
	if held, had := x.tree.Set(item); !had || held != item {
		x.changed = true
	}
}

// fill is put for items that are sorted.
func (x *index[T]) fill(items []T) {
	if x.size() > 0 {
		for _, item := range items {
			x.put(item)
		}
		return
	}
	for _, item := range items {
		x.tree.Load(item) // each comes after all others
		x.changed = true
	}
}

// drop takes the item with a key out.
func (x *index[T]) drop(key T) {
	if _, had := x.tree.Delete(key); had {
		x.changed = true
	}
}

// fork makes another set of what is in this one. It costs nothing, as freezing does.
func (x *index[T]) fork() *index[T] {
	return &index[T]{sorted[T]{x.tree.IsoCopy()}, x.frozen, x.changed, x.key}
}

// freeze gives the set as it is now.
func (x *index[T]) freeze() sorted[T] {
	if x.changed {
		x.frozen, x.changed = sorted[T]{x.tree.IsoCopy()}, false
	}
	return x.frozen
}

// located is a thing at a URL.
type located[T comparable] struct {
	url   string
	thing T
}

func byURL[T comparable](a, b located[T]) bool { return a.url < b.url }

// at gives the thing at a URL, the zero T if there is none.
func at[T comparable](s sorted[located[T]], url string) T {
	held, _ := s.get(located[T]{url: url})
	return held.thing
}
