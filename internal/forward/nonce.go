package forward

import (
	"sync"
	"time"
)

const (
	// nonceMemory is how long a nonce may be replayed under a valid signature: one signed AuthSkew
	// ahead of the leader's clock.
	nonceMemory = AuthLifetime + AuthSkew

	// maxNonces bounds each generation to some 20 MB. It allows 14,000 requests a second, far more
	// than one SQLite writer can process.
	maxNonces = 500_000
)

// nonces remembers those of authenticated requests, in two generations. A nonce is added to the
// young one. When that is nonceMemory old it becomes the old one, and the old one is dropped. So
// each nonce is remembered for at least nonceMemory, and forgetting costs nothing per nonce.
type nonces struct {
	limit int // of a generation

	mu         sync.Mutex
	began      time.Time // of the young generation
	young, old map[nonce]struct{}
}

// take remembers n and returns "", or the reason why n is refused.
func (s *nonces) take(n nonce, now time.Time) Reason {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.young == nil || now.Sub(s.began) >= nonceMemory {
		s.old, s.young, s.began = s.young, make(map[nonce]struct{}), now
	}
	_, inYoung := s.young[n]
	_, inOld := s.old[n]
	switch {
	case inYoung || inOld:
		return ReasonReplayed
	case len(s.young) >= s.limit:
		return ReasonOverload
	}
	s.young[n] = struct{}{}
	return ""
}
