package esign

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/evaultlib/evault/storage/event"

	"github.com/evaultlib/evault/internal/eventlog"
	"github.com/evaultlib/evault/internal/validate"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/standing"
)

// SendRequest sends a prepared envelope to the signers whose turn it is.
type SendRequest struct {
	OrgID, EnvelopeID string
	Actor             Actor
	IfMatch           string // an ETag; "" for any
	Also              func(ctx context.Context, tx storage.Tx, env *Envelope) error
}

// Send sends after a preflight of the sealer: *InvalidError with one field for
// each reason. *StateError unless preparing.
func (e *Engine) Send(ctx context.Context, r SendRequest) (*Envelope, error) {
	if err := e.Preflight(ctx); err != nil {
		return nil, err
	}
	return e.own().Send(ctx, r)
}

// Send is [Engine.Send] without the preflight, which contacts external
// services: call [Engine.Preflight] before the transaction.
func (j *Joined) Send(ctx context.Context, r SendRequest) (*Envelope, error) {
	return j.engine.update(ctx, j.store, r.EnvelopeID, func(ctx context.Context, s Store, env *Envelope) error {
		if err := env.allow(r.OrgID, r.IfMatch, VerbSend); err != nil {
			return err
		}
		e, now := j.engine, j.engine.now()
		sent, turn, err := env.send(now, r.Actor)
		if err != nil {
			return err
		}
		if err := e.giveTurn(ctx, s, env, turn, now); err != nil {
			return err
		}
		if _, err := e.save(ctx, s, env, sent); err != nil {
			return err
		}
		return also(ctx, s, r.Also, env)
	})
}

// Preflight checks whether an envelope sent now could be sealed: the
// certificate is valid and a configured time-stamp authority is available. A
// success is cached for Config.PreflightEvery.
func (e *Engine) Preflight(ctx context.Context) error {
	now := e.now()
	if last := e.preflight.Load(); last != 0 && now.Sub(time.UnixMicro(last)) < e.cfg.PreflightEvery {
		return nil
	}
	var p validate.Problems
	if err := e.cfg.Sealer.Check(ctx, now); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		reason := sealingReason(err)
		e.log.WarnContext(ctx, "esign: preflight failed", "reason", reason, "error", err)
		p.Add("send", reason, "the document could not be sealed now: %s", reason)
		return p.Err()
	}
	e.preflight.Store(now.UnixMicro())
	return nil
}

// send moves e to sent and returns its event, and the signers whose turn it is.
func (e *Envelope) send(now time.Time, actor Actor) (sent eventlog.Draft, turn []Signer, err error) {
	to, err := e.Status.After(VerbSend)
	if err != nil {
		return sent, nil, err
	}
	expires := now.AddDate(0, 0, e.ExpiresInDays)
	e.Status, e.SentAt, e.ExpiresAt = to, &now, &expires
	turn = e.nextTurn(now)
	return eventlog.Draft{
		EnvelopeID: e.ID, Type: event.EnvelopeSent, Actor: actor, Data: event.EnvelopeSentData{
			DocumentSHA256: e.Document.Object.SHA256, PreparedSHA256: e.Parts[0].SHA256,
			Notified: signerIDs(turn), ExpiresAt: expires.Format(time.RFC3339),
		},
	}, turn, nil
}

// nextTurn marks whose turn it is now and returns them: in parallel all, in
// sequence those of the lowest order that has not signed.
func (e *Envelope) nextTurn(now time.Time) []Signer {
	var turn []Signer
	order := -1
	for i := range e.Signers {
		s := &e.Signers[i]
		if s.Status == SignerSigned {
			continue
		}
		if order < 0 {
			order = s.Order
		}
		if e.SigningOrder == OrderSequential && s.Order != order {
			break
		}
		if s.Status == SignerWaiting {
			e.startTurn(s, now)
			turn = append(turn, *s)
		}
	}
	return turn
}

func (e *Engine) giveTurn(ctx context.Context, s Store, env *Envelope, turn []Signer, now time.Time) error {
	if len(turn) == 0 {
		return nil
	}
	if err := s.UpdateSigners(ctx, env.ID, turn...); err != nil {
		return err
	}
	return e.notify(ctx, s, env, turn, NoticeSign, env.Message, now)
}

// match judges If-Match.
func (e *Envelope) match(etag string) error {
	if etag != "" && etag != e.ETag() {
		return ErrPrecondition
	}
	return nil
}

