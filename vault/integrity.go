package vault

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/evaultlib/evault/esign/pades"
	"github.com/evaultlib/evault/internal/eventlog"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/storage/standing"
	"github.com/evaultlib/evault/vault/custody"
	"github.com/evaultlib/evault/vault/keyring"
)

// system is the actor of background work.
var system = Actor{Kind: "system", ID: "vault"}

// Integrity is the outcome of a check of stored bytes.
type Integrity struct {
	EnvelopeID, CopyID string
	Version            int
	OK                 bool
	Objects            int    // read and hashed
	Problem            string // record, altered, missing, short or seal; "" when OK
	CheckedAt          time.Time
}

// tampered records that an object's bytes have a different digest, once for
// each object until it is repaired. An altered version quarantines the copy.
func (v *Vault) tampered(ctx context.Context, c *custody.Original, o storage.Object, found storage.Digest) error {
	err := v.update(ctx, func(ctx context.Context, s Store) error {
		known, err := s.Tamperings(ctx, c.CopyID)
		if err != nil || slices.ContainsFunc(known, func(t custody.Tampering) bool { return t.Object == o.Name }) {
			return err
		}
		now, err := s.Original(ctx, c.EnvelopeID)
		if err != nil {
			return err
		}
		marked := now.Marked != nil && now.Marked.Object.Name == o.Name
		what := event.TamperedVersion
		if marked {
			what = event.TamperedCopy
		}
		events, err := v.chain.Append(ctx, s, eventlog.Draft{EnvelopeID: c.EnvelopeID, Type: event.VaultTamperDetected, Actor: system, Data: event.TamperDetectedData{
			CopyID: c.CopyID, Object: what, SHA256: o.SHA256, FoundSHA256: found, Cause: event.CauseAltered,
		}})
		if err != nil {
			return err
		}
		at := events[0].RecordedAt
		if err := s.AddTampering(ctx, custody.Tampering{
			Object: o.Name, CopyID: c.CopyID, Want: o.SHA256, Found: found, FoundAt: at, EventID: events[0].ID,
		}); err != nil {
			return err
		}
		if !marked && now.QuarantinedAt == nil {
			now.QuarantinedAt = &at
		}
		now.IntegrityOK = false
		if err := s.UpdateOriginal(ctx, now); err != nil {
			return err
		}
		return v.touched(ctx, s, c.EnvelopeID)
	})
	if err != nil {
		return fmt.Errorf("record tampering of %s: %w", c.CopyID, err)
	}
	v.log.ErrorContext(ctx, "vault: stored bytes were altered", "envelope_id", c.EnvelopeID, "object", o.Name, "found", found)
	return nil
}

// CheckIntegrity compares the record of a live envelope with its event chain
// and the log, like Proven, reads and hashes every version and the marked copy
// and, with Config.Roots, verifies the current version's seal. The outcome is
// recorded as the event vault.integrity_checked; altered bytes are also
// recorded as tampering. ErrNotVaulted, ErrReleased, storage.ErrUnavailable if
// the store is unavailable; missing bytes are an outcome, not an error.
func (v *Vault) CheckIntegrity(ctx context.Context, envelopeID string) (*Integrity, error) {
	c, err := v.c.Store.Original(ctx, envelopeID)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return nil, ErrNotVaulted
	case err != nil:
		return nil, err
	case c.Status == custody.StatusReleased:
		return nil, ErrReleased
	}
	i := &Integrity{EnvelopeID: envelopeID, CopyID: c.CopyID, Version: c.Version, OK: true}
	if err := v.examine(ctx, c, i); err != nil {
		return nil, fmt.Errorf("check %s: %w", envelopeID, err)
	}
	err = v.update(ctx, func(ctx context.Context, s Store) error {
		now, err := s.Original(ctx, envelopeID)
		if err != nil {
			return err
		}
		events, err := v.chain.Append(ctx, s, eventlog.Draft{EnvelopeID: envelopeID, Type: event.VaultIntegrityChecked, Actor: system, Data: event.IntegrityCheckedData{
			CopyID: c.CopyID, Version: c.Version, SHA256: c.DocumentHash, OK: i.OK, Objects: i.Objects, Problem: i.Problem,
		}})
		if err != nil {
			return err
		}
		i.CheckedAt = events[0].RecordedAt
		// A check that was overdue, as after a pause of the whole system, may have cost
		// an evaluation; one with another outcome does.
		news := i.CheckedAt.Sub(now.IntegrityCheckedAt) > 2*v.c.IntegrityEvery || i.OK != now.IntegrityOK
		now.IntegrityCheckedAt, now.IntegrityOK = i.CheckedAt, i.OK
		if err := s.UpdateOriginal(ctx, now); err != nil || !news {
			return err
		}
		return v.touched(ctx, s, envelopeID)
	})
	if err != nil {
		return nil, fmt.Errorf("check %s: %w", envelopeID, err)
	}
	return i, nil
}

