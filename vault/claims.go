package vault

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/evaultlib/evault/internal/chain"
	"github.com/evaultlib/evault/internal/check"
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

// claimDeposited claims what was handed in: its bytes, the revision that each
// approval signature in it covers, and what the last signer left. Other prefixes and certified blanks are
// shared by many contracts and not claimed, only looked up.
func (d *deposit) claimDeposited(raw []byte) error {
	d.claim(ClaimDeposited, d.Source.Object.SHA256, 0)
	signed, err := pdf.SignedPrefixes(raw)
	var refusal *pdf.Refusal
	if errors.As(err, &refusal) && d.Source.Sealing.Mode == SealingDetached {
		signed, err = nil, nil // a damaged file has no signatures that hold
	}
	if err != nil {
		return fmt.Errorf("signatures: %w", err)
	}
	ends := revisionEnds(raw)
	for _, end := range signed {
		ends = append(ends, int(end))
	}
	sums := prefixSums(raw, ends)
	for _, end := range signed {
		if sum, ok := sums[int(end)]; ok { // else the signature covers all that was handed in
			d.claim(ClaimPrefix, sum, 0)
		}
	}
	d.revisions = slices.Sorted(maps.Values(sums))
	if sha256 := d.Source.SignedSHA256; sha256 != "" {
		if !slices.Contains(d.revisions, sha256) {
			return check.Fail("source.signed_sha256", "prefix", "is no earlier revision of the bytes handed in")
		}
		d.claim(ClaimSigned, sha256, 0)
	}
	return nil
}

// maxRevisions bounds how many ends of revisions are looked up; a file's own
// come first, whatever is appended to it.
const maxRevisions = 512

// revisionEnds returns the lengths of the prefixes of raw that were whole files
// before something was appended: those that end with %%EOF and at most one line
// end (ISO 32000-2, 7.5.6).
func revisionEnds(raw []byte) []int {
	marker, at := []byte("%%EOF"), 0
	var ends []int
	for range maxRevisions {
		i := bytes.Index(raw[at:], marker)
		if i < 0 {
			break
		}
		at += i + len(marker)
		ends = append(ends, at)
		for _, c := range []byte("\r\n") {
			if at < len(raw) && raw[at] == c {
				at++
				ends = append(ends, at)
			}
		}
	}
	return ends
}

// prefixSums returns the digests of the prefixes of raw with these lengths, but
// not of raw itself, in one pass.
func prefixSums(raw []byte, ends []int) map[int]storage.Digest {
	slices.Sort(ends)
	sums, h, done := map[int]storage.Digest{}, sha256.New(), 0
	for _, end := range ends {
		if end >= len(raw) {
			break
		}
		h.Write(raw[done:end])
		done = end
		sums[end] = storage.Digest(hex.EncodeToString(h.Sum(nil)))
	}
	return sums
}

// lookups are the digests that must not be claimed: of what is handed in, of
// what that extends, and of what it was made from.
func (d *deposit) lookups() []storage.Digest {
	out := slices.Concat(d.Source.Origins, d.revisions)
	if d.Source.DocumentSHA256 != "" {
		out = append(out, d.Source.DocumentSHA256)
	}
	for _, c := range d.claims {
		out = append(out, c.SHA256)
	}
	return out
}

// refuseDuplicates looks up what is handed in and what it was made from. A
// collision is told to the host, which may allow it; else the attempt becomes
// an event of the caller's envelope and ErrNotAnOriginal, whoever vaulted the
// other.
func (v *Vault) refuseDuplicates(ctx context.Context, d *deposit) (map[storage.Digest]bool, error) {
	found, err := v.c.Store.Claims(ctx, d.lookups()...)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	if d.madeBy(found) {
		return nil, errTaken
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
	found, err := s.Claims(ctx, d.lookups()...)
	if err != nil {
		return nil, err
	}
	if d.madeBy(found) {
		return nil, errTaken
	}
	for _, c := range found {
		if !d.allowed[c.SHA256] {
			return nil, errClaimed
		}
	}
	return slices.DeleteFunc(slices.Clone(d.claims), func(c Claim) bool { return d.allowed[c.SHA256] }), nil
}

// madeBy reports whether a deposit of the same envelope, made in the meantime,
// is among the claims.
func (d *deposit) madeBy(found []Claim) bool {
	return slices.ContainsFunc(found, func(c Claim) bool { return c.EnvelopeID == d.EnvelopeID })
}

func sorted(set map[storage.Digest]bool) []storage.Digest {
	return slices.Sorted(maps.Keys(set))
}
