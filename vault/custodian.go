package vault

import (
	"context"
	"crypto"
	"fmt"

	"github.com/evaultlib/evault/internal/canonjson"
	"github.com/evaultlib/evault/internal/environ"
	"github.com/evaultlib/evault/internal/eventlog"
	"github.com/evaultlib/evault/internal/jws"
	"github.com/evaultlib/evault/internal/validate"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/storage/standing"
	"github.com/evaultlib/evault/vault/custody"
	"github.com/evaultlib/evault/vault/keyring"
)

// parties resolves the assignee, controller and custodian of a deposit.
func (v *Vault) parties(r *DepositRequest, p *validate.Problems) (assignee custody.Party, controller custody.Controller, custodian custody.Holder) {
	own := custody.Party{Name: r.OrgName, Identifier: r.OrgID}
	assignee, controller = own, custody.Controller{Party: own, OrgID: r.OrgID, BoundBy: custody.BoundByOrganization}
	if s := r.SecuredParty; s != nil && s.Identifier != r.OrgID {
		assignee, controller.BoundBy = *s, custody.BoundByNone
		if r.Capacity == custody.CapacityAgent {
			controller.BoundBy = custody.BoundByAgent
		}
	} else if s != nil {
		assignee.Email = s.Email
	}
	if r.ControlKey != "" {
		controller = custody.Controller{Party: assignee, OrgID: r.OrgID, BoundBy: custody.BoundByControlKey, ControlKey: r.ControlKey}
		_, err := custody.ParseControlKey([]byte(r.ControlKey))
		p.Take(err)
		if r.SecuredParty == nil {
			p.Add("secured_party", "required", "is required with a control key")
		}
	}
	custodian = v.holder(r.Custodian, own, p)
	if assignee.Identifier != r.OrgID && controller.BoundBy != custody.BoundByAgent && custodian.Kind == custody.CustodianOperator && custodian.Party.Identifier == r.OrgID {
		p.Add("custodian", "custodian_is_transferor", "the custodian must not be the transferor")
	}
	return assignee, controller, custodian
}

// holder resolves who keeps a copy for the controller own.
func (v *Vault) holder(kind custody.CustodianKind, own custody.Party, p *validate.Problems) custody.Holder {
	switch {
	case kind == "" && v.c.Custodian != nil:
		kind = custody.CustodianOperator
	case kind == "":
		kind = custody.CustodianSelf
	}
	switch {
	case kind != custody.CustodianOperator:
		return custody.Holder{Kind: kind, Party: own}
	case v.c.Custodian == nil:
		p.Add("custodian", "not_configured", "no operator is configured as custodian")
		return custody.Holder{Kind: kind, Party: own}
	}
	return custody.Holder{Kind: kind, Party: v.c.Custodian.Party}
}

// state signs a statement with the vault's key.
func (v *Vault) state(typ string, payload any) (token string, sum storage.Digest, err error) {
	token, _, err = v.signJWS(keyring.Statement, v.c.StatementSigner, typ, payload)
	if err != nil {
		return "", "", fmt.Errorf("sign statement: %w", err)
	}
	return token, storage.Sum([]byte(token)), nil
}

// signJWS signs the canonical payload with a key that is still in use, and returns
// its id too. Signatures made with a retired key would not verify.
func (v *Vault) signJWS(p keyring.Purpose, s crypto.Signer, typ string, payload any) (token, kid string, err error) {
	pub, err := jws.PublicKey(s)
	if err != nil {
		return "", "", err
	}
	b, err := canonjson.Marshal(payload)
	if err != nil {
		return "", "", err
	}
	kid = jws.Thumbprint(pub)
	if err := v.c.Keys.Keys().Check(p, kid, v.now()); err != nil {
		return "", "", err
	}
	token, err = jws.Sign(s, kid, typ, b)
	return token, kid, err
}

// acknowledge returns the custodian's acknowledgment of an entry of the custody
// chain; nil if the assignee is its own custodian.
func (v *Vault) acknowledge(e custody.Entry) (*custody.Acknowledgment, error) {
	if e.To.Custodian.Kind != custody.CustodianOperator {
		return nil, nil
	}
	c := v.c.Custodian
	a := &custody.Acknowledgment{ID: v.c.NewID("ack"), CopyID: e.CopyID, CustodyID: e.ID, Version: e.Version, At: e.RecordedAt}
	var err error
	a.JWS, a.KeyID, err = v.signJWS(keyring.Custodian, c.Signer, custody.TypAcknowledgment, custody.AcknowledgmentStatement{
		AcknowledgmentID: a.ID, Assignee: e.To.Assignee, At: environ.Format(a.At), Controller: e.To.Controller, CopyID: e.CopyID,
		Custodian: e.To.Custodian.Party, CustodyID: e.ID, EnvelopeID: e.EnvelopeID, SHA256: e.SHA256,
		Standing: c.StandingAcknowledgmentSHA256, Statement: custody.AcknowledgmentText, V: custody.AcknowledgmentVersion(e.To.Controller), Version: e.Version,
	})
	if err != nil {
		return nil, fmt.Errorf("custodian's acknowledgment: %w", err)
	}
	a.SHA256 = storage.Sum([]byte(a.JWS))
	return a, nil
}

