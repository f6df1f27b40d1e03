package esign

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/evaultlib/evault/storage/event"

	"github.com/evaultlib/evault/storage"
)

// Joined has the verbs that execute only SQL, inside a transaction opened by
// the host. Nothing is retried inside it: storage.ErrRetry asks the host to run
// its whole transaction again.
type Joined struct {
	engine *Engine
	store  Store
}

// With joins tx, which the backend of Config.Store has made
// (sqlstore's Join for a host's own transaction).
func (e *Engine) With(tx storage.Tx) *Joined { return &Joined{e, e.cfg.Store.With(tx)} }

func (e *Engine) own() *Joined { return &Joined{e, e.cfg.Store} }

// Vaulting describes a deposit in the vault.
type Vaulting struct {
	EnvelopeID   string
	At           time.Time
	Deposited    storage.Digest // of the completion, or the paper, as it was handed in
	DocumentHash storage.Digest // of the authoritative copy made of it
	IfMatch      string         // the envelope's ETag; "" for any
	Control      bool           // under a regime that requires one authoritative copy
}

// Vaulted records that the completion, or the paper, is now an authoritative
// copy. It compares envelope and document as they are in this transaction:
// ErrPrecondition when IfMatch names another state, *StateError unless the
// envelope is completed, or paper with its PDF, ErrDocumentChanged when
// Deposited is not the digest of that, ErrOriginalGivenOut for Control over what
// a signer holds, too.
func (j *Joined) Vaulted(ctx context.Context, v Vaulting) error {
	return j.record(ctx, v.EnvelopeID, VerbVault, v.IfMatch, func(ctx context.Context, s Store, env *Envelope) error {
		if env.finished().SHA256 != v.Deposited {
			return ErrDocumentChanged
		}
		env.VaultedAt, env.DocumentHash = &v.At, v.DocumentHash
		if !v.Control {
			return nil
		}
		return notGivenOut(ctx, s, env)
	})
}

// notGivenOut comes after env was read: what is given out later moves its
// revision.
func notGivenOut(ctx context.Context, s Store, env *Envelope) error {
	events, err := s.Events(ctx, env.ID, 0, 0)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(events, func(e Event) bool { return e.Type == event.EnvelopeCompletionGivenOut }) {
		return ErrOriginalGivenOut
	}
	return nil
}

// DocumentHash records the digest of a new version of the authoritative copy.
// It leaves the last evaluation behind.
func (j *Joined) DocumentHash(ctx context.Context, envelopeID string, sha storage.Digest) error {
	return j.record(ctx, envelopeID, VerbEvaluate, "", func(ctx context.Context, s Store, env *Envelope) error {
		env.DocumentHash = sha
		return s.SetEvaluation(ctx, env.ID, env.Status, nil, nil)
	})
}

// Evaluating is the result of an evaluation.
type Evaluating struct {
	EnvelopeID string
	At         time.Time
	Compliant  *bool
	Changed    bool // the result differs from the last one, which is recorded as an event
}

// Evaluated records an evaluation. It leaves the envelope's revision and
// UpdatedAt alone unless the result has changed.
func (j *Joined) Evaluated(ctx context.Context, v Evaluating) error {
	return j.evaluated(ctx, v.EnvelopeID, v.Compliant, &v.At, v.Changed)
}

// Unevaluated invalidates the last evaluation, because of an event that affects its evidence:
// Compliant is unknown, EvaluatedAt stays the time of that evaluation, and the envelope has a new
// revision.
func (j *Joined) Unevaluated(ctx context.Context, envelopeID string) error {
	return j.evaluated(ctx, envelopeID, nil, nil, true)
}

func (j *Joined) evaluated(ctx context.Context, envelopeID string, compliant *bool, at *time.Time, changed bool) error {
	_, err := j.engine.update(ctx, j.store, envelopeID, func(ctx context.Context, s Store, env *Envelope) error {
		if _, err := env.Status.After(VerbEvaluate); err != nil {
			return err
		}
		if changed {
			if _, err := j.engine.save(ctx, s, env); err != nil {
				return err
			}
		}
		return s.SetEvaluation(ctx, env.ID, env.Status, compliant, at)
	})
	return err
}

// Attesting describes an attestation made after the deposit.
type Attesting struct {
	EnvelopeID string
	IfMatch    string // the envelope's ETag; "" for any
}

// Attested invalidates the last evaluation, because its evidence has changed. It
// compares the envelope as it is in this transaction: ErrPrecondition when IfMatch
// names another state, *StateError unless the envelope is vaulted or released.
func (j *Joined) Attested(ctx context.Context, a Attesting) error {
	return j.record(ctx, a.EnvelopeID, VerbEvaluate, a.IfMatch, func(_ context.Context, _ Store, env *Envelope) error {
		env.Compliant = nil
		return nil
	})
}

// Releasing describes a release from the vault.
type Releasing struct {
	EnvelopeID string
	At         time.Time
	IfMatch    string // the envelope's ETag; "" for any
}

// Released records that the authoritative copy was released. It compares the
// envelope as it is in this transaction: ErrPrecondition when IfMatch names
// another state, *StateError unless the envelope is vaulted.
func (j *Joined) Released(ctx context.Context, r Releasing) error {
	return j.record(ctx, r.EnvelopeID, VerbRelease, r.IfMatch, func(ctx context.Context, s Store, env *Envelope) error {
		no := false
		env.ReleasedAt = &r.At
		return s.SetEvaluation(ctx, env.ID, StatusVaulted, &no, nil)
	})
}

// Dispose deletes the bytes of a released envelope after the vault has deleted its own: the
// document, the parts and the completion. The record stays, with all digests, signers, fields and
// events; reading the document is ErrDisposed from then on. Repeating it changes nothing.
// *StateError unless the envelope is released.
func (j *Joined) Dispose(ctx context.Context, envelopeID string) error {
	return j.record(ctx, envelopeID, VerbDispose, "", func(ctx context.Context, s Store, env *Envelope) error {
		at := j.engine.now()
		for _, name := range env.objects() {
			if err := s.UnlinkBlob(ctx, name, at); err != nil && !errors.Is(err, storage.ErrNotFound) {
				return err
			}
		}
		if env.Sealed != nil {
			env.Sealed.Object.Name = ""
		}
		return s.ForgetObjects(ctx, envelopeID)
	})
}

// objects names the unmarked bytes that e consists of.
func (e *Envelope) objects() []string {
	var names []string
	if e.Document != nil {
		names = append(names, e.Document.Object.Name)
	}
	for _, p := range e.Parts {
		names = append(names, p.Object.Name)
	}
	if e.Sealed != nil {
		names = append(names, e.Sealed.Object.Name)
	}
	return slices.DeleteFunc(names, func(name string) bool { return name == "" })
}

// record changes the row for what another engine did, whose own events tell it.
func (j *Joined) record(
	ctx context.Context, envelopeID string, v Verb, ifMatch string, change func(context.Context, Store, *Envelope) error,
) error {
	_, err := j.engine.update(ctx, j.store, envelopeID, func(ctx context.Context, s Store, env *Envelope) error {
		if err := env.match(ifMatch); err != nil {
			return err
		}
		to, err := env.Status.After(v)
		if err != nil {
			return err
		}
		env.Status = to
		if err := change(ctx, s, env); err != nil {
			return err
		}
		_, err = j.engine.save(ctx, s, env)
		return err
	})
	return err
}
