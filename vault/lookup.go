package vault

import (
	"context"
	"errors"
	"fmt"

	"github.com/evaultlib/evault/internal/validate"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/vault/custody"
)

// State is what bytes are to the vault.
type State string

// States that Lookup answers.
const (
	StateAuthoritative State = "authoritative" // current version of a live copy
	StateReleased      State = "released"      // a release version
	StateSuperseded    State = "superseded"    // an earlier version, the deposited or completed bytes, or the document after the last signature
	StateCopy          State = "copy"          // a registered marked copy, a signer's too
	StateUnknown       State = "unknown"
)

// Lookup returns the state of the bytes with this digest in the vault,
// whichever organization they belong to: one of the State constants. It
// compares the log with its anchors (translog.ErrRewound). Before it returns
// authoritative or released, it compares the copy's record with its event chain
// and the log, like Proven: ErrRecordAltered. The current version of a copy
// whose release has begun is superseded.
func (v *Vault) Lookup(ctx context.Context, sha256 storage.Digest) (state State, err error) {
	if _, err := storage.ParseDigest(string(sha256)); err != nil {
		return "", invalidDigest(err)
	}
	if err := v.c.Log.CheckRecent(ctx); err != nil {
		return "", fmt.Errorf("lookup: %w", err)
	}
	claims, err := v.c.Store.Claims(ctx, sha256)
	if err != nil {
		return "", fmt.Errorf("lookup: %w", err)
	}
	if len(claims) == 0 {
		return StateUnknown, nil
	}
	claim := claims[0]
	switch claim.Kind {
	case custody.ClaimPrefix, custody.ClaimRevision, custody.ClaimPages, custody.ClaimAsset: // not handed in and not handed out
		return StateUnknown, nil
	case custody.ClaimCopy:
		return StateCopy, nil
	}
	c, err := v.c.Store.Original(ctx, claim.EnvelopeID)
	if errors.Is(err, storage.ErrNotFound) {
		return StateUnknown, nil
	}
	switch {
	case err != nil:
		return "", fmt.Errorf("lookup: %w", err)
	case c.DocumentHash != sha256:
		return StateSuperseded, nil
	}
	switch c, err = v.authoritative(ctx, c); {
	case errors.Is(err, ErrReleased), err == nil && c.DocumentHash != sha256:
		return StateSuperseded, nil
	case err != nil:
		return "", fmt.Errorf("lookup: %w", err)
	case c.Status == custody.StatusReleased:
		return StateReleased, nil
	}
	return StateAuthoritative, nil
}

func invalidDigest(err error) error {
	return validate.Fail("sha256", "sha256", "must be 64 lower-case hex digits: %v", err)
}
