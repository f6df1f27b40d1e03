package compliance

import (
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
