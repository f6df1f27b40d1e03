package certificate

import (
	"github.com/evaultlib/evault/storage"
)

// # Certificate, version 1.0
//
// A certificate is a compact JWS (package internal/jws): header
//
//	{"alg":"EdDSA","kid":KID,"typ":"evault-certificate+jwt"}
//
// and as payload the canonical JSON (package internal/canonjson) of the object
// below. As a document it is that object with one more field, "jws", which is
// the JWS: whoever reads it compares the object without "jws" with the payload.
//
// Every field is always there but these, which are absent where control was never
// assigned: interest, and assignment of a custody entry; within them, pledged_by and
// obligation are absent where nothing is pledged or no obligation was named; and
// control_key_thumbprint and consent_jws, which are there with a control key only. What does
// not apply is null, or an empty list.
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
//     the vault's own record of a request), "declared" (somebody said so); a check
//     has the weakest basis among its evidence, the result the weakest among its
//     checks;
//   - compliance.state is "live", "released" or "none" (not vaulted). After a
//     release compliant and score are null, and so is satisfied of each check that
//     asks for a copy that is here: a release is an end, not a defect;
//   - log.entries prove, against log.checkpoint, the events that the certificate
//     rests on: canonical is the event's canonical bytes (package storage/event),
//     base64, and leaf_hash their hash as a leaf (RFC 6962 section 2.1). The cause,
//     the deposit, every custody entry, acknowledgment and signature, and the
//     release have an entry, and say what their events say. The certificate's own issue is a later event, which commits to the
//     SHA-256 of the JWS;
//   - system.rules_sha256 is the digest of the rules document (Rules).
const (
	Version = "1.0"
	typ     = "evault-certificate+jwt"
)

// Certificate is the system's findings about one vaulted asset at one time.
type Certificate struct {
	Type       string  `json:"certificate_type"`
	Version    string  `json:"certificate_version"`
	ID         string  `json:"certificate_id"`
	Serial     int     `json:"serial"`
	Supersedes *string `json:"supersedes"`
	Cause      Cause   `json:"cause"`
	IssuedAt   Time    `json:"issued_at"`
	AsOf       Time    `json:"as_of"`

	Subject           Subject  `json:"subject"`
	Regime            string   `json:"regime"`
	RegimeBasis       string   `json:"regime_basis"`
	Jurisdiction      string   `json:"jurisdiction"`
	Classification    *Answers `json:"classification"` // null: nobody classified the record
	AuthoritativeCopy Held     `json:"authoritative_copy"`
	Seal              Seal     `json:"seal"`

	SecuredParty    Party            `json:"secured_party"`
	Assignee        Party            `json:"assignee"`
	Controller      Controller       `json:"controller"`
	Interest        *Interest        `json:"interest,omitempty"` // of the controller
	Custodian       Custodian        `json:"custodian"`
	Acknowledgments []Acknowledgment `json:"acknowledgments"`
	Attestation     *Attestation     `json:"attestation"` // of paper; null: there is none
	Declarations    []Declaration    `json:"declarations"`
	Powers          []Power          `json:"powers"`

	Copies     []CopyEntry      `json:"copies"`
	Signatures []SignatureEntry `json:"signatures"`
	Custody    []CustodyEntry   `json:"custody"`
	Compliance Result           `json:"compliance"`

	Log         LogProof `json:"log"`
	System      System   `json:"system"`
	LegalNotice string   `json:"legal_notice"`
	VerifyURL   *string  `json:"verify_url"`    // where anyone asks what the copy's bytes are to the vault now
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
	ReleaseReason   string         `json:"release_reason"` // "" while live
	ReleaseNote     string         `json:"release_note"`
}

// Answers are the depositor's answers about the record.
type Answers struct {
	PromiseToPay          bool `json:"promise_to_pay"`
	SpecificGoods         bool `json:"specific_goods"`
	LeaseOfGoods          bool `json:"lease_of_goods"`
	DocumentOfTitle       bool `json:"document_of_title"`
	IssuerAgreementClause bool `json:"issuer_agreement_clause"`
	RealProperty          bool `json:"real_property"`
}

