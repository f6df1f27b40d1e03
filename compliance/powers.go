package compliance

import (
	"context"
	"fmt"

	"github.com/evaultlib/evault/compliance/certificate"
	"github.com/evaultlib/evault/vault/custody"
)

// PowersReport says who can do what to a copy: what the policy of the vault requires, and what
// whoever runs database, document storage and keys could do beside the software.
type PowersReport struct {
	EnvelopeID string
	AsOf       certificate.Time
	Policy     custody.Policy // vault.Config.Policy; New refuses one that Lint does not pass
	Powers     []certificate.Power
}

// Powers reports the powers over the copy of an envelope, as a certificate made now would print them.
// It changes and stores nothing. Errors: those of vault.Original, storage.ErrUnavailable.
func (e *Engine) Powers(ctx context.Context, orgID, envelopeID string) (*PowersReport, error) {
	if _, err := e.c.Vault.Original(ctx, orgID, envelopeID); err != nil {
		return nil, err
	}
	ev, err := e.gather(ctx, envelopeID)
	if err != nil {
		return nil, fmt.Errorf("powers: %w", err)
	}
	return &PowersReport{envelopeID, certificate.At(ev.at), e.c.Vault.Policy(), ev.powers()}, nil
}
