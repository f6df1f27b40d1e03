package vault

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/evaultlib/evault/internal/eventlog"
	"github.com/evaultlib/evault/internal/validate"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/storage/standing"
	"github.com/evaultlib/evault/vault/custody"
	"github.com/evaultlib/evault/vault/internal/offering"
)

// HeldAsset is an attempt to deposit a contract about assets that live copies are
// about.
type HeldAsset struct {
	EnvelopeID, OrgID string          // of the attempt
	Assets            []custody.Asset // that are held
	Holders           []string        // envelopes of the copies that hold them
}

// cleanAssets returns the assets of a request as they are compared, in order.
func cleanAssets(assets []custody.Asset, p *validate.Problems) []custody.Asset {
	if len(assets) > custody.MaxAssets {
		p.Add("assets", "max", "must be at most %d", custody.MaxAssets)
		return nil
	}
	out := make([]custody.Asset, 0, len(assets))
	known := map[storage.Digest]bool{}
	for i, a := range assets {
		field := fmt.Sprintf("assets.%d.", i)
		value, err := custody.NormalizeAsset(a.Kind, a.Value)
		if err != nil {
			p.Add(field+"value", "asset", "%v", err)
			continue
		}
		offering.CheckMoney(p, field, a.Amount, a.Currency)
		a.Value = value
		if known[a.SHA256()] {
			p.Add(field+"value", "unique", "duplicates an asset")
		}
		known[a.SHA256()] = true
		out = append(out, a)
	}
	slices.SortFunc(out, func(a, b custody.Asset) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Value, b.Value))
	})
	return out
}

// assetClaims are the witnesses of what a deposit is about.
func (d *deposit) assetClaims() []custody.Claim {
	out := make([]custody.Claim, len(d.Assets))
	for i, a := range d.Assets {
		out[i] = custody.Claim{SHA256: a.SHA256(), CopyID: d.copyID, EnvelopeID: d.EnvelopeID, Kind: custody.ClaimAsset, ClaimedAt: d.at}
	}
	return out
}

// holders returns the live copies that are about any of the assets, by asset. A
// copy whose records were altered counts as live, so that no edit frees an
// asset.
func (v *Vault) holders(ctx context.Context, assets []custody.Asset) (map[storage.Digest][]*custody.Original, error) {
	digests := make([]storage.Digest, len(assets))
	for i, a := range assets {
		digests[i] = a.SHA256()
	}
	claims, err := claimsOn(ctx, v.c.Store, digests)
	if err != nil {
		return nil, err
	}
	read, out := map[string]*custody.Original{}, map[storage.Digest][]*custody.Original{}
	for _, claim := range claims {
		c, known := read[claim.EnvelopeID]
		if !known {
			if c, err = v.heldCopy(ctx, claim.EnvelopeID); err != nil {
				return nil, err
			}
			read[claim.EnvelopeID] = c
		}
		if c != nil {
			out[claim.SHA256] = append(out[claim.SHA256], c)
		}
	}
	return out, nil
}

// heldCopy returns the copy of an envelope unless it was released, which its proven record
// must say.
func (v *Vault) heldCopy(ctx context.Context, envelopeID string) (*custody.Original, error) {
	row, err := v.c.Store.Original(ctx, envelopeID)
	if err != nil {
		return nil, err
	}
	c, err := v.proven(ctx, row)
	switch {
	case errors.Is(err, ErrRecordAltered):
		return row, nil
	case err != nil:
		return nil, err
	case c.Status == custody.StatusReleased:
		return nil, nil
	}
	return c, nil
}

