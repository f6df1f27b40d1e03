package esign

import (
	"slices"
	"strconv"
	"time"

	"github.com/evaultlib/evault/esign/stepup"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/storage/standing"
)

type (
	// Actor is the person or system that acts: kind "key", "signer",
	// "operator", "public" or "system", and an id.
	Actor = event.Actor
	// Event is one link of an envelope's hash chain.
	Event = event.Event
)

// Kinds of envelopes.
const (
	KindESign = "esign"
	KindPaper = "paper"
)

// Orders of signing.
const (
	OrderParallel   = "parallel"
	OrderSequential = "sequential"
)

// How a signer consents to electronic records.
const (
	ConsentClick = "click" // beside the disclosure
	// ConsentDemonstrated also asks for a code that stands only in the disclosure's PDF,
	// which reasonably demonstrates that the signer can open the records in that form
	// (15 USC 7001(c)(1)(C)(ii)).
	ConsentDemonstrated = "demonstrated"
)

// Kinds of fields.
const (
	FieldSignature = "signature"
	FieldInitials  = "initials"
	FieldDate      = "date"
	FieldText      = "text"
	FieldCheckbox  = "checkbox"
	FieldRadio     = "radio"    // one of Options, shown as buttons
	FieldDropdown  = "dropdown" // one of Options, shown as a list
)

// Summary is the summary of an envelope in a list: the columns of one row.
type Summary struct {
	ID, OrgID                               string
	Name, Kind                              string
	Status                                  Status // as of the read: an expiry that has passed is taken into account
	CustomerID, CustomerEmail, CustomerName string
	ExternalID                              string
	TemplateID                              string // "" where the envelope was made of no template
	TemplateVersion                         int    // from 1
	CreatedAt, UpdatedAt                    time.Time
	SentAt, CompletedAt, ExpiresAt          *time.Time
	VoidReason                              string
	SealingError                            string // why it is not sealed yet: timestamp_unavailable, certificate_invalid, storage_unavailable, not_extendable, failed
	SignersTotal, SignersSigned             int
	Sealed                                  *Sealed // nil until completed; always nil for paper

	VaultedAt    *time.Time
	DocumentHash storage.Digest // of the authoritative copy's current version
	ReleasedAt   *time.Time
	Compliant    *bool // the last evaluation, whatever its age
	EvaluatedAt  *time.Time

	Revision int64 // grows with every change of the row
}

// Parties returns who has a role in the envelope: OrgID is the organization that
// created it.
func (s *Summary) Parties() standing.Parties { return standing.Parties{Originator: s.OrgID} }

// may reports whether the organization may do act to the envelope.
func (s *Summary) may(orgID string, act standing.Act) bool { return s.Parties().Of(orgID).May(act) }

// Vaulted reports whether the vault holds a live authoritative copy.
func (s *Summary) Vaulted() bool { return s.VaultedAt != nil && s.ReleasedAt == nil }

// ETag changes with every change that a reader can see; verbs take it as IfMatch.
func (s *Summary) ETag() string { return strconv.FormatInt(s.Revision, 36) + "-" + string(s.Status) }

// judge makes an expiry that has come visible (contract: judged at read by time).
func (s *Summary) judge(now time.Time) {
	if _, err := s.Status.After(VerbExpire); err != nil || s.ExpiresAt == nil || now.Before(*s.ExpiresAt) {
		return
	}
	s.Status, s.UpdatedAt = StatusExpired, *s.ExpiresAt
}

// Sealed is the completed file.
type Sealed struct {
	Object     storage.Object
	Pages      int
	Level      string // ETSI EN 319 142-1: B-B, B-T, B-LT or B-LTA
	TimeSource string // what the time of the seal rests on
	Head       event.Head
}

// Envelope is a complete envelope.
type Envelope struct {
	Summary
	Metadata      map[string]string
	Message       string
	RedirectURL   string
	SigningOrder  string
	Consent       string
	ExpiresInDays int
	Reminders     ReminderSchedule
	AutoVault     bool
	TimeZone      string // IANA name by which signers without their own count days; "" is UTC
	SecuredParty  *Party

	Document *Document // nil while pending
	Parts    []Part    // of an e-sign document, in order; the first is what was sent
	Signers  []Signer  // by order, then as created
	Fields   []Field

	SealAttempts int
	SealAfter    *time.Time // earliest next try of a seal that failed
}

