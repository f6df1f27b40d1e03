package vault

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/evaultlib/evault/internal/validate"
	"github.com/evaultlib/evault/storage"
)

// Party is a person or organization that the law names: assignee, controller,
// custodian. The JSON names are those of the statements that hold it.
type Party struct {
	Name       string `json:"name" validate:"required,max=200,line"`
	Identifier string `json:"identifier,omitempty" validate:"max=200,line"`
	Email      string `json:"email,omitempty" validate:"omitempty,email,max=254,line"`
}

// How a controller is bound to what it controls (Controller.BoundBy).
const (
	// BoundByOrganization: the depositing organization is itself the assignee.
	BoundByOrganization = "organization"
	// BoundByAgent: the organization acts for an outside assignee, under its recorded
	// agreement, as declared.
	BoundByAgent = "agent"
	// BoundByNone: the assignee is an outside party for whom nobody acts; the
	// organization can hand the original to that party only.
	BoundByNone = "none"
)

// Controller is who can act on an authoritative copy.
type Controller struct {
	Party   Party  `json:"party"`
	OrgID   string `json:"org_id"`
	BoundBy string `json:"bound_by"`
}

// Kinds of custodian.
const (
	CustodianSelf     = "self"     // the assignee's own vault, 9-105(b)(3) first limb
	CustodianOperator = "operator" // Config.Custodian, by an acknowledgment for each copy
)

// Holder is the custodian of one copy.
type Holder struct {
	Kind  string `json:"kind"`
	Party Party  `json:"party"`
}

// Capacities of an organization that deposits for an outside party.
const (
	CapacityPrincipal = "principal"
	CapacityAgent     = "agent"
)

// Agreement is the declared appointment on which an agent's control rests.
type Agreement struct {
	Reference     string         `json:"reference" validate:"required,max=200,line"`
	Date          time.Time      `json:"date" validate:"required"`
	SHA256        storage.Digest `json:"sha256" validate:"required"`
	NotTransferor bool           `json:"not_transferor" validate:"required"` // declared: the agent is not the transferor
}

// Classification is what a classifier was told; its inputs are recorded.
type Classification struct {
	PromiseToPay          bool `json:"promise_to_pay"`
	SpecificGoods         bool `json:"specific_goods"`
	LeaseOfGoods          bool `json:"lease_of_goods"`
	DocumentOfTitle       bool `json:"document_of_title"`
	IssuerAgreementClause bool `json:"issuer_agreement_clause"`
	RealProperty          bool `json:"real_property"`
}

// Attestation is what a person declares of a paper document: who signed, where
// the file comes from, where the paper is.
type Attestation struct {
	AttestedBy    string     `json:"attested_by" validate:"required,max=200,line"`
	Capacity      string     `json:"capacity" validate:"required,max=200,line"`
	SignedBy      []string   `json:"signed_by" validate:"required,min=1,max=50,dive,required,max=200,line"`
	Origin        string     `json:"origin" validate:"required,oneof=born_digital scan"`
	PaperOriginal string     `json:"paper_original" validate:"required,oneof=none destroyed held"`
	Holder        string     `json:"holder,omitempty" validate:"max=200,line"`
	DestroyedAt   *time.Time `json:"destroyed_at,omitempty"`
	Statement     string     `json:"statement" validate:"required,max=2000,text"`

	// PaperCustodian gave a receipt for a paper original. It is required when the
	// original is held, and excluded otherwise (UCC 9-314A asks for possession).
	PaperCustodian *PaperCustodian `json:"paper_custodian,omitempty"`
}

// PaperCustodian is who gave a receipt for a paper original.
type PaperCustodian struct {
	Name          string         `json:"name" validate:"required,max=200,line"`
	ReceiptSHA256 storage.Digest `json:"receipt_sha256" validate:"required"`
}

