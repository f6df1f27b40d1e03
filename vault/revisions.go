package vault

import (
	"context"
	"crypto"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/signing"
	"github.com/evaultlib/evault/internal/validate"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/vault/custody"
)

// maxRevisions leaves room for those that signers and seals add to a file that
// an inspection accepted.
const maxRevisions = 4 * pdf.MaxRevisions

// revisions are the digests of the earlier states of deposited bytes: of the
// beginnings of the file that were whole files before more was appended, with and
// without the line end, counted from the first byte and from the PDF header.
type revisions struct {
	claimed map[storage.Digest]string // as what; see Source.Revisions
	all     []storage.Digest          // sorted; the others are looked up only
}

// Revisions returns what a deposit of raw claims beside raw itself, and as what:
// the revision that each approval signature in it covers (ClaimPrefix), and of
// paper every other earlier state as well (ClaimRevision), but not those that a
// certification covers. Blanks that many contracts are made from are so left
// free: of e-sign documents unsigned revisions, of paper certified ones.
// *InvalidError when raw has too many revisions.
func RevisionsOf(s custody.Source, raw []byte) (map[storage.Digest]string, error) {
	r, err := revisionsOf(s, raw)
	return r.claimed, err
}

func revisionsOf(s custody.Source, raw []byte) (revisions, error) {
	var signed []int64
	var certified int64
	d, err := pdf.Open(raw, pdf.Limits{Bytes: int64(len(raw))})
	if err == nil {
		signed, certified, err = signing.SignedPrefixes(d)
	}
	var refusal *pdf.Refusal
	if errors.As(err, &refusal) && s.Sealing.Mode == custody.SealingDetached {
		signed, err = nil, nil // a damaged file has no signatures that hold
	}
	if err != nil {
		return revisions{}, fmt.Errorf("signatures: %w", err)
	}
	kinds, n := map[int]string{}, 0
	pdf.Revisions(raw, func(end, lineEnd int) {
		if n++; n > maxRevisions {
			return
		}
		kind := custody.ClaimRevision
		if s.Kind != custody.SourcePaper || int64(end) <= certified {
			kind = ""
		}
		for ; end <= lineEnd; end++ {
			kinds[end] = kind
		}
	})
	if n > maxRevisions {
		return revisions{}, validate.Fail("source", "revisions", "has %d revisions, at most %d are accepted", n, maxRevisions)
	}
	for _, end := range signed {
		kinds[int(end)] = custody.ClaimPrefix
	}
	r := revisions{claimed: map[storage.Digest]string{}}
	r.add(raw, kinds, 0)
	if at := pdf.HeaderAt(raw); at > 0 { // what stands before the header may have been put there
		if s.Kind == custody.SourcePaper {
			kinds[len(raw)] = custody.ClaimRevision
		} else {
			kinds[len(raw)] = ""
		}
		r.add(raw, kinds, at)
	}
	slices.Sort(r.all)
	r.all = slices.Compact(r.all)
	return r, nil
}

// add adds the digests of raw from one byte on up to each end, but not that of
// the whole of raw.
func (r *revisions) add(raw []byte, kinds map[int]string, from int) {
	h, done := crypto.SHA256.New(), from
	for _, end := range slices.Sorted(maps.Keys(kinds)) {
		if end <= from || end > len(raw) || end-from == len(raw) {
			continue
		}
		h.Write(raw[done:end])
		done = end
		sum := storage.Digest(hex.EncodeToString(h.Sum(nil)))
		r.all = append(r.all, sum)
		if kind := kinds[end]; kind != "" && r.claimed[sum] != custody.ClaimPrefix {
			r.claimed[sum] = kind
		}
	}
}

// claimDeposited claims what was handed in: its bytes, the revisions that are
// nobody else's, and what the last signer left. The others are looked up.
func (d *deposit) claimDeposited(raw []byte) error {
	d.claim(custody.ClaimDeposited, d.Source.Object.SHA256, 0)
	r, err := revisionsOf(d.Source, raw)
	if err != nil {
		return err
	}
	for _, sum := range slices.Sorted(maps.Keys(r.claimed)) {
		d.claim(r.claimed[sum], sum, 0)
	}
	d.revisions = r.all
	if sha256 := d.Source.SignedSHA256; sha256 != "" {
		if !slices.Contains(d.revisions, sha256) {
			return validate.Fail("source.signed_sha256", "prefix", "is no earlier revision of the bytes handed in")
		}
		d.claim(custody.ClaimSigned, sha256, 0)
	}
	return nil
}

// claimsAtOnce is how many claims one query asks for or inserts.
const claimsAtOnce = 500

// claimsOn returns the claims on any of the digests.
func claimsOn(ctx context.Context, s Store, digests []storage.Digest) ([]custody.Claim, error) {
	slices.Sort(digests)
	var found []custody.Claim
	for some := range slices.Chunk(slices.Compact(digests), claimsAtOnce) {
		claims, err := s.Claims(ctx, some...)
		if err != nil {
			return nil, err
		}
		found = append(found, claims...)
	}
	return found, nil
}

// addClaims inserts the claims of a deposit and their witnesses, in a transaction.
func addClaims(ctx context.Context, s Store, claims []custody.Claim) error {
	for some := range slices.Chunk(claims, claimsAtOnce) {
		if err := s.AddClaims(ctx, some...); err != nil {
			return err
		}
	}
	for some := range slices.Chunk(witnessed(claims), claimsAtOnce) {
		if err := s.AddWitnesses(ctx, some...); err != nil {
			return err
		}
	}
	return nil
}

// witnessed returns the claims that get a witness: those on the file handed in.
// Versions and marked copies have rows of their own.
func witnessed(claims []custody.Claim) []custody.Claim {
	return slices.DeleteFunc(slices.Clone(claims), func(c custody.Claim) bool { return c.Kind == custody.ClaimVersion || c.Kind == custody.ClaimCopy })
}

// WitnessDigest is what the event of a deposit commits to, as claims_sha256: the
// SHA-256 of a line "kind digest" for each claim on the file handed in, in the
// order of the lines. Claims on versions and marked copies are left out.
func WitnessDigest(claims []custody.Claim) storage.Digest {
	var lines []string
	for _, c := range witnessed(claims) {
		lines = append(lines, c.Kind+" "+string(c.SHA256)+"\n")
	}
	slices.Sort(lines)
	return storage.Sum([]byte(strings.Join(lines, "")))
}
