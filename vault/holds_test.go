package vault_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/evaultlib/evault/internal/testdb"
	"github.com/evaultlib/evault/internal/testenv"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/storage/sqlstore"
	"github.com/evaultlib/evault/vault"
	"github.com/evaultlib/evault/vault/custody"
)

func (w *world) hold(env string, p custody.Party) *vault.Hold {
	w.T.Helper()
	h, err := w.PlaceHold(w.T.Context(), vault.HoldRequest{
		OrgID: p.Identifier, EnvelopeID: env, Reason: "Pending litigation", Reference: "26-CV-1042", Actor: keyOf(p),
	})
	if err != nil {
		w.T.Fatal(err)
	}
	return h
}

func (w *world) lift(env string, p custody.Party, h *vault.Hold) error {
	_, err := w.LiftHold(w.T.Context(), vault.LiftHoldRequest{OrgID: p.Identifier, EnvelopeID: env, HoldID: h.HoldID, Actor: keyOf(p)})
	return err
}

// TestHoldStopsRelease: each hold stops a release, stays when control moves, and is for
// whoever has control; nothing of the refused release is left behind.
func TestHoldStopsRelease(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, db *sqlstore.DB) {
		w := newWorldOn(t, db)
		w.deposit(w.request("env_a"))
		w.integrate()
		first, second := w.hold("env_a", org), w.hold("env_a", org)
		released := func(p custody.Party) error { return thirdOf(w.Release(t.Context(), releaseAs("env_a", p))) }
		if err := released(org); !errors.Is(err, vault.ErrOnHold) {
			t.Errorf("with two holds: got %v, want ErrOnHold", err)
		}
		for range 2 { // the second time changes nothing
			if err := w.lift("env_a", org, first); err != nil {
				t.Fatal(err)
			}
		}
		if n := count(w.Types("env_a"), event.VaultHoldLifted); n != 1 {
			t.Errorf("got %d events of the lifting, want 1", n)
		}
		if err := released(org); !errors.Is(err, vault.ErrOnHold) {
			t.Errorf("with one hold: got %v, want ErrOnHold", err)
		}
		w.assign(w.offerRequest("env_a", org, orgBank, custody.PurposeSale), orgBank)
		if err := w.lift("env_a", org, second); !errors.Is(err, vault.ErrNotController) {
			t.Errorf("lifted by the seller: got %v, want ErrNotController", err)
		}
		if err := w.lift("env_a", orgLender, second); !errors.Is(err, vault.ErrNotVaulted) {
			t.Errorf("lifted by a stranger: got %v, want ErrNotVaulted", err)
		}
		w.integrate()
		if err := released(orgBank); !errors.Is(err, vault.ErrOnHold) {
			t.Errorf("by the buyer: got %v, want ErrOnHold", err)
		}
		if err := w.lift("env_a", orgBank, &vault.Hold{HoldID: "hld_x"}); !errors.Is(err, vault.ErrHoldNotFound) {
			t.Errorf("a hold that is none: got %v, want ErrHoldNotFound", err)
		}
		holds, err := w.Holds(t.Context(), orgBank.Identifier, "env_a")
		if err != nil || len(holds) != 2 || holds[0].LiftedAt == nil || holds[1].LiftedAt != nil || holds[1].Reference != "26-CV-1042" {
			t.Errorf("got %+v, %v", holds, err)
		}
		if err := w.lift("env_a", orgBank, second); err != nil {
			t.Fatal(err)
		}
		if err := released(orgBank); err != nil {
			t.Errorf("after the last hold: got %v", err)
		}
	})
}

// TestHoldStopsDeletion: a hold on a released copy keeps its bytes past the grace; when
// it is lifted they are deleted as they would have been.
func TestHoldStopsDeletion(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, db *sqlstore.DB) {
		w := newWorldOn(t, db)
		w.acknowledged(t, "env_a")
		h := w.hold("env_a", org)
		w.Clock.Advance(100 * 24 * time.Hour)
		deleted := func() int {
			w.integrate()
			n, err := w.DeleteDue(t.Context(), 10)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		for range 2 {
			if n := deleted(); n != 0 {
				t.Fatalf("deleted %d under a hold", n)
			}
		}
		w.edit(`UPDATE evault_releases SET delete_after = '2026-01-01 00:00:00'`)
		if n := deleted(); n != 0 {
			t.Fatalf("deleted %d under a hold, after an edit of the row", n)
		}
		if err := w.lift("env_a", org, h); err != nil {
			t.Fatal(err)
		}
		if n := deleted(); n != 1 {
			t.Errorf("deleted %d after the hold, want 1", n)
		}
	})
}

// TestRacingHoldAndRelease: of a hold and a release at once either the release is
// refused, or it was first and its bytes are under the hold.
func TestRacingHoldAndRelease(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, db *sqlstore.DB) {
		w := newWorldOn(t, db)
		second, err := vault.New(w.config)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 3 * testenv.Rounds(10) {
			env := "env_" + strings.Repeat("x", i+1)
			w.deposit(w.request(env))
			w.integrate()
			var wg sync.WaitGroup
			var err error
			wg.Go(func() { err = thirdOf(second.Release(t.Context(), releaseAs(env, org))) })
			wg.Go(func() { w.hold(env, org) })
			wg.Wait()
			if err != nil && !errors.Is(err, vault.ErrOnHold) {
				t.Errorf("got %v, want ErrOnHold or a release", err)
			}
			placed, released := -1, -1
			for n, kind := range w.Types(env) {
				switch kind {
				case event.VaultHoldPlaced:
					placed = n
				case event.VaultReleased:
					released = n
				}
			}
			if (err == nil) != (released >= 0) || placed < 0 || released > placed {
				t.Errorf("%v, %v", err, w.Types(env))
			}
		}
	})
}

func TestHoldsAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.deposit(w.request("env_a"))
	for name, c := range map[string]struct {
		edit func(*vault.HoldRequest)
		want error
	}{
		"no reason":      {func(r *vault.HoldRequest) { r.Reason = "" }, &storage.InvalidError{}},
		"two lines":      {func(r *vault.HoldRequest) { r.Reference = "a\nb" }, &storage.InvalidError{}},
		"not vaulted":    {func(r *vault.HoldRequest) { r.EnvelopeID = "env_b" }, vault.ErrNotVaulted},
		"not controller": {func(r *vault.HoldRequest) { r.OrgID = orgBank.Identifier }, vault.ErrNotVaulted},
	} {
		r := vault.HoldRequest{OrgID: org.Identifier, EnvelopeID: "env_a", Reason: "Litigation", Actor: keyOf(org)}
		c.edit(&r)
		_, err := w.PlaceHold(t.Context(), r)
		var invalid *storage.InvalidError
		if errors.As(c.want, &invalid) != errors.As(err, &invalid) || invalid == nil && !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
}

// acknowledged vaults a contract, releases it, and has the recipient acknowledge it.
func (w *world) acknowledged(t *testing.T, env string) {
	t.Helper()
	ctx := t.Context()
	w.deposit(w.request(env))
	w.integrate()
	if _, _, err := w.Release(ctx, releaseAs(env, org)); err != nil {
		t.Fatal(err)
	}
	if _, err := w.BuildPackage(ctx, org.Identifier, env, nil); err != nil {
		t.Fatal(err)
	}
	f, err := w.ReadPackage(ctx, read(env))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Acknowledge(ctx, vault.AcknowledgeRequest{OrgID: org.Identifier, EnvelopeID: env, SHA256: storage.Sum(f.Content), Actor: keyActor}); err != nil {
		t.Fatal(err)
	}
}
