package esign

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/evaultlib/evault/storage/event"

	"github.com/evaultlib/evault/esign/pades"
	"github.com/evaultlib/evault/internal/eventlog"
	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/acroform"
	"github.com/evaultlib/evault/internal/pdf/typeset"
	"github.com/evaultlib/evault/storage"
)

// Sealer seals completed documents; *pades.Sealer is one.
type Sealer interface {
	Seal(ctx context.Context, r pades.SealRequest) (*pades.Seal, error)
	// Check reports whether a seal could be made at that time.
	Check(ctx context.Context, at time.Time) error
}

// sealReason is /Reason of the seal. It and the legend say in the file itself
// where the authoritative copy is.
const sealReason = "All parties have signed. " + legend

// Reasons why a seal waits, as SealingError and as rules of a failed preflight.
const (
	SealingTimestamp   = "timestamp_unavailable"
	SealingCertificate = "certificate_invalid"
	SealingStorage     = "storage_unavailable"
	SealingDocument    = "not_extendable"
	SealingFailed      = "failed"
)

func sealingReason(err error) string {
	for _, r := range []struct {
		is     error
		reason string
	}{
		{pades.ErrTimestampUnavailable, SealingTimestamp},
		{pades.ErrCertificateInvalid, SealingCertificate},
		{pades.ErrNotExtendable, SealingDocument},
		{storage.ErrUnavailable, SealingStorage},
		{storage.ErrBlobMissing, SealingStorage},
		{storage.ErrDigest, SealingStorage},
	} {
		if errors.Is(err, r.is) {
			return r.reason
		}
	}
	return SealingFailed
}

// errSealed: another replica sealed first.
var errSealed = errors.New("esign: already sealed")

// Seal seals an envelope after its last signature and returns its Completion;
// for a completed envelope it returns the same Completion. *StateError before
// the last signature; ErrSealWaits when the seal cannot be made now, and
// SealingError says why.
func (e *Engine) Seal(ctx context.Context, envelopeID string) (*Completion, error) {
	var failed error
	err := e.seal(ctx, envelopeID, nil, func(_ context.Context, _ Store, env *Envelope) error {
		failed = nil
		if env.Status == StatusSigned {
			failed = fmt.Errorf("%w: %s", ErrSealWaits, env.SealingError)
		}
		return nil
	})
	if err == nil {
		err = failed
	}
	if err != nil {
		return nil, err
	}
	return e.completion(ctx, envelopeID)
}

// seal tries to seal and runs tell in the transaction that records the outcome:
// completed, or still signed with the SealingError. Only what is no outcome is
// an error: the context's end, a database that does not answer, tell's own.
// whole is the signed document where the caller has it.
func (e *Engine) seal(ctx context.Context, envelopeID string, whole *storage.Content, tell func(context.Context, Store, *Envelope) error) error {
	env, err := e.cfg.Store.Envelope(ctx, envelopeID)
	if err != nil {
		return notFound(err)
	}
	if env.Sealed == nil {
		if _, err := env.Status.After(VerbSeal); err != nil {
			return err
		}
		sealed, err := e.makeSealed(ctx, env, whole)
		if err != nil {
			return e.postponeSeal(ctx, envelopeID, err, tell)
		}
		if err := e.complete(ctx, envelopeID, sealed, tell); !errors.Is(err, errSealed) {
			return err
		}
	}
	return e.tell(ctx, envelopeID, tell)
}

// tell runs fn on an envelope as it is, in a transaction.
func (e *Engine) tell(ctx context.Context, envelopeID string, fn func(context.Context, Store, *Envelope) error) error {
	return e.inTx(ctx, e.cfg.Store, func(ctx context.Context, s Store) error {
		env, err := s.Envelope(ctx, envelopeID)
		if err != nil {
			return err
		}
		return fn(ctx, s, env)
	})
}

// makeSealed appends certificate of completion and seal and stages the whole.
func (e *Engine) makeSealed(ctx context.Context, env *Envelope, whole *storage.Content) (_ *Sealed, err error) {
	if whole == nil || whole.SHA256() != env.last().SHA256 {
		if whole, err = e.assemble(ctx, env); err != nil {
			return nil, err
		}
	}
	evidence, err := e.Evidence(ctx, env.ID)
	if err != nil {
		return nil, err
	}
	reported, pages, lock, err := e.appendReport(ctx, whole, evidence)
	if err != nil {
		return nil, err
	}
	seal, err := e.cfg.Sealer.Seal(ctx, pades.SealRequest{
		Lock: lock, PDF: reported.Bytes(), Hashed: reported.State(), Reason: sealReason, At: e.now(),
		Limits: pades.Limits{Bytes: reported.Size() + 1},
	})
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	o, err := e.cfg.Objects.StageContent(ctx, storage.KindCompletion, e.cfg.NewID("cmp"), reported.Append(seal.Appended))
	if err != nil {
		return nil, err
	}
	return &Sealed{Object: o, Pages: pages, Level: seal.Level, TimeSource: seal.TimeSource}, nil
}

