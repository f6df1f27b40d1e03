package vault

import (
	"context"
	"maps"
	"slices"

	"github.com/evaultlib/evault/internal/eventlog"
	"github.com/evaultlib/evault/internal/fingerprint"
	"github.com/evaultlib/evault/internal/validate"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/vault/custody"
)

func (d *deposit) claim(kind custody.ClaimKind, sha256 storage.Digest, version int) {
	for _, c := range d.claims {
		if c.SHA256 == sha256 {
			return
		}
	}
	d.claims = append(d.claims, custody.Claim{SHA256: sha256, CopyID: d.copyID, EnvelopeID: d.EnvelopeID, Kind: kind, Version: version, ClaimedAt: d.at})
}

// lookups are the digests that must not be claimed, except by blank forms: of
// the deposited file, of the files that it extends, and of its sources.
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

// collisions returns the claims that a deposit collides with. The blank that a
// document was made from may be vaulted as paper, for itself, and many documents
// may be made from it; what bears a signature of this system may not.
func (d *deposit) collisions(ctx context.Context, s Store) ([]custody.Claim, error) {
	found, err := claimsOn(ctx, s, d.lookups())
	if err != nil {
		return nil, err
	}
	blanks := append(slices.Clone(d.Source.Origins), d.Source.DocumentSHA256)
	var out []custody.Claim
	for _, c := range found {
		blank := d.Source.Kind == custody.SourceESign && (c.Kind == custody.ClaimDeposited || c.Kind == custody.ClaimRevision)
		if blank {
			of, err := s.Original(ctx, c.EnvelopeID)
			if err != nil {
				return nil, err
			}
			blank = of.Source.Kind == custody.SourcePaper && slices.Contains(blanks, of.Source.Object.SHA256)
		}
		if !blank {
			out = append(out, c)
		}
	}
	return out, nil
}

// refuseDuplicates looks up the deposited file and its sources. A collision, or
// a mark of this system, is reported to the host, which may allow it. Otherwise
// the attempt is recorded as an event of the caller's envelope, and the error
// is ErrNotAnOriginal, whoever vaulted the other file.
func (v *Vault) refuseDuplicates(ctx context.Context, d *deposit) (map[storage.Digest]bool, error) {
	found, err := d.collisions(ctx, v.c.Store)
	if err != nil || len(found) == 0 && len(d.contents.Marks) == 0 {
		return nil, err
	}
	if d.madeBy(found) {
		return nil, errTaken
	}
	if v.c.OnDuplicate != nil && v.c.OnDuplicate(ctx, Duplicate{d.EnvelopeID, d.OrgID, found, d.contents.Marks}) {
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
	data := event.DuplicateRefusedData{DepositedSHA256: d.Source.Object.SHA256, Matches: sorted(matched), Marks: d.contents.Marks}
	if err := v.recordRefusal(ctx, d, data); err != nil {
		return nil, err
	}
	v.log.WarnContext(ctx, "vault: deposit refused, not an original", "envelope_id", d.EnvelopeID, "sha256", d.Source.Object.SHA256)
	return nil, ErrNotAnOriginal
}

// recordRefusal adds the event of a refused deposit, unless the same refusal is already recorded.
func (v *Vault) recordRefusal(ctx context.Context, d *deposit, data event.DuplicateRefusedData) error {
	return v.update(ctx, func(ctx context.Context, s Store) error {
		events, err := s.Events(ctx, d.EnvelopeID)
		if err != nil || refused(events, data) {
			return err
		}
		added, err := v.chain.Append(ctx, s, eventlog.Draft{EnvelopeID: d.EnvelopeID, Type: event.VaultDuplicateRefused, Actor: d.Actor, Data: data})
		if err == nil && added[0].Seq != int64(len(events))+1 {
			err = storage.ErrConflict // an event came between
		}
		return err
	})
}

func refused(events []Event, now event.DuplicateRefusedData) bool {
	return slices.ContainsFunc(events, func(e Event) bool {
		if e.Type != event.VaultDuplicateRefused {
			return false
		}
		was := event.DataOf[event.DuplicateRefusedData](e)
		return was.DepositedSHA256 == now.DepositedSHA256 && slices.Equal(was.Assets, now.Assets)
	})
}

// unclaimed returns the claims to insert: all but those that the host allowed
// to collide. errClaimed when another deposit claimed one since.
func (v *Vault) unclaimed(ctx context.Context, s Store, d *deposit) ([]custody.Claim, error) {
	found, err := d.collisions(ctx, s)
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
	return slices.DeleteFunc(slices.Clone(d.claims), func(c custody.Claim) bool { return d.allowed[c.SHA256] }), nil
}

// madeBy reports whether a deposit of the same envelope, made in the meantime,
// is among the claims.
func (d *deposit) madeBy(found []custody.Claim) bool {
	return slices.ContainsFunc(found, func(c custody.Claim) bool { return c.EnvelopeID == d.EnvelopeID })
}

func sorted(set map[storage.Digest]bool) []storage.Digest {
	return slices.Sorted(maps.Keys(set))
}

// claimDeposited claims the deposited file: its bytes, the revisions that no
// other document has, and the state after the last signature. The others are
// looked up.
func (d *deposit) claimDeposited(file *document) error {
	d.claim(custody.ClaimDeposited, d.Source.Object.SHA256, 0)
	r, err := fingerprint.Of(d.Source, file.Content, file.opened, file.openErr)
	if err != nil {
		return err
	}
	for _, sum := range slices.Sorted(maps.Keys(r.Claimed)) {
		d.claim(r.Claimed[sum], sum, 0)
	}
	d.revisions = r.All
	if sha256 := d.Source.SignedSHA256; sha256 != "" {
		if !slices.Contains(d.revisions, sha256) {
			return validate.Fail("source.signed_sha256", "prefix", "is not an earlier revision of the deposited bytes")
		}
		d.claim(custody.ClaimSigned, sha256, 0)
	}
	return nil
}

// claimContents claims the content of the pages. Paper must have no mark of
// this system, and an e-sign document none except those of its own completion.
func (d *deposit) claimContents(ctx context.Context, file *document) (err error) {
	if d.contents, err = fingerprint.ContentsOf(ctx, d.Source.Kind, file.Bytes(), file.readable, file.unreadErr); err != nil {
		return err
	}
	if d.contents.Pages != "" {
		d.claim(custody.ClaimPages, d.contents.Pages, 0)
	}
	return nil
}

// describe adds to the data of the event of a deposit what the file was found to
// hold, and what could not be found out.
func describe(c fingerprint.Contents, data *event.StoredData) {
	data.MarksAllowed, data.MarksUnread = c.Marks, c.Unread // without leave, a file with marks is refused
	if data.PagesSHA256 = c.Pages; c.Pages == "" {
		data.PagesUnread = c.Blank
	}
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

// addClaims inserts the claims of a deposit and the witnesses of them and of its assets,
// in a transaction.
func addClaims(ctx context.Context, s Store, claims, assets []custody.Claim) error {
	for some := range slices.Chunk(claims, claimsAtOnce) {
		if err := s.AddClaims(ctx, some...); err != nil {
			return err
		}
	}
	for some := range slices.Chunk(custody.Witnessed(slices.Concat(claims, assets)), claimsAtOnce) {
		if err := s.AddWitnesses(ctx, some...); err != nil {
			return err
		}
	}
	return nil
}
