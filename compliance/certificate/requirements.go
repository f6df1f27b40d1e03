package certificate

import "slices"

// The ids of the checks.
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

// element is a requirement as every law has it. The words in braces in reference and
// text are fields of law.
type element struct {
	id        string
	reference string
	text      string
}

// elements are the requirements of version 1.0, in the order in which an evaluation
// lists them.
func elements() []element {
	return []element{
		{
			SingleAuthoritativeCopy, "{section}(1)",
			"One authoritative copy of the record exists that is unique in this installation, identifiable, and unalterable except by an authorized {change}.",
		},
		{
			TamperEvidentRecord, "{section}(1), (6)",
			"Each recorded event of the copy is unbroken: it follows the one before, and an alteration of it shows.",
		},
		{
			AssigneeIdentified, "{section}(2)",
			"The authoritative copy identifies the {holder} as {as}.",
		},
		{
			RequiredSignatures, "{signatures}",
			"Each signer that the record names has signed it: electronically under a valid seal, or on paper as attested.",
		},
		{
			HeldByAssigneeOrCustodian, "{section}(3)",
			"The authoritative copy was communicated to, and is maintained by, the {holder} or its designated custodian.",
		},
		{
			ConsentToAssigneeChange, "{section}(4)",
			"A copy or {change} that adds or changes an assignee can be made only with the {approval} of the {holder}.",
		},
		{
			CopiesIdentifiable, "{section}(5)",
			"Each copy of the authoritative copy, and each copy of a copy, is readily identifiable as a copy that is not the authoritative copy.",
		},
		{
			AmendmentsIdentifiable, "{section}(6)",
			"Each {change} of the authoritative copy is readily identifiable as authorized or unauthorized.",
		},
	}
}

// format is what certificates of one version may say: the laws that they know, and
// the requirements of each.
type format struct {
	version  string
	laws     []law
	elements []element
}

// formatTable lists the versions of certificates, the newest last. A version that was
// released never changes: a new check or law is a new version, and a verifier holds a
// certificate against the requirements of its own version.
type formatTable []format

func formats() formatTable {
	return formatTable{{version: Version, laws: laws(), elements: elements()}}
}

func (t formatTable) newest() format { return t[len(t)-1] }

// of returns the format of a version.
func (t formatTable) of(version string) (format, bool) {
	i := slices.IndexFunc(t, func(f format) bool { return f.version == version })
	if i < 0 {
		return format{}, false
	}
	return t[i], true
}

func (f format) regimes() []Regime {
	var list []Regime
	for _, l := range f.laws {
		list = append(list, l.regime(f.elements))
	}
	return append(list, Regime{ID: NoRegime, Title: "no control statute named", CertificateType: "custody_record"})
}

func (f format) regime(id string) (Regime, bool) {
	list := f.regimes()
	i := slices.IndexFunc(list, func(r Regime) bool { return r.ID == id })
	if i < 0 {
		return Regime{}, false
	}
	return list[i], true
}
