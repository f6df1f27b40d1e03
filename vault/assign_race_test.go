package vault_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/evaultlib/evault/internal/testdb"
	"github.com/evaultlib/evault/internal/testenv"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/storage/sqlstore"
	"github.com/evaultlib/evault/storage/storagetest"
	"github.com/evaultlib/evault/vault"
	"github.com/evaultlib/evault/vault/custody"
)

// refusedInARace are what a verb may answer that others were faster than.
var refusedInARace = []error{
	vault.ErrOfferOpen, vault.ErrOfferEnded, vault.ErrOfferNotFound, vault.ErrNotController, vault.ErrReleased, vault.ErrAlreadyReleased,
	vault.ErrSuperseded, storage.ErrConflict,
}

// TestRacingEndsOfAnOffer: of acceptances, a cancellation, a rejection, a release and
// another offer at once, on two vaults of one database, one decides; one organization
// has control, can read and release, and the chain says so.
func TestRacingEndsOfAnOffer(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, db *sqlstore.DB) {
		w := newWorldOn(t, db)
		second, err := vault.New(w.config)
		if err != nil {
			t.Fatal(err)
		}
		won := map[string]int{}
		for i := range 6 * testenv.Rounds(10) {
			env := fmt.Sprintf("env_%d", i)
			w.deposit(w.request(env))
			o := w.offer(w.offerRequest(env, org, orgBank, custody.PurposeSale))
			again := w.offerRequest(env, org, orgLender, custody.PurposeSale)
			verbs := []func(v *vault.Vault) error{
				func(v *vault.Vault) error { return thirdOf(v.AcceptOffer(t.Context(), acceptance(o, orgBank))) },
				func(v *vault.Vault) error {
					_, err := v.CancelOffer(t.Context(), vault.EndOfferRequest{OrgID: org.Identifier, AssignmentID: o.ID, Actor: keyOf(org)})
					return err
				},
				func(v *vault.Vault) error {
					_, err := v.RejectOffer(t.Context(), vault.EndOfferRequest{OrgID: orgBank.Identifier, AssignmentID: o.ID, Actor: keyOf(orgBank)})
					return err
				},
				func(v *vault.Vault) error { return thirdOf(v.Release(t.Context(), releaseAs(env, org))) },
				func(v *vault.Vault) error {
					_, err := v.Offer(t.Context(), again)
					return err
				},
			}
			var wg sync.WaitGroup
			for n := range 2 * len(verbs) {
				wg.Go(func() {
					v := []*vault.Vault{w.Vault, second}[(n+i)%2]
					wantWonOrRefused(t, verbs[(n+i)%len(verbs)](v))
				})
			}
			wg.Wait()
			won[w.wantOneController(t, env)]++
		}
		t.Logf("who has control: %v", won)
	})
}

// TestRacingReleaseAndAssignment: a release beside an offer and its acceptance. A
// release that lost leaves nothing behind that stops the new controller.
func TestRacingReleaseAndAssignment(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, db *sqlstore.DB) {
		w := newWorldOn(t, db)
		second, err := vault.New(w.config)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 6 * testenv.Rounds(10) {
			env := fmt.Sprintf("env_%d", i)
			w.deposit(w.request(env))
			offer := w.offerRequest(env, org, orgBank, custody.PurposeSale)
			var wg sync.WaitGroup
			wg.Go(func() { wantWonOrRefused(t, thirdOf(second.Release(t.Context(), releaseAs(env, org)))) })
			wg.Go(func() {
				o, err := w.Offer(t.Context(), offer)
				if wantWonOrRefused(t, err); err == nil {
					wantWonOrRefused(t, thirdOf(w.AcceptOffer(t.Context(), acceptance(o, orgBank))))
				}
			})
			wg.Wait()
			w.wantOneController(t, env)
		}
	})
}

func thirdOf[A, B any](_ A, _ B, err error) error { return err }

func wantWonOrRefused(t *testing.T, err error) {
	t.Helper()
	for _, refused := range refusedInARace {
		if err == nil || errors.Is(err, refused) {
			return
		}
	}
	var invalid *vault.InvalidError
	if errors.As(err, &invalid) && len(invalid.Fields) == 1 && invalid.Fields[0].Field == "to.receiving_code" {
		return // of two offers by one code the other was made, and has ended
	}
	t.Errorf("got %v", err)
}