// VoidRequest ends an envelope; Reason is required, at most 2,000 characters.
type VoidRequest struct {
	OrgID, EnvelopeID string
	Actor             Actor
	Reason            string
	IfMatch           string // an ETag; "" for any
	Also              func(ctx context.Context, tx storage.Tx, env *Envelope) error
}

// Void ends an envelope that not all signers have signed, or paper that is not
// vaulted; it returns the envelope if it was already voided. Signers who were
// invited get a notice. ErrAlreadySigned from the last signature on.
func (e *Engine) Void(ctx context.Context, r VoidRequest) (*Envelope, error) {
	return e.own().Void(ctx, r)
}

// Void is [Engine.Void].
func (j *Joined) Void(ctx context.Context, r VoidRequest) (*Envelope, error) {
	e := j.engine
	if err := checkReason(r.Reason, true); err != nil {
		return nil, err
	}
	return e.update(ctx, j.store, r.EnvelopeID, func(ctx context.Context, s Store, env *Envelope) error {
		if !env.may(r.OrgID, standing.ManageEnvelope) {
			return ErrNotFound
		}
		if err := env.match(r.IfMatch); err != nil {
			return err
		}
		to, err := env.Status.After(VerbVoid)
		if err != nil {
			if env.Kind == KindESign && env.SignersSigned == env.SignersTotal {
				return fmt.Errorf("%w: %w", ErrAlreadySigned, err)
			}
			return err
		}
		if env.Status != to {
			if err := e.void(ctx, s, env, to, r); err != nil {
				return err
			}
		}
		return also(ctx, s, r.Also, env)
	})
}

func (e *Engine) void(ctx context.Context, s Store, env *Envelope, to Status, r VoidRequest) error {
	env.Status, env.VoidReason = to, r.Reason
	if err := e.notify(ctx, s, env, env.told(""), NoticeVoided, r.Reason, e.now()); err != nil {
		return err
	}
	_, err := e.save(ctx, s, env, eventlog.Draft{
		EnvelopeID: env.ID, Type: event.EnvelopeVoided, Actor: r.Actor, Detail: event.VoidedDetail{Reason: r.Reason},
	})
	return err
}

// told are the signers who were notified, but not who has the id except.
func (e *Envelope) told(except string) []Signer {
	var told []Signer
	for _, s := range e.Signers {
		if s.Status != SignerWaiting && s.ID != except {
			told = append(told, s)
		}
	}
	return told
}

func checkReason(reason string, required bool) error {
	var p validate.Problems
	switch {
	case required && blank(reason):
		p.Add("reason", "required", "is required")
	case len([]rune(reason)) > 2000:
		p.Add("reason", "max", "must be at most 2000 characters")
	}
	text(&p, "reason", reason)
	return p.Err()
}

// ExpireDue records expiries that have passed, at most limit, and returns how
// many. Reads compare the time and do not depend on the record.
func (e *Engine) ExpireDue(ctx context.Context, limit int) (int, error) {
	ids, err := e.cfg.Store.Due(ctx, StatusExpired, e.now(), limit)
	if err != nil {
		return 0, fmt.Errorf("expire: %w", err)
	}
	n := 0
	for _, id := range ids {
		done, err := e.expire(ctx, id)
		if err != nil {
			return n, fmt.Errorf("expire %s: %w", id, err)
		}
		if done {
			n++
		}
	}
	return n, nil
}

func (e *Engine) expire(ctx context.Context, id string) (done bool, err error) {
	err = e.inTx(ctx, e.cfg.Store, func(ctx context.Context, s Store) (err error) {
		done, err = e.expireIn(ctx, s, id)
		return err
	})
	if errors.Is(err, storage.ErrNotFound) {
		return false, nil
	}
	return done, err
}

// expireIn records an expiry that has come in the transaction of s; done is false
// when another replica was first.
func (e *Engine) expireIn(ctx context.Context, s Store, id string) (done bool, err error) {
	env, err := s.Envelope(ctx, id)
	if err != nil {
		return false, err
	}
	to, err := env.Status.After(VerbExpire)
	if err != nil || env.ExpiresAt == nil || e.now().Before(*env.ExpiresAt) {
		return false, nil
	}
	env.Status = to
	if err := e.notify(ctx, s, env, env.told(""), NoticeExpired, "", e.now()); err != nil {
		return false, err
	}
	_, err = e.save(ctx, s, env, eventlog.Draft{
		EnvelopeID: env.ID, Type: event.EnvelopeExpired, Actor: system,
		Data: event.ExpiredData{ExpiresAt: env.ExpiresAt.Format(time.RFC3339Nano)},
	})
	return err == nil, err
}
