package vault

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/evaultlib/evault/internal/eventlog"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/storage/standing"
	"github.com/evaultlib/evault/vault/custody"
	"github.com/evaultlib/evault/vault/translog"
)

// record is the rows of a copy, read as of one revision of the copy.
type record struct {
	copy     *custody.Original
	claims   []custody.Claim // witnesses of the deposit's claims
	events   []Event
	versions []custody.Version
	custody  []custody.Entry
	offers   []custody.Offer
	assets   []custody.Asset
	release  *Release // nil without one
}

// Proven returns the copy of an envelope, live or released, after comparing its rows with the
// envelope's event chain, the transparency log of those events, the signed custody statements and,
// for a live copy, the mark that a release leaves outside the database. A copy whose release has
// begun is ErrReleased. ErrNotVaulted, ErrRecordAltered, translog.ErrRewound,
// storage.ErrUnavailable.
func (v *Vault) Proven(ctx context.Context, orgID, envelopeID string) (*custody.Original, error) {
	c, err := v.find(ctx, v.c.Store, standing.SeeCopy, orgID, envelopeID)
	if err != nil {
		return nil, err
	}
	return v.authoritative(ctx, c)
}

// Held reports whether the vault holds the authoritative copy of an envelope:
// its record is proven, as by Proven, and no release of it was recorded or
// begun. Errors: ErrNotVaulted and those of Proven except ErrReleased.
func (v *Vault) Held(ctx context.Context, envelopeID string) (bool, error) {
	c, err := v.c.Store.Original(ctx, envelopeID)
	if errors.Is(err, storage.ErrNotFound) {
		return false, ErrNotVaulted
	}
	if err != nil {
		return false, fmt.Errorf("copy of %s: %w", envelopeID, err)
	}
	c, err = v.authoritative(ctx, c)
	if errors.Is(err, ErrReleased) {
		return false, nil
	}
	return err == nil && c.Status != custody.StatusReleased, err
}

// authoritative is proven for a copy without a release mark.
func (v *Vault) authoritative(ctx context.Context, c *custody.Original) (*custody.Original, error) {
	c, err := v.proven(ctx, c)
	if err != nil || c.Status == custody.StatusReleased {
		return c, err
	}
	s, err := v.spent(ctx, c)
	if err == nil && s != nil {
		err = ErrReleased
	}
	return c, err
}

// proven compares the rows of a copy with events, log and statements, and
// returns the copy as it was then.
func (v *Vault) proven(ctx context.Context, c *custody.Original) (*custody.Original, error) {
	r, err := v.record(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("record of %s: %w", c.EnvelopeID, err)
	}
	why, err := v.contradiction(ctx, r)
	if err != nil {
		return nil, fmt.Errorf("record of %s: %w", c.EnvelopeID, err)
	}
	if why == "" {
		return r.copy, nil
	}
	v.log.ErrorContext(ctx, "vault: records were altered", "envelope_id", c.EnvelopeID, "problem", why)
	if err := v.recordAltered(ctx, r, why); err != nil {
		return nil, fmt.Errorf("record of %s: %w", c.EnvelopeID, err)
	}
	return nil, fmt.Errorf("record of %s: %w: %s", c.EnvelopeID, ErrRecordAltered, why)
}

// record reads the rows of one moment: again when the copy changed meanwhile.
func (v *Vault) record(ctx context.Context, c *custody.Original) (*record, error) {
	for {
		s, r := v.c.Store, &record{copy: c}
		for _, read := range []func() error{
			func() (err error) { r.events, err = s.Events(ctx, c.EnvelopeID); return err },
			func() (err error) { r.versions, err = s.Versions(ctx, c.CopyID); return err },
			func() (err error) { r.custody, err = s.Custody(ctx, c.CopyID); return err },
			func() (err error) { r.claims, err = s.WitnessesOf(ctx, c.CopyID); return err },
			func() (err error) { r.offers, err = s.OffersOf(ctx, c.CopyID); return err },
			func() (err error) { r.assets, err = s.AssetsOf(ctx, c.CopyID); return err },
			func() (err error) {
				r.release, err = s.Release(ctx, c.EnvelopeID)
				if errors.Is(err, storage.ErrNotFound) {
					r.release, err = nil, nil
				}
				return err
			},
		} {
			if err := read(); err != nil {
				return nil, err
			}
		}
		now, err := s.Original(ctx, c.EnvelopeID)
		if err != nil || now.Revision == c.Revision {
			return r, err
		}
		c = now
	}
}

