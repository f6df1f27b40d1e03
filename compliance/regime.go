package compliance

import (
	"fmt"
	"strings"

	"github.com/evaultlib/evault/internal/check"
)

// The regimes, each a text of law under which an asset may be controlled. A
// regime is chosen when the asset is vaulted and never changes.
const (
	UCC9105of2001 = "ucc_9_105_2001" // UCC 9-105 as enacted with Revised Article 9
	UCC9105of2010 = "ucc_9_105_2010" // as amended in 2010
	UCC9105of2022 = "ucc_9_105_2022" // as amended in 2022
	UCC7106       = "ucc_7_106"      // electronic documents of title
	ESIGN7021     = "esign_7021"     // transferable records, 15 U.S.C. 7021
	UETA16        = "ueta_16"        // transferable records, by state
	NoRegime      = "none"           // no control statute is named
)

// How an asset's regime was chosen.
const (
	BasisDeclared   = "declared"     // the depositor named it
	BasisClassified = "classified"   // from the depositor's answers about the record
	BasisDefault    = "host_default" // nobody chose; the host's default
)

// The ids of the eight checks, in the order in which an evaluation lists them.
const (
	SingleAuthoritativeCopy   = "single_authoritative_copy"
	TamperEvidentRecord       = "tamper_evident_record"
	AssigneeIdentified        = "assignee_identified"
	RequiredSignatures        = "required_signatures"
	HeldByAssigneeOrCustodian = "held_by_assignee_or_custodian"
	ConsentToAssigneeChange   = "consent_to_assignee_change"
	CopiesIdentifiable        = "copies_identifiable"
	AmendmentsIdentifiable    = "amendments_identifiable"
)

// Requirement is one check of a regime: what is required, in our own words, and
// the paragraph that says so.
type Requirement struct {
	ID        string
	Text      string
	Reference string
}

// Regime is a text of law and what it requires.
type Regime struct {
	ID              string
	Title           string
	CertificateType string
	Requirements    []Requirement // the eight checks; none for NoRegime
}

// lawText is what the texts differ in; the rest of the six elements is the same in
// all.
type lawText struct {
	id, title, certificate string

	section    string // cited with the number of the element: section + "(4)"
	holder     string // who must be identified, hold and consent
	as         string // as whom the authoritative copy identifies the holder
	change     string // what may be made to the authoritative copy
	approval   string // what the holder gives to a change of assignee
	signatures string // where signing is required or given effect
}

// 15 U.S.C. 7003(a)(3) and UETA 3(b)(2) take the UCC out of the two acts, but for
// Articles 2 and 2A: what Articles 7 and 9 govern is signed under the UCC itself.
const (
	signedUCC9  = "UCC §§ 1-201, 9-203(b)(3)(D); for a lease § 2A-201"
	signedUCC7  = "UCC § 1-201"
	signedESIGN = "15 U.S.C. § 7001(a); UETA § 7"

	asAssignee = "the assignee of the record"
	asIssued   = "the person to whom the record was issued or, where it indicates a transfer, most recently transferred"

	chattelPaper = "ucc_9105_electronic_chattel_paper"
)

func lawTexts() []lawText {
	return []lawText{
		{UCC9105of2001, "UCC § 9-105 (2001 text)", chattelPaper, "UCC § 9-105", "secured party", asAssignee, "revision", "participation", signedUCC9},
		{UCC9105of2010, "UCC § 9-105(b) (2010 amendments)", chattelPaper, "UCC § 9-105(b)", "secured party", asAssignee, "amendment", "consent", signedUCC9},
		{UCC9105of2022, "UCC § 9-105(b) (2022 amendments)", chattelPaper, "UCC § 9-105(b)", "purchaser", asAssignee, "amendment", "consent", signedUCC9},
		{UCC7106, "UCC § 7-106(b)", "ucc_7106_electronic_document_of_title", "UCC § 7-106(b)", "person asserting control", asIssued, "amendment", "consent", signedUCC7},
		{ESIGN7021, "15 U.S.C. § 7021(c)", "transferable_record_7021", "15 U.S.C. § 7021(c)", "person asserting control", asIssued, "revision", "consent", signedESIGN},
		{UETA16, "UETA § 16(c)", "transferable_record_ueta16", "UETA § 16(c)", "person asserting control", asIssued, "revision", "consent", signedESIGN},
	}
}

// Regimes returns every regime that Evaluate knows.
func Regimes() []Regime {
	var list []Regime
	for _, l := range lawTexts() {
		list = append(list, l.regime())
	}
	return append(list, Regime{ID: NoRegime, Title: "no control statute named", CertificateType: "custody_record"})
}

// RegimeByID returns the regime, or an *InvalidError for the field regime.
func RegimeByID(id string) (Regime, error) {
	var ids []string
	for _, r := range Regimes() {
		if r.ID == id {
			return r, nil
		}
		ids = append(ids, r.ID)
	}
	return Regime{}, check.Fail("regime", "oneof", "must be one of %s", strings.Join(ids, ", "))
}

func (l lawText) regime() Regime {
	words := strings.NewReplacer("{holder}", l.holder, "{as}", l.as, "{change}", l.change, "{approval}", l.approval)
	requirement := func(id, reference, text string) Requirement {
		return Requirement{ID: id, Text: words.Replace(text), Reference: reference}
	}
	element := func(n int) string { return fmt.Sprintf("%s(%d)", l.section, n) }
	return Regime{ID: l.id, Title: l.title, CertificateType: l.certificate, Requirements: []Requirement{
		requirement(SingleAuthoritativeCopy, element(1),
			"One authoritative copy of the record exists that is unique in this installation, identifiable, and unalterable except by an authorized {change}."),
		requirement(TamperEvidentRecord, element(1)+", (6)",
			"Each recorded event of the copy is unbroken: it follows the one before, and an alteration of it shows."),
		requirement(AssigneeIdentified, element(2),
			"The authoritative copy identifies the {holder} as {as}."),
		requirement(RequiredSignatures, l.signatures,
			"Each signer that the record names has signed it: electronically under a valid seal, or on paper as attested."),
		requirement(HeldByAssigneeOrCustodian, element(3),
			"The authoritative copy was communicated to, and is maintained by, the {holder} or its designated custodian."),
		requirement(ConsentToAssigneeChange, element(4),
			"A copy or {change} that adds or changes an assignee can be made only with the {approval} of the {holder}."),
		requirement(CopiesIdentifiable, element(5),
			"Each copy of the authoritative copy, and each copy of a copy, is readily identifiable as a copy that is not the authoritative copy."),
		requirement(AmendmentsIdentifiable, element(6),
			"Each {change} of the authoritative copy is readily identifiable as authorized or unauthorized."),
	}}
}
