package httpapi

import (
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/evaultlib/evault/compliance"
	"github.com/evaultlib/evault/compliance/handover"
	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/httpapi/internal/rest"
	"github.com/evaultlib/evault/internal/validate"
	"github.com/evaultlib/evault/scopes"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/vault"
	"github.com/evaultlib/evault/vault/custody"
)

// assigneeInput is a party that may control by a key of its own.
type assigneeInput struct {
	Name       string    `json:"name"`
	Identifier string    `json:"identifier"`
	Email      string    `json:"email"`
	ControlKey *keyInput `json:"control_key"`
}

func (in assigneeInput) party() *custody.Party {
	return &custody.Party{Name: in.Name, Identifier: in.Identifier, Email: in.Email}
}

type vaultInInput struct {
	SecuredParty   *assigneeInput          `json:"secured_party"`
	Custodian      string                  `json:"custodian"`
	Regime         string                  `json:"regime"`
	Jurisdiction   string                  `json:"jurisdiction"`
	Classification *custody.Classification `json:"classification"`
	Attestation    *attestationInput       `json:"attestation"`
	Assets         []assetInput            `json:"assets"`
	DocumentSHA256 storage.Digest          `json:"document_sha256"`
}

type attestationInput struct {
	AttestedBy    string     `json:"attested_by"`
	Capacity      string     `json:"capacity"`
	SignedBy      []string   `json:"signed_by"`
	Origin        string     `json:"origin"`
	PaperOriginal string     `json:"paper_original"`
	Holder        string     `json:"holder"`
	DestroyedAt   *time.Time `json:"destroyed_at"`
	Statement     string     `json:"statement"`

	PaperCustodian *custody.PaperCustodian `json:"paper_custodian"`
}

func (a *API) vaultInSigned(c *call) (*rest.Reply, error) {
	var in vaultInInput
	if err := c.Decode(&in); err != nil {
		return nil, err
	}
	return a.vaultInNow(c, in, esign.KindESign)
}

// vaultInUpload vaults paper; a part file is uploaded first.
func (a *API) vaultInUpload(c *call) (*rest.Reply, error) {
	var in vaultInInput
	if c.Body.Kind != rest.Multipart {
		if err := c.Decode(&in); err != nil {
			return nil, err
		}
		return a.vaultInNow(c, in, esign.KindPaper)
	}
	if err := c.OnlyParts("request", "file"); err != nil {
		return nil, err
	}
	if err := c.DecodePart("request", &in); err != nil {
		return nil, err
	}
	f := c.Body.Part("file")
	if f == nil {
		return a.vaultInNow(c, in, esign.KindPaper)
	}
	if err := a.checkVaultIn(&in); err != nil {
		return nil, err
	}
	tag, err := c.envelopeTag(a)
	if err != nil {
		return nil, err
	}
	e, err := a.cfg.ESign.Envelope(c.Ctx, c.key.OrgID, c.id())
	if err != nil {
		return nil, err
	}
	sum := storage.Sum(f.Content)
	same := e.Document != nil && e.Document.Object.SHA256 == sum // a repeat has uploaded it already
	if !same && e.Vaulted() {
		return nil, &vault.AlreadyVaultedError{Fields: []string{"file"}}
	}
	if !same {
		undo, err := a.bringIn(c, 0, len(f.Content))
		if err != nil {
			return nil, err
		}
		e, _, err = a.cfg.ESign.Upload(c.Ctx, esign.UploadRequest{
			OrgID: c.key.OrgID, EnvelopeID: c.id(), Actor: c.actor(), Filename: f.Filename, Document: f.Content, IfMatch: tag,
		})
		if err != nil {
			undo()
			return nil, err
		}
		if tag != "" {
			tag = e.ETag() // of the state that this upload has made
		}
	}
	if in.DocumentSHA256 == "" {
		in.DocumentSHA256 = sum
	}
	return a.vaultIn(c, in, esign.KindPaper, tag)
}

