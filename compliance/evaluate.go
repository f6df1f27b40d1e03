package compliance

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/evaultlib/evault/compliance/certificate"
	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/internal/canonjson"
	"github.com/evaultlib/evault/internal/environ"
	"github.com/evaultlib/evault/internal/eventlog"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/vault"
	"github.com/evaultlib/evault/vault/custody"
)

// Evaluation is what Evaluate found.
type Evaluation struct {
	EnvelopeID, EnvelopeName, CustomerID string
	EnvelopeStatus                       string
	certificate.Result
}

// system is the actor of background work.
var system = event.Actor{Kind: "system", ID: "compliance"}

// Evaluate runs every check of an envelope in any status and stores the result.
// If the result of a vaulted envelope differs from the last one, the event
// vault.compliance.passed or .failed is recorded and a certificate is due. The
// caller must have control of the copy or, before the deposit, be the
// originator. Errors: esign.ErrNotFound, vault.ErrNotController,
// storage.ErrUnavailable if a store is unavailable.
func (e *Engine) Evaluate(ctx context.Context, orgID, envelopeID string, actor event.Actor) (*Evaluation, error) {
	_, err := e.c.Vault.Original(ctx, orgID, envelopeID)
	if errors.Is(err, vault.ErrNotVaulted) {
		_, err = e.c.ESign.Status(ctx, orgID, envelopeID)
	}
	if err != nil {
		return nil, err
	}
	return e.evaluate(ctx, envelopeID, actor)
}

func (e *Engine) evaluate(ctx context.Context, envelopeID string, actor event.Actor) (*Evaluation, error) {
	ev, err := e.gather(ctx, envelopeID)
	if err != nil {
		return nil, fmt.Errorf("evaluate: %w", err)
	}
	r := ev.evaluate()
	if err := e.keep(ctx, ev, r, actor); err != nil {
		return nil, fmt.Errorf("evaluate %s: %w", envelopeID, err)
	}
	env := ev.envelope
	return &Evaluation{env.ID, env.Name, env.CustomerID, string(env.Status), r}, nil
}

// keep stores a result; what changed becomes an event.
func (e *Engine) keep(ctx context.Context, ev *evidence, r certificate.Result, actor event.Actor) error {
	row, err := e.row(ev, r)
	if err != nil {
		return err
	}
	return storage.Retry(ctx, func() error {
		return e.c.Store.InTx(ctx, func(ctx context.Context, s Store) error {
			before, err := last(ctx, s, row.EnvelopeID)
			if err != nil {
				return err
			}
			if before != nil && before.EvaluatedAt.After(row.EvaluatedAt) {
				return nil // a later one was faster
			}
			if err := s.PutEvaluation(ctx, row, before); err != nil {
				return err
			}
			if ev.original == nil || ev.released() { // the release itself told the envelope that nothing here is compliant
				return nil
			}
			changed := r.Compliant != nil && (before == nil || before.Digest != row.Digest)
			err = e.c.ESign.With(s.Tx()).Evaluated(ctx, esign.Evaluating{
				EnvelopeID: row.EnvelopeID, At: row.EvaluatedAt, Compliant: r.Compliant, Changed: changed,
			})
			if err != nil || !changed {
				return err
			}
			return e.announce(ctx, s, ev, r, row, actor)
		})
	})
}

// found is the result of a stored evaluation, recomputed from its checks; nil
// if its record contradicts them.
func (s StoredEvaluation) found() *bool {
	if r := s.result(); r != nil {
		return r.Compliant
	}
	return nil
}

// result is the result that a stored evaluation keeps; nil where its record
// contradicts its checks.
func (s StoredEvaluation) result() *certificate.Result {
	var r certificate.Result
	if canonjson.Unmarshal(s.Result, &r) != nil {
		return nil
	}
	again := r
	again.Checks = slices.Clone(r.Checks)
	again.Tally()
	if !sameJSON(again, r) || resultDigest(r) != s.Digest || !sameJSON(r.Compliant, s.Compliant) || !r.EvaluatedAt.Equal(s.EvaluatedAt) {
		return nil
	}
	return &r
}

// last returns the newest evaluation, nil when there is none.
func last(ctx context.Context, s Store, envelopeID string) (*StoredEvaluation, error) {
	row, err := s.LastEvaluation(ctx, envelopeID)
	if errors.Is(err, storage.ErrNotFound) {
		return nil, nil
	}
	return &row, err
}

func (e *Engine) row(ev *evidence, r certificate.Result) (StoredEvaluation, error) {
	b, err := canonjson.Marshal(r)
	if err != nil {
		return StoredEvaluation{}, err
	}
	row := StoredEvaluation{
		EnvelopeID: ev.envelope.ID, EvaluatedAt: ev.at, Compliant: r.Compliant, Score: r.Score, Digest: resultDigest(r), Result: b,
	}
	if ev.original != nil && ev.original.Status == custody.StatusVaulted {
		due := ev.at.Add(e.c.MaxAge)
		row.DueAt = &due
	}
	return row, nil
}