// Attestation is what a person declared of a paper document: who signed it, where
// the file comes from ("born_digital" or "scan") and where the paper is ("none",
// "destroyed" or "held").
type Attestation struct {
	AttestedBy     string          `json:"attested_by"`
	Capacity       string          `json:"capacity"`
	SignedBy       []string        `json:"signed_by"`
	Origin         string          `json:"origin"`
	PaperOriginal  string          `json:"paper_original"`
	Holder         string          `json:"holder"`
	DestroyedAt    *Time           `json:"destroyed_at"`
	Statement      string          `json:"statement"`
	PaperCustodian *PaperCustodian `json:"paper_custodian"` // null: no receipt for the paper is on record
}

// PaperCustodian is who gave a receipt for a paper original.
type PaperCustodian struct {
	Name          string         `json:"name"`
	ReceiptSHA256 storage.Digest `json:"receipt_sha256"`
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
// "control_key", "agent" or "none". Until is when that ended, by a release; null
// while the copy is here.
type Controller struct {
	Party
	BoundBy string `json:"bound_by"`
	Until   *Time  `json:"until"`
	// ControlKey is the RFC 7638 thumbprint of the key by which it alone controls.
	ControlKey string `json:"control_key_thumbprint,omitempty"`
}

// Custodian is the party that keeps the copy. Its acknowledgment is null if the
// assignee keeps the copy itself.
type Custodian struct {
	Party
	Kind           string          `json:"kind"` // "self" or "operator"
	Acknowledgment *Acknowledgment `json:"acknowledgment"`
}

// Acknowledgment is a custodian's signed word that it keeps the copy for the
// assignee (UCC 9-105(b)(3), which asks for none).
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

// CopyEntry is a registered copy that is not the authoritative one. The list is that
// of as_of: a later download, which changes no result, asks for no new certificate,
// and the vault's register of copies names it.
type CopyEntry struct {
	CopyID  string         `json:"copy_id"`
	Kind    string         `json:"kind"`
	Version int            `json:"version"`
	SHA256  storage.Digest `json:"sha256"`
	Size    int64          `json:"size"`
	MadeAt  Time           `json:"made_at"`
	GivenTo By             `json:"given_to"`
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

// CustodyEntry is one step of the custody chain. Actor is who acted, Consent how:
// "signed", "attested", "declared", or "none" for what is nobody's consent. ConsentOf
// is whose consent that is: "controller", "agent", whose consent is the agent's own,
// or "" for nobody's, and for a deposit, before which there is no controller.
type CustodyEntry struct {
	CustodyID     string         `json:"custody_id"`
	EventID       string         `json:"event_id"`
	Kind          string         `json:"kind"`
	From          *Party         `json:"from"`
	To            *Party         `json:"to"`
	Version       int            `json:"version"`
	SHA256        storage.Digest `json:"sha256"`
	Statement     storage.Digest `json:"statement_sha256"` // of the signed custody statement
	Consent       string         `json:"consent"`
	ConsentOf     string         `json:"consent_of"`
	Actor         By             `json:"actor"`
	RequestSHA256 storage.Digest `json:"request_sha256"` // of the request that it was attested from, or ""
	RecordedAt    Time           `json:"recorded_at"`
	Assignment    *Assignment    `json:"assignment,omitempty"` // of an entry of kind "assignment"
	// ConsentJWS is the consent that the controller's key signed, of the format in package
	// vault/custody, and ControlKey the RFC 7638 thumbprint of that key.
	ConsentJWS string `json:"consent_jws,omitempty"`
	ControlKey string `json:"control_key_thumbprint,omitempty"`
}

// Interest is what the controller has in the copy. Kind is "owner" or "pledgee".
type Interest struct {
	Kind       string      `json:"kind"`
	PledgedBy  *Party      `json:"pledged_by,omitempty"` // who may redeem
	Obligation *Obligation `json:"obligation,omitempty"` // that the pledge secures, as the pledgor named it
}

// Obligation is a debt: how the parties name it, a decimal amount and the currency of
// ISO 4217, or "" for both.
type Obligation struct {
	Reference string `json:"reference"`
	Amount    string `json:"amount,omitempty"`
	Currency  string `json:"currency,omitempty"`
}

// Assignment is a step of the chain by which control moved within the installation.
// Purpose is "sale", "pledge" or "release_back"; Reason is that of a sale by a
// pledgee. The entry's consent is that of the controller before, by its offer;
// AcceptedBy is who took control over, Acceptance how: "attested" or "declared", or
// "none" for what is nobody's.
type Assignment struct {
	AssignmentID  string         `json:"assignment_id"`
	Purpose       string         `json:"purpose"`
	Reason        string         `json:"reason"`
	Interest      Interest       `json:"interest"` // of the new controller
	AcceptedBy    By             `json:"accepted_by"`
	Acceptance    string         `json:"acceptance"`
	RequestSHA256 storage.Digest `json:"request_sha256"` // of the request that accepted, or ""
}

// By is who acted: an actor's kind, id and organization.
type By struct {
	Kind  string `json:"kind"`
	ID    string `json:"id"`
	OrgID string `json:"org_id"`
}

// What became of the authoritative copy, as an evaluation found it (Result.State).
const (
	StateLive     = "live"
	StateReleased = "released"
	StateNone     = "none" // not vaulted
)

// What a certificate is among those of its envelope, as the issuer answers.
const (
	StateCurrent    = "current"
	StateSuperseded = "superseded"
	StateUnknown    = "unknown"
)

// Result is the evaluation's outcome. Compliant and Score are null where no check
// applies, and after a release. Basis is the weakest of the checks', Declared
// where there is none.
type Result struct {
	State               string    `json:"state"`
	Basis               string    `json:"basis"`
	Compliant           *bool     `json:"compliant"`
	Score               *int      `json:"score"`
	Regime              string    `json:"regime"`
	EvaluatedAt         Time      `json:"evaluated_at"`
	MissingRequirements []string  `json:"missing_requirements"`
	Findings            []Finding `json:"findings"`
	Checks              []Check   `json:"checks"`
}

// Check is one requirement and what was found. Satisfied is null where the
// requirement no longer applies. Basis is the weakest of the evidence.
type Check struct {
	ID          string `json:"id"`
	Requirement string `json:"requirement"`
	Reference   string `json:"ucc_reference"`
	Satisfied   *bool  `json:"satisfied"`
	Basis       string `json:"basis"`
	Detail      string `json:"detail"`
	Evidence    []Item `json:"evidence"`
}

// Finding is something found that no check scores.
type Finding struct {
	ID     string `json:"id"`
	Detail string `json:"detail"`
}

// RegimeUnknown is the id of the finding that the event of the deposit is not proved, so
// that the regime of the certificate is the issuer's default.
const RegimeUnknown = "regime_unknown"

// Met reports whether the requirement is satisfied.
func (c Check) Met() bool { return c.Satisfied != nil && *c.Satisfied }

// Failed reports whether the requirement applies and is not satisfied.
func (c Check) Failed() bool { return c.Satisfied != nil && !*c.Satisfied }

// What an evidence item, a check and a result rest on, strongest first.
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
	Canonical      []byte   `json:"canonical"`
	LeafHash       string   `json:"leaf_hash"`
	Index          int64    `json:"index"`
	InclusionProof []string `json:"inclusion_proof"`
}

// System names what evaluated and signed.
type System struct {
	Name         string         `json:"name"`
	Version      string         `json:"version"`
	Issuer       string         `json:"issuer"`  // legal name of who runs the system and issues the certificate
	Anchors      string         `json:"anchors"` // where the log's checkpoints are kept
	RulesVersion string         `json:"rules_version"`
	RulesSHA256  storage.Digest `json:"rules_sha256"`
	Keys         []SystemKey    `json:"keys"`
}

// SystemKey is a public key that the certificate rests on. Use is its purpose:
// "certificate", "statement", "custodian", "seal" or "log". KID is the key's id in
// jwks.json, or name and hash of the log's verifier key (name+hash). Holder says
// whose key it is. CertifiedBy is who certifies it, null for nobody. SelfSigned says
// that its certificate, or the root of that, was made by the system itself.
type SystemKey struct {
	Use         string  `json:"use"`
	KID         string  `json:"kid"`
	Holder      string  `json:"holder"`
	CertifiedBy *string `json:"certified_by"`
	SelfSigned  bool    `json:"self_signed"`
}
