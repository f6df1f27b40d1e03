package httpapi

import (
	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/httpapi/internal/rest"
	"github.com/evaultlib/evault/storage"
)

// envelopeRow is an envelope in a list.
type envelopeRow struct {
	EnvelopeID    string          `json:"envelope_id"`
	EnvelopeName  string          `json:"envelope_name"`
	EnvelopeKind  string          `json:"envelope_kind"`
	Status        esign.Status    `json:"status"`
	CustomerID    *string         `json:"customer_id"`
	CustomerEmail string          `json:"customer_email"`
	CustomerName  string          `json:"customer_name"`
	ExternalID    *string         `json:"external_id"`
	TemplateID    *string         `json:"template_id"`
	Version       *int            `json:"template_version"`
	CreatedAt     string          `json:"created_at"`
	UpdatedAt     string          `json:"updated_at"`
	SentAt        *string         `json:"sent_at"`
	CompletedAt   *string         `json:"completed_at"`
	ExpiresAt     *string         `json:"expires_at"`
	VoidReason    *string         `json:"void_reason"`
	SealingError  *string         `json:"sealing_error"`
	Vaulted       bool            `json:"vaulted"`
	Compliant     *bool           `json:"compliant"`
	EvaluatedAt   *string         `json:"compliance_evaluated_at"`
	Completion    *completionBody `json:"completion"`
}

// envelopeBody is an envelope whole.
type envelopeBody struct {
	envelopeRow
	Metadata   map[string]string `json:"metadata"`
	TimeZone   *string           `json:"time_zone"`
	Document   *documentBody     `json:"document"`
	Signers    []signerBody      `json:"signers"`
	Inspection *inspectionBody   `json:"inspection"` // null without a document
}

type documentBody struct {
	SHA256   storage.Digest `json:"sha256"`
	Size     int64          `json:"size"`
	Pages    int            `json:"pages"`
	Filename string         `json:"filename"`
}

type completionBody struct {
	SHA256 storage.Digest `json:"sha256"`
	Size   int64          `json:"size"`
	Pages  int            `json:"pages"`
	Level  string         `json:"level"`
}

type signerBody struct {
	SignerID      string             `json:"signer_id"`
	Email         string             `json:"email"`
	Name          string             `json:"name"`
	Role          string             `json:"role"`
	Order         int                `json:"order"`
	Auth          string             `json:"auth"`
	Status        esign.SignerStatus `json:"status"`
	NotifiedAt    *string            `json:"notified_at"`
	ViewedAt      *string            `json:"viewed_at"`
	ConsentedAt   *string            `json:"consented_at"`
	SignedAt      *string            `json:"signed_at"`
	DeclinedAt    *string            `json:"declined_at"`
	DeclineReason *string            `json:"decline_reason"`
	Undeliverable *undeliverableBody `json:"undeliverable"`
	Delegate      bool               `json:"delegate"`
	TimeZone      *string            `json:"time_zone"`
}

// undeliverableBody reports that mail to a signer is undeliverable.
type undeliverableBody struct {
	At     string  `json:"at"`
	Status *string `json:"status"`
}

func undeliverableOf(s *esign.Signer) *undeliverableBody {
	if s.UndeliverableAt == nil {
		return nil
	}
	return &undeliverableBody{At: at(*s.UndeliverableAt), Status: orNull(s.UndeliverableStatus)}
}

func (a *API) envelopeRow(s *esign.Summary) envelopeRow {
	row := envelopeRow{
		EnvelopeID: s.ID, EnvelopeName: s.Name, EnvelopeKind: s.Kind, Status: s.Status, CustomerID: orNull(s.CustomerID),
		CustomerEmail: s.CustomerEmail, CustomerName: s.CustomerName, ExternalID: orNull(s.ExternalID), TemplateID: orNull(s.TemplateID),
		CreatedAt: at(s.CreatedAt), UpdatedAt: at(s.UpdatedAt), SentAt: atp(s.SentAt), CompletedAt: atp(s.CompletedAt),
		ExpiresAt: atp(s.ExpiresAt), VoidReason: orNull(s.VoidReason), SealingError: orNull(s.SealingError),
		Vaulted: s.Vaulted(), Compliant: a.compliant(s), EvaluatedAt: atp(s.EvaluatedAt),
	}
	if s.TemplateID != "" {
		row.Version = &s.TemplateVersion
	}
	if c := s.Sealed; c != nil {
		row.Completion = &completionBody{c.Object.SHA256, c.Object.Size, c.Pages, c.Level}
	}
	return row
}

