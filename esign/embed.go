package esign

import (
	"context"
	"fmt"
)

// SignerToken is the signing link's token of one signer, for a session that the
// host has opened for that signer; unlike SigningLinks it discloses nothing to the
// sender. Errors: ErrNotFound, ErrSignerNotFound, ErrNotYourTurn.
func (e *Engine) SignerToken(ctx context.Context, orgID, envelopeID, signerID string) (string, error) {
	env, err := e.Envelope(ctx, orgID, envelopeID)
	if err != nil {
		return "", fmt.Errorf("signer token: %w", err)
	}
	s := env.signer(signerID)
	switch {
	case s == nil:
		return "", ErrSignerNotFound
	case s.Status == SignerWaiting:
		return "", ErrNotYourTurn
	}
	return e.token(s), nil
}