// wantOneController checks that the chain of an envelope never had two open offers, nor
// a release beside one, that its custody statements verify, and that who has control
// now can read and release. It returns who.
func (w *world) wantOneController(t *testing.T, env string) string {
	t.Helper()
	if _, err := event.Verify(env, w.Events(env)); err != nil {
		t.Error(err)
	}
	open, released := 0, false
	for _, kind := range w.Types(env) {
		switch kind {
		case event.CustodyOffered:
			open++
		case event.CustodyAccepted, event.CustodyRejected, event.CustodyCancelled, event.CustodyExpired:
			open--
		case event.VaultReleased:
			released = true
		}
		if open > 1 || open < 0 || released && open > 0 {
			t.Errorf("%s: %v", env, w.Types(env))
			break
		}
	}
	c, err := w.OriginalOf(t.Context(), env)
	if err != nil {
		t.Fatal(err)
	}
	if released != (c.Status == custody.StatusReleased) || (open > 0) != (c.OfferID != "") || count(w.Types(env), event.CustodyAccepted) != len(c.Former) {
		t.Errorf("%s: released %t, %d open; the copy is %s, %q", env, released, open, c.Status, c.OfferID)
	}
	holder := custody.Party{Name: c.Controller.Party.Name, Identifier: c.OrgID}
	_, err = w.ReadAuthoritative(t.Context(), readAs(env, holder))
	if released != errors.Is(err, vault.ErrReleased) || !released && err != nil {
		t.Errorf("%s: the controller reads: %v, released %t", env, err, released)
	}
	_, _, err = w.Release(t.Context(), releaseAs(env, holder))
	if wantOpen := open > 0; wantOpen != errors.Is(err, vault.ErrOfferOpen) || !wantOpen && err != nil {
		t.Errorf("%s: the controller releases: %v, %d open", env, err, open)
	}
	return c.OrgID
}

// TestEveryFaultOfAnAssignment: whichever call of database or blob store fails, before
// or after its effect, in an offer, an acceptance or an end without a switch, one has
// control, and the same request repeated succeeds with one effect.
func TestEveryFaultOfAnAssignment(t *testing.T) {
	t.Parallel()
	for name, how := range map[string]storagetest.How{"before": storagetest.Before, "after": storagetest.After} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testdb.EachFaulty(t, func(t *testing.T, open testdb.OpenWrapped) {
				f := &storagetest.Faults{}
				w := newFaultyWorld(t, testdb.Stores(t, open(t, f.Connector)), f)
				for _, verb := range assignmentVerbs(w) {
					everyFaultOf(t, w, f, how, verb)
				}
			})
		})
	}
}

func assignmentVerbs(w *world) []faultVerb {
	ctx := w.T.Context()
	requests, offers := map[string]vault.OfferRequest{}, map[string]*custody.Offer{}
	deposited := func(env string) {
		w.deposit(w.request(env))
		requests[env] = w.offerRequest(env, org, orgBank, custody.PurposeSale)
	}
	offered := func(env string) {
		deposited(env)
		offers[env] = w.offer(requests[env])
	}
	return []faultVerb{
		{"offer", deposited, func(env string) error {
			_, err := w.Offer(ctx, requests[env])
			if errors.Is(err, vault.ErrOfferOpen) { // by the first try, whose answer was lost
				err = nil
			}
			return err
		}, event.CustodyOffered},
		{"accept", offered, func(env string) error { return thirdOf(w.AcceptOffer(ctx, acceptance(offers[env], orgBank))) }, event.CustodyAccepted},
		{"cancel", offered, func(env string) error {
			_, err := w.CancelOffer(ctx, vault.EndOfferRequest{OrgID: org.Identifier, AssignmentID: offers[env].ID, Actor: keyOf(org)})
			return err
		}, event.CustodyCancelled},
	}
}

func everyFaultOf(t *testing.T, w *world, f *storagetest.Faults, how storagetest.How, verb faultVerb) {
	t.Helper()
	f.Arm(nil)
	verb.before("env_count_" + verb.name)
	f.Arm(nil)
	if err := verb.do("env_count_" + verb.name); err != nil {
		t.Fatalf("%s: %v", verb.name, err)
	}
	calls := f.Calls()
	for k := 0; k < len(calls); k += testenv.Step(7) {
		f.Arm(nil)
		env := fmt.Sprintf("env_%s_%d", verb.name, k+1)
		verb.before(env)
		f.Arm(map[int]storagetest.How{k + 1: how})
		err := verb.do(env)
		f.Arm(nil)
		if err != nil && !errors.Is(err, storage.ErrUnavailable) {
			t.Errorf("%s, call %d, %s: got %v, want ErrUnavailable", verb.name, k+1, calls[k], err)
		}
		if err := verb.do(env); err != nil {
			t.Errorf("%s, call %d, %s: repeated: %v", verb.name, k+1, calls[k], err)
		}
		if n := count(w.Types(env), verb.event); n != 1 {
			t.Errorf("%s, call %d, %s: %d times %s", verb.name, k+1, calls[k], n, verb.event)
		}
		w.wantOneController(t, env)
	}
}