func (a *API) envelopeBody(e *esign.Envelope) *envelopeBody {
	b := &envelopeBody{envelopeRow: a.envelopeRow(&e.Summary), Metadata: e.Metadata, TimeZone: orNull(e.TimeZone), Signers: make([]signerBody, len(e.Signers))}
	if b.Metadata == nil {
		b.Metadata = map[string]string{}
	}
	if d := e.Document; d != nil {
		b.Inspection = inspectionOf(d.Inspection)
		b.Document = &documentBody{d.Object.SHA256, d.Object.Size, d.Pages, d.Filename}
	}
	for i, s := range e.Signers {
		b.Signers[i] = signerBody{
			SignerID: s.ID, Email: s.Email, Name: s.Name, Role: s.Role, Order: s.Order, Auth: s.Auth, Status: s.Status,
			NotifiedAt: atp(s.NotifiedAt), ViewedAt: atp(s.ViewedAt), ConsentedAt: atp(s.ConsentedAt), SignedAt: atp(s.SignedAt),
			DeclinedAt: atp(s.DeclinedAt), DeclineReason: orNull(s.DeclineReason), Undeliverable: undeliverableOf(&s),
			Delegate: s.Delegate, TimeZone: orNull(s.TimeZone),
		}
	}
	return b
}

// envelopeReply is the response of the verbs that return the envelope.
func (a *API) envelopeReply(e *esign.Envelope) *rest.Reply {
	return rest.OK(a.envelopeBody(e)).With("ETag", `"`+e.ETag()+`"`)
}

// statusBody is built for polling, from one row.
type statusBody struct {
	EnvelopeID string       `json:"envelope_id"`
	Status     esign.Status `json:"status"`
	UpdatedAt  string       `json:"updated_at"`
	Vaulted    bool         `json:"vaulted"`
	Compliant  *bool        `json:"compliant"`
	Signers    struct {
		Total  int `json:"total"`
		Signed int `json:"signed"`
	} `json:"signers"`
	Vault *statusVault `json:"vault"`
}

type statusVault struct {
	VaultedAt    string         `json:"vaulted_at"`
	DocumentHash storage.Digest `json:"document_hash"`
	ReleasedAt   *string        `json:"released_at"`
}

func (a *API) statusBody(s *esign.Summary) *statusBody {
	b := &statusBody{EnvelopeID: s.ID, Status: s.Status, UpdatedAt: at(s.UpdatedAt), Vaulted: s.Vaulted(), Compliant: a.compliant(s)}
	b.Signers.Total, b.Signers.Signed = s.SignersTotal, s.SignersSigned
	if s.VaultedAt != nil {
		b.Vault = &statusVault{at(*s.VaultedAt), s.DocumentHash, atp(s.ReleasedAt)}
	}
	return b
}

type inspectionBody struct {
	Pages         int             `json:"pages"`
	Encrypted     string          `json:"encrypted"`
	Signatures    []inspectedBody `json:"signatures"`
	ActiveContent []string        `json:"active_content"`
	Sealing       sealingBody     `json:"sealing"`
	OwnMarks      []string        `json:"own_marks"`
	Normalized    []string        `json:"normalized"`
	Warnings      []string        `json:"warnings"`
}

type sealingBody struct {
	Mode   string `json:"mode"`
	Reason string `json:"reason"`
}

type inspectedBody struct {
	Field        string   `json:"field"`
	Subject      string   `json:"subject"`
	SigningTime  *string  `json:"signing_time"`
	Level        string   `json:"level"`
	Integrity    string   `json:"integrity"`
	Coverage     string   `json:"coverage"`
	ChangesAfter string   `json:"changes_after"`
	Changes      []string `json:"changes"`
	Trust        string   `json:"trust"`
	Reason       string   `json:"reason"`
	Problem      *string  `json:"problem"`
}

func inspectionOf(in *esign.Inspection) *inspectionBody {
	if in == nil {
		return nil
	}
	b := &inspectionBody{
		Pages: in.Pages, Encrypted: in.Encrypted, Signatures: make([]inspectedBody, len(in.Signatures)),
		ActiveContent: list(in.ActiveContent), Sealing: sealingBody{in.Sealing.Mode, in.Sealing.Reason}, OwnMarks: list(in.OwnMarks), Normalized: list(in.Normalized),
		Warnings: list(in.Warnings),
	}
	for i, s := range in.Signatures {
		b.Signatures[i] = inspectedBody{
			s.Field, s.Subject, atp(s.SigningTime), s.Level, s.Integrity, s.Coverage, s.ChangesAfter, list(s.Changes), s.Trust, s.Reason, orNull(s.Problem),
		}
	}
	return b
}
