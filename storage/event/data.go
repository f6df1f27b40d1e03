package event

import (
	"encoding/json"
	"fmt"

	"github.com/evaultlib/evault/storage"
)

// DataOf reads the data of e, which must be of the type that T belongs to (see
// [Schemas]). Data that is not a T, such as that of an altered row, reads as the
// zero T, which agrees with nothing.
func DataOf[T any](e Event) T {
	data, err := read[T](e.Data)
	if err != nil {
		return *new(T)
	}
	return data
}

// DetailOf reads the detail of e. ok is false where there is none, it was erased,
// or it is not a T.
func DetailOf[T any](e Event) (detail T, ok bool) {
	if e.Detail == nil {
		return detail, false
	}
	read, err := read[T](e.Detail)
	if err != nil {
		return detail, false
	}
	return read, true
}

func read[T any](b []byte) (v T, err error) {
	if err := json.Unmarshal(b, &v); err != nil {
		return v, fmt.Errorf("event: %w", err)
	}
	return v, nil
}

// The structs below are what is hashed and signed: a name, a type or the presence
// of a member never changes. A new member is added with omitempty. Times are
// strings in the spelling in which they were hashed.

// EnvelopeCreatedData is the data of EnvelopeCreated.
type EnvelopeCreatedData struct {
	Kind         string         `json:"kind"` // esign or paper
	Signers      []string       `json:"signers"`
	Fields       int            `json:"fields"`
	FieldsSHA256 storage.Digest `json:"fields_sha256"` // esign.CommitFields
	SigningOrder string         `json:"signing_order"`
	Consent      string         `json:"consent"`
	AutoVault    bool           `json:"auto_vault"`
	TimeZone     string         `json:"time_zone"`
	// TemplateID and TemplateVersion name the template that the envelope was made of.
	TemplateID      string `json:"template_id,omitempty"`
	TemplateVersion int    `json:"template_version,omitempty"`
	// SummarySHA256 is the digest of the detail's Summary, in canonical JSON.
	SummarySHA256 storage.Digest `json:"summary_sha256,omitempty"`

	*CreatedDocument // nil for paper
}

// CreatedDocument is the part of EnvelopeCreatedData that is about the document.
type CreatedDocument struct {
	DocumentSHA256 storage.Digest     `json:"document_sha256"`
	DocumentSize   int64              `json:"document_size"`
	PreparedSHA256 storage.Digest     `json:"prepared_sha256"` // with legend and signature page
	Normalized     bool               `json:"normalized"`
	Inspection     *CreatedInspection `json:"inspection,omitempty"`
}

// CreatedInspection is what was found in the document.
type CreatedInspection struct {
	Encrypted     string   `json:"encrypted"`
	Signatures    int      `json:"signatures"`
	ActiveContent []string `json:"active_content"`
	OwnMarks      []string `json:"own_marks"`
	Normalized    []string `json:"normalized"`
	Warnings      int      `json:"warnings"`
}

// EnvelopeCreatedDetail is the detail of EnvelopeCreated.
type EnvelopeCreatedDetail struct {
	CustomerEmail string           `json:"customer_email"`
	CustomerName  string           `json:"customer_name"`
	CustomerID    string           `json:"customer_id"`
	ExternalID    string           `json:"external_id"`
	EnvelopeName  string           `json:"envelope_name"`
	SenderName    string           `json:"sender_name"`
	Signers       []CreatedSigner  `json:"signers"`
	Fields        []CommittedField `json:"fields"`
	Filename      string           `json:"filename,omitempty"`
	SecuredParty  *CreatedParty    `json:"secured_party,omitempty"`
	Summary       []SummaryRow     `json:"summary,omitempty"`

	SenderContact    *SenderContact `json:"sender_contact,omitempty"`
	SenderLogoSHA256 storage.Digest `json:"sender_logo_sha256,omitempty"`
}

// SenderContact is how signers were told to reach the sender.
type SenderContact struct {
	Email         string `json:"email,omitempty"`
	Phone         string `json:"phone,omitempty"`
	Website       string `json:"website,omitempty"`
	PostalAddress string `json:"postal_address,omitempty"`
}

// SummaryRow is one line of what the sender told signers in short.
type SummaryRow struct {
	Label string `json:"label"`
	Value string `json:"value"`
}

