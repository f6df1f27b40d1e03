package compliance

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/evaultlib/evault/compliance/certificate"
	"github.com/evaultlib/evault/internal/eventlog"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/vault"
	"github.com/evaultlib/evault/vault/keyring"
)

// Issue issues the certificate that the event cause asks for, and returns the
// same one when it is asked again: one certificate for each cause, whatever the
// evaluation found. Errors: vault.ErrNotVaulted, ErrCertificatePending while the
// events that it rests on are not in the log, storage.ErrUnavailable.
func (e *Engine) Issue(ctx context.Context, envelopeID, cause string) (*certificate.Certificate, error) {
	c, err := e.issued(ctx, envelopeID, cause)
	if err == nil || !errors.Is(err, storage.ErrNotFound) {
		return c, err
	}
	ev, err := e.gather(ctx, envelopeID)
	if err != nil {
		return nil, fmt.Errorf("issue: %w", err)
	}
	return e.issue(ctx, ev, ev.evaluate(), cause)
}

// issued returns the certificate of a cause; storage.ErrNotFound.
func (e *Engine) issued(ctx context.Context, envelopeID, cause string) (*certificate.Certificate, error) {
	s, err := e.c.Store.CertificateByCause(ctx, envelopeID, cause)
	if err != nil {
		return nil, err
	}
	keys, err := e.Keys(ctx)
	if err != nil {
		return nil, err
	}
	return s.open(keys)
}

func (e *Engine) issue(ctx context.Context, ev *evidence, r certificate.Result, cause string) (*certificate.Certificate, error) {
	if ev.original == nil {
		return nil, vault.ErrNotVaulted
	}
	c, err := e.draft(ev, r, cause)
	if err != nil {
		return nil, fmt.Errorf("issue %s: %w", ev.envelope.ID, err)
	}
	var out *certificate.Certificate
	err = storage.Retry(ctx, func() (err error) {
		out, err = e.sign(ctx, *c)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("issue %s: %w", ev.envelope.ID, err)
	}
	return out, nil
}

// sign gives a draft the next serial, signs and stores it.
func (e *Engine) sign(ctx context.Context, c certificate.Certificate) (*certificate.Certificate, error) {
	envelopeID := c.Subject.EnvelopeID
	if done, err := e.issued(ctx, envelopeID, c.Cause.EventID); err == nil || !errors.Is(err, storage.ErrNotFound) {
		return done, err
	}
	before, err := e.c.Store.CertificateBySerial(ctx, envelopeID, 0)
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return nil, err
	}
	c.Serial, c.ID = before.Serial+1, e.c.NewID("crt")
	if before.Serial > 0 {
		c.Supersedes = &before.ID
	}
	if c.IssuedAt = certificate.At(e.now()); c.IssuedAt.Before(c.AsOf.Time) {
		c.IssuedAt = c.AsOf
	}
	if err := e.CertificateKeys().Check(keyring.Certificate, e.keyID, c.IssuedAt.Time); err != nil {
		return nil, err
	}
	if c.JWS, err = c.Sign(e.c.Signer, e.keyID); err != nil {
		return nil, err
	}
	row := StoredCertificate{
		ID: c.ID, EnvelopeID: envelopeID, Serial: c.Serial, CauseID: c.Cause.EventID, IssuedAt: c.IssuedAt.Time,
		SHA256: storage.Sum([]byte(c.JWS)), JWS: c.JWS,
	}
	err = e.c.Store.InTx(ctx, func(ctx context.Context, s Store) error {
		if err := s.InsertCertificate(ctx, row); err != nil {
			return err
		}
		_, err := e.chain.Append(ctx, s, eventlog.Draft{EnvelopeID: envelopeID, Type: event.CertificateIssued, Actor: system, Data: event.CertificateIssuedData{
			CertificateID: c.ID, Serial: c.Serial, Cause: c.Cause.EventID, CertificateSHA256: row.SHA256,
		}})
		if err != nil {
			return err
		}
		return s.DeleteDue(ctx, c.Cause.EventID)
	})
	return &c, err
}

// repeats reports whether a certificate repeats what events of this type say.
func repeats(kind string) bool {
	switch kind {
	case event.EnvelopeSigned, event.VaultStored, event.VaultAttested, event.VaultReleased:
		return true
	}
	return strings.HasPrefix(kind, "custody.")
}

// restsOn reports whether a certificate proves events of this type.
func restsOn(kind string) bool {
	switch kind {
	case event.EnvelopeCompleted, event.VaultCompliancePassed, event.VaultComplianceFailed:
		return true
	}
	return repeats(kind)
}

// logProof proves the events that the certificate rests on, the last integrity
// check and the cause among them; ErrCertificatePending while the cause is not in
// the log.
func (ev *evidence) logProof(cause event.Event) (certificate.LogProof, error) {
	if ev.log.err != nil {
		return certificate.LogProof{}, ev.log.err
	}
	cp := ev.log.checkpoint
	p := certificate.LogProof{Origin: cp.Origin, TreeSize: cp.Size, RootHash: cp.Root.String(), Checkpoint: cp.Note, Entries: []certificate.LogEntry{}}
	if _, ok := ev.log.proofs[cause.ID]; !ok {
		if err := ev.log.missing[cause.ID]; err != nil {
			return p, err
		}
		return p, ErrCertificatePending
	}
	for _, e := range ev.events {
		if _, ok := ev.log.proofs[e.ID]; !ok && repeats(e.Type) {
			if err := ev.log.missing[e.ID]; err != nil {
				return p, err
			}
			return p, ErrCertificatePending
		}
	}
	checked := ev.ofType(event.VaultIntegrityChecked)
	for _, e := range ev.events {
		last := len(checked) > 0 && e.ID == checked[len(checked)-1].ID
		if x, ok := ev.log.proofs[e.ID]; ok && (last || e.ID == cause.ID || restsOn(e.Type)) {
			p.Entries = append(p.Entries, x)
		}
	}
	return p, nil
}

