package custody

import (
	"time"

	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/storage/standing"
)

// Status is whether an authoritative copy is here.
type Status string

// Statuses of an authoritative copy.
const (
	StatusVaulted  Status = "vaulted"
	StatusReleased Status = "released"
)

// SourceKind is where a deposited document comes from.
type SourceKind string

// Kinds of source.
const (
	SourceESign SourceKind = "esign"
	SourcePaper SourceKind = "paper"
)

// SealingMode is how a file carries its seal.
type SealingMode string

// How a file carries the vault's statement of itself.
const (
	SealingEmbedded SealingMode = "embedded" // a PAdES signature appended to the file
	SealingDetached SealingMode = "detached" // a CMS statement beside the file, which never changes
)

// Sealing says how a PDF can be sealed, as found at intake, and the reason if it cannot be
// extended: encrypted, damaged, certified_no_changes, locked or usage_rights.
type Sealing struct {
	Mode   SealingMode `json:"mode"`
	Reason string      `json:"reason,omitempty"`
}

// Source is the document to be deposited: a completion of esign or an uploaded
// paper document. The deposit takes over its object; DeleteDue unlinks it
// together with the versions.
type Source struct {
	Kind           SourceKind
	Object         storage.Object
	DocumentSHA256 storage.Digest   // as uploaded or made from the template; looked up in the claims, not claimed
	Origins        []storage.Digest // what else it was made from; likewise
	SignedSHA256   storage.Digest   // after the last signature, a prefix of the object; claimed, not kept; "" for paper
	Sealing        Sealing
	Level          string // of the source's own seal, "" for paper
	Name           string
	CustomerID     string
	Copies         []SourceCopy // marked copies given to signers before; registered and claimed at the deposit, not kept
}

// SourceCopy is a marked copy of a state of the document before its deposit. The
// deposit registers it under its own id and leaves its object with who made it.
type SourceCopy struct {
	ID      string // cpy_…
	Object  storage.Object
	MadeAt  time.Time
	GivenTo event.Actor // who was given it first
	EventID string      // of its making
}

// Original is the one authoritative copy of an envelope.
type Original struct {
	CopyID, EnvelopeID, OrgID string
	Status                    Status
	Name, CustomerID          string

	Version      int
	DocumentHash storage.Digest // SHA-256 of the current version
	Size         int64
	Seal         Seal // of the current version

	Source       Source
	SecuredParty Party // the assignee, whom the seal names
	Controller   Controller
	Custodian    Holder
	Interest     Interest // of the controller
	Capacity     Capacity // of the depositor, for the assignee of the deposit
	Agreement    *Agreement

	Regime, RegimeBasis, Jurisdiction string
	Classification                    *Classification
	Attestation                       *Attestation

	Marked         *RegisteredCopy // newest marked copy; nil: the file cannot be marked
	Acknowledgment *Acknowledgment // of the custodian, for the current controller; nil with CustodianSelf

	VaultedAt          time.Time
	ReleasedAt         *time.Time
	QuarantinedAt      *time.Time // a version's bytes were found altered; until Repair no release
	IntegrityCheckedAt time.Time
	IntegrityOK        bool
	StoredEventID      string
	OfferID            string // of the open offer, which locks the copy; "" for none
	Revision           int64

	// The organizations of offers, as the Store reads them beside the copy.
	Offeree string   // of the open offer
	Former  []string // that had control before the present controller
}

// Parties returns the organizations with a role in the copy: OrgID controls it.
// An organization that has control again is not a former controller.
func (c *Original) Parties() standing.Parties {
	return standing.Parties{Controller: c.OrgID, Offeree: c.Offeree, Former: c.Former}
}

// Held returns the current parties of the copy according to its record.
func (c *Original) Held() Parties {
	return Parties{Assignee: c.SecuredParty, Controller: c.Controller, Custodian: c.Custodian, Interest: c.Interest}
}

// Seal is what seals a version.
type Seal struct {
	Mode       SealingMode    `json:"mode"`             // SealingEmbedded or SealingDetached
	Reason     string         `json:"reason,omitempty"` // why detached
	Level      string         `json:"level"`            // ETSI EN 319 142-1: B-B, B-T, B-LT or B-LTA
	TimeSource string         `json:"time_source"`
	Field      string         `json:"field,omitempty"`  // signature field, embedded only
	SHA256     storage.Digest `json:"sha256,omitempty"` // of the statement, detached only
}

// VersionKind is what made a version.
type VersionKind string

// Kinds of version.
const (
	VersionDeposit    VersionKind = "deposit"
	VersionAssignment VersionKind = "assignment"
	VersionRelease    VersionKind = "release"
)

// Version is one state of an authoritative copy. Its bytes are a byte prefix of
// the next version's.
type Version struct {
	CopyID    string
	Version   int // from 1
	Kind      VersionKind
	Object    storage.Object
	Prefix    storage.Object // the extended bytes: the source, or the previous version; Name is ""
	Seal      Seal
	Statement []byte // DER CMS, detached only; format in statement.go
	EventID   string
	CreatedAt time.Time
}

// CopyKind is the kind of a row in the copy register.
type CopyKind string

// Kinds of registered copies.
const (
	CopyMarked     CopyKind = "copy"       // every page says that it is not authoritative
	CopySigner     CopyKind = "signer"     // a marked copy that esign gave to signers
	CopyInspection CopyKind = "inspection" // a download of the authoritative bytes
)

