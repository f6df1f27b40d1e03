package custody

import (
	"strings"
	"time"

	"github.com/evaultlib/evault/storage"
)

// Party is a person or organization in a role defined by law: assignee,
// controller, custodian. The JSON names are those of the statements that hold
// it.
type Party struct {
	Name       string `json:"name" validate:"required,max=200,line"`
	Identifier string `json:"identifier,omitempty" validate:"max=200,line"`
	Email      string `json:"email,omitempty" validate:"omitempty,email,max=254,line"`
}

// String names a party as seals print it.
func (p Party) String() string {
	if p.Identifier == "" {
		return p.Name
	}
	return p.Name + " (" + p.Identifier + ")"
}

// Binding is how a controller is bound to what it controls.
type Binding string

// How a controller is bound to what it controls (Controller.BoundBy).
const (
	// BoundByOrganization: the depositing organization is itself the assignee.
	BoundByOrganization Binding = "organization"
	// BoundByAgent: the organization acts for an outside assignee, under its recorded
	// agreement, as declared.
	BoundByAgent Binding = "agent"
	// BoundByNone: the assignee is an outside party without an agent; the
	// organization can release the original only to that party.
	BoundByNone Binding = "none"
	// BoundByControlKey: the assignee controls by its own key. The organization keeps
	// its records, and can neither assign nor release without a consent by that key.
	BoundByControlKey Binding = "control_key"
)

// Controller is who can act on an authoritative copy.
type Controller struct {
	Party   Party   `json:"party"`
	OrgID   string  `json:"org_id"`
	BoundBy Binding `json:"bound_by"`
	// ControlKey is the party's key with BoundByControlKey, "" otherwise.
	ControlKey ControlKey `json:"control_key,omitempty"`
}

// Recipient is the recipient of the original. The JSON names are those of the release
// statement.
type Recipient struct {
	Name         string `json:"name" validate:"required,max=200,line"`
	Organization string `json:"organization,omitempty" validate:"max=200,line"`
	Email        string `json:"email,omitempty" validate:"omitempty,email,max=254,line"`
}

func (r Recipient) String() string {
	if r.Organization == "" {
		return r.Name
	}
	return r.Name + ", " + r.Organization
}

// CustodianKind is who keeps a copy for its assignee.
type CustodianKind string

// Kinds of custodian.
const (
	CustodianSelf     CustodianKind = "self"     // the assignee's own vault, 9-105(b)(3) first limb
	CustodianOperator CustodianKind = "operator" // Config.Custodian, by an acknowledgment for each copy
)

// Holder is the custodian of one copy.
type Holder struct {
	Kind  CustodianKind `json:"kind"`
	Party Party         `json:"party"`
}

// Capacity is the role in which an organization deposits for an outside party.
type Capacity string

// Capacities of an organization that deposits for an outside party.
const (
	CapacityPrincipal Capacity = "principal"
	CapacityAgent     Capacity = "agent"
)

// Agreement is the declared appointment on which an agent's control rests.
type Agreement struct {
	Reference     string         `json:"reference" validate:"required,max=200,line"`
	Date          time.Time      `json:"date" validate:"required"`
	SHA256        storage.Digest `json:"sha256" validate:"required"`
	NotTransferor bool           `json:"not_transferor" validate:"required"` // declared: the agent is not the transferor
}

// Classification has the depositor's answers about the record, from which a regime is derived.
type Classification struct {
	PromiseToPay          bool `json:"promise_to_pay"`
	SpecificGoods         bool `json:"specific_goods"`
	LeaseOfGoods          bool `json:"lease_of_goods"`
	DocumentOfTitle       bool `json:"document_of_title"`
	IssuerAgreementClause bool `json:"issuer_agreement_clause"`
	RealProperty          bool `json:"real_property"`
}

// Attestation is a person's declaration about a paper document: its signers,
// the origin of the file, and the location of the paper.
type Attestation struct {
	AttestedBy    string     `json:"attested_by" validate:"required,max=200,line"`
	Capacity      string     `json:"capacity" validate:"required,max=200,line"`
	SignedBy      []string   `json:"signed_by" validate:"required,min=1,max=50,dive,required,max=200,line"`
	Origin        string     `json:"origin" validate:"required,oneof=born_digital scan"`
	PaperOriginal string     `json:"paper_original" validate:"required,oneof=none destroyed held"`
	Holder        string     `json:"holder,omitempty" validate:"max=200,line"`
	DestroyedAt   *time.Time `json:"destroyed_at,omitempty"`
	Statement     string     `json:"statement" validate:"required,max=2000,text"`

	// PaperCustodian gave a receipt for a paper original. It is required when
	// the original is held, and not allowed otherwise (UCC 9-314A requires
	// possession).
	PaperCustodian *PaperCustodian `json:"paper_custodian,omitempty"`
}

// PaperCustodian is who gave a receipt for a paper original.
type PaperCustodian struct {
	Name          string         `json:"name" validate:"required,max=200,line"`
	ReceiptSHA256 storage.Digest `json:"receipt_sha256" validate:"required"`
}

// Named reports whether r is the party p: its name, and its e-mail address where
// both give one.
func (p Party) Named(r Recipient) bool {
	name := r.Organization
	if name == "" {
		name = r.Name
	}
	same := func(a, b string) bool { return strings.EqualFold(strings.TrimSpace(a), strings.TrimSpace(b)) }
	return same(name, p.Name) && (p.Email == "" || r.Email == "" || same(p.Email, r.Email))
}
