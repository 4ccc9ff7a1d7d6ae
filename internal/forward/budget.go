package forward

import "sync/atomic"

// budget is a number of bytes shared by all bodies.
type budget struct{ left atomic.Int64 }

func newBudget(n int64) *budget {
	b := new(budget)
	b.left.Store(n)
	return b
}

func (b *budget) take(n int) bool {
	if b.left.Add(int64(-n)) < 0 {
		b.left.Add(int64(n))
		return false
	}
	return true
}

func (b *budget) give(n int) { b.left.Add(int64(n)) }

// has reports whether n bytes are left. It does not reserve them.
func (b *budget) has(n int) bool { return b.left.Load() >= int64(n) }

// force takes n bytes even where fewer are left.
func (b *budget) force(n int) { b.left.Add(int64(-n)) }
