package vault

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/evaultlib/evault/esign/pades"
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
//
// parsed is the file, or what was made of it by appending, where the caller has
// parsed it with the same limits; nil: it is parsed.
func RevisionsOf(s custody.Source, file *storage.Content, parsed pades.Parsed) (map[storage.Digest]string, error) {
	d, err := (*pdf.Document)(nil), error(nil)
	if d, _ = parsed.(*pdf.Document); d == nil {
		d, err = pdf.Open(file.Bytes(), pdf.Limits{Bytes: file.Size()})
	}
	r, err := revisionsOf(s, file, d, err)
	return r.claimed, err
}

// revisionsOf takes the file, and what parsing it gave.
func revisionsOf(s custody.Source, file *storage.Content, d *pdf.Document, err error) (revisions, error) {
	raw := file.Bytes()
	var signed []int64
	var certified int64
	if err == nil {
		d.Renew()
		signed, certified, err = signing.SignedPrefixes(d)
		signed = slices.DeleteFunc(signed, func(end int64) bool { return end > file.Size() })
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
	r.add(kinds, 0, file)
	if at := pdf.HeaderAt(raw); at > 0 { // what stands before the header may have been put there
		if s.Kind == custody.SourcePaper {
			kinds[len(raw)] = custody.ClaimRevision
		} else {
			kinds[len(raw)] = ""
		}
		r.add(kinds, at, storage.NewContent(raw[at:]))
	}
	slices.Sort(r.all)
	r.all = slices.Compact(r.all)
	return r, nil
}

// add adds the digests of a file, from one byte on, up to each end, but not that of the
// whole file. content is what there is from that byte on.
func (r *revisions) add(kinds map[int]string, from int, content *storage.Content) {
	whole := from + int(content.Size())
	for _, end := range slices.Sorted(maps.Keys(kinds)) {
		if end <= from || end > whole || from == 0 && end == whole {
			continue
		}
		sum := content.Begin(int64(end - from))
		r.all = append(r.all, sum)
		if kind := kinds[end]; kind != "" && r.claimed[sum] != custody.ClaimPrefix {
			r.claimed[sum] = kind
		}
	}
}

// claimDeposited claims what was handed in: its bytes, the revisions that are
// nobody else's, and what the last signer left. The others are looked up.
func (d *deposit) claimDeposited(file *document) error {
	d.claim(custody.ClaimDeposited, d.Source.Object.SHA256, 0)
	r, err := revisionsOf(d.Source, file.Content, file.opened, file.openErr)
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
