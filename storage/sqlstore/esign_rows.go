package sqlstore

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
)

// summaryRow has the columns of evault_envelopes that a list and a poll read.
type summaryRow struct {
	bun.BaseModel `bun:"table:evault_envelopes"`

	ID               string     `bun:"envelope_id,pk"`
	OrgID            string     `bun:"org_id"`
	Name             string     `bun:"name"`
	Kind             string     `bun:"kind"`
	Status           string     `bun:"status"`
	CustomerID       string     `bun:"customer_id"`
	CustomerEmail    string     `bun:"customer_email"`
	CustomerName     string     `bun:"customer_name"`
	ExternalID       *string    `bun:"external_id"`
	TemplateID       string     `bun:"template_id"`
	TemplateVersion  int        `bun:"template_version"`
	CreatedAt        time.Time  `bun:"created_at"`
	UpdatedAt        time.Time  `bun:"updated_at"`
	SentAt           *time.Time `bun:"sent_at"`
	CompletedAt      *time.Time `bun:"completed_at"`
	ExpiresAt        *time.Time `bun:"expires_at"`
	VoidReason       string     `bun:"void_reason"`
	SealingError     string     `bun:"sealing_error"`
	SignersTotal     int        `bun:"signers_total"`
	SignersSigned    int        `bun:"signers_signed"`
	SealedObject     *string    `bun:"sealed_object"`
	SealedSHA256     *string    `bun:"sealed_sha256"`
	SealedSize       *int64     `bun:"sealed_size"`
	SealedPages      *int       `bun:"sealed_pages"`
	SealedLevel      *string    `bun:"sealed_level"`
	SealedTimeSource *string    `bun:"sealed_time_source"`
	SealedSeq        *int64     `bun:"sealed_seq"`
	SealedHash       *string    `bun:"sealed_hash"`
	SealedRecordedAt *time.Time `bun:"sealed_recorded_at"`
	VaultedAt        *time.Time `bun:"vaulted_at"`
	DocumentHash     string     `bun:"document_hash"`
	ReleasedAt       *time.Time `bun:"released_at"`
	Compliant        *bool      `bun:"compliant"`
	EvaluatedAt      *time.Time `bun:"compliance_evaluated_at"`
	Revision         int64      `bun:"revision"`
}

// envelopeRow has all of them.
type envelopeRow struct {
	bun.BaseModel `bun:"table:evault_envelopes"`
	summaryRow    `bun:",extend"`

	SealAttempts  int        `bun:"seal_attempts"`
	SealAfter     *time.Time `bun:"seal_after"`
	SigningOrder  string     `bun:"signing_order"`
	Consent       string     `bun:"consent"`
	ExpiresInDays int        `bun:"expires_in_days"`
	RemindAfter   int        `bun:"remind_after_days"`
	RemindEvery   int        `bun:"remind_every_days"`
	RemindMax     int        `bun:"remind_max"`
	AutoVault     bool       `bun:"auto_vault"`
	VaultDueAt    *time.Time `bun:"vault_due_at"` // when AutoVaultDue names it; of completed ones only
	TimeZone      string     `bun:"time_zone"`
	RedirectURL   string     `bun:"redirect_url"`
	SecuredParty  *string    `bun:"secured_party"`
	Message       string     `bun:"message"`
	Metadata      string     `bun:"metadata"`
	ExternalKey   *string    `bun:"external_key"` // the external id while it is taken: unique in the organization
}

// externalKey is the external id until the envelope ends without completion.
func externalKey(s *esign.Summary) *string {
	if s.ExternalID == "" || s.Status.Ended() {
		return nil
	}
	return &s.ExternalID
}

func summaryToRow(s *esign.Summary) summaryRow {
	r := summaryRow{
		ID: s.ID, OrgID: s.OrgID, Name: s.Name, Kind: s.Kind, Status: string(s.Status),
		CustomerID: s.CustomerID, CustomerEmail: s.CustomerEmail, CustomerName: s.CustomerName,
		TemplateID: s.TemplateID, TemplateVersion: s.TemplateVersion,
		CreatedAt: utc(s.CreatedAt), UpdatedAt: utc(s.UpdatedAt), SentAt: utcp(s.SentAt), CompletedAt: utcp(s.CompletedAt),
		ExpiresAt: utcp(s.ExpiresAt), VoidReason: s.VoidReason, SealingError: s.SealingError,
		SignersTotal: s.SignersTotal, SignersSigned: s.SignersSigned, VaultedAt: utcp(s.VaultedAt),
		DocumentHash: string(s.DocumentHash), ReleasedAt: utcp(s.ReleasedAt), Compliant: s.Compliant,
		EvaluatedAt: utcp(s.EvaluatedAt), Revision: s.Revision,
	}
	if s.ExternalID != "" {
		r.ExternalID = &s.ExternalID
	}
	if c := s.Sealed; c != nil {
		hash, sha, at := string(c.Head.Hash), string(c.Object.SHA256), utc(c.Head.RecordedAt)
		r.SealedObject, r.SealedSHA256, r.SealedSize = &c.Object.Name, &sha, &c.Object.Size
		r.SealedPages, r.SealedLevel, r.SealedTimeSource = &c.Pages, &c.Level, &c.TimeSource
		r.SealedSeq, r.SealedHash, r.SealedRecordedAt = &c.Head.Seq, &hash, &at
	}
	return r
}

