package vault

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/evaultlib/evault/internal/chain"
	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/storage"
)

func (d *deposit) claim(kind string, sha256 storage.Digest, version int) {
	for _, c := range d.claims {
		if c.SHA256 == sha256 {
			return
		}
	}
	d.claims = append(d.claims, Claim{sha256, d.copyID, d.EnvelopeID, kind, version, d.at})
}

// deposited returns the claims on what was handed in: its bytes and the
// revision that each approval signature in it covers. Unsigned prefixes and
// certified blanks are shared by many contracts and not claimed.
func (v *Vault) deposited(d *deposit, raw []byte) ([]Claim, error) {
	d.claims = nil
	d.claim(ClaimDeposited, d.Source.Object.SHA256, 0)
	ends, err := pdf.SignedPrefixes(raw)
	var refusal *pdf.Refusal
	if errors.As(err, &refusal) && d.Source.Sealing.Mode == SealingDetached {
		return d.claims, nil // a damaged file has no signatures that hold
	}
	if err != nil {
		return nil, fmt.Errorf("signatures: %w", err)
	}
	for _, end := range ends {
		d.claim(ClaimPrefix, storage.Sum(raw[:end]), 0)
	}
	return d.claims, nil
}

// refuseDuplicates looks up what is handed in and what it was made from. A
// collision is told to the host, which may allow it; else the attempt becomes
// an event of the caller's envelope and ErrNotAnOriginal, whoever vaulted the
// other.
func (v *Vault) refuseDuplicates(ctx context.Context, d *deposit) (map[storage.Digest]bool, error) {
	digests := slices.Clone(d.Source.Origins)
	for _, c := range d.claims {
		digests = append(digests, c.SHA256)
	}
	found, err := v.c.Store.Claims(ctx, digests...)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	if v.c.OnDuplicate != nil && v.c.OnDuplicate(ctx, Duplicate{d.EnvelopeID, d.OrgID, found}) {
		allowed := map[storage.Digest]bool{}
		for _, c := range found {
			allowed[c.SHA256] = true
		}
		return allowed, nil
	}
	matched := map[storage.Digest]bool{}
	for _, c := range found {
		matched[c.SHA256] = true
	}
	err = v.update(ctx, func(ctx context.Context, s Store) error {
		_, err := v.chain.Append(ctx, s, chain.Draft{
			EnvelopeID: d.EnvelopeID, Type: "vault.duplicate_refused", Actor: d.Actor,
			Data: map[string]any{"deposited_sha256": d.Source.Object.SHA256, "matches": sorted(matched)},
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	v.log.WarnContext(ctx, "vault: deposit refused, not an original", "envelope_id", d.EnvelopeID, "sha256", d.Source.Object.SHA256)
	return nil, ErrNotAnOriginal
}

// unclaimed returns the claims to insert: all but those that the host allowed
// to collide. errClaimed when another deposit claimed one since.
func (v *Vault) unclaimed(ctx context.Context, s Store, d *deposit) ([]Claim, error) {
	digests := slices.Clone(d.Source.Origins)
	for _, c := range d.claims {
		digests = append(digests, c.SHA256)
	}
	found, err := s.Claims(ctx, digests...)
	if err != nil {
		return nil, err
	}
	for _, c := range found {
		if !d.allowed[c.SHA256] {
			return nil, errClaimed
		}
	}
	return slices.DeleteFunc(slices.Clone(d.claims), func(c Claim) bool { return d.allowed[c.SHA256] }), nil
}

func sorted(set map[storage.Digest]bool) []storage.Digest {
	return slices.Sorted(maps.Keys(set))
}