// resultDigest names what was found: which checks are satisfied, on what basis and under
// which regime.
func resultDigest(r certificate.Result) storage.Digest {
	found, basis := map[string]*bool{}, map[string]string{}
	for _, c := range r.Checks {
		found[c.ID], basis[c.ID] = c.Satisfied, c.Basis
	}
	return digestOf(map[string]any{"state": r.State, "regime": r.Regime, "satisfied": found, "basis": basis})
}

// announce appends the event of a changed result. The first result is certified
// together with the deposit; a later one asks for a certificate of its own.
func (e *Engine) announce(ctx context.Context, s Store, ev *evidence, r certificate.Result, row StoredEvaluation, actor event.Actor) error {
	kind := event.VaultComplianceFailed
	if *r.Compliant {
		kind = event.VaultCompliancePassed
	}
	events, err := e.chain.Append(ctx, s, eventlog.Draft{EnvelopeID: row.EnvelopeID, Type: kind, Actor: actor, Data: event.ComplianceData{
		CopyID: ev.original.CopyID, Regime: r.Regime, Compliant: *r.Compliant, Score: *r.Score, MissingRequirements: r.MissingRequirements,
		EvaluatedAt: environ.Format(r.EvaluatedAt.Time), EvaluationSHA256: storage.Sum(row.Result),
	}})
	if err != nil {
		return err
	}
	_, err = s.CertificateBySerial(ctx, row.EnvelopeID, 0)
	if errors.Is(err, storage.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return s.InsertDue(ctx, Due{
		CauseID: events[0].ID, CauseType: kind, EnvelopeID: row.EnvelopeID, OrgID: ev.original.OrgID,
		CreatedAt: events[0].RecordedAt, NextTry: events[0].RecordedAt,
	})
}

// Touched returns the function that a host gives to a vault as vault.Config.Touched.
// It is made of what an Engine is made of, because the vault comes before the
// Engine. The function takes the last evaluation back, in the transaction of an event
// that touches what the evaluation rests on (a download of the authoritative bytes,
// tampering): the envelope's Compliant is unknown until EvaluateDue, or a call, has
// evaluated it anew. now is Config.Now. Its errors: esign.ErrNotFound,
// *esign.StateError unless the envelope is vaulted.
func Touched(s Store, signing *esign.Engine, now func() time.Time) func(ctx context.Context, tx storage.Tx, envelopeID string) error {
	clock := environ.Clock(now)
	return func(ctx context.Context, tx storage.Tx, envelopeID string) error {
		if err := s.With(tx).ExpireEvaluation(ctx, envelopeID, clock()); err != nil {
			return fmt.Errorf("touched %s: %w", envelopeID, err)
		}
		return signing.With(tx).Unevaluated(ctx, envelopeID)
	}
}

// Outdate makes the last evaluation of an envelope due for EvaluateDue, in the
// transaction of an event that the evaluation does not know.
func (e *Engine) Outdate(ctx context.Context, tx storage.Tx, envelopeID string) error {
	return e.c.Store.With(tx).ExpireEvaluation(ctx, envelopeID, e.now())
}

// evaluateAgain is how long an envelope waits that EvaluateDue could not evaluate.
const evaluateAgain = time.Minute

// EvaluateDue evaluates vaulted envelopes whose last evaluation is older than
// Config.MaxAge or was taken back by Touched, at most limit, and returns how many
// it evaluated. An envelope that could not be evaluated is logged and tried again
// a minute later, so that it does not keep others waiting; an error is a store
// that does not answer.
func (e *Engine) EvaluateDue(ctx context.Context, limit int) (done int, err error) {
	ids, err := e.c.Store.EvaluationsDue(ctx, e.now(), limit)
	if err != nil {
		return 0, fmt.Errorf("evaluations due: %w", err)
	}
	for _, id := range ids {
		_, err := e.evaluate(ctx, id, system)
		if err == nil {
			done++
			continue
		}
		if ctx.Err() != nil {
			return done, ctx.Err()
		}
		e.c.Logger.WarnContext(ctx, "compliance: evaluation is due", "envelope_id", id, "error", err)
		if err := e.c.Store.ExpireEvaluation(ctx, id, e.now().Add(evaluateAgain)); err != nil {
			return done, fmt.Errorf("evaluations due: %w", err)
		}
	}
	return done, nil
}

// LastEvaluation returns what the last evaluation found; nil where the record of it
// contradicts the checks that it keeps. ErrNotFound of package storage when there
// was none.
func (e *Engine) LastEvaluation(ctx context.Context, envelopeID string) (*certificate.Result, error) {
	row, err := e.c.Store.LastEvaluation(ctx, envelopeID)
	if err != nil {
		return nil, err
	}
	return row.result(), nil
}