// checkVaultIn judges what can be judged without the envelope.
func (a *API) checkVaultIn(in *vaultInInput) error {
	var p validate.Problems
	if in.DocumentSHA256 != "" {
		if _, err := storage.ParseDigest(string(in.DocumentSHA256)); err != nil {
			p.Add("document_sha256", "sha256", "must be 64 lower-case hex digits")
		}
	}
	if s := in.SecuredParty; s != nil {
		_, err := s.ControlKey.key("secured_party.control_key")
		p.Take(err)
	}
	_, _, err := a.cfg.Compliance.Choose(compliance.Choice{Regime: in.Regime, Jurisdiction: in.Jurisdiction, Classification: in.Classification})
	var law *storage.InvalidError
	if errors.As(err, &law) {
		for _, f := range law.Fields {
			p.Add(f.Field, f.Rule, "%s", f.Message)
		}
	}
	return p.Err()
}

// vaultInNow is vaultIn of the envelope as If-Match names it.
func (a *API) vaultInNow(c *call, in vaultInInput, kind string) (*rest.Reply, error) {
	if err := a.checkVaultIn(&in); err != nil {
		return nil, err
	}
	tag, err := c.envelopeTag(a)
	if err != nil {
		return nil, err
	}
	return a.vaultIn(c, in, kind, tag)
}

// vaultIn asks Handover. The deposit's transaction stores a provisional answer;
// the steps after it are idempotent, so that a repeat after a crash goes on where
// they ended.
func (a *API) vaultIn(c *call, in vaultInInput, kind, ifMatch string) (*rest.Reply, error) {
	r := handover.VaultInRequest{
		EnvelopeID: c.id(), Custodian: custody.CustodianKind(in.Custodian), Regime: in.Regime, Jurisdiction: in.Jurisdiction, Classification: in.Classification,
		DocumentSHA256: in.DocumentSHA256, Kind: kind, IfMatch: ifMatch, Actor: c.actor(), RequestID: c.RequestID,
	}
	var err error
	if r.RequestSHA256, err = c.Digest(); err != nil {
		return nil, err
	}
	if p := in.SecuredParty; p != nil {
		r.SecuredParty = p.party()
		if r.ControlKey, err = p.ControlKey.key("secured_party.control_key"); err != nil {
			return nil, err
		}
	}
	r.Attestation, r.Assets = (*custody.Attestation)(in.Attestation), assetsOf(in.Assets)
	org, err := a.cfg.Scopes.Organization(c.Ctx, c.key.OrgID)
	if err != nil {
		return nil, err
	}
	r.Depositor = depositor(org)
	r.Also = rest.Keep(c.Call, func(rec *compliance.VaultRecord) *rest.Reply {
		return &rest.Reply{Status: http.StatusCreated, Data: recordOf(rec), Provisional: true}
	})
	rec, created, err := a.cfg.Handover.VaultIn(c.Ctx, r)
	if err != nil {
		return nil, err
	}
	rp := rest.OK(recordOf(rec))
	if created {
		rp.Status = http.StatusCreated
	}
	return rp, nil
}

// vaultInAgain answers a repeat with the first record while that is the copy's: a
// released or superseded one is refused like any other call.
func (a *API) vaultInAgain(c *call, body []byte) (*rest.Reply, error) {
	var first struct {
		Data struct {
			DocumentHash storage.Digest `json:"document_hash"`
		} `json:"data"`
	}
	if err := json.Unmarshal(body, &first); err != nil {
		return nil, err
	}
	v, err := a.cfg.Vault.Proven(c.Ctx, c.key.OrgID, c.id())
	switch {
	case err != nil:
		return nil, err
	case v.Status == custody.StatusReleased:
		return nil, vault.ErrReleased
	case v.DocumentHash != first.Data.DocumentHash:
		return nil, vault.ErrSuperseded
	}
	return &rest.Reply{Raw: body}, nil
}

func depositor(o *scopes.Organization) handover.Depositor {
	d := handover.Depositor{OrgID: o.ID, LegalName: o.LegalName, Capacity: custody.Capacity(o.Capacity)}
	if g := o.Agreement; g != nil {
		d.Agreement = &custody.Agreement{Reference: g.Reference, Date: g.Date, SHA256: g.SHA256, NotTransferor: g.NotTransferor}
	}
	return d
}

// stateConflict is a 409 that says what stands in the way.
type stateConflict struct{ detail string }

func (e *stateConflict) Error() string { return "httpapi: " + e.detail }
