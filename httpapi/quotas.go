package httpapi

import (
	"fmt"
	"time"

	"github.com/evaultlib/evault/httpapi/internal/rest"
)

// Quotas limit the use by one organization in a day of UTC, over all replicas.
// Zero means no limit. A request over the limit is 429 quota_exceeded with
// Retry-After; a request that fails for another reason is not counted.
type Quotas struct {
	Envelopes int // created
	Bytes     int // of documents brought in
	Downloads int // of originals, marked copies and release packages
}

// spend counts n against an organization's quota of the day. The caller calls
// undo when what it spent for has failed.
func (a *API) spend(c *call, org, what string, n, most int) (undo func(), err error) {
	if most <= 0 || n == 0 {
		return func() {}, nil
	}
	name, day := "quota:"+what+":"+org, c.Now.Truncate(24*time.Hour)
	undo = func() {
		ctx, cancel := c.Aside()
		defer cancel()
		_, _ = a.cfg.Counters.Add(ctx, name, day, -n) // else it is counted, which is the safe side
	}
	sum, err := a.cfg.Counters.Add(c.Ctx, name, day, n)
	if err != nil {
		return nil, fmt.Errorf("count the quota: %w", err)
	}
	if sum > most {
		undo()
		c.RetryAt = rest.Tomorrow(c.Now)
		return nil, errQuota
	}
	return undo, nil
}

// bringIn counts a document, and an envelope where it makes one.
func (a *API) bringIn(c *call, envelopes, bytes int) (undo func(), err error) {
	first, err := a.spend(c, c.key.OrgID, "envelopes", envelopes, a.cfg.Quotas.Envelopes)
	if err != nil {
		return nil, err
	}
	second, err := a.spend(c, c.key.OrgID, "bytes", bytes, a.cfg.Quotas.Bytes)
	if err != nil {
		first()
		return nil, err
	}
	return func() { first(); second() }, nil
}

// limitSigner counts a write of a signer's, over all replicas.
func (a *API) limitSigner(c *call) error {
	minute := c.Now.Truncate(time.Minute)
	name := "signer:" + c.signer
	if !a.busy.Has(name, minute) {
		n, err := a.cfg.Counters.Add(c.Ctx, name, minute, 1)
		if err != nil {
			return fmt.Errorf("count the signer's writes: %w", err)
		}
		if n <= signerWrites {
			return nil
		}
		a.busy.Add(name, minute)
	}
	c.RetryAt = minute.Add(time.Minute)
	return errRate
}
