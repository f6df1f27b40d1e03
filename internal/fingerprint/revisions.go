package fingerprint

import (
	"errors"
	"fmt"
	"maps"
	"slices"

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

// Revisions are the digests of the earlier states of deposited bytes: of the
// beginnings of the file that were whole files before more was appended, with and
// without the line end, counted from the first byte and from the PDF header.
type Revisions struct {
	Claimed map[storage.Digest]custody.ClaimKind // as what; see RevisionsOf
	All     []storage.Digest                     // sorted; the others are looked up only
}

// RevisionsOf returns what a deposit of the file claims beside the file itself, and as what:
// the revision that each approval signature in it covers (ClaimPrefix), and of
// paper every other earlier state as well (ClaimRevision), but not those that a
// certification covers. Blanks that many contracts are made from are so left
// free: of e-sign documents unsigned revisions, of paper certified ones.
// *InvalidError when the file has too many revisions.
//
// parsed is the file, or what was made of it by appending, where the caller has
// parsed it with the same limits; nil: it is parsed.
func RevisionsOf(s custody.Source, file *storage.Content, parsed pades.Parsed) (map[storage.Digest]custody.ClaimKind, error) {
	d, err := (*pdf.Document)(nil), error(nil)
	if d, _ = parsed.(*pdf.Document); d == nil {
		d, err = pdf.Open(file.Bytes(), pdf.Limits{Bytes: file.Size()})
	}
	r, err := Of(s, file, d, err)
	return r.Claimed, err
}

// Of is RevisionsOf for a file and what parsing it gave, with the revisions that are
// looked up only.
func Of(s custody.Source, file *storage.Content, d *pdf.Document, err error) (Revisions, error) {
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
		return Revisions{}, fmt.Errorf("signatures: %w", err)
	}
	kinds, n := map[int]custody.ClaimKind{}, 0
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
		return Revisions{}, validate.Fail("source", "revisions", "has %d revisions, at most %d are accepted", n, maxRevisions)
	}
	for _, end := range signed {
		kinds[int(end)] = custody.ClaimPrefix
	}
	r := Revisions{Claimed: map[storage.Digest]custody.ClaimKind{}}
	r.add(kinds, 0, file)
	if at := pdf.HeaderAt(raw); at > 0 { // what stands before the header may have been put there
		if s.Kind == custody.SourcePaper {
			kinds[len(raw)] = custody.ClaimRevision
		} else {
			kinds[len(raw)] = ""
		}
		r.add(kinds, at, storage.NewContent(raw[at:]))
	}
	slices.Sort(r.All)
	r.All = slices.Compact(r.All)
	return r, nil
}

// add adds the digests of a file, from one byte on, up to each end, but not that of the
// whole file. content is what there is from that byte on.
func (r *Revisions) add(kinds map[int]custody.ClaimKind, from int, content *storage.Content) {
	whole := from + int(content.Size())
	for _, end := range slices.Sorted(maps.Keys(kinds)) {
		if end <= from || end > whole || from == 0 && end == whole {
			continue
		}
		sum := content.Begin(int64(end - from))
		r.All = append(r.All, sum)
		if kind := kinds[end]; kind != "" && r.Claimed[sum] != custody.ClaimPrefix {
			r.Claimed[sum] = kind
		}
	}
}
