package vault

import (
	"crypto"
	"fmt"

	"github.com/evaultlib/evault/internal/canonjson"
	"github.com/evaultlib/evault/internal/environ"
	"github.com/evaultlib/evault/internal/jws"
	"github.com/evaultlib/evault/internal/validate"
	"github.com/evaultlib/evault/storage"
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