// RegisteredCopy is a row of the copy register, 9-105(b)(5).
type RegisteredCopy struct {
	ID         string // cpy_…
	CopyID     string
	EnvelopeID string
	Kind       CopyKind
	Version    int // of the authoritative copy that it was made from; 0: of a state before the deposit
	SHA256     storage.Digest
	Size       int64
	Object     storage.Object // not of CopyInspection
	MadeAt     time.Time
	GivenTo    event.Actor
	EventID    string
}

// ClaimKind is what a claimed digest belongs to.
type ClaimKind string

// Kinds of claim.
const (
	ClaimDeposited ClaimKind = "deposited" // the bytes handed in
	ClaimVersion   ClaimKind = "version"   // a version of the authoritative copy
	ClaimCopy      ClaimKind = "copy"      // a marked copy
	ClaimPrefix    ClaimKind = "prefix"    // the revision that an approval signature in the deposited bytes covers
	ClaimRevision  ClaimKind = "revision"  // an earlier state of paper, a whole file that more was appended to
	ClaimPages     ClaimKind = "pages"     // what the pages hold, not bytes: files that were saved again collide
	ClaimSigned    ClaimKind = "signed"    // the deposited bytes as the last signer left them
	ClaimAsset     ClaimKind = "asset"     // what the contract is about (Asset.SHA256), while its copy is live; a witness only
)

// Claim records that bytes, or pages (ClaimPages), with this digest belong to
// one contract for ever, across the whole installation.
type Claim struct {
	SHA256     storage.Digest
	CopyID     string
	EnvelopeID string
	Kind       ClaimKind
	Version    int // ClaimVersion only
	ClaimedAt  time.Time
}

// Consent is the actor of a change of custody, and how the actor's organization
// consented (9-105(b)(4)). Package compliance checks whether that organization
// was the controller at the time; before a deposit there is no controller.
type Consent struct {
	Kind          ConsentKind    `json:"kind"`
	Actor         event.Actor    `json:"actor"`
	RequestID     string         `json:"request_id,omitempty"`
	RequestSHA256 storage.Digest `json:"request_sha256,omitempty"`
	JWS           string         `json:"jws,omitempty"` // ConsentSigned only; format in consent.go
}

// digest is the SHA-256 of the JWS, "" without one.
func (c Consent) digest() storage.Digest {
	if c.JWS == "" {
		return ""
	}
	return storage.Sum([]byte(c.JWS))
}

// ConsentKind is what a consent rests on.
type ConsentKind string

// Kinds of consent.
const (
	ConsentAttested ConsentKind = "attested" // a key of an organization asked, in a request whose digest is recorded
	ConsentDeclared ConsentKind = "declared" // a host, in process, names the member of an organization who acted
	ConsentSigned   ConsentKind = "signed"   // the controller's key signed it (Consent.JWS); the actor only brought it
	ConsentNone     ConsentKind = "none"     // an operator or a program acted: nobody's consent
)

// ConsentBy returns the consent given by an actor's request.
func ConsentBy(a event.Actor, requestID string, request storage.Digest) Consent {
	c := Consent{Kind: ConsentNone, Actor: a, RequestID: requestID, RequestSHA256: request}
	switch {
	case a.ID == "" || a.OrgID == "":
	case a.Kind == event.ActorKey && request != "":
		c.Kind = ConsentAttested
	case a.Kind == event.ActorMember:
		c.Kind = ConsentDeclared
	}
	return c
}

// EntryKind is the kind of change of custody.
type EntryKind string

// Kinds of custody entry.
const (
	EntryDeposit    EntryKind = "deposit"
	EntryAssignment EntryKind = "assignment"
	EntryRelease    EntryKind = "release"
	EntryBind       EntryKind = "bind" // the assignee, till then acted for or without an agent, controls by its key
)

// Entry is one link of a copy's custody chain. From is nil in the first entry.
// To is nil in a release, after which the vault no longer holds the copy.
type Entry struct {
	ID              string // cust_…
	CopyID          string
	EnvelopeID      string
	Seq             int // from 1
	Kind            EntryKind
	From, To        *Parties
	Recipient       *Recipient // EntryRelease only
	Version         int
	SHA256          storage.Digest // of that version
	Consent         Consent
	Statement       string // compact JWS, format in statement.go
	StatementSHA256 storage.Digest
	PreviousSHA256  storage.Digest // StatementSHA256 of the entry before, "" for the first
	EventID         string
	RecordedAt      time.Time

	// EntryAssignment only. Consent is the offeror's, by its offer.
	AssignmentID string
	Purpose      Purpose
	Reason       string   // of a sale by a pledgee
	Acceptance   *Consent // of the new controller
}

// Parties are the assignee, controller and custodian at a point in time, with
// the controller's interest in the copy.
type Parties struct {
	Assignee   Party      `json:"assignee"`
	Controller Controller `json:"controller"`
	Custodian  Holder     `json:"custodian"`
	Interest   Interest   `json:"interest,omitzero"` // zero until the first assignment
}

// Acknowledgment is a custodian's signed statement that it holds one copy for
// one controller. 9-105(b)(3) does not require it.
type Acknowledgment struct {
	ID        string // ack_…
	CopyID    string
	CustodyID string
	Version   int
	JWS       string // by the custodian's key, format in statement.go
	SHA256    storage.Digest
	KeyID     string
	At        time.Time
}

// Tampering is an object whose bytes were altered and have not been repaired.
type Tampering struct {
	Object  string // name
	CopyID  string
	Want    storage.Digest
	Found   storage.Digest
	FoundAt time.Time
	EventID string
}
