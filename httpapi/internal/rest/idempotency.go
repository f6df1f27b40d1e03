package rest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/evaultlib/evault/storage"
)

// Idempotency runs requests with an Idempotency-Key: a claim is committed
// first, the last transaction of the effect stores the response (see Keep), and
// a repeat gets that response. A request without an effect leaves no claim.
type Idempotency struct {
	Store storage.Idempotency
	NewID func(prefix string) string
	Lease time.Duration // of a claim; the work on a call must end within it
	Keep  time.Duration // of a first answer
}

// Once is a request that Idempotency runs.
type Once struct {
	Scope   string // whose key it is
	Most    int    // new keys of Scope in a day of UTC
	Forever bool   // keep the first answer for ever, and do not count the key
	Do      func() (*Reply, error)
	// Refill puts the secrets back into a stored first answer, or refuses it when the
	// state that it speaks of has ended. nil: the answer is given as it is.
	Refill func(first []byte) (*Reply, error)
}

// claim is a call's idempotency key.
type claim struct {
	storage.Claim
	store storage.Idempotency
	kept  *storage.Answer // stored by the effect's last transaction
}

// Run does o.Do once for the key of c, or each time when c has none.
func (i *Idempotency) Run(c *Call, o Once) (rp *Reply, err error) {
	key, given, err := idempotencyKey(c.R.Header.Values("Idempotency-Key"))
	if err != nil {
		return nil, err
	}
	if !given {
		return o.Do()
	}
	first, err := i.claim(c, o, key)
	if err != nil {
		return nil, err
	}
	if first != nil && !first.Provisional {
		return o.replay(first)
	}
	done := false
	defer func() { // also when the handler panics
		if !done {
			ctx, cancel := c.Aside()
			defer cancel()
			_ = i.Store.Abandon(ctx, c.claim.Claim) // its lease ends it otherwise
		}
	}()
	rp, err = o.Do()
	if err != nil {
		return nil, err
	}
	if first != nil { // it had begun: the verb went on, and this was its status
		rp.Status = first.Status
	}
	if err := c.settle(rp); err != nil {
		return nil, err
	}
	done = true
	return rp, nil
}

// claim claims the key for c and returns the answer that is stored for it.
func (i *Idempotency) claim(c *Call, o Once, key string) (first *storage.Answer, err error) {
	request, err := c.Digest()
	if err != nil {
		return nil, err
	}
	cl := storage.Claim{Scope: o.Scope, Key: key, Request: request, Holder: i.NewID("hld"), LeaseUntil: c.Now.Add(i.Lease)}
	if !o.Forever {
		cl.KeepUntil, cl.Most = c.Now.Add(i.Keep), o.Most
	}
	first, err = i.Store.Claim(c.Ctx, cl, c.Now)
	if errors.Is(err, storage.ErrTooMany) {
		c.RetryAt = Tomorrow(c.Now)
	}
	if err == nil && (first == nil || first.Provisional) {
		c.claim = &claim{Claim: cl, store: i.Store}
	}
	return first, err
}

// Tomorrow is when the next day of UTC begins.
func Tomorrow(now time.Time) time.Time { return now.Truncate(24 * time.Hour).Add(24 * time.Hour) }

// settle stores the final answer unless the effect's transaction stored the same.
func (c *Call) settle(rp *Reply) error {
	final, err := answerOf(rp)
	if err != nil {
		return err
	}
	if k := c.claim.kept; k != nil && !k.Provisional && k.Status == final.Status && bytes.Equal(k.Body, final.Body) && maps.Equal(k.Header, final.Header) {
		return nil
	}
	ctx, cancel := c.Aside()
	defer cancel()
	err = c.claim.store.Finish(ctx, nil, c.claim.Claim, final)
	if err != nil && c.claim.kept != nil {
		return nil // a repeat gets the answer of the effect's transaction
	}
	return err
}

func idempotencyKey(values []string) (key string, given bool, err error) {
	if len(values) == 0 {
		return "", false, nil
	}
	key = values[0]
	bad := len(values) != 1 || len(key) < 1 || len(key) > maxKey
	for i := range len(key) {
		bad = bad || key[i] <= ' ' || key[i] > '~'
	}
	if bad {
		return "", false, BadRequest("bad_idempotency_key", fmt.Sprintf("Idempotency-Key must be 1 to %d visible ASCII characters", maxKey))
	}
	return key, true, nil
}

// replay answers with the stored first answer, its secrets made anew.
func (o *Once) replay(first *storage.Answer) (*Reply, error) {
	rp := &Reply{Raw: first.Body}
	if o.Refill != nil {
		var err error
		if rp, err = o.Refill(first.Body); err != nil {
			return nil, fmt.Errorf("replay: %w", err)
		}
	}
	rp.Status = first.Status
	for k, v := range first.Header {
		rp.With(k, v)
	}
	return rp.With("Idempotent-Replayed", "true"), nil
}

// answerOf is the part of a reply that is stored: all but its secrets.
func answerOf(rp *Reply) (storage.Answer, error) {
	bare := *rp
	if s, ok := rp.Data.(Secretive); ok {
		bare.Data = s.WithoutSecrets()
	}
	b, err := bare.encode()
	if err != nil {
		return storage.Answer{}, err
	}
	return storage.Answer{Status: rp.Status, Header: rp.Header, Body: b}, nil
}

// Keep is the Also of a verb: it stores, in the verb's last transaction, the
// answer that render makes of the result. It is nil without an idempotency key.
func Keep[T any](c *Call, render func(*T) *Reply) func(context.Context, storage.Tx, *T) error {
	if c.claim == nil {
		return nil
	}
	return func(ctx context.Context, tx storage.Tx, result *T) error {
		rp := render(result)
		answer, err := answerOf(rp)
		if err != nil {
			return err
		}
		answer.Provisional = rp.Provisional
		if err := c.claim.store.Finish(ctx, tx, c.claim.Claim, answer); err != nil {
			return err
		}
		c.claim.kept = &answer
		return nil
	}
}
