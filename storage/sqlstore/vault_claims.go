package sqlstore

import (
	"context"
	"slices"
	"strings"

	"github.com/uptrace/bun"

	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/vault/custody"
)

// witnesses are the rows that show that a copy has bytes or pages with a digest,
// whether or not the claim on them still exists: the second row of each claim of a
// deposit, what was deposited, each version, what it begins with, and each marked
// copy.
const witnesses = `
SELECT w.sha256, w.copy_id, c.envelope_id, w.kind, 0 AS version, c.vaulted_at AS claimed_at
FROM evault_claim_witnesses AS w JOIN evault_copies AS c ON c.copy_id = w.copy_id WHERE w.sha256 IN (?)
UNION ALL
SELECT c.source_sha256, c.copy_id, c.envelope_id, ?, 0, c.vaulted_at
FROM evault_copies AS c WHERE c.source_sha256 IN (?)
UNION ALL
SELECT v.sha256, v.copy_id, c.envelope_id, ?, v.version, v.created_at
FROM evault_versions AS v JOIN evault_copies AS c ON c.copy_id = v.copy_id WHERE v.sha256 IN (?)
UNION ALL
SELECT v.prefix_sha256, v.copy_id, c.envelope_id, ?, v.version - 1, v.created_at
FROM evault_versions AS v JOIN evault_copies AS c ON c.copy_id = v.copy_id WHERE v.prefix_sha256 IN (?)
UNION ALL
SELECT r.sha256, r.copy_id, r.envelope_id, ?, 0, r.made_at
FROM evault_copy_register AS r WHERE r.sha256 IN (?) AND r.kind <> ?`

func (s vaultStore) Claims(ctx context.Context, digests ...storage.Digest) ([]custody.Claim, error) {
	if len(digests) == 0 {
		return nil, nil
	}
	list := bun.List(digests)
	claims, err := scan(ctx, s.session, claimRow.claim, func(q *bun.SelectQuery) *bun.SelectQuery { return q.Where("sha256 IN (?)", list) })
	if err != nil {
		return nil, err
	}
	var rows []claimRow
	err = s.idb.NewRaw(witnesses, list, custody.ClaimDeposited, list, custody.ClaimVersion, list, custody.ClaimDeposited, list,
		custody.ClaimCopy, list, custody.CopyInspection).Scan(ctx, &rows)
	if err != nil {
		return nil, mapErr(err)
	}
	for _, r := range rows {
		w, err := r.claim()
		if err != nil {
			return nil, err
		}
		same := func(c custody.Claim) bool { return c.SHA256 == w.SHA256 && c.EnvelopeID == w.EnvelopeID }
		if !slices.ContainsFunc(claims, same) {
			claims = append(claims, w)
		}
	}
	slices.SortStableFunc(claims, func(a, b custody.Claim) int { return strings.Compare(string(a.SHA256), string(b.SHA256)) })
	return claims, nil
}

func (s vaultStore) WitnessesOf(ctx context.Context, copyID string) ([]custody.Claim, error) {
	var rows []claimRow
	err := s.idb.NewRaw(`
SELECT w.sha256, w.copy_id, c.envelope_id, w.kind, 0 AS version, c.vaulted_at AS claimed_at
FROM evault_claim_witnesses AS w JOIN evault_copies AS c ON c.copy_id = w.copy_id
WHERE w.copy_id = ? ORDER BY w.sha256`, copyID).Scan(ctx, &rows)
	if err != nil {
		return nil, mapErr(err)
	}
	out := make([]custody.Claim, len(rows))
	for i, r := range rows {
		if out[i], err = r.claim(); err != nil {
			return nil, err
		}
	}
	return out, nil
}