// check judges what the tags do not: what says nothing, what contradicts itself, and
// a destruction in the future. It names fields below prefix.
func (a *Attestation) check(p *validate.Problems, prefix string, now time.Time) {
	for _, x := range []struct {
		field, value string
		least        int
	}{{"attested_by", a.AttestedBy, 2}, {"capacity", a.Capacity, 2}, {"statement", a.Statement, 10}} {
		if x.value != "" && (utf8.RuneCountInString(strings.TrimSpace(x.value)) < x.least || !says(x.value)) {
			p.Add(prefix+x.field, "min", "says nothing: must have at least %d characters", x.least)
		}
	}
	for i, name := range a.SignedBy {
		if name != "" && !says(name) {
			p.Add(fmt.Sprintf("%ssigned_by[%d]", prefix, i), "min", "says nothing: must name a person")
		}
	}
	if at := a.DestroyedAt; at != nil && at.After(now) {
		p.Add(prefix+"destroyed_at", "max", "lies in the future")
	} else if at != nil && a.PaperOriginal != "destroyed" {
		p.Add(prefix+"destroyed_at", "excluded", "contradicts paper_original, which is not destroyed")
	}
	if a.PaperCustodian != nil && a.PaperOriginal != "held" {
		p.Add(prefix+"paper_custodian", "excluded", "contradicts paper_original, which is not held")
	}
	if k := a.PaperCustodian; k != nil {
		if _, err := storage.ParseDigest(string(k.ReceiptSHA256)); err != nil && k.ReceiptSHA256 != "" {
			p.Add(prefix+"paper_custodian.receipt_sha256", "sha256", "must be 64 lower-case hex digits")
		}
	}
	if a.PaperOriginal == "held" && a.Holder == "" {
		p.Add(prefix+"holder", "required", "is required when the paper original is held")
	}
	if a.PaperOriginal == "held" && a.PaperCustodian == nil {
		p.Add(prefix+"paper_custodian", "required", "is required when the paper original is held: who keeps it, and the SHA-256 of the receipt")
	}
	if a.PaperOriginal == "none" && a.Origin == "scan" {
		p.Add(prefix+"paper_original", "oneof", "must be destroyed or held: a scan was made from paper")
	}
}

// says reports whether a text has a letter.
func says(s string) bool { return strings.ContainsFunc(s, unicode.IsLetter) }

// parties resolves who is assignee, controller and custodian of a deposit
// (contract section 3, Parties).
func (v *Vault) parties(r *DepositRequest, p *validate.Problems) (assignee Party, controller Controller, custodian Holder) {
	own := Party{Name: r.OrgName, Identifier: r.OrgID}
	assignee, controller = own, Controller{own, r.OrgID, BoundByOrganization}
	if s := r.SecuredParty; s != nil && s.Identifier != r.OrgID {
		assignee, controller.BoundBy = *s, BoundByNone
		if r.Capacity == CapacityAgent {
			controller.BoundBy = BoundByAgent
		}
	} else if s != nil {
		assignee.Email = s.Email
	}
	kind := r.Custodian
	if kind == "" {
		kind = CustodianSelf
		if v.c.Custodian != nil {
			kind = CustodianOperator
		}
	}
	custodian = Holder{kind, own}
	if kind != CustodianOperator {
		return assignee, controller, custodian
	}
	if v.c.Custodian == nil {
		p.Add("custodian", "not_configured", "no operator is configured as custodian")
		return assignee, controller, custodian
	}
	custodian.Party = v.c.Custodian.Party
	if controller.BoundBy == BoundByNone && custodian.Party.Identifier == r.OrgID {
		p.Add("custodian", "custodian_is_transferor", "the custodian would be the transferor of what it holds")
	}
	return assignee, controller, custodian
}

// named reports whether r is the party p: its name, and its e-mail address where
// both give one.
func (p Party) named(r Recipient) bool {
	name := r.Organization
	if name == "" {
		name = r.Name
	}
	same := func(a, b string) bool { return strings.EqualFold(strings.TrimSpace(a), strings.TrimSpace(b)) }
	return same(name, p.Name) && (p.Email == "" || r.Email == "" || same(p.Email, r.Email))
}
