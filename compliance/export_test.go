package compliance

import (
	"context"
	"maps"
	"slices"

	"github.com/evaultlib/evault/compliance/certificate"
	"github.com/evaultlib/evault/internal/pdf/typeset"
	"github.com/evaultlib/evault/vault/custody"
)

// Pages is what a custody record is laid out from.
func (e *Engine) Pages(c *certificate.Certificate) typeset.Report { return e.custodyRecord(c) }

// InWords is how the pages print a word of the certificate that is for programs,
// "" where they print it as it is.
func InWords(path, value string) string {
	return map[string]map[string]string{
		"compliance.checks.evidence.kind": evidenceWords, "controller.bound_by": boundByWords,
		"seal.mode": {string(custody.SealingEmbedded): "in the file", string(custody.SealingDetached): "beside the file"},
	}[path][value]
}

// Look evaluates an envelope and drafts the certificate of a cause, and keeps
// neither.
func (e *Engine) Look(ctx context.Context, envelopeID, causeID string) (*certificate.Certificate, certificate.Result, error) {
	ev, err := e.gather(ctx, envelopeID)
	if err != nil {
		return nil, certificate.Result{}, err
	}
	r := ev.evaluate()
	c, err := e.draft(ev, r, causeID)
	return c, r, err
}

// Checked are the ids of the checks that an evaluation can run.
func Checked() []string { return slices.Sorted(maps.Keys(checkTable())) }