// CreatedSigner is a signer as the sender named it.
type CreatedSigner struct {
	SignerID string `json:"signer_id"`
	Email    string `json:"email"`
	Name     string `json:"name"`
	Role     string `json:"role"`
	Order    int    `json:"order"`
	Auth     string `json:"auth"`
	TimeZone string `json:"time_zone"`
	Delegate bool   `json:"delegate,omitempty"`
}

// CreatedParty is the assignee that the sender named.
type CreatedParty struct {
	Name       string `json:"name"`
	Identifier string `json:"identifier"`
	Email      string `json:"email"`
}

// CommittedField is a field as the creation commits to it. EnvelopeCreatedData's
// FieldsSHA256 is the SHA-256 of the canonical JSON of all of them.
type CommittedField struct {
	ID       string   `json:"field_id"`
	SignerID string   `json:"signer_id"`
	Kind     string   `json:"kind"`
	Page     int      `json:"page"`
	Place    string   `json:"place"` // x, y, w and h, in the shortest decimals that are equal to them
	Required bool     `json:"required"`
	Label    string   `json:"label"`
	Options  []string `json:"options"`
	Value    string   `json:"value"` // the sender's
	ReadOnly bool     `json:"read_only"`
}

// DocumentUploadedData is the data of EnvelopeDocumentUploaded.
type DocumentUploadedData struct {
	DocumentSHA256 storage.Digest `json:"document_sha256"`
	DocumentSize   int64          `json:"document_size"`
	Pages          int            `json:"pages"`
	ReplacesSHA256 storage.Digest `json:"replaces_sha256,omitempty"`
}

// DocumentUploadedDetail is the detail of EnvelopeDocumentUploaded.
type DocumentUploadedDetail struct {
	Filename string `json:"filename"`
}

// EnvelopeSentData is the data of EnvelopeSent.
type EnvelopeSentData struct {
	DocumentSHA256 storage.Digest `json:"document_sha256"`
	PreparedSHA256 storage.Digest `json:"prepared_sha256"`
	Notified       []string       `json:"notified"`   // ids of the signers whose turn it is
	ExpiresAt      string         `json:"expires_at"` // RFC 3339, in seconds
}

// LinksDisclosedData is the data of EnvelopeLinksDisclosed.
type LinksDisclosedData struct {
	SignerIDs []string `json:"signer_ids"`
}

// LinksDisclosedDetail is the detail of EnvelopeLinksDisclosed.
type LinksDisclosedDetail struct {
	Address string `json:"address"`
}

// RemindedData is the data of EnvelopeReminded.
type RemindedData struct {
	SignerIDs []string `json:"signer_ids"`
}

// RemindedDetail is the detail of EnvelopeReminded.
type RemindedDetail struct {
	Message string `json:"message"`
}

// SignerCorrectedData is the data of EnvelopeSignerCorrected.
type SignerCorrectedData struct {
	SignerID    string   `json:"signer_id"`
	Replaced    bool     `json:"replaced"` // address or name: links before are dead, consent and reading start anew
	Order       int      `json:"order,omitempty"`
	OrderBefore int      `json:"order_before,omitempty"`
	Notified    []string `json:"notified"` // ids of the signers whose turn it is now and was not before
}

// Change says who a signer is and was: the detail of EnvelopeSignerCorrected, and a
// part of that of EnvelopeDelegated.
type Change struct {
	Email       string `json:"email"`
	Name        string `json:"name"`
	EmailBefore string `json:"email_before"`
	NameBefore  string `json:"name_before"`
}

// DelegatedData is the data of EnvelopeDelegated.
type DelegatedData struct {
	SignerID string `json:"signer_id"`
}

// DelegatedDetail is the detail of EnvelopeDelegated.
type DelegatedDetail struct {
	Client
	Change
}

// UndeliverableData is the data of EnvelopeUndeliverable.
type UndeliverableData struct {
	SignerID string `json:"signer_id"`
	Status   string `json:"status"` // RFC 3463, such as 5.1.1; "" where none is known
}

// UndeliverableDetail is the detail of EnvelopeUndeliverable.
type UndeliverableDetail struct {
	Email string `json:"email"` // that could not be reached
}

// Client is where a signer's request came from: the detail of EnvelopeConsented
// and EnvelopeCompletionGivenOut, and a part of other details.
type Client struct {
	Address   string `json:"address"`
	UserAgent string `json:"user_agent"`
}

// ViewedData is the data of EnvelopeViewed.
type ViewedData struct {
	SignerID        string         `json:"signer_id"`
	PresentedSHA256 storage.Digest `json:"presented_sha256"`
	PagesShown      []int          `json:"pages_shown"` // from 1
}

