package vault

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/vault/custody"
)

// Evidence is the stored data from which package compliance recomputes its
// checks. It contains no results; the bytes are read by Examine.
type Evidence struct {
	Original        *custody.Original
	Versions        []custody.Version
	Claims          []custody.Claim
	Witnesses       []custody.Claim          // of the deposit's claims; see custody.WitnessDigest
	Rivals          []custody.Claim          // of other envelopes, on bytes that this copy has
	Register        []custody.RegisteredCopy // newest first, all of it
	Custody         []custody.Entry
	Offers          []custody.Offer
	Acknowledgments []custody.Acknowledgment
	Tamperings      []custody.Tampering
	Release         *Release // nil while live
	Spent           bool     // a release of the copy has begun, according to its mark outside the database
	Events          []Event  // the envelope's whole chain, with details
}

// Evidence returns the evidence of an envelope; ErrNotVaulted.
func (v *Vault) Evidence(ctx context.Context, envelopeID string) (*Evidence, error) {
	s := v.c.Store
	c, err := s.Original(ctx, envelopeID)
	if errors.Is(err, storage.ErrNotFound) {
		return nil, ErrNotVaulted
	}
	if err != nil {
		return nil, fmt.Errorf("evidence of %s: %w", envelopeID, err)
	}
	e := &Evidence{Original: c}
	for _, read := range []func() error{
		func() (err error) { e.Versions, err = s.Versions(ctx, c.CopyID); return err },
		func() (err error) { e.Claims, err = s.ClaimsOf(ctx, c.CopyID); return err },
		func() (err error) { e.Witnesses, err = s.WitnessesOf(ctx, c.CopyID); return err },
		func() (err error) { e.Custody, err = s.Custody(ctx, c.CopyID); return err },
		func() (err error) { e.Offers, err = s.OffersOf(ctx, c.CopyID); return err },
		func() (err error) { e.Acknowledgments, err = s.Acknowledgments(ctx, c.CopyID); return err },
		func() (err error) { e.Tamperings, err = s.Tamperings(ctx, c.CopyID); return err },
		func() (err error) { e.Events, err = s.Events(ctx, envelopeID); return err },
		func() (err error) { e.Register, err = v.register(ctx, envelopeID); return err },
		func() error {
			mark, err := v.spent(ctx, c)
			e.Spent = mark != nil
			return err
		},
		func() (err error) {
			e.Release, err = s.Release(ctx, envelopeID)
			if errors.Is(err, storage.ErrNotFound) {
				e.Release, err = nil, nil
			}
			return err
		},
		func() (err error) { e.Rivals, err = v.rivals(ctx, e); return err },
	} {
		if err := read(); err != nil {
			return nil, fmt.Errorf("evidence of %s: %w", envelopeID, err)
		}
	}
	if len(e.Versions) == 0 {
		return nil, fmt.Errorf("evidence of %s: no version: %w", envelopeID, ErrIntegrity)
	}
	return e, nil
}

// rivals looks for other envelopes that have bytes of this copy.
func (v *Vault) rivals(ctx context.Context, e *Evidence) ([]custody.Claim, error) {
	own := []storage.Digest{e.Original.Source.Object.SHA256}
	for _, c := range slices.Concat(e.Claims, e.Witnesses) {
		own = append(own, c.SHA256)
	}
	for _, x := range e.Versions {
		own = append(own, x.Object.SHA256)
	}
	for _, r := range e.Register {
		own = append(own, r.SHA256)
	}
	found, err := claimsOn(ctx, v.c.Store, own)
	return slices.DeleteFunc(found, func(c custody.Claim) bool { return c.EnvelopeID == e.Original.EnvelopeID }), err
}

// OriginalOf returns the original of an envelope for a caller without an
// organization, such as a signing page; ErrNotVaulted. The caller decides what
// to show.
func (v *Vault) OriginalOf(ctx context.Context, envelopeID string) (*custody.Original, error) {
	c, err := v.c.Store.Original(ctx, envelopeID)
	if errors.Is(err, storage.ErrNotFound) {
		return nil, ErrNotVaulted
	}
	return c, err
}

// register reads the whole copy register, a page at a time.
func (v *Vault) register(ctx context.Context, envelopeID string) ([]custody.RegisteredCopy, error) {
	const chunk = 100
	var all []custody.RegisteredCopy
	var after *storage.Place
	for {
		page, err := v.c.Store.Register(ctx, envelopeID, after, 0, chunk)
		all = append(all, page...)
		if err != nil || len(page) < chunk {
			return all, err
		}
		last := page[len(page)-1]
		after = &storage.Place{At: last.MadeAt, ID: last.ID}
	}
}