// refuseHeld refuses a deposit about what a live copy is about: an event of the
// caller's envelope and ErrAssetHeld, whoever holds it. The host may allow it; what it
// allowed is returned.
func (v *Vault) refuseHeld(ctx context.Context, d *deposit) (map[storage.Digest]bool, error) {
	if len(d.Assets) == 0 {
		return nil, nil
	}
	holders, err := v.holders(ctx, d.Assets)
	if err != nil || len(holders) == 0 {
		return nil, err
	}
	held, allowed := HeldAsset{EnvelopeID: d.EnvelopeID, OrgID: d.OrgID}, map[storage.Digest]bool{}
	for _, a := range d.Assets {
		for _, c := range holders[a.SHA256()] {
			held.Holders = append(held.Holders, c.EnvelopeID)
			allowed[a.SHA256()] = true
		}
		if allowed[a.SHA256()] {
			held.Assets = append(held.Assets, a)
		}
	}
	slices.Sort(held.Holders)
	held.Holders = slices.Compact(held.Holders)
	if slices.Contains(held.Holders, d.EnvelopeID) {
		return nil, errTaken
	}
	if v.c.OnHeldAsset != nil && v.c.OnHeldAsset(ctx, held) {
		return allowed, nil
	}
	v.log.WarnContext(ctx, "vault: deposit refused, asset already held", "envelope_id", d.EnvelopeID)
	return nil, errors.Join(ErrAssetHeld, v.recordRefusal(ctx, d, event.DuplicateRefusedData{
		DepositedSHA256: d.Source.Object.SHA256, Assets: sorted(allowed),
	}))
}

// shares reports whether the host allowed the deposit although a live copy is about an
// asset too.
func (d *deposit) shares(a custody.Asset) bool { return d.shared[a.SHA256()] }

// keepAssets adds the rows of the assets, in the transaction of the deposit.
func (d *deposit) keepAssets(ctx context.Context, s Store) error {
	if len(d.Assets) == 0 {
		return nil
	}
	err := s.AddAssets(ctx, d.copyID, d.Assets, d.shares)
	if errors.Is(err, storage.ErrConflict) {
		return errHeld
	}
	return err
}

// AssetQuery asks whether a live copy here is about an asset.
type AssetQuery struct {
	OrgID string // who asks
	Kind  custody.AssetKind
	Value string // in any spelling
	Actor Actor
}

// AssetState is the part of an asset's state that any organization may know. It
// does not name the holder.
type AssetState struct {
	Asset       custody.Asset // with the identifier as it is compared
	Held        bool          // a live copy is about it
	Pledged     bool          // a pledgee has control of such a copy
	ByYou       bool          // the organization that asked has control of such a copy
	EnvelopeIDs []string      // of those copies that it controls
}

// LookupAsset reports whether an asset is held or pledged in this installation, and records the
// query in the organization's own chain. *InvalidError, translog.ErrRewound,
// storage.ErrUnavailable.
func (v *Vault) LookupAsset(ctx context.Context, q AssetQuery) (*AssetState, error) {
	value, err := custody.NormalizeAsset(q.Kind, q.Value)
	if err != nil {
		return nil, validate.Fail("value", "asset", "%v", err)
	}
	if q.OrgID == "" {
		return nil, validate.Fail("org_id", "required", "is required")
	}
	if err := v.c.Log.CheckRecent(ctx); err != nil {
		return nil, fmt.Errorf("asset: %w", err)
	}
	st := &AssetState{Asset: custody.Asset{Kind: q.Kind, Value: value}}
	holders, err := v.holders(ctx, []custody.Asset{st.Asset})
	if err != nil {
		return nil, fmt.Errorf("asset: %w", err)
	}
	for _, c := range holders[st.Asset.SHA256()] {
		st.Held = true
		st.Pledged = st.Pledged || c.Interest.Kind == custody.InterestPledgee
		if c.Parties().Of(q.OrgID).May(standing.Control) {
			st.ByYou = true
			st.EnvelopeIDs = append(st.EnvelopeIDs, c.EnvelopeID)
		}
	}
	err = v.update(ctx, func(ctx context.Context, s Store) error {
		_, err := v.chain.Append(ctx, s, eventlog.Draft{EnvelopeID: q.OrgID, Type: event.AssetQueried, Actor: q.Actor, Data: event.AssetQueriedData{
			Kind: string(q.Kind), AssetSHA256: st.Asset.SHA256(), Held: st.Held,
		}})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("asset: %w", err)
	}
	return st, nil
}
