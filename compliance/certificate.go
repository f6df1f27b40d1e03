package compliance

import (
	"github.com/evaultlib/evault/storage"
)

// # Certificate, version 1.0
//
// A certificate is a compact JWS (package internal/jws): header
//
//	{"alg":"EdDSA","kid":KID,"typ":"evault-certificate+jwt"}
//
// and as payload the canonical JSON (package internal/canon) of the object
// below. As a document it is that object with one more field, "jws", which is
// the JWS: whoever reads it compares the object without "jws" with the payload.
//
// Every field is always there; what does not apply is null, or an empty list.
// Times are UTC with six decimals, digests lower-case hex SHA-256, hashes of the
// log base64. A reader of version 1.0 refuses fields that it does not know; a
// later version has another certificate_version, and every released version
// stays readable.
//
//   - certificate_type follows from the regime (Regime.CertificateType);
//   - serial counts the certificates of one envelope from 1, supersedes is the id
//     of the one before; none is ever overwritten;
//   - cause is the event on account of which it was issued;
//   - as_of is when the evaluation read the facts; it says nothing of later times;
//   - evidence items have a basis: "verified" (recomputed by the system from bytes,
//     signatures and proofs), "attested" (a signed statement of a third party, or
//     the vault's own record of a request), "declared" (somebody said so);
//   - log.entries prove, against log.checkpoint, the events that the certificate
//     rests on: leaf_hash is that of the event's canonical bytes (RFC 6962 section
//     2.1). The certificate's own issue is a later event, which commits to the
//     SHA-256 of the JWS;
//   - system.rules_sha256 is the digest of the rules document (Rules).
const (
	CertificateVersion = "1.0"
	certificateTyp     = "evault-certificate+jwt"
)

// Certificate is what the system found about one vaulted asset at one time.
type Certificate struct {
	Type       string  `json:"certificate_type"`
	Version    string  `json:"certificate_version"`
	ID         string  `json:"certificate_id"`
	Serial     int     `json:"serial"`
	Supersedes *string `json:"supersedes"`
	Cause      Cause   `json:"cause"`
	IssuedAt   Time    `json:"issued_at"`
	AsOf       Time    `json:"as_of"`

	Subject           Subject `json:"subject"`
	Regime            string  `json:"regime"`
	RegimeBasis       string  `json:"regime_basis"`
	Jurisdiction      string  `json:"jurisdiction"`
	AuthoritativeCopy Held    `json:"authoritative_copy"`
	Seal              Seal    `json:"seal"`

	SecuredParty    Party            `json:"secured_party"`
	Assignee        Party            `json:"assignee"`
	Controller      Controller       `json:"controller"`
	Custodian       Custodian        `json:"custodian"`
	Acknowledgments []Acknowledgment `json:"acknowledgments"`
	Declarations    []Declaration    `json:"declarations"`
	Powers          []Power          `json:"powers"`

	Copies     []CopyEntry      `json:"copies"`
	Signatures []SignatureEntry `json:"signatures"`
	Custody    []CustodyEntry   `json:"custody"`
	Compliance Result           `json:"compliance"`

	Log         LogProof `json:"log"`
	System      System   `json:"system"`
	LegalNotice string   `json:"legal_notice"`
	JWS         string   `json:"jws,omitempty"` // not part of the payload
}

// Cause is an event.
type Cause struct {
	EventID string `json:"event_id"`
	Type    string `json:"type"`
}

// Subject is the envelope that the certificate speaks of. Status is "vaulted" or
// "released".
type Subject struct {
	EnvelopeID   string `json:"envelope_id"`
	EnvelopeName string `json:"envelope_name"`
	CustomerID   string `json:"customer_id"`
	Status       string `json:"status"`
}

// Held is the authoritative copy: its current version, or the release version,
// which is no longer held here.
type Held struct {
	CopyID          string         `json:"copy_id"`
	SHA256          storage.Digest `json:"sha256"`
	Size            int64          `json:"size"`
	Version         int            `json:"version"`
	DepositedSHA256 storage.Digest `json:"deposited_sha256"`
	VaultedAt       Time           `json:"vaulted_at"`
	HeldHere        bool           `json:"held_here"`
	ReleasedAt      *Time          `json:"released_at"`
	Recipient       *Recipient     `json:"recipient"`
}

// Recipient is to whom a copy was released.
type Recipient struct {
	Name         string `json:"name"`
	Organization string `json:"organization"`
	Email        string `json:"email"`
}

// Seal says how the current version is sealed. Mode is "embedded" or "detached",
// Level one of ETSI EN 319 142-1, such as "B-T", TimeSource what its time rests on.
type Seal struct {
	Mode       string         `json:"mode"`
	Reason     string         `json:"reason"`
	Level      string         `json:"level"`
	TimeSource string         `json:"time_source"`
	SHA256     storage.Digest `json:"sha256"`
}

// Party is a person or an organization.
type Party struct {
	Name       string `json:"name"`
	Identifier string `json:"identifier"`
	Email      string `json:"email"`
}

// Controller is the party that can act, and what binds it: "organization",
// "control_key", "agent" or "none".
type Controller struct {
	Party
	BoundBy string `json:"bound_by"`
}