func (r *summaryRow) summary() esign.Summary {
	s := esign.Summary{
		ID: r.ID, OrgID: r.OrgID, Name: r.Name, Kind: r.Kind, Status: esign.Status(r.Status),
		CustomerID: r.CustomerID, CustomerEmail: r.CustomerEmail, CustomerName: r.CustomerName, ExternalID: value(r.ExternalID),
		TemplateID: r.TemplateID, TemplateVersion: r.TemplateVersion,
		CreatedAt: utc(r.CreatedAt), UpdatedAt: utc(r.UpdatedAt), SentAt: utcp(r.SentAt), CompletedAt: utcp(r.CompletedAt),
		ExpiresAt: utcp(r.ExpiresAt), VoidReason: r.VoidReason, SealingError: r.SealingError,
		SignersTotal: r.SignersTotal, SignersSigned: r.SignersSigned, VaultedAt: utcp(r.VaultedAt),
		DocumentHash: storage.Digest(r.DocumentHash), ReleasedAt: utcp(r.ReleasedAt), Compliant: r.Compliant,
		EvaluatedAt: utcp(r.EvaluatedAt), Revision: r.Revision,
	}
	if r.SealedObject != nil {
		s.Sealed = &esign.Sealed{
			Object: storage.Object{Name: *r.SealedObject, SHA256: storage.Digest(value(r.SealedSHA256)), Size: value(r.SealedSize)},
			Pages:  value(r.SealedPages), Level: value(r.SealedLevel), TimeSource: value(r.SealedTimeSource),
			Head: event.Head{Seq: value(r.SealedSeq), Hash: storage.Digest(value(r.SealedHash)), RecordedAt: utc(value(r.SealedRecordedAt))},
		}
	}
	return s
}

func value[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}

func envelopeToRow(e *esign.Envelope) (*envelopeRow, error) {
	metadata, err := json.Marshal(e.Metadata)
	if err != nil {
		return nil, err
	}
	r := &envelopeRow{
		summaryRow: summaryToRow(&e.Summary), SealAttempts: e.SealAttempts, SealAfter: utcp(e.SealAfter),
		SigningOrder: e.SigningOrder, Consent: e.Consent, ExpiresInDays: e.ExpiresInDays, AutoVault: e.AutoVault, TimeZone: e.TimeZone,
		RemindAfter: e.Reminders.AfterDays, RemindEvery: e.Reminders.EveryDays, RemindMax: e.Reminders.Max,
		RedirectURL: e.RedirectURL, Message: e.Message, Metadata: string(metadata), ExternalKey: externalKey(&e.Summary),
	}
	if e.SecuredParty != nil {
		b, err := json.Marshal(partyJSON(*e.SecuredParty))
		if err != nil {
			return nil, err
		}
		s := string(b)
		r.SecuredParty = &s
	}
	return r, nil
}

func (r *envelopeRow) envelope() (*esign.Envelope, error) {
	e := &esign.Envelope{
		Summary: r.summary(), SealAttempts: r.SealAttempts, SealAfter: utcp(r.SealAfter), SigningOrder: r.SigningOrder,
		Reminders: esign.ReminderSchedule{AfterDays: r.RemindAfter, EveryDays: r.RemindEvery, Max: r.RemindMax},
		Consent:   r.Consent, ExpiresInDays: r.ExpiresInDays, AutoVault: r.AutoVault, TimeZone: r.TimeZone, RedirectURL: r.RedirectURL, Message: r.Message,
	}
	if err := json.Unmarshal([]byte(r.Metadata), &e.Metadata); err != nil {
		return nil, fmt.Errorf("envelope %s: metadata: %w", r.ID, err)
	}
	if r.SecuredParty != nil {
		var p partyJSON
		if err := json.Unmarshal([]byte(*r.SecuredParty), &p); err != nil {
			return nil, fmt.Errorf("envelope %s: secured party: %w", r.ID, err)
		}
		party := esign.Party(p)
		e.SecuredParty = &party
	}
	return e, nil
}

type partyJSON struct {
	Name       string `json:"name"`
	Identifier string `json:"identifier,omitempty"`
	Email      string `json:"email,omitempty"`
}

