package compliance

import (
	"context"
	"maps"
	"slices"

	"github.com/evaultlib/evault/compliance/certificate"
)

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
