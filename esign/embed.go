package esign

import (
	"context"
	"fmt"
)

// SignerToken returns the token of one signer's link, for a session that the
// host has opened for that signer. Unlike SigningLinks it does not count as a
// disclosure to the sender. Errors: ErrNotFound, ErrSignerNotFound,
// ErrNotYourTurn.
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
