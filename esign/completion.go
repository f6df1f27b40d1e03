package esign

import (
	"context"
	"time"

	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
)

// Completion is the result of esign: the sealed document, or the PDF of a paper
// contract, with the evidence of its making. It never changes; the vault takes
// over its object.
type Completion struct {
	EnvelopeID, OrgID, Kind string
	Name, CustomerID        string
	Object                  storage.Object
	Pages                   int
	Level                   string // of the seal, a pades.Level constant; "" for paper
	TimeSource              string // the source of the seal's time; "" for paper
	Sealing                 Sealing
	DocumentSHA256          storage.Digest   // as it was handed in
	SignedSHA256            storage.Digest   // after the last signature, before the seal; "" for paper
	PresentedSHA256         []storage.Digest // shown to each signer, in the order of signing; prefixes of the object
	ChainHead               event.Head       // of the event that completed it, or uploaded the paper
	Signers                 []SignerEvidence // in the order of signing
	SecuredParty            *Party
	AutoVault               bool
	CompletedAt             time.Time // paper: of the upload
	Inspection              *Inspection
}

// SignerEvidence is the evidence of one signature.
type SignerEvidence struct {
	SignerID, Name, Email, Role string
	Order                       int
	Auth                        string
	SignatureKind               string
	NotifiedAt, ViewedAt        *time.Time
	ConsentedAt, SignedAt       *time.Time
	WithdrawnAt                 *time.Time // a consent withdrawn after the signature
	LinkDisclosedAt             *time.Time // the sender had read the link
	DisclosureSHA256            storage.Digest
	DisclosureLocale            string
	PresentedSHA256             storage.Digest
	Address, UserAgent          string
}

// Completion reads a Completion. *StateError unless the envelope is completed,
// or paper with its PDF; ErrNotFound.
func (e *Engine) Completion(ctx context.Context, orgID, envelopeID string) (*Completion, error) {
	if _, err := e.Status(ctx, orgID, envelopeID); err != nil {
		return nil, err
	}
	return e.completion(ctx, envelopeID)
}

func (e *Engine) completion(ctx context.Context, envelopeID string) (*Completion, error) {
	env, err := e.cfg.Store.Envelope(ctx, envelopeID)
	if err != nil {
		return nil, notFound(err)
	}
	env.judge(e.now())
	if _, err := env.Status.After(VerbComplete); err != nil {
		return nil, err
	}
	c := &Completion{
		EnvelopeID: env.ID, OrgID: env.OrgID, Kind: env.Kind, Name: env.Name, CustomerID: env.CustomerID,
		DocumentSHA256: env.Document.Object.SHA256, SecuredParty: env.SecuredParty, AutoVault: env.AutoVault,
		Inspection: env.Document.Inspection,
	}
	c.Object = env.finished()
	if env.Kind == KindPaper {
		d := env.Document
		c.Pages, c.Sealing, c.ChainHead, c.CompletedAt = d.Pages, d.Inspection.Sealing, d.Head, d.UploadedAt
		return c, nil
	}
	c.Pages, c.Level, c.TimeSource = env.Sealed.Pages, env.Sealed.Level, env.Sealed.TimeSource
	c.SignedSHA256 = env.last().SHA256
	c.Sealing, c.ChainHead, c.CompletedAt = Sealing{Mode: SealingEmbedded}, env.Sealed.Head, *env.CompletedAt
	for _, p := range env.Parts[1:] {
		sg := env.signer(p.SignerID)
		c.Signers = append(c.Signers, sg.evidence())
		c.PresentedSHA256 = append(c.PresentedSHA256, sg.PresentedSHA256)
	}
	return c, nil
}

func (s *Signer) evidence() SignerEvidence {
	return SignerEvidence{
		SignerID: s.ID, Name: s.Name, Email: s.Email, Role: s.Role, Order: s.Order, Auth: s.Auth, SignatureKind: s.SignatureKind,
		NotifiedAt: s.NotifiedAt, ViewedAt: s.ViewedAt, ConsentedAt: s.ConsentedAt, SignedAt: s.SignedAt, WithdrawnAt: s.WithdrawnAt,
		LinkDisclosedAt: s.LinkDisclosedAt, DisclosureSHA256: s.DisclosureSHA256, DisclosureLocale: s.DisclosureLocale,
		PresentedSHA256: s.PresentedSHA256, Address: s.Address, UserAgent: s.UserAgent,
	}
}
