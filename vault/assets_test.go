package vault_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/evaultlib/evault/internal/testdb"
	"github.com/evaultlib/evault/internal/testenv"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/storage/sqlstore"
	"github.com/evaultlib/evault/vault"
	"github.com/evaultlib/evault/vault/custody"
)

const vin = "1HGBH41JXMN109186"

// about is a request to deposit a contract about assets.
func (w *world) about(env string, assets ...custody.Asset) vault.DepositRequest {
	r := w.request(env)
	r.Assets = assets
	return r
}

// asks is what an organization is answered about the car.
func (w *world) asks(p custody.Party) vault.AssetState {
	w.T.Helper()
	st, err := w.LookupAsset(w.T.Context(), vault.AssetQuery{OrgID: p.Identifier, Kind: custody.AssetVIN, Value: vin, Actor: keyOf(p)})
	if err != nil {
		w.T.Fatal(err)
	}
	return *st
}

// TestAssetIsHeldOnce: a second live copy about one car is refused, in whatever
// spelling, whoever asks; a pledge keeps the car held, a release frees it.
func TestAssetIsHeldOnce(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, db *sqlstore.DB) {
		w := newWorldOn(t, db)
		car := custody.Asset{Kind: custody.AssetVIN, Value: "1hgbh41jx-mn109186", Amount: "18250.00", Currency: "USD"}
		if st := w.asks(org); st.Held || st.ByYou || st.Pledged {
			t.Errorf("before: %+v", st)
		}
		r := w.about("env_a", car, custody.Asset{Kind: custody.AssetContract, Value: "No. 7"})
		first := w.deposit(r)
		stored, _ := event.DetailOf[custody.StoredDetail](w.Events("env_a")[0])
		want := []custody.Asset{{Kind: custody.AssetContract, Value: "NO7"}, {Kind: custody.AssetVIN, Value: vin, Amount: "18250.00", Currency: "USD"}}
		if !slices.Equal(stored.Assets, want) {
			t.Errorf("the event has %v, want %v", stored.Assets, want)
		}
		r.Assets = want
		if _, created, err := w.Deposit(t.Context(), r); err != nil || created {
			t.Errorf("repeated in another order and spelling: created %t, %v", created, err)
		}
		var differs *vault.AlreadyVaultedError
		r.Assets = want[:1]
		if _, _, err := w.Deposit(t.Context(), r); !errors.As(err, &differs) || !slices.Equal(differs.Fields, []string{"assets"}) {
			t.Errorf("repeated with other assets: got %v", err)
		}

		r = w.about("env_b", custody.Asset{Kind: custody.AssetVIN, Value: vin})
		for range 2 { // the second try is no second event
			if _, _, err := w.Deposit(t.Context(), r); !errors.Is(err, vault.ErrAssetHeld) {
				t.Fatalf("the same car: got %v, want ErrAssetHeld", err)
			}
		}
		if n := count(w.Types("env_b"), event.VaultDuplicateRefused); n != 1 {
			t.Errorf("got %d events of the refusal, want 1", n)
		}
		if _, _, err := w.Deposit(t.Context(), w.about("env_b", custody.Asset{Kind: custody.AssetSerial, Value: vin})); err != nil {
			t.Errorf("a serial number of the same letters: got %v", err)
		}

		pledge := w.offerRequest("env_a", org, orgLender, custody.PurposePledge)
		w.assign(pledge, orgLender)
		if st := w.asks(org); !st.Held || !st.Pledged || st.ByYou {
			t.Errorf("the dealer, after the pledge: %+v", st)
		}
		if st := w.asks(orgLender); !st.Held || !st.Pledged || !st.ByYou || !slices.Equal(st.EnvelopeIDs, []string{"env_a"}) {
			t.Errorf("the lender, after the pledge: %+v", st)
		}
		if n := count(w.Types(org.Identifier), event.AssetQueried); n != 2 {
			t.Errorf("the dealer's chain has %d queries, want 2", n)
		}

		w.integrate()
		if _, _, err := w.Release(t.Context(), releaseAs("env_a", orgLender)); err != nil {
			t.Fatal(err)
		}
		if st := w.asks(org); st.Held {
			t.Errorf("after the release: %+v", st)
		}
		if second := w.deposit(w.about("env_c", car)); second.CopyID == first.CopyID {
			t.Error("the same copy")
		}
		if _, _, err := w.Deposit(t.Context(), w.about("env_d", car)); !errors.Is(err, vault.ErrAssetHeld) {
			t.Errorf("after the next deposit: got %v, want ErrAssetHeld", err)
		}
	})
}

func TestAssetsAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	car := custody.Asset{Kind: custody.AssetVIN, Value: vin}
	many := make([]custody.Asset, custody.MaxAssets+1)
	for i := range many {
		many[i] = custody.Asset{Kind: custody.AssetSerial, Value: fmt.Sprint(i)}
	}
	for field, assets := range map[string][]custody.Asset{
		"assets":            many,
		"assets.0.value":    {{Kind: custody.AssetVIN, Value: "1HGBH41JXMN109187"}},
		"assets.1.value":    {car, {Kind: custody.AssetVIN, Value: "1HGBH41JX MN109186"}},
		"assets.0.amount":   {{Kind: custody.AssetVIN, Value: vin, Amount: "1,000", Currency: "USD"}},
		"assets.0.currency": {{Kind: custody.AssetVIN, Value: vin, Amount: "1000"}},
	} {
		_, _, err := w.Deposit(t.Context(), w.about("env_a", assets...))
		var invalid *vault.InvalidError
		if !errors.As(err, &invalid) || len(invalid.Fields) != 1 || invalid.Fields[0].Field != field {
			t.Errorf("%s: got %v", field, err)
		}
	}
	if _, err := w.LookupAsset(t.Context(), vault.AssetQuery{OrgID: org.Identifier, Kind: "plate", Value: "A1"}); err == nil {
		t.Error("a kind that is none: got no error")
	}
	if n := len(w.Types(org.Identifier)); n != 0 {
		t.Errorf("a refused question left %d events", n)
	}
}

// TestHostAllowsHeldAssets: the host hears which copies hold the asset, and what it
// allows is in the event.
func TestHostAllowsHeldAssets(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, db *sqlstore.DB) {
		var heard []vault.HeldAsset
		w := newWorldOn(t, db, func(c *vault.Config) {
			c.OnHeldAsset = func(_ context.Context, h vault.HeldAsset) bool {
				heard = append(heard, h)
				return true
			}
		})
		car := custody.Asset{Kind: custody.AssetVIN, Value: vin}
		w.deposit(w.about("env_a", car))
		w.deposit(w.about("env_b", car, custody.Asset{Kind: custody.AssetSerial, Value: "1"}))
		if len(heard) != 1 || heard[0].EnvelopeID != "env_b" || !slices.Equal(heard[0].Holders, []string{"env_a"}) || !slices.Equal(heard[0].Assets, []custody.Asset{car}) {
			t.Errorf("the host heard %+v", heard)
		}
		allowed := event.DataOf[event.StoredData](w.Events("env_b")[0]).AssetsAllowed
		if !slices.Equal(allowed, []storage.Digest{car.SHA256()}) {
			t.Errorf("the event has %v", allowed)
		}
		if st := w.asks(org); len(st.EnvelopeIDs) != 2 {
			t.Errorf("got %+v, want both", st)
		}
	})
}

// TestRacingDepositsOfOneAsset: of many deposits about one car at once, on two vaults,
// one succeeds.
func TestRacingDepositsOfOneAsset(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, db *sqlstore.DB) {
		w := newWorldOn(t, db)
		second, err := vault.New(w.config)
		if err != nil {
			t.Fatal(err)
		}
		for round := range 2 * testenv.Rounds(10) {
			car := custody.Asset{Kind: custody.AssetSerial, Value: fmt.Sprintf("car %d", round)}
			var wg sync.WaitGroup
			errs := make([]error, 4)
			for n := range errs {
				r := w.about(fmt.Sprintf("env_%d_%d", round, n), car)
				wg.Go(func() { errs[n] = thirdOf([]*vault.Vault{w.Vault, second}[n%2].Deposit(t.Context(), r)) })
			}
			wg.Wait()
			won := 0
			for _, err := range errs {
				if err == nil {
					won++
				} else if !errors.Is(err, vault.ErrAssetHeld) {
					t.Errorf("got %v, want ErrAssetHeld", err)
				}
			}
			if won != 1 {
				t.Errorf("round %d: %d deposits succeeded", round, won)
			}
		}
	})
}

// TestAssetEditsFreeNothing: whichever row of the holder is edited, the car stays held,
// and the copy is known as altered where a row of its assets was.
func TestAssetEditsFreeNothing(t *testing.T) {
	t.Parallel()
	const released = `UPDATE evault_copies SET status = 'released', released_at = vaulted_at`
	for name, c := range map[string]struct {
		edits   []string
		altered bool
	}{
		"row deleted":     {[]string{`DELETE FROM evault_assets`}, true},
		"row changed":     {[]string{`UPDATE evault_assets SET value = 'X'`}, true},
		"amount changed":  {[]string{`UPDATE evault_assets SET amount = '1.00'`}, true},
		"row freed":       {[]string{`UPDATE evault_assets SET held_by = copy_id`}, false},
		"witness deleted": {[]string{`DELETE FROM evault_claim_witnesses WHERE kind = 'asset'`}, true},
		"called released": {[]string{released, `UPDATE evault_assets SET held_by = copy_id`}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testdb.Each(t, func(t *testing.T, db *sqlstore.DB) {
				w := newWorldOn(t, db)
				car := custody.Asset{Kind: custody.AssetVIN, Value: vin, Amount: "18250.00", Currency: "USD"}
				w.deposit(w.about("env_a", car))
				w.integrate()
				w.edit(c.edits...)
				if _, _, err := w.Deposit(t.Context(), w.about("env_b", car)); !errors.Is(err, vault.ErrAssetHeld) {
					t.Errorf("a second deposit: got %v, want ErrAssetHeld", err)
				}
				if _, err := w.Proven(t.Context(), org.Identifier, "env_a"); errors.Is(err, vault.ErrRecordAltered) != c.altered {
					t.Errorf("the copy: got %v, altered: want %t", err, c.altered)
				}
			})
		})
	}
}