// examine does the reading of CheckIntegrity.
func (v *Vault) examine(ctx context.Context, c *custody.Original, i *Integrity) error {
	versions, err := v.c.Store.Versions(ctx, c.CopyID)
	if err != nil {
		return err
	}
	problem := func(p string) {
		if i.OK {
			i.OK, i.Problem = false, p
		}
	}
	switch _, err := v.authoritative(ctx, c); {
	case errors.Is(err, ErrRecordAltered), errors.Is(err, ErrReleased):
		problem("record")
	case err != nil:
		return err
	}
	objects := make([]storage.Object, 0, len(versions)+1)
	for _, x := range versions {
		objects = append(objects, x.Object)
	}
	if c.Marked != nil {
		objects = append(objects, c.Marked.Object)
	}
	for n, o := range objects {
		content, err := v.Examine(ctx, c, o)
		switch {
		case errors.Is(err, ErrIntegrity):
			problem("altered")
		case errors.Is(err, storage.ErrBlobMissing):
			problem("missing")
		case errors.Is(err, errShort):
			problem("short")
		case err != nil:
			return err
		case n == len(versions)-1 && !v.sealHolds(ctx, versions, content):
			problem("seal")
		}
		i.Objects++
	}
	return nil
}

// sealHolds verifies the seal of the last version; without roots it is assumed valid.
func (v *Vault) sealHolds(ctx context.Context, versions []custody.Version, file *storage.Content) bool {
	last := versions[len(versions)-1]
	keys := v.c.Keys.Keys()
	if v.c.Roots == nil && len(keys.Of(keyring.Seal)) == 0 {
		return true
	}
	options := func(x custody.Version) pades.Options {
		return pades.Options{ // the log proves that it existed then
			Roots: keys.Roots(v.c.Roots, x.CreatedAt), Now: x.CreatedAt, Hashed: file.StateAt,
		}
	}
	if last.Seal.Mode == custody.SealingDetached {
		statements := make([][]byte, len(versions))
		for i, x := range versions {
			statements[i] = x.Statement
		}
		_, err := VerifyVersions(ctx, statements, last.Object.SHA256, func(i int) pades.Options { return options(versions[i]) })
		return err == nil
	}
	report, err := pades.Verify(ctx, file.Bytes(), options(last))
	return err == nil && slices.ContainsFunc(report.Signatures, func(s pades.SignatureReport) bool {
		return s.Field == last.Seal.Field && s.OK() && s.SignedLen == last.Object.Size
	})
}

// checkAgain is the delay before another attempt to check a copy.
const checkAgain = time.Hour

// IntegrityDue checks live copies whose last check is older than Config.IntegrityEvery, at most
// limit, and returns the outcomes. A copy that could not be checked is logged and tried again an
// hour later, so that it does not delay others; an error means that the database is unavailable.
func (v *Vault) IntegrityDue(ctx context.Context, limit int) ([]Integrity, error) {
	due, err := v.c.Store.OriginalsToCheck(ctx, v.now().Add(-v.c.IntegrityEvery), limit)
	if err != nil {
		return nil, err
	}
	var out []Integrity
	for _, id := range due {
		i, err := v.CheckIntegrity(ctx, id)
		if err == nil {
			out = append(out, *i)
			continue
		}
		if ctx.Err() != nil {
			return out, ctx.Err()
		}
		v.log.ErrorContext(ctx, "vault: a copy could not be checked", "envelope_id", id, "error", err)
		if err := v.c.Store.PostponeCheck(ctx, id, v.now().Add(checkAgain-v.c.IntegrityEvery)); err != nil {
			return out, err
		}
	}
	return out, nil
}

// RepairRequest restores bytes that were altered or lost.
type RepairRequest struct {
	OrgID, EnvelopeID string
	Content           []byte // with the recorded digest, from a backup
	Actor             Actor
	Also              func(ctx context.Context, tx storage.Tx, c *custody.Original) error
}

