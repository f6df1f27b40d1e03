package vault

import (
	"context"
	"fmt"

	"github.com/evaultlib/evault/internal/canonjson"
	"github.com/evaultlib/evault/internal/eventlog"
	"github.com/evaultlib/evault/internal/validate"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/storage/standing"
	"github.com/evaultlib/evault/vault/custody"
	"github.com/evaultlib/evault/vault/internal/attestation"
)

// AttestRequest adds an attestation to paper that was vaulted without one.
type AttestRequest struct {
	OrgID, EnvelopeID string
	Attestation       custody.Attestation
	Actor             Actor

	// Also runs in the transaction that records the attestation, with the copy as it
	// is then and the id of the event. It does not run for a repeated call.
	Also func(ctx context.Context, tx storage.Tx, a *Attested) error
}

// Attested is the outcome of Attest.
type Attested struct {
	Copy    *custody.Original
	EventID string // of vault.attested; "" when the attestation came with the deposit
}

// Attest adds an attestation to paper that was vaulted without one, as an event that commits to it;
// nothing about the copy's bytes changes. It works once: repeating the same attestation returns
// created false, a different one is an *AlreadyVaultedError. *InvalidError for a document that was
// signed here, ErrNotVaulted, ErrReleased, ErrRecordAltered, translog.ErrRewound.
func (v *Vault) Attest(ctx context.Context, r AttestRequest) (a *Attested, created bool, err error) {
	var p validate.Problems
	p.Struct(r.Attestation)
	attestation.Check(&r.Attestation, &p, "", v.now())
	if err := p.Err(); err != nil {
		return nil, false, err
	}
	given := attestation.Clean(r.Attestation)
	c, err := v.Proven(ctx, r.OrgID, r.EnvelopeID)
	switch {
	case err != nil:
		return nil, false, fmt.Errorf("attest %s: %w", r.EnvelopeID, err)
	case c.Status == custody.StatusReleased:
		return nil, false, ErrReleased
	case c.Source.Kind != custody.SourcePaper:
		return nil, false, validate.Fail("attestation", "excluded", "is for paper documents only")
	}
	err = v.update(ctx, func(ctx context.Context, s Store) (err error) {
		a, created, err = v.attest(ctx, s, r, given)
		return err
	})
	if err != nil {
		return nil, false, fmt.Errorf("attest %s: %w", r.EnvelopeID, err)
	}
	return a, created, nil
}

// attest is Attest's transaction.
func (v *Vault) attest(ctx context.Context, s Store, r AttestRequest, given *custody.Attestation) (a *Attested, created bool, err error) {
	c, err := v.live(ctx, s, standing.Control, r.OrgID, r.EnvelopeID)
	if err != nil {
		return nil, false, err
	}
	if c.Attestation != nil {
		if !equal(c.Attestation, given) {
			return nil, false, &AlreadyVaultedError{Fields: []string{"attestation"}}
		}
		id, err := v.attestedBy(ctx, s, c)
		return &Attested{c, id}, false, err
	}
	b, err := canonjson.Marshal(given)
	if err != nil {
		return nil, false, err
	}
	events, err := v.chain.Append(ctx, s, eventlog.Draft{
		EnvelopeID: c.EnvelopeID, Type: event.VaultAttested, Actor: r.Actor, Data: event.AttestedData{
			CopyID: c.CopyID, Version: c.Version, SHA256: c.DocumentHash, AttestationSHA256: storage.Sum(b),
		},
		Detail: custody.AttestedDetail{Attestation: given},
	})
	if err != nil {
		return nil, false, err
	}
	c.Attestation = given
	if err := s.UpdateOriginal(ctx, c); err != nil {
		return nil, false, err
	}
	a = &Attested{c, events[0].ID}
	if err := also(ctx, s, r.Also, a); err != nil {
		return nil, false, err
	}
	return a, true, v.touched(ctx, s, c.EnvelopeID)
}

// attestedBy returns the id of the event that attested a copy, "" when the
// deposit did.
func (v *Vault) attestedBy(ctx context.Context, s Store, c *custody.Original) (string, error) {
	events, err := s.Events(ctx, c.EnvelopeID)
	for _, e := range events {
		if e.Type == event.VaultAttested {
			return e.ID, err
		}
	}
	return "", err
}