// Party is a person or an organization.
type Party struct{ Name, Identifier, Email string }

// Document is the file that was uploaded or submitted at create.
type Document struct {
	Filename   string
	Object     storage.Object // the bytes exactly as received; without a name if they are a prefix of Parts[0]
	Pages      int
	PageSizes  []PageSize  // of the document as signers see it; empty for paper
	Normalized bool        // the signers see a normalized file, Parts[0], not these bytes
	Inspection *Inspection // as found at intake
	UploadedAt time.Time
	Head       event.Head // end of the chain after the document came
}

// PageSize is the displayed size of a page in points (1/72 inch).
type PageSize struct{ Width, Height float64 }

// Part is a piece of an e-sign document: the file is the concatenation of its
// parts. Part 0 is the prepared original; each signature appends one.
type Part struct {
	Seq      int
	SignerID string         // "" for part 0
	Object   storage.Object // the piece alone
	SHA256   storage.Digest // of the file up to and with this part
	Size     int64          // of the file up to and with this part
}

// Signer is a signer of an envelope.
type Signer struct {
	ID                string
	Email, Name, Role string
	Order             int // signers with the same order sign in parallel
	Auth              string
	Delegate          bool // may delegate signing to another person
	Status            SignerStatus
	LinkVersion       int // signing links of other versions are dead

	NotifiedAt, ViewedAt, ConsentedAt, WithdrawnAt, SignedAt, DeclinedAt *time.Time

	DeclineReason    string
	DisclosureSHA256 storage.Digest // of the disclosure consented to
	DisclosureLocale string
	PresentedSHA256  storage.Digest // of the unmarked bytes of the last read
	SignatureKind    string         // typed or drawn
	SignedRequest    storage.Digest // of the accepted request, to recognize a repeat
	RemindedAt       *time.Time
	RemindAt         *time.Time // the next reminder by the schedule; nil for none
	RemindersSent    int        // by the schedule, since the signer was invited
	LinkDisclosedAt  *time.Time // the sender read the link
	TimeZone         string     // IANA name; "" is the envelope's
	Address          string     // of the signature
	UserAgent        string

	UndeliverableAt     *time.Time // when mail to Email was found undeliverable; nil if it is deliverable
	UndeliverableStatus string     // RFC 3463, such as 5.1.1; "" where none is known

	StepUp stepup.State // what the signer has shown besides the link
}

// Consented reports whether a consent was given and not withdrawn.
func (s *Signer) Consented() bool { return s.ConsentedAt != nil && s.WithdrawnAt == nil }

// Field is a place filled in by a signer. X, Y, W and H are fractions of the
// displayed page from its top-left corner; Page counts from 1.
type Field struct {
	ID         string
	SignerID   string
	Kind       string
	Page       int
	X, Y, W, H float64
	Required   bool
	Label      string
	Options    []string // of a radio or dropdown field
	Preset     string   // the sender's value; the signer may change it unless ReadOnly
	ReadOnly   bool
	Value      string // "" until the signer has signed
}

// Shown is the current value of the field: the signer's, else the sender's.
func (f *Field) Shown() string {
	if f.Value != "" {
		return f.Value
	}
	return f.Preset
}

// chooses reports whether the field's value is one of its options.
func chooses(kind string) bool { return kind == FieldRadio || kind == FieldDropdown }

func (e *Envelope) signer(id string) *Signer {
	for i := range e.Signers {
		if e.Signers[i].ID == id {
			return &e.Signers[i]
		}
	}
	return nil
}

// finished is the object that leaves esign: the sealed file, or the paper; the
// zero Object before there is one.
func (e *Envelope) finished() storage.Object {
	switch {
	case e.Kind == KindPaper && e.Document != nil:
		return e.Document.Object
	case e.Sealed != nil:
		return e.Sealed.Object
	}
	return storage.Object{}
}

// last returns the newest part.
func (e *Envelope) last() Part { return e.Parts[len(e.Parts)-1] }

// clone copies what a transaction that may run again would write to.
func (e *Envelope) clone() *Envelope {
	c := *e
	c.Signers = slices.Clone(e.Signers)
	c.Fields = slices.Clone(e.Fields)
	c.Parts = slices.Clone(e.Parts)
	if e.Document != nil {
		d := *e.Document
		c.Document = &d
	}
	return &c
}
