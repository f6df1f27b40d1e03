package handover

import (
	"context"
	"fmt"
	"time"

	"github.com/evaultlib/evault/compliance"
	"github.com/evaultlib/evault/compliance/certificate"
	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/vault"
	"github.com/evaultlib/evault/vault/custody"
)

// Depositor is the organization that deposits.
type Depositor struct {
	OrgID     string
	LegalName string
	Capacity  custody.Capacity   // custody.CapacityPrincipal or custody.CapacityAgent
	Agreement *custody.Agreement // of an agent
}

// VaultInRequest asks to vault a completed envelope, or an uploaded paper
// document.
type VaultInRequest struct {
	EnvelopeID string
	Depositor  Depositor

	SecuredParty   *custody.Party          // default: the envelope's, else the depositor
	ControlKey     custody.ControlKey      // of SecuredParty; see vault.DepositRequest
	Custodian      custody.CustodianKind   // custody.CustodianSelf or custody.CustodianOperator; default: the vault's
	Regime         string                  // see compliance.Engine.Choose
	Jurisdiction   string                  // ISO 3166-1 or -2, such as US-NY; default: none is named
	Classification *custody.Classification // recorded; see compliance.Engine.Choose
	Attestation    *custody.Attestation    // paper only
	Assets         []custody.Asset         // what the contract is about; see vault.DepositRequest
	DocumentSHA256 storage.Digest          // of the completion, or the paper; "" is whichever is there
	Kind           string                  // esign.KindESign or esign.KindPaper; "" is either
	IfMatch        string                  // the envelope's ETag; "" is any

	Actor         event.Actor
	RequestID     string
	RequestSHA256 storage.Digest

	// Also runs in the deposit's transaction, with the record as it is then. It does
	// not run for a repeated call.
	Also func(ctx context.Context, tx storage.Tx, r *compliance.VaultRecord) error
}

// VaultIn vaults a document, evaluates and certifies it. A repeated call returns
// the same record and created false, unless the request contradicts the record.
//
// Errors: esign.ErrNotFound, esign.ErrPrecondition, *esign.StateError unless the
// envelope is completed or paper with its PDF, esign.ErrOriginalGivenOut,
// esign.ErrDocumentChanged, also when another document is uploaded meanwhile,
// *vault.AlreadyVaultedError, vault.ErrReleased, vault.ErrNotAnOriginal, vault.ErrAssetHeld,
// *storage.InvalidError, pades.ErrTimestampUnavailable, translog.ErrRewound,
// storage.ErrUnavailable.
func (e *Engine) VaultIn(ctx context.Context, r VaultInRequest) (rec *compliance.VaultRecord, created bool, err error) {
	regime, basis, err := e.c.Compliance.Choose(compliance.Choice{
		Regime: r.Regime, Jurisdiction: r.Jurisdiction, Classification: r.Classification,
	})
	if err != nil {
		return nil, false, err
	}
	done, err := e.c.ESign.Completion(ctx, r.Depositor.OrgID, r.EnvelopeID)
	if err != nil {
		return nil, false, err
	}
	if err := e.fits(ctx, r, done); err != nil {
		return nil, false, err
	}
	d := e.deposit(r, done)
	d.Regime, d.RegimeBasis = regime, basis
	copies, err := e.c.ESign.SignerCopies(ctx, r.EnvelopeID)
	if err != nil {
		return nil, false, err
	}
	for _, c := range copies {
		d.Source.Copies = append(d.Source.Copies, custody.SourceCopy{ID: c.ID, Object: c.Object, MadeAt: c.MadeAt, GivenTo: c.GivenTo, EventID: c.EventID})
	}
	copied, created, err := e.c.Vault.Deposit(ctx, d)
	if err != nil {
		return nil, false, err
	}
	err = e.c.Compliance.Certify(ctx, copied.EnvelopeID, copied.StoredEventID, r.Actor)
	if err != nil && !e.late(ctx, copied.EnvelopeID, err) {
		return nil, created, fmt.Errorf("vault in %s: %w", r.EnvelopeID, err)
	}
	if rec, err = e.c.Compliance.Record(ctx, r.Depositor.OrgID, r.EnvelopeID); err != nil {
		return nil, created, fmt.Errorf("vault in %s: %w", r.EnvelopeID, err)
	}
	return rec, created, nil
}

