package httpapi

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/evaultlib/evault/storage"
)

const (
	claimLease = time.Minute
	keepAnswer = 24 * time.Hour
	tokenKeys  = 100 // new idempotency keys of one token in a day
)

// once runs the handler of a POST under the request's idempotency key: a claim
// commits first, the effect's last transaction stores the answer (see keep), and
// a repeat gets that answer. What has no effect leaves no claim behind.
func (a *API) once(c *call, scope string) (rp *reply, err error) {
	key, given, err := idempotencyKey(c.r.Header.Values("Idempotency-Key"))
	if err != nil || !given {
		if err != nil {
			return nil, err
		}
		return c.route.handle(a, c)
	}
	request, err := c.body.digest(c.r.Method, c.r.URL.EscapedPath())
	if err != nil {
		return nil, err
	}
	claim := storage.Claim{Scope: scope, Key: key, Request: request, Holder: a.newID("hld"), LeaseUntil: c.now.Add(claimLease)}
	if !c.route.forever {
		claim.KeepUntil, claim.Most = c.now.Add(keepAnswer), a.cfg.IdempotencyKeys
		if c.key == nil {
			claim.Most = tokenKeys
		}
	}
	first, err := a.cfg.Idempotency.Claim(c.ctx, claim, c.now)
	if errors.Is(err, storage.ErrTooMany) {
		c.retryAt = tomorrow(c.now)
	}
	if err != nil {
		return nil, err
	}
	if first != nil && !first.Provisional {
		return a.replay(c, first)
	}
	c.claim = &claim
	done := false
	defer func() { // also when the handler panics
		if !done {
			ctx, cancel := c.aside()
			defer cancel()
			_ = a.cfg.Idempotency.Abandon(ctx, claim) // its lease ends it otherwise
		}
	}()
	rp, err = c.route.handle(a, c)
	if err != nil {
		return nil, err
	}
	if first != nil { // it had begun: the verb went on, and this was its status
		rp.status = first.Status
	}
	if err := a.settle(c, rp); err != nil {
		return nil, err
	}
	done = true
	return rp, nil
}

// settle stores the final answer unless the effect's transaction stored the same.
func (a *API) settle(c *call, rp *reply) error {
	final, err := answerOf(rp)
	if err != nil {
		return err
	}
	if k := c.kept; k != nil && !k.Provisional && k.Status == final.Status && bytes.Equal(k.Body, final.Body) && maps.Equal(k.Header, final.Header) {
		return nil
	}
	ctx, cancel := c.aside()
	defer cancel()
	err = a.cfg.Idempotency.Finish(ctx, nil, *c.claim, final)
	if err != nil && c.kept != nil {
		return nil // the answer of the effect's transaction stands
	}
	return err
}

// aside is for what is noted of a call whether or not its client is still there.
func (c *call) aside() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(c.ctx), 5*time.Second)
}

func idempotencyKey(values []string) (key string, given bool, err error) {
	if len(values) == 0 {
		return "", false, nil
	}
	key = values[0]
	bad := len(values) != 1 || len(key) < 1 || len(key) > 255
	for i := range len(key) {
		bad = bad || key[i] <= ' ' || key[i] > '~'
	}
	if bad {
		return "", false, &badRequest{"bad_idempotency_key", "Idempotency-Key must be 1 to 255 visible ASCII characters"}
	}
	return key, true, nil
}

// replay answers with the stored first answer, its secrets made anew.
func (a *API) replay(c *call, first *storage.Answer) (*reply, error) {
	rp := &reply{status: first.Status, raw: first.Body}
	if c.route.refill != nil {
		var err error
		if rp, err = c.route.refill(a, c, first.Body); err != nil {
			return nil, fmt.Errorf("replay: %w", err)
		}
		rp.status = first.Status
	}
	for k, v := range first.Header {
		rp.with(k, v)
	}
	return rp.with("Idempotent-Replayed", "true"), nil
}

// answerOf is what is stored of a reply: without its secrets.
func answerOf(rp *reply) (storage.Answer, error) {
	bare := *rp
	if s, ok := rp.data.(interface{ withoutSecrets() any }); ok {
		bare.data = s.withoutSecrets()
	}
	b, err := bare.encode()
	if err != nil {
		return storage.Answer{}, err
	}
	return storage.Answer{Status: rp.status, Header: rp.header, Body: b}, nil
}

// keep is the Also of a verb: it stores, in the verb's last transaction, the
// answer that render makes of the result. It is nil without an idempotency key.
func keep[T any](a *API, c *call, render func(*T) *reply) func(context.Context, storage.Tx, *T) error {
	if c.claim == nil {
		return nil
	}
	return func(ctx context.Context, tx storage.Tx, result *T) error {
		rp := render(result)
		answer, err := answerOf(rp)
		if err != nil {
			return err
		}
		answer.Provisional = rp.provisional
		if err := a.cfg.Idempotency.Finish(ctx, tx, *c.claim, answer); err != nil {
			return err
		}
		c.kept = &answer
		return nil
	}
}
