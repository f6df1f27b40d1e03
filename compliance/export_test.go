package compliance

import (
	"context"
	"maps"
	"slices"

	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/vault"
)

// Pages is what a custody record is laid out from.
func (e *Engine) Pages(c *Certificate) pdf.Report { return e.custodyRecord(c) }

// InWords is how the pages print a word of the certificate that is for programs,
// "" where they print it as it is.
func InWords(path, value string) string {
	return map[string]map[string]string{
		"compliance.checks.evidence.kind": evidenceWords, "controller.bound_by": boundByWords,
		"seal.mode": {vault.SealingEmbedded: "in the file", vault.SealingDetached: "beside the file"},
	}[path][value]
}

// Look evaluates an envelope and drafts the certificate of a cause, and keeps
// neither.
func (e *Engine) Look(ctx context.Context, envelopeID, causeID string) (*Certificate, Result, error) {
	f, err := e.gather(ctx, envelopeID)
	if err != nil {
		return nil, Result{}, err
	}
	r := f.evaluate()
	c, err := e.draft(f, r, causeID)
	return c, r, err
}

// Checked are the ids of the checks that an evaluation can run.
func Checked() []string { return slices.Sorted(maps.Keys(checkTable())) }

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

// Verify is VerifyCertificate by a table.
func (t formatTable) Verify(token string, keys Keys) (*Certificate, error) {
	return t.verify(token, keys)
}

// Knows reports whether certificates of a version may name a regime.
func (t formatTable) Knows(version, regime string) bool {
	f, known := t.of(version)
	_, named := f.regime(regime)
	return known && named
}
