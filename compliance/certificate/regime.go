package certificate

import "strings"

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

// Regime is a text of law and what it requires.
type Regime struct {
	ID              string
	Title           string
	CertificateType string
	Requirements    []Requirement // one for each check, in the order of an evaluation; none for NoRegime
}

// Requirement is one check of a regime: what is required, in our own words, and
// the paragraph that says so.
type Requirement struct {
	ID        string
	Text      string
	Reference string
}

// Regimes returns every regime that certificates of this Version know.
func Regimes() []Regime { return formats().newest().regimes() }

// RegimeByID returns the regime that certificates of this Version know by an id.
func RegimeByID(id string) (Regime, bool) { return formats().newest().regime(id) }

// law is a text of law: where it is, and its own words in the requirements that it
// shares with the other texts.
type law struct {
	id              string
	title           string
	certificateType string

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

func laws() []law {
	return []law{
		{
			id: UCC9105of2001, title: "UCC § 9-105 (2001 text)", certificateType: chattelPaper,
			section: "UCC § 9-105", holder: "secured party", as: asAssignee,
			change: "revision", approval: "participation", signatures: signedUCC9,
		},
		{
			id: UCC9105of2010, title: "UCC § 9-105(b) (2010 amendments)", certificateType: chattelPaper,
			section: "UCC § 9-105(b)", holder: "secured party", as: asAssignee,
			change: "amendment", approval: "consent", signatures: signedUCC9,
		},
		{
			id: UCC9105of2022, title: "UCC § 9-105(b) (2022 amendments)", certificateType: chattelPaper,
			section: "UCC § 9-105(b)", holder: "purchaser", as: asAssignee,
			change: "amendment", approval: "consent", signatures: signedUCC9,
		},
		{
			id: UCC7106, title: "UCC § 7-106(b)", certificateType: "ucc_7106_electronic_document_of_title",
			section: "UCC § 7-106(b)", holder: "person asserting control", as: asIssued,
			change: "amendment", approval: "consent", signatures: signedUCC7,
		},
		{
			id: ESIGN7021, title: "15 U.S.C. § 7021(c)", certificateType: "transferable_record_7021",
			section: "15 U.S.C. § 7021(c)", holder: "person asserting control", as: asIssued,
			change: "revision", approval: "consent", signatures: signedESIGN,
		},
		{
			id: UETA16, title: "UETA § 16(c)", certificateType: "transferable_record_ueta16",
			section: "UETA § 16(c)", holder: "person asserting control", as: asIssued,
			change: "revision", approval: "consent", signatures: signedESIGN,
		},
	}
}

// regime is a law with the requirements of elements, in its words.
func (l law) regime(elements []element) Regime {
	words := strings.NewReplacer("{section}", l.section, "{signatures}", l.signatures,
		"{holder}", l.holder, "{as}", l.as, "{change}", l.change, "{approval}", l.approval)
	r := Regime{ID: l.id, Title: l.title, CertificateType: l.certificateType}
	for _, e := range elements {
		r.Requirements = append(r.Requirements, Requirement{ID: e.id, Text: words.Replace(e.text), Reference: words.Replace(e.reference)})
	}
	return r
}