// contradiction describes the first contradiction in a record; "" for none.
func (v *Vault) contradiction(ctx context.Context, r *record) (why string, err error) {
	if _, err := event.Verify(r.copy.EnvelopeID, r.events); err != nil {
		return "the event chain is broken", nil
	}
	stored, why := r.one(event.VaultStored)
	if why != "" {
		return why, nil
	}
	assigned, ok := r.last(event.CustodyAssigned)
	if !ok {
		return "there is no custody event", nil
	}
	for _, check := range []func() string{
		func() string { return r.asDeposited(stored) },
		func() string { return r.asAssigned(assigned) },
		func() string { return r.asReleased() },
		func() string { return v.asStated(r) },
		func() string { return custody.OffersDiffer(r.copy, r.offers, r.events) },
	} {
		if why := check(); why != "" {
			return why, nil
		}
	}
	return v.unlogged(ctx, r, stored, assigned)
}

// one returns the only event of a type.
func (r *record) one(kind string) (e Event, why string) {
	n := 0
	for _, x := range r.events {
		if x.Type == kind {
			e = x
			n++
		}
	}
	if n != 1 {
		return e, fmt.Sprintf("there are %d events %s, not one", n, kind)
	}
	return e, ""
}

func (r *record) last(kind string) (Event, bool) {
	for _, e := range slices.Backward(r.events) {
		if e.Type == kind {
			return e, true
		}
	}
	return Event{}, false
}

func (r *record) asDeposited(e Event) string {
	c, d := r.copy, event.DataOf[event.StoredData](e)
	switch {
	case e.ID != c.StoredEventID || d.CopyID != c.CopyID || d.DepositedSHA256 != c.Source.Object.SHA256 || !e.RecordedAt.Equal(c.VaultedAt):
		return "the copy differs from the event of its deposit"
	case len(r.versions) == 0 || r.versions[0].Object.SHA256 != d.SHA256:
		return "version 1 differs from the event of its deposit"
	case custody.WitnessDigest(r.claims) != d.ClaimsSHA256:
		return "the claims of the deposit differ from its event"
	}
	if about, ok := event.DetailOf[custody.StoredDetail](e); ok && !slices.Equal(about.Assets, r.assets) {
		return "the assets of the copy differ from the event of its deposit"
	}
	return ""
}

// asAssigned compares the copy with the newest event of custody, which names the
// version that it is about.
func (r *record) asAssigned(e Event) string {
	c, d := r.copy, event.DataOf[event.CustodyAssignedData](e)
	if d.CopyID != c.CopyID || d.Version != c.Version || d.SHA256 != c.DocumentHash {
		return "the copy's version differs from the newest event of custody"
	}
	if len(r.versions) != c.Version {
		return "the versions differ from the copy's record"
	}
	if last := r.versions[len(r.versions)-1]; last.Version != c.Version || last.Object.SHA256 != c.DocumentHash || last.Object.Size != c.Size {
		return "the newest version differs from the copy's record"
	}
	if n := len(r.custody); n == 0 || r.custody[n-1].ID != d.CustodyID || r.custody[n-1].StatementSHA256 != d.StatementSHA256 {
		return "the custody chain does not end with the newest event of custody"
	}
	return ""
}

// asReleased compares the copy's status and its release with the event of the
// release.
func (r *record) asReleased() string {
	c := r.copy
	if _, is := r.last(event.VaultReleased); !is {
		if c.Status != custody.StatusVaulted || c.ReleasedAt != nil || r.release != nil {
			return "the copy's record says released, but there is no such event"
		}
		return ""
	}
	e, why := r.one(event.VaultReleased)
	d, rel := event.DataOf[event.ReleasedData](e), r.release
	_, acknowledged := r.last(event.VaultAcknowledged)
	switch {
	case why != "":
		return why
	case c.Status != custody.StatusReleased || rel == nil:
		return "the copy was released, but its record does not say so"
	case rel.ReleaseID != d.ReleaseID || storage.Sum([]byte(rel.Statement)) != d.StatementSHA256 || rel.Version != c.Version || rel.SHA256 != c.DocumentHash:
		return "the release differs from its event"
	case acknowledged != (rel.AcknowledgedAt != nil):
		return "the acknowledgment of the release differs from its event"
	}
	return ""
}

