package rest

import (
	"sync"
	"time"
)

// Limiter counts requests by name in this process, in minutes that begin with a name's first
// request. Names are kept in two generations, and the older is dropped each minute, so that memory
// is bounded by the requests of two minutes. The zero Limiter is ready.
type Limiter struct {
	mu        sync.Mutex
	now, then map[string]usage
	turn      time.Time // when now becomes then
}

type usage struct {
	end time.Time
	n   int
}

// Take counts one request and returns how many are left, and until when.
func (l *Limiter) Take(name string, perMinute int, now time.Time) (left int, end time.Time, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !now.Before(l.turn) {
		l.then, l.now, l.turn = l.now, map[string]usage{}, now.Add(time.Minute)
	}
	u, known := l.now[name]
	if !known {
		u = l.then[name]
	}
	if !now.Before(u.end) {
		u = usage{end: now.Add(time.Minute)}
	}
	if u.n >= perMinute {
		return 0, u.end, false
	}
	u.n++
	l.now[name] = u
	return perMinute - u.n, u.end, true
}

// Window holds names until their window of time is over. The zero Window is ready.
type Window struct {
	mu    sync.Mutex
	start time.Time
	names map[string]bool
}

// Has reports whether name was added in the window that begins at start.
func (s *Window) Has(name string, start time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.start.Equal(start) && s.names[name]
}

// Add adds name to the window that begins at start and forgets other windows.
func (s *Window) Add(name string, start time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.start.Equal(start) {
		s.start, s.names = start, map[string]bool{}
	}
	s.names[name] = true
}
