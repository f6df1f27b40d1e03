package rest

import "sync"

// inFlight bounds the bytes of bodies that are held at a time, and those held for
// one name to half of them.
type inFlight struct {
	mu   sync.Mutex
	most int64
	held int64
	by   map[string]int64
}

func newInFlight(most int64) *inFlight { return &inFlight{most: most, by: map[string]int64{}} }

// take holds n bytes more for name, if there is room.
func (r *inFlight) take(name string, n int64) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.fits(name, n) {
		return false
	}
	if n > 0 {
		r.held += n
		r.by[name] += n
	}
	return true
}

// has reports whether n bytes would find room now.
func (r *inFlight) has(name string, n int64) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.fits(name, n)
}

func (r *inFlight) fits(name string, n int64) bool {
	return r.held+n <= r.most && r.by[name]+n <= r.most/2
}

func (r *inFlight) give(name string, n int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.held -= n
	if r.by[name] -= n; r.by[name] <= 0 {
		delete(r.by, name)
	}
}
