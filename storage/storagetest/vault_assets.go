package storagetest

import (
	"context"
	"errors"
	"testing"

	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/vault"
	"github.com/evaultlib/evault/vault/custody"
)

// vaultAssets: one copy holds an asset until it is freed; those that share it do not
// hold it.
func vaultAssets(t *testing.T, s vault.Store) {
	ctx, id := t.Context(), unique()
	first := inserted(t, s, id)
	second, third := inserted(t, s, unique()), inserted(t, s, unique())
	alone := func(custody.Asset) bool { return false }
	shared := func(custody.Asset) bool { return true }
	car := custody.Asset{Kind: custody.AssetVIN, Value: id("CAR"), Amount: "18250.00", Currency: "USD"}
	contract := custody.Asset{Kind: custody.AssetContract, Value: id("CAR")}
	if got, err := s.AssetsOf(ctx, first.CopyID); err != nil || len(got) != 0 {
		t.Errorf("none: got %v, %v", got, err)
	}
	if err := s.AddAssets(ctx, first.CopyID, nil, alone); err != nil {
		t.Errorf("nothing: got %v", err)
	}
	if err := s.AddAssets(ctx, first.CopyID, []custody.Asset{car, contract}, alone); err != nil {
		t.Fatal(err)
	}
	got, err := s.AssetsOf(ctx, first.CopyID)
	same(t, "assets", got, []custody.Asset{contract, car}, err)
	// In a transaction, which a conflict undoes as a whole.
	add := func(c *custody.Original, shared func(custody.Asset) bool) error {
		return s.InTx(ctx, func(ctx context.Context, s vault.Store) error {
			return s.AddAssets(ctx, c.CopyID, []custody.Asset{{Kind: custody.AssetSerial, Value: id("NEW")}, car}, shared)
		})
	}
	if err := add(second, alone); !errors.Is(err, storage.ErrConflict) {
		t.Errorf("held by another: got %v, want ErrConflict", err)
	}
	if err := add(second, shared); err != nil {
		t.Errorf("shared: got %v", err)
	}
	if err := s.FreeAssets(ctx, first.CopyID); err != nil {
		t.Fatal(err)
	}
	if err := add(third, alone); err != nil {
		t.Errorf("freed: got %v", err)
	}
	got, err = s.AssetsOf(ctx, first.CopyID)
	same(t, "freed assets", got, []custody.Asset{contract, car}, err)
	if err := s.FreeAssets(ctx, first.CopyID); err != nil {
		t.Errorf("freed twice: got %v", err)
	}
}