// entry completes a custody entry with its statement, which of a deposit provides
// a jurisdiction.
func (v *Vault) entry(e custody.Entry, jurisdiction string) (custody.Entry, error) {
	var err error
	e.Statement, e.StatementSHA256, err = v.state(custody.TypCustody, custody.StatementOf(e, jurisdiction))
	return e, err
}

// BindRequest asks to bind control to a key of the assignee.
type BindRequest struct {
	OrgID, EnvelopeID string
	ControlKey        custody.ControlKey
	Actor             Actor
	RequestID         string // recorded with the consent
	RequestSHA256     storage.Digest

	// Also runs in the transaction of the change. It does not run for a repeated call.
	Also func(ctx context.Context, tx storage.Tx, b *Bound) error
}

// Bound is a copy whose control was bound to a key.
type Bound struct {
	Copy    *custody.Original // as it is since then
	EventID string            // of custody.assigned; "" for a repeated call
}

// BindControlKey gives control to the outside assignee by its own key, once, where the organization
// has held it as its agent, or without being one. From then on the organization can neither assign
// nor release without a consent by the key. The bytes and their version stay; the custody chain has
// one more entry, which the custodian acknowledges. Repeating the same key returns created false;
// ErrBound for another key, and where the organization is itself the assignee. ErrNotVaulted,
// ErrNotController, ErrReleased, ErrQuarantined, ErrOfferOpen, ErrRecordAltered, *InvalidError,
// translog.ErrRewound, storage.ErrUnavailable.
func (v *Vault) BindControlKey(ctx context.Context, r BindRequest) (b *Bound, created bool, err error) {
	if _, err := custody.ParseControlKey([]byte(r.ControlKey)); err != nil {
		return nil, false, err
	}
	c, err := v.assignable(ctx, r.OrgID, r.EnvelopeID)
	if err != nil {
		return nil, false, fmt.Errorf("bind %s: %w", r.EnvelopeID, v.denied(ctx, r.Actor, "bind", r.EnvelopeID, err))
	}
	switch is := c.Controller; {
	case is.ControlKey == r.ControlKey:
		return &Bound{Copy: c}, false, nil
	case is.BoundBy != custody.BoundByAgent && is.BoundBy != custody.BoundByNone:
		return nil, false, ErrBound
	}
	prev, err := v.lastEntry(ctx, c)
	if err != nil {
		return nil, false, fmt.Errorf("bind %s: %w", r.EnvelopeID, err)
	}
	to := *prev.To // it is live
	to.Controller = custody.Controller{Party: to.Assignee, OrgID: c.OrgID, BoundBy: custody.BoundByControlKey, ControlKey: r.ControlKey}
	entry, err := v.entry(custody.Entry{
		ID: v.c.NewID("cust"), CopyID: c.CopyID, EnvelopeID: c.EnvelopeID, Seq: prev.Seq + 1, Kind: custody.EntryBind, From: prev.To, To: &to,
		Version: c.Version, SHA256: c.DocumentHash, RecordedAt: later(v.now(), prev.RecordedAt), PreviousSHA256: prev.StatementSHA256,
		Consent: custody.ConsentBy(r.Actor, r.RequestID, r.RequestSHA256),
	}, "")
	if err != nil {
		return nil, false, fmt.Errorf("bind %s: %w", r.EnvelopeID, err)
	}
	ack, err := v.acknowledge(entry)
	if err != nil {
		return nil, false, fmt.Errorf("bind %s: %w", r.EnvelopeID, err)
	}
	err = v.update(ctx, func(ctx context.Context, s Store) (err error) {
		b, err = v.bind(ctx, s, r, c.Revision, entry, ack)
		return err
	})
	if err != nil {
		return nil, false, fmt.Errorf("bind %s: %w", r.EnvelopeID, err)
	}
	return b, true, nil
}

// bind is BindControlKey's transaction. A copy that has changed since its record was proven is bound
// by the next attempt.
func (v *Vault) bind(ctx context.Context, s Store, r BindRequest, seen int64, entry custody.Entry, ack *custody.Acknowledgment) (*Bound, error) {
	c, err := v.live(ctx, s, standing.Control, r.OrgID, r.EnvelopeID)
	switch {
	case err != nil:
		return nil, err
	case c.QuarantinedAt != nil:
		return nil, ErrQuarantined
	case c.Revision != seen:
		return nil, storage.ErrConflict
	}
	if c, err = v.unlocked(ctx, s, c); err != nil {
		return nil, err
	}
	drafts := []eventlog.Draft{{EnvelopeID: c.EnvelopeID, Type: event.CustodyAssigned, Actor: r.Actor, Data: assigned(&entry)}}
	if ack != nil {
		drafts = append(drafts, acknowledged(ack, entry, r.Actor))
	}
	events, err := v.chain.Append(ctx, s, drafts...)
	if err != nil {
		return nil, err
	}
	entry.EventID, c.Controller, c.Acknowledgment = events[0].ID, entry.To.Controller, ack
	b := &Bound{c, events[0].ID}
	steps := []func() error{
		func() error { return s.UpdateOriginal(ctx, c) },
		func() error { return s.AddCustody(ctx, entry) },
	}
	if ack != nil {
		steps = append(steps, func() error { return s.AddAcknowledgment(ctx, *ack) })
	}
	return b, inOrder(append(steps,
		func() error { return v.touched(ctx, s, c.EnvelopeID) },
		func() error { return also(ctx, s, r.Also, b) })...)
}