// Certificate returns a certificate of the organization's envelope; serial 0 is
// the newest. A former controller gets those that name it as the controller; one to
// whom control is offered gets all. Errors: vault.ErrNotVaulted, ErrCertificateNotFound, and
// ErrCertificatePending where the newest is not issued yet, or a release that was
// begun is not complete; vault.ErrRecordAltered where the newest says that the
// original is here and the vault's records do not bear it out; translog.ErrRewound
// while the database is behind the anchors of the log, for then the newest
// certificate may be one that it does not know.
func (e *Engine) Certificate(ctx context.Context, orgID, envelopeID string, serial int) (*certificate.Certificate, error) {
	if err := e.c.Log.CheckRecent(ctx); err != nil {
		return nil, fmt.Errorf("certificate of %s: %w", envelopeID, err)
	}
	own, err := e.c.Vault.SeesCertificates(ctx, orgID, envelopeID)
	if err != nil {
		return nil, err
	}
	if own {
		return e.ownCertificate(ctx, orgID, envelopeID, serial)
	}
	s, err := e.c.Store.CertificateBySerial(ctx, envelopeID, serial)
	if errors.Is(err, storage.ErrNotFound) {
		if serial == 0 {
			return nil, ErrCertificatePending
		}
		return nil, ErrCertificateNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("certificate of %s: %w", envelopeID, err)
	}
	keys, err := e.Keys(ctx)
	if err != nil {
		return nil, fmt.Errorf("certificate of %s: %w", envelopeID, err)
	}
	c, err := s.open(keys)
	if err != nil {
		return nil, fmt.Errorf("certificate of %s: %w", envelopeID, err)
	}
	// Once a release was begun no answer may say that the original is here.
	if serial == 0 && c.AuthoritativeCopy.HeldHere {
		if held, err := e.c.Vault.Held(ctx, envelopeID); err != nil || !held {
			return nil, cmp.Or(err, ErrCertificatePending)
		}
	}
	return c, nil
}

// ownCertificate returns a certificate that names the organization as the controller;
// serial 0 is the newest of them.
func (e *Engine) ownCertificate(ctx context.Context, orgID, envelopeID string, serial int) (*certificate.Certificate, error) {
	list, err := e.c.Store.Certificates(ctx, envelopeID)
	if err != nil {
		return nil, fmt.Errorf("certificates of %s: %w", envelopeID, err)
	}
	keys, err := e.Keys(ctx)
	if err != nil {
		return nil, fmt.Errorf("certificates of %s: %w", envelopeID, err)
	}
	for _, s := range slices.Backward(list) {
		if serial != 0 && s.Serial != serial {
			continue
		}
		c, err := s.open(keys)
		if err != nil {
			return nil, fmt.Errorf("certificate of %s: %w", envelopeID, err)
		}
		if c.Controller.Identifier == orgID {
			return c, nil
		}
	}
	return nil, ErrCertificateNotFound
}

// State says whether a certificate is the newest of its envelope and what it says of
// the original still holds; vault.ErrRecordAltered and translog.ErrRewound as for
// Certificate.
func (e *Engine) State(ctx context.Context, certificateID string) (string, error) {
	if err := e.c.Log.CheckRecent(ctx); err != nil {
		return "", fmt.Errorf("certificate %s: %w", certificateID, err)
	}
	s, err := e.c.Store.CertificateByID(ctx, certificateID)
	if errors.Is(err, storage.ErrNotFound) {
		return certificate.StateUnknown, nil
	}
	if err != nil {
		return "", fmt.Errorf("certificate %s: %w", certificateID, err)
	}
	newest, err := e.c.Store.CertificateBySerial(ctx, s.EnvelopeID, 0)
	if err != nil {
		return "", fmt.Errorf("certificate %s: %w", certificateID, err)
	}
	due, err := e.c.Store.DueOf(ctx, s.EnvelopeID) // certificates that supersede this one
	if err != nil {
		return "", fmt.Errorf("certificate %s: %w", certificateID, err)
	}
	if newest.ID != s.ID || len(due) > 0 {
		return certificate.StateSuperseded, nil
	}
	keys, err := e.Keys(ctx)
	if err != nil {
		return "", fmt.Errorf("certificate %s: %w", certificateID, err)
	}
	c, err := s.open(keys)
	if err != nil {
		return "", fmt.Errorf("certificate %s: %w", certificateID, err)
	}
	held, err := e.c.Vault.Held(ctx, s.EnvelopeID)
	switch {
	case err != nil:
		return "", fmt.Errorf("certificate %s: %w", certificateID, err)
	case c.AuthoritativeCopy.HeldHere && !held:
		return certificate.StateSuperseded, nil
	}
	return certificate.StateCurrent, nil
}