// fits compares the completion with what the request says of it.
func (e *Engine) fits(ctx context.Context, r VaultInRequest, done *esign.Completion) error {
	switch {
	case done.Object.Name == "": // disposed of
		return vault.ErrReleased
	case r.Kind != "" && r.Kind != done.Kind:
		status, err := e.c.ESign.Status(ctx, r.Depositor.OrgID, r.EnvelopeID)
		if err != nil {
			return err
		}
		return &esign.StateError{Verb: esign.VerbVault, Status: status.Status}
	case r.DocumentSHA256 != "" && r.DocumentSHA256 != done.Object.SHA256:
		return esign.ErrDocumentChanged
	case r.IfMatch == "":
		return nil
	}
	status, err := e.c.ESign.Status(ctx, r.Depositor.OrgID, r.EnvelopeID)
	if err != nil {
		return err
	}
	if status.ETag() != r.IfMatch {
		return esign.ErrPrecondition
	}
	return nil
}

// deposit makes the deposit of a request, but for its regime.
func (e *Engine) deposit(r VaultInRequest, done *esign.Completion) vault.DepositRequest {
	d := vault.DepositRequest{
		EnvelopeID: r.EnvelopeID, OrgID: r.Depositor.OrgID, OrgName: r.Depositor.LegalName, Capacity: r.Depositor.Capacity,
		Agreement: r.Depositor.Agreement, SecuredParty: r.SecuredParty, ControlKey: r.ControlKey, Custodian: r.Custodian,
		Jurisdiction: r.Jurisdiction, Classification: r.Classification, Attestation: r.Attestation, Assets: r.Assets,
		Actor: r.Actor, RequestID: r.RequestID, RequestSHA256: r.RequestSHA256, Also: e.deposited(r),
		Source: custody.Source{
			Kind: custody.SourceESign, Object: done.Object, DocumentSHA256: done.DocumentSHA256, Level: done.Level,
			Sealing: custody.Sealing{Mode: custody.SealingMode(done.Sealing.Mode), Reason: done.Sealing.Reason}, Name: done.Name, CustomerID: done.CustomerID,
			SignedSHA256: done.SignedSHA256,
		},
	}
	if done.Kind == esign.KindPaper {
		d.Source.Kind = custody.SourcePaper
	}
	if p := done.SecuredParty; d.SecuredParty == nil && p != nil {
		d.SecuredParty = &custody.Party{Name: p.Name, Identifier: p.Identifier, Email: p.Email}
	}
	return d
}

// deposited tells the e-sign engine of the deposit, which compares it with the
// envelope as it is then, and notes the certificate that is due, in the deposit's
// transaction.
func (e *Engine) deposited(r VaultInRequest) func(context.Context, storage.Tx, *custody.Original) error {
	return func(ctx context.Context, tx storage.Tx, c *custody.Original) error {
		if err := e.c.ESign.With(tx).Vaulted(ctx, esign.Vaulting{
			EnvelopeID: c.EnvelopeID, At: c.VaultedAt, Deposited: c.Source.Object.SHA256, DocumentHash: c.DocumentHash,
			IfMatch: r.IfMatch, Control: c.Regime != certificate.NoRegime,
		}); err != nil {
			return err
		}
		due := compliance.Due{CauseID: c.StoredEventID, CauseType: event.VaultStored, EnvelopeID: c.EnvelopeID, OrgID: c.OrgID, CreatedAt: c.VaultedAt}
		if err := e.note(ctx, tx, due); err != nil || r.Also == nil {
			return err
		}
		return r.Also(ctx, tx, &compliance.VaultRecord{Original: c})
	}
}

// headStart is how long HandoverDue leaves fresh work to the call that made it.
const headStart = 10 * time.Second

// note records that a certificate is due, first from the call that made the event.
func (e *Engine) note(ctx context.Context, tx storage.Tx, d compliance.Due) error {
	d.NextTry = d.CreatedAt.Add(headStart)
	return e.c.Compliance.Note(ctx, tx, d)
}