// appendReport appends the certificate of completion. pages is how many pages the
// document has with it, and lock what the seal must lock.
func (e *Engine) appendReport(
	ctx context.Context, doc *storage.Content, evidence *Evidence,
) (reported *storage.Content, pages int, lock *pades.Lock, err error) {
	d, err := pdf.Open(doc.Bytes(), e.grown())
	if err != nil {
		return nil, 0, nil, fmt.Errorf("completed document: %w", err)
	}
	own, err := d.Pages()
	if err != nil {
		return nil, 0, nil, fmt.Errorf("completed document: %w", err)
	}
	if lock, err = lockOf(d); err != nil {
		return nil, 0, nil, err
	}
	report, added, err := typeset.AppendTo(ctx, d, e.report(evidence))
	if err != nil {
		return nil, 0, nil, fmt.Errorf("certificate of completion: %w", err)
	}
	return doc.Append(report), len(own) + added, lock, nil
}

// lockOf freezes all form fields that a document has, so that every reader shows
// as a change what is filled in later (ISO 32000-2 12.8.2.4). Later seals have
// fields of their own. It is nil for a document without fields.
func lockOf(d *pdf.Document) (*pades.Lock, error) {
	roots, err := acroform.FieldNames(d)
	if err != nil {
		return nil, fmt.Errorf("form fields of the completed document: %w", err)
	}
	delete(roots, "")
	if len(roots) == 0 {
		return nil, nil
	}
	return &pades.Lock{Action: pades.LockInclude, Fields: slices.Sorted(maps.Keys(roots))}, nil
}

// complete makes the envelope completed; errSealed when it no longer waits.
func (e *Engine) complete(ctx context.Context, envelopeID string, sealed *Sealed, tell func(context.Context, Store, *Envelope) error) error {
	return e.inTx(ctx, e.cfg.Store, func(ctx context.Context, s Store) error {
		env, err := s.Envelope(ctx, envelopeID)
		if err != nil {
			return err
		}
		to, err := env.Status.After(VerbSeal)
		if err != nil {
			return errSealed
		}
		if err := s.LinkBlob(ctx, sealed.Object.Name, e.now()); err != nil {
			return fmt.Errorf("link %s: %w", sealed.Object.Name, err)
		}
		events, err := e.stamper.Append(ctx, s, eventlog.Draft{
			EnvelopeID: env.ID, Type: event.EnvelopeCompleted, Actor: system, Data: event.CompletedData{
				CompletionSHA256: sealed.Object.SHA256, CompletionSize: sealed.Object.Size, Pages: sealed.Pages,
				DocumentSHA256: env.last().SHA256, Level: sealed.Level,
			},
		})
		if err != nil {
			return err
		}
		done := *sealed
		done.Head = headOf(events[0])
		env.Status, env.Sealed, env.CompletedAt = to, &done, &events[0].RecordedAt
		env.SealingError, env.SealAfter = "", nil
		if err := e.notify(ctx, s, env, env.Signers, NoticeCompleted, "", events[0].RecordedAt); err != nil {
			return err
		}
		if err := env.write(ctx, s, events[0].RecordedAt); err != nil {
			return err
		}
		return tell(ctx, s, env)
	})
}

// postponeSeal records why a seal must wait and when it is tried again: after
// 15 s, doubling to 1 h.
func (e *Engine) postponeSeal(ctx context.Context, envelopeID string, cause error, tell func(context.Context, Store, *Envelope) error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	reason := sealingReason(cause)
	e.log.WarnContext(ctx, "esign: document cannot be sealed yet", "envelope_id", envelopeID, "reason", reason, "error", cause)
	return e.inTx(ctx, e.cfg.Store, func(ctx context.Context, s Store) error {
		env, err := s.Envelope(ctx, envelopeID)
		if err != nil {
			return err
		}
		if env.Status == StatusSigned {
			now := e.now()
			next := now.Add(min(15*time.Second<<min(env.SealAttempts, 20), time.Hour))
			env.SealingError, env.SealAfter = reason, &next
			env.SealAttempts++
			if err := env.write(ctx, s, now); err != nil {
				return err
			}
		}
		return tell(ctx, s, env)
	})
}

// SealDue seals signed envelopes whose next attempt is due, at most limit, and
// returns how many it sealed.
func (e *Engine) SealDue(ctx context.Context, limit int) (int, error) {
	ids, err := e.cfg.Store.Due(ctx, StatusSigned, e.now(), limit)
	if err != nil {
		return 0, fmt.Errorf("seal: %w", err)
	}
	n := 0
	for _, id := range ids {
		err := e.seal(ctx, id, nil, func(_ context.Context, _ Store, env *Envelope) error {
			if env.Status != StatusSigned {
				n++
			}
			return nil
		})
		if err != nil && !errors.Is(err, ErrState) {
			return n, fmt.Errorf("seal %s: %w", id, err)
		}
	}
	return n, nil
}