// Repair stores bytes with the recorded digest under a new name, and ends the
// quarantine when no version is altered anymore. ErrNotDamaged when the content
// is not that of an object of this copy, or that object is intact;
// translog.ErrRewound.
func (v *Vault) Repair(ctx context.Context, r RepairRequest) (*custody.Original, error) {
	if err := v.c.Log.Check(ctx); err != nil {
		return nil, fmt.Errorf("repair %s: %w", r.EnvelopeID, err)
	}
	c, err := v.live(ctx, v.c.Store, standing.Control, r.OrgID, r.EnvelopeID)
	if err != nil {
		return nil, err
	}
	content := storage.NewContent(r.Content)
	damaged, err := v.damaged(ctx, c, content.SHA256())
	if err != nil {
		return nil, fmt.Errorf("repair %s: %w", r.EnvelopeID, err)
	}
	o, err := v.keep(ctx, storage.KindRepair, v.c.NewID("rpr"), content)
	if err != nil {
		return nil, fmt.Errorf("repair %s: %w", r.EnvelopeID, err)
	}
	var out *custody.Original
	err = v.update(ctx, func(ctx context.Context, s Store) (err error) {
		out, err = v.repaired(ctx, s, r, damaged, o)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("repair %s: %w", r.EnvelopeID, err)
	}
	return out, nil
}

// damaged finds the copy's object with this digest that does not hold it.
func (v *Vault) damaged(ctx context.Context, c *custody.Original, want storage.Digest) (storage.Object, error) {
	versions, err := v.c.Store.Versions(ctx, c.CopyID)
	if err != nil {
		return storage.Object{}, err
	}
	var objects []storage.Object
	for _, x := range versions {
		objects = append(objects, x.Object)
	}
	if c.Marked != nil {
		objects = append(objects, c.Marked.Object)
	}
	for _, o := range objects {
		if o.SHA256 != want {
			continue
		}
		held, err := v.read(ctx, o)
		if errors.Is(err, storage.ErrBlobMissing) || errors.Is(err, errShort) || err == nil && held.SHA256() != want {
			return o, nil
		}
		if err != nil {
			return storage.Object{}, err
		}
		known, err := v.c.Store.Tamperings(ctx, c.CopyID)
		if err != nil {
			return storage.Object{}, err
		}
		if slices.ContainsFunc(known, func(t custody.Tampering) bool { return t.Object == o.Name }) {
			return o, nil // whole again, by other hands; the record still says altered
		}
	}
	return storage.Object{}, ErrNotDamaged
}

// repaired is Repair's transaction.
func (v *Vault) repaired(ctx context.Context, s Store, r RepairRequest, old, now storage.Object) (*custody.Original, error) {
	c, err := v.live(ctx, s, standing.Control, r.OrgID, r.EnvelopeID)
	if err != nil {
		return nil, err
	}
	events, err := v.chain.Append(ctx, s, eventlog.Draft{EnvelopeID: c.EnvelopeID, Type: event.VaultRepaired, Actor: r.Actor, Data: event.RepairedData{
		CopyID: c.CopyID, SHA256: now.SHA256,
	}})
	if err != nil {
		return nil, err
	}
	at := events[0].RecordedAt
	if err := s.LinkBlob(ctx, now.Name, at); err != nil {
		return nil, err
	}
	if err := s.MoveObject(ctx, c.CopyID, old.Name, now.Name); err != nil {
		return nil, err
	}
	if err := s.UnlinkBlob(ctx, old.Name, at); err != nil {
		return nil, err
	}
	if err := s.EndTampering(ctx, old.Name); err != nil && !errors.Is(err, storage.ErrNotFound) {
		return nil, err
	}
	left, err := s.Tamperings(ctx, c.CopyID)
	if err != nil {
		return nil, err
	}
	if c.Marked != nil && c.Marked.Object.Name == old.Name {
		c.Marked.Object.Name = now.Name
	}
	if !slices.ContainsFunc(left, func(t custody.Tampering) bool { return c.Marked == nil || t.Object != c.Marked.Object.Name }) {
		c.QuarantinedAt = nil
	}
	if err := s.UpdateOriginal(ctx, c); err != nil {
		return nil, err
	}
	if err := v.touched(ctx, s, c.EnvelopeID); err != nil {
		return nil, err
	}
	return c, also(ctx, s, r.Also, c)
}