// Custodian is the party that keeps the copy. Its acknowledgment is null where
// the assignee keeps the copy itself.
type Custodian struct {
	Party
	Kind           string          `json:"kind"` // "self" or "operator"
	Acknowledgment *Acknowledgment `json:"acknowledgment"`
}

// Acknowledgment is a custodian's signed word that it keeps the copy for the
// assignee (UCC 9-105(b)(3), 9-105(g) in the 2022 text).
type Acknowledgment struct {
	ID        string         `json:"id"`
	At        Time           `json:"at"`
	SHA256    storage.Digest `json:"sha256"` // of the statement
	RevokedAt *Time          `json:"revoked_at"`
}

// Declaration is what somebody said and no software can see.
type Declaration struct {
	Kind      string         `json:"kind"`
	By        string         `json:"by"`
	Statement string         `json:"statement"`
	SHA256    storage.Digest `json:"sha256"` // of the document behind it, or ""
}

// Power is something that can be done to the copy, and who alone can do it.
type Power struct {
	Power  string `json:"power"`
	Holder string `json:"holder"`
	Detail string `json:"detail"`
}

// CopyEntry is a registered copy that is not the authoritative one.
type CopyEntry struct {
	CopyID  string         `json:"copy_id"`
	Kind    string         `json:"kind"`
	Version int            `json:"version"`
	SHA256  storage.Digest `json:"sha256"`
	Size    int64          `json:"size"`
	MadeAt  Time           `json:"made_at"`
}

// SignatureEntry is one signer's signature. Of a link that the sender could read
// it says so: link_disclosed_at.
type SignatureEntry struct {
	SignerID         string         `json:"signer_id"`
	Name             string         `json:"name"`
	Email            string         `json:"email"`
	Role             string         `json:"role"`
	Auth             string         `json:"auth"`
	ConsentedAt      *Time          `json:"consented_at"`
	DisclosureSHA256 storage.Digest `json:"disclosure_sha256"`
	SignedAt         *Time          `json:"signed_at"`
	PresentedSHA256  storage.Digest `json:"presented_sha256"`
	LinkDisclosedAt  *Time          `json:"link_disclosed_at"`
}

// CustodyEntry is one step of the custody chain.
type CustodyEntry struct {
	CustodyID  string         `json:"custody_id"`
	EventID    string         `json:"event_id"`
	Kind       string         `json:"kind"`
	From       *Party         `json:"from"`
	To         *Party         `json:"to"`
	Version    int            `json:"version"`
	SHA256     storage.Digest `json:"sha256"`
	Consent    string         `json:"consent"` // "signed", "attested" or "" where none was needed
	RecordedAt Time           `json:"recorded_at"`
}

// Result is the evaluation's outcome. Compliant and Score are null where no check
// applies.
type Result struct {
	Compliant           *bool     `json:"compliant"`
	Score               *int      `json:"score"`
	Regime              string    `json:"regime"`
	EvaluatedAt         Time      `json:"evaluated_at"`
	MissingRequirements []string  `json:"missing_requirements"`
	Findings            []Finding `json:"findings"`
	Checks              []Check   `json:"checks"`
}

// Check is one requirement and what was found.
type Check struct {
	ID          string `json:"id"`
	Requirement string `json:"requirement"`
	Reference   string `json:"ucc_reference"`
	Satisfied   bool   `json:"satisfied"`
	Detail      string `json:"detail"`
	Evidence    []Item `json:"evidence"`
}

// Finding is something found that no check scores.
type Finding struct {
	ID     string `json:"id"`
	Detail string `json:"detail"`
}

// What an evidence item rests on.
const (
	Verified = "verified" // recomputed from bytes, signatures and proofs
	Attested = "attested" // a signed statement, or the vault's record of a request
	Declared = "declared" // somebody said so
)

// Item is one piece of evidence. Kind says what Ref names.
type Item struct {
	Kind     string         `json:"kind"`
	Ref      string         `json:"ref"`
	SHA256   storage.Digest `json:"sha256,omitempty"`
	LogIndex *int64         `json:"log_index,omitempty"`
	Basis    string         `json:"basis"`
}

// LogProof is a checkpoint of the transparency log and proofs against it.
type LogProof struct {
	Origin     string     `json:"origin"`
	TreeSize   int64      `json:"tree_size"`
	RootHash   string     `json:"root_hash"`
	Checkpoint string     `json:"checkpoint"` // signed note
	Entries    []LogEntry `json:"entries"`
}

// LogEntry proves that an event is in the log.
type LogEntry struct {
	EventID        string   `json:"event_id"`
	Type           string   `json:"type"`
	LeafHash       string   `json:"leaf_hash"`
	Index          int64    `json:"index"`
	InclusionProof []string `json:"inclusion_proof"`
}

// System names what evaluated and signed.
type System struct {
	Name         string         `json:"name"`
	Version      string         `json:"version"`
	RulesVersion string         `json:"rules_version"`
	RulesSHA256  storage.Digest `json:"rules_sha256"`
	Keys         []SystemKey    `json:"keys"`
}

// SystemKey is a public key that the certificate rests on. Use is "seal", "log"
// or "certificate"; KID is the key's id in jwks.json, name and hash of the
// log's verifier key (name+hash), or the SHA-256 of the seal's certificate.
type SystemKey struct {
	Use        string `json:"use"`
	KID        string `json:"kid"`
	SelfSigned bool   `json:"self_signed"`
}
