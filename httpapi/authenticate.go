package httpapi

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/evaultlib/evault/scopes"
)

// Failures that guard a secret are counted in SQL, by address and window.
const (
	failureWindow = 5 * time.Minute
	maxFailures   = 300
)

// authenticate finds the key: 401, or 429 for an address with too many failures
// and for a key whose minute is used up.
func (a *API) authenticate(c *call) error {
	values := c.r.Header.Values("X-API-Key")
	if len(values) == 0 {
		return errNoKey
	}
	key, err := a.cfg.Scopes.Authenticate(c.ctx, values[0])
	if len(values) > 1 {
		err = scopes.ErrUnknownKey
	}
	if errors.Is(err, scopes.ErrUnknownKey) || errors.Is(err, scopes.ErrExpiredKey) || errors.Is(err, scopes.ErrDisabledKey) {
		return a.failed(c, "key", err)
	}
	if err != nil {
		return err
	}
	c.key = key
	left, end, ok := a.keys.take(key.ID, key.PerMinute, c.now)
	h := c.w.Header()
	h.Set("X-RateLimit-Limit", strconv.Itoa(key.PerMinute))
	h.Set("X-RateLimit-Remaining", strconv.Itoa(left))
	h.Set("X-RateLimit-Reset", strconv.FormatInt(end.Unix()+1, 10))
	if !ok {
		c.retryAt = end
		return errRate
	}
	return nil
}

// failed counts a wrong secret of the kind what and returns err, or
// errTooManyBad once the address has failed too often. An address over the limit
// is remembered here until the window ends, so that it costs no more writes.
func (a *API) failed(c *call, what string, err error) error {
	start := c.now.Truncate(failureWindow)
	name := what + ":" + a.address(c.r)
	if a.blocked.has(name, start) {
		return errTooManyBad
	}
	n, cerr := a.cfg.Counters.Add(c.ctx, name, start, 1)
	if cerr != nil {
		return fmt.Errorf("count failures: %w", cerr)
	}
	if n <= maxFailures {
		return err
	}
	a.blocked.add(name, start)
	return errTooManyBad
}

// authorize judges the route's scopes.
func authorize(c *call) error {
	if len(c.route.scopes) == 0 || c.key.Scopes.HasAny(c.route.scopes...) {
		return nil
	}
	return &scopeMissing{c.route.scopes}
}

// limiter counts requests by name in minutes that begin with a name's first
// request, in this replica. Names live in two generations, of which the older is
// dropped each minute: what is kept is bounded by the requests of two minutes.
type limiter struct {
	mu        sync.Mutex
	now, then map[string]usage
	turn      time.Time // when now becomes then
}

type usage struct {
	end time.Time
	n   int
}

// take counts one request and returns how many are left, and until when.
func (l *limiter) take(name string, perMinute int, now time.Time) (left int, end time.Time, ok bool) {
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

// windowSet holds names until their window is over.
type windowSet struct {
	mu    sync.Mutex
	start time.Time
	names map[string]bool
}

func (s *windowSet) has(name string, start time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.start.Equal(start) && s.names[name]
}

func (s *windowSet) add(name string, start time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.start.Equal(start) {
		s.start, s.names = start, map[string]bool{}
	}
	s.names[name] = true
}

// limitAddress counts a request by address, in this replica.
func (a *API) limitAddress(c *call, l *limiter) error {
	if _, end, ok := l.take(a.address(c.r), a.cfg.PublicPerMinute, c.now); !ok {
		c.retryAt = end
		return errRate
	}
	return nil
}

// secure sets the headers of every answer; pages replace the policy by theirs.
func secure(h http.Header) {
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; sandbox")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
}