// ViewedDetail is the detail of EnvelopeViewed.
type ViewedDetail struct {
	Client
	PagesShownAt []string `json:"pages_shown_at"` // in the order of PagesShown
}

// AuthData is the data of EnvelopeCodeSent, EnvelopeAuthenticated and
// EnvelopeAuthFailed. It never holds a code.
type AuthData struct {
	SignerID string `json:"signer_id"`
	Method   string `json:"method"` // email_otp or access_code
}

// ConsentedData is the data of EnvelopeConsented.
type ConsentedData struct {
	SignerID          string         `json:"signer_id"`
	Mode              string         `json:"mode"`
	DisclosureSHA256  storage.Digest `json:"disclosure_sha256"`
	DisclosureVersion string         `json:"disclosure_version"`
	Locale            string         `json:"locale"`
}

// ConsentWithdrawnData is the data of EnvelopeConsentWithdrawn.
type ConsentWithdrawnData struct {
	SignerID         string         `json:"signer_id"`
	DisclosureSHA256 storage.Digest `json:"disclosure_sha256"`
	AfterSignature   bool           `json:"after_signature"`
}

// ReasonedDetail is the detail of EnvelopeConsentWithdrawn and EnvelopeDeclined.
type ReasonedDetail struct {
	Client
	Reason string `json:"reason"`
}

// SignedData is the data of EnvelopeSigned.
type SignedData struct {
	SignerID         string         `json:"signer_id"`
	PresentedSHA256  storage.Digest `json:"presented_sha256"` // the state that the signer read
	DocumentSHA256   storage.Digest `json:"document_sha256"`  // the whole document with this signature
	PartSHA256       storage.Digest `json:"part_sha256"`      // what the signature appended
	DisclosureSHA256 storage.Digest `json:"disclosure_sha256"`
	SignatureKind    string         `json:"signature_kind"`
	Auth             string         `json:"auth"`
	LinkDisclosed    bool           `json:"link_disclosed"`
	Notified         []string       `json:"notified"` // ids of the signers whose turn it is now
	PagesShown       []int          `json:"pages_shown"`
}

// SignedDetail is the detail of EnvelopeSigned.
type SignedDetail struct {
	Client
	Name         string            `json:"name"`
	Email        string            `json:"email"`
	Role         string            `json:"role"`
	TimeZone     string            `json:"time_zone"`
	Text         string            `json:"text"`   // of a typed signature
	Values       map[string]string `json:"values"` // by field id
	PagesShownAt []string          `json:"pages_shown_at"`
}

// DeclinedData is the data of EnvelopeDeclined.
type DeclinedData struct {
	SignerID string `json:"signer_id"`
}

// VoidedDetail is the detail of EnvelopeVoided.
type VoidedDetail struct {
	Reason string `json:"reason"`
}

// ExpiredData is the data of EnvelopeExpired.
type ExpiredData struct {
	ExpiresAt string `json:"expires_at"` // RFC 3339
}

// CompletedData is the data of EnvelopeCompleted.
type CompletedData struct {
	CompletionSHA256 storage.Digest `json:"completion_sha256"`
	CompletionSize   int64          `json:"completion_size"`
	Pages            int            `json:"pages"`
	DocumentSHA256   storage.Digest `json:"document_sha256"` // as the last signer left it
	Level            string         `json:"level"`           // ETSI EN 319 142-1
}

// CopyMadeData is the data of EnvelopeCopyMade.
type CopyMadeData struct {
	CopyID         string         `json:"copy_id"`
	DocumentSHA256 storage.Digest `json:"document_sha256"` // of the state that was copied
	SHA256         storage.Digest `json:"sha256"`
	Size           int64          `json:"size"`
}

// CompletionGivenOutData is the data of EnvelopeCompletionGivenOut.
type CompletionGivenOutData struct {
	SignerID         string         `json:"signer_id"`
	CompletionSHA256 storage.Digest `json:"completion_sha256"`
}

// TemplateData is the data of TemplateCreated, TemplateUpdated and TemplateDeleted.
type TemplateData struct {
	TemplateID     string         `json:"template_id"`
	Version        int            `json:"version"`
	DocumentSHA256 storage.Digest `json:"document_sha256,omitempty"` // of the PDF; absent where it is deleted
	Roles          int            `json:"roles,omitempty"`
	Fields         int            `json:"fields,omitempty"`
}
