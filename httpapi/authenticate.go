package httpapi

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/evaultlib/evault/httpapi/internal/rest"
	"github.com/evaultlib/evault/scopes"
)

// authenticate finds the key: 401, or 429 for an address with too many failures
// and for a key that has reached its rate limit.
func (a *API) authenticate(c *call) error {
	values := c.R.Header.Values("X-API-Key")
	if len(values) == 0 {
		return errNoKey
	}
	key, err := a.cfg.Scopes.Authenticate(c.Ctx, values[0])
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
	left, end, ok := a.keys.Take(key.ID, key.PerMinute, c.Now)
	h := c.W.Header()
	h.Set("X-RateLimit-Limit", strconv.Itoa(key.PerMinute))
	h.Set("X-RateLimit-Remaining", strconv.Itoa(left))
	h.Set("X-RateLimit-Reset", strconv.FormatInt(end.Unix()+1, 10))
	if !ok {
		c.RetryAt = end
		return errRate
	}
	return nil
}

// failed counts a wrong secret of the kind what and returns err, or
// errTooManyBad once the address has failed too often. An address over the limit
// is remembered here until the window ends, so that it costs no more writes.
func (a *API) failed(c *call, what string, err error) error {
	start := c.Now.Truncate(failureWindow)
	name := what + ":" + a.address(c.R)
	if a.blocked.Has(name, start) {
		return errTooManyBad
	}
	n, cerr := a.cfg.Counters.Add(c.Ctx, name, start, 1)
	if cerr != nil {
		return fmt.Errorf("count failures: %w", cerr)
	}
	if n <= maxFailures {
		return err
	}
	a.blocked.Add(name, start)
	return errTooManyBad
}

// authorize judges the route's scopes.
func authorize(c *call) error {
	if len(c.route.scopes) == 0 || c.key.Scopes.HasAny(c.route.scopes...) {
		return nil
	}
	return &scopeMissing{c.route.scopes}
}

// limitAddress counts a request by address, in this replica.
func (a *API) limitAddress(c *call, l *rest.Limiter) error {
	if _, end, ok := l.Take(a.address(c.R), a.cfg.PublicPerMinute, c.Now); !ok {
		c.RetryAt = end
		return errRate
	}
	return nil
}

// address is the client's address for rate limits.
func (a *API) address(r *http.Request) string { return rest.Subscriber(a.cfg.ClientIP(r)) }