// asStated compares the parties with the signed custody statements.
func (v *Vault) asStated(r *record) string {
	tokens := make([]string, len(r.custody))
	for i, e := range r.custody {
		tokens[i] = e.Statement
	}
	said, err := custody.VerifyCustody(tokens, v.StatementKeys())
	if err != nil {
		return "the custody statements do not verify"
	}
	c, n := r.copy, len(said)
	if r.custody[n-1].StatementSHA256 != storage.Sum([]byte(tokens[n-1])) || said[n-1].CustodyID != r.custody[n-1].ID || said[n-1].CopyID != c.CopyID {
		return "the newest custody entry differs from its statement"
	}
	to := said[n-1].To
	if to == nil {
		to = said[n-1].From // released: who held it last
	}
	if to == nil || *to != c.Held() || to.Controller.OrgID != c.OrgID {
		return "the copy's parties differ from the newest custody statement"
	}
	return ""
}

// unlogged proves the events that decide, and the newest one that is in the log,
// which names all before it by their hashes. Only the end of the chain may wait
// for the log. What decides may wait no longer than the log's delay: then it is
// integrated now.
func (v *Vault) unlogged(ctx context.Context, r *record, decide ...Event) (why string, err error) {
	logged := slices.IndexFunc(r.events, func(e Event) bool { return e.LogIndex == nil })
	if logged < 0 {
		logged = len(r.events)
	}
	if slices.ContainsFunc(r.events[logged:], func(e Event) bool { return e.LogIndex != nil }) {
		return "an event is missing from the log", nil
	}
	if !slices.IsSortedFunc(r.events[:logged], func(a, b Event) int { return cmp.Compare(*a.LogIndex, *b.LogIndex) }) {
		return "the log has the events in a different order", nil
	}
	for _, e := range decide {
		if e.Seq <= int64(logged) || v.now().Sub(e.RecordedAt) <= v.c.Log.MaxMergeDelay() {
			continue
		}
		if _, err := v.c.Log.Wait(ctx, e.ID); err != nil {
			return "", err
		}
		if r.events, err = v.c.Store.Events(ctx, r.copy.EnvelopeID); err != nil {
			return "", err
		}
		return v.unlogged(ctx, r, decide...)
	}
	if logged > 0 {
		decide = append(decide, r.events[logged-1])
	}
	var entries []translog.Entry
	for _, e := range decide {
		if e = r.events[e.Seq-1]; e.LogIndex != nil {
			entries = append(entries, translog.Entry{EventID: e.ID, RecordedAt: e.RecordedAt, Canonical: e.Canonical, Index: *e.LogIndex})
		}
	}
	err = v.c.Log.Proves(ctx, entries...)
	switch {
	case errors.Is(err, translog.ErrNotIncluded):
		return "an event differs from the log's entry", nil
	case errors.Is(err, translog.ErrDisplaced):
		return "an event was added to the log twice", nil
	}
	return "", err
}

// recordAltered notes a contradiction in the envelope's chain: once for each.
func (v *Vault) recordAltered(ctx context.Context, r *record, why string) error {
	known := slices.ContainsFunc(r.events, func(e Event) bool {
		d := event.DataOf[event.TamperDetectedData](e)
		return e.Type == event.VaultTamperDetected && d.Object == event.TamperedRecord && d.Cause == why
	})
	if known {
		return nil
	}
	return v.update(ctx, func(ctx context.Context, s Store) error {
		_, err := v.chain.Append(ctx, s, eventlog.Draft{EnvelopeID: r.copy.EnvelopeID, Type: event.VaultTamperDetected, Actor: system, Data: event.TamperDetectedData{
			CopyID: r.copy.CopyID, Object: event.TamperedRecord, Cause: why,
		}})
		if err != nil {
			return err
		}
		return v.touched(ctx, s, r.copy.EnvelopeID)
	})
}