type documentRow struct {
	bun.BaseModel `bun:"table:evault_documents"`

	EnvelopeID     string    `bun:"envelope_id,pk"`
	Filename       string    `bun:"filename"`
	Object         string    `bun:"object"`
	SHA256         string    `bun:"sha256"`
	Size           int64     `bun:"size"`
	Pages          int       `bun:"pages"`
	PageSizes      string    `bun:"page_sizes"`
	Normalized     bool      `bun:"normalized"`
	Inspection     string    `bun:"inspection"`
	UploadedAt     time.Time `bun:"uploaded_at"`
	HeadSeq        int64     `bun:"head_seq"`
	HeadHash       string    `bun:"head_hash"`
	HeadRecordedAt time.Time `bun:"head_recorded_at"`
}

type inspectionJSON struct {
	Pages         int                      `json:"pages"`
	Encrypted     string                   `json:"encrypted"`
	Signatures    []inspectedSignatureJSON `json:"signatures,omitempty"`
	ActiveContent []string                 `json:"active_content,omitempty"`
	Sealing       sealingJSON              `json:"sealing"`
	OwnMarks      []string                 `json:"own_marks,omitempty"`
	Normalized    []string                 `json:"normalized,omitempty"`
	Warnings      []string                 `json:"warnings,omitempty"`
}

type inspectedSignatureJSON struct {
	Field        string     `json:"field"`
	Subject      string     `json:"subject"`
	SigningTime  *time.Time `json:"signing_time"`
	Level        string     `json:"level"`
	Integrity    string     `json:"integrity"`
	Coverage     string     `json:"coverage"`
	ChangesAfter string     `json:"changes_after"`
	Changes      []string   `json:"changes,omitempty"`
	Trust        string     `json:"trust"`
	Reason       string     `json:"reason"`
	Problem      string     `json:"problem,omitempty"`
}

type sealingJSON struct {
	Mode   string `json:"mode"`
	Reason string `json:"reason,omitempty"`
}

func documentToRow(envelopeID string, d *esign.Document) (*documentRow, error) {
	sizes := make([][2]float64, len(d.PageSizes))
	for i, s := range d.PageSizes {
		sizes[i] = [2]float64{s.Width, s.Height}
	}
	pages, err := json.Marshal(sizes)
	if err != nil {
		return nil, err
	}
	in := inspectionJSON{}
	if i := d.Inspection; i != nil {
		in = inspectionJSON{i.Pages, i.Encrypted, nil, i.ActiveContent, sealingJSON(i.Sealing), i.OwnMarks, i.Normalized, i.Warnings}
		for _, s := range i.Signatures {
			in.Signatures = append(in.Signatures, inspectedSignatureJSON(s))
		}
	}
	inspection, err := json.Marshal(in)
	if err != nil {
		return nil, err
	}
	return &documentRow{
		EnvelopeID: envelopeID, Filename: d.Filename, Object: d.Object.Name, SHA256: string(d.Object.SHA256), Size: d.Object.Size,
		Pages: d.Pages, PageSizes: string(pages), Normalized: d.Normalized, Inspection: string(inspection),
		UploadedAt: utc(d.UploadedAt), HeadSeq: d.Head.Seq, HeadHash: string(d.Head.Hash), HeadRecordedAt: utc(d.Head.RecordedAt),
	}, nil
}

func (r *documentRow) document() (*esign.Document, error) {
	var sizes [][2]float64
	if err := json.Unmarshal([]byte(r.PageSizes), &sizes); err != nil {
		return nil, fmt.Errorf("document of %s: page sizes: %w", r.EnvelopeID, err)
	}
	var in inspectionJSON
	if err := json.Unmarshal([]byte(r.Inspection), &in); err != nil {
		return nil, fmt.Errorf("document of %s: inspection: %w", r.EnvelopeID, err)
	}
	d := &esign.Document{
		Filename: r.Filename, Object: storage.Object{Name: r.Object, SHA256: storage.Digest(r.SHA256), Size: r.Size},
		Pages: r.Pages, Normalized: r.Normalized, UploadedAt: utc(r.UploadedAt),
		Head: event.Head{Seq: r.HeadSeq, Hash: storage.Digest(r.HeadHash), RecordedAt: utc(r.HeadRecordedAt)},
		Inspection: &esign.Inspection{
			Pages: in.Pages, Encrypted: in.Encrypted, ActiveContent: in.ActiveContent,
			Sealing: esign.Sealing(in.Sealing), OwnMarks: in.OwnMarks, Normalized: in.Normalized, Warnings: in.Warnings,
		},
	}
	for _, s := range sizes {
		d.PageSizes = append(d.PageSizes, esign.PageSize{Width: s[0], Height: s[1]})
	}
	for _, s := range in.Signatures {
		d.Inspection.Signatures = append(d.Inspection.Signatures, esign.InspectedSignature(s))
	}
	return d, nil
}
