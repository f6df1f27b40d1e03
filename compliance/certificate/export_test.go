package certificate

// Versions are the certificate versions that a verifier knows.
func Versions() (list []string) {
	for _, f := range formats() {
		list = append(list, f.version)
	}
	return list
}

// What a later release might add.
const (
	NinthCheck  = "ninth_check"
	LaterRegime = "ucc_12_105"
)

// Later is the table of a later release: version 1.1 with one more check and one
// more regime.
func Later() formatTable {
	next := formats().newest()
	next.version = "1.1"
	next.elements = append(next.elements, element{NinthCheck, "{section}(7)", "The {holder} is content."})
	next.laws = append(next.laws, law{
		id: LaterRegime, title: "UCC § 12-105", certificateType: "controllable_electronic_record",
		section: "UCC § 12-105", holder: "purchaser", as: asAssignee, change: "amendment", approval: "consent", signatures: signedUCC9,
	})
	return append(formats(), next)
}

// Verify is Verify by a table.
func (t formatTable) Verify(token string, keys Keys) (*Certificate, error) {
	return t.verify(token, keys)
}

// Knows reports whether certificates of a version may name a regime.
func (t formatTable) Knows(version, regime string) bool {
	f, known := t.of(version)
	_, named := f.regime(regime)
	return known && named
}
