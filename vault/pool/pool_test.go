package pool_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/evaultlib/evault/internal/testdb"
	"github.com/evaultlib/evault/internal/testworld"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/storage/sqlstore"
	"github.com/evaultlib/evault/storage/standing"
	"github.com/evaultlib/evault/vault"
	"github.com/evaultlib/evault/vault/custody"
	"github.com/evaultlib/evault/vault/pool"
)

var dealer, bank, lender = testworld.Dealer(), testworld.Bank(), testworld.Lender()

type world struct {
	*testworld.World
	pools *pool.Engine
	envs  []string
}

func newWorld(t *testing.T, db *sqlstore.DB, n int) *world {
	t.Helper()
	w := &world{World: testworld.NewBase(t, testworld.Options{DB: db, Memory: true}).World()}
	for range n {
		env := w.Completed()
		w.VaultIn(env)
		w.envs = append(w.envs, env)
	}
	slices.Sort(w.envs)
	var err error
	w.pools, err = pool.New(pool.Config{Store: db.Pools(), Vault: w.Vault, Handover: w.Handover, Env: w.Env()})
	testworld.Check(t, err)
	return w
}

func (w *world) pool(of custody.Party) *pool.Pool {
	w.T.Helper()
	p, err := w.pools.Create(w.T.Context(), pool.CreateRequest{OrgID: of.Identifier, Name: "June", EnvelopeIDs: append(w.envs, w.envs[0])})
	testworld.Check(w.T, err)
	if p.Count != len(w.envs) {
		w.T.Fatalf("the pool has %d contracts, want %d", p.Count, len(w.envs))
	}
	return p
}

func (w *world) code(of custody.Party) string {
	w.T.Helper()
	code, _, err := w.Vault.MakeReceivingCode(w.T.Context(), vault.ReceivingCodeRequest{OrgID: of.Identifier, OrgName: of.Name, Actor: testworld.KeyOf(of)})
	testworld.Check(w.T, err)
	return code
}

func (w *world) start(from, to custody.Party, mode pool.Mode, edit ...func(*pool.StartRequest)) *pool.Batch {
	w.T.Helper()
	r := pool.StartRequest{
		OrgID: from.Identifier, PoolID: w.pool(from).ID, ReceivingCode: w.code(to), Mode: mode, Actor: testworld.KeyOf(from),
		RequestID: "req_1", RequestSHA256: storage.Sum([]byte("offer")),
	}
	for _, e := range edit {
		e(&r)
	}
	b, err := w.pools.Start(w.T.Context(), r)
	testworld.Check(w.T, err)
	return b
}

func (w *world) answer(of custody.Party, b *pool.Batch) pool.AnswerRequest {
	return pool.AnswerRequest{
		OrgID: of.Identifier, BatchID: b.ID, Actor: testworld.KeyOf(of), RequestID: "req_2", RequestSHA256: storage.Sum([]byte("accept")),
	}
}

// run lets the background work until nothing is left.
func (w *world) run() {
	w.T.Helper()
	for range 100 {
		if idle, err := w.pools.Idle(w.T.Context()); err != nil || idle {
			testworld.Check(w.T, err)
			return
		}
		_, err := w.pools.Due(w.T.Context(), 2)
		testworld.Check(w.T, err)
	}
	w.T.Fatal("the background work does not end")
}

// is wants a batch to have a status and counts, and the copies a controller.
func (w *world) is(b *pool.Batch, status pool.Status, done, failed int, controllers ...custody.Party) {
	w.T.Helper()
	got, err := w.pools.Batch(w.T.Context(), b.OrgID, b.ID)
	testworld.Check(w.T, err)
	if got.Status != status || got.Done != done || got.Failed != failed || got.Total != len(w.envs) {
		w.T.Errorf("batch is %s, %d of %d done, %d failed; want %s, %d, %d", got.Status, got.Done, got.Total, got.Failed, status, done, failed)
	}
	for i, env := range w.envs {
		want := controllers[min(i, len(controllers)-1)]
		if _, err := w.Vault.OriginalFor(w.T.Context(), standing.Control, want.Identifier, env); err != nil {
			w.T.Errorf("contract %d is not controlled by %s: %v", i, want.Name, err)
		}
	}
}

// TestPoolMoves: in both modes a pool is offered, accepted, and each copy has moved
// exactly once, with the certificates of the receiver.
func TestPoolMoves(t *testing.T) {
	t.Parallel()
	for _, mode := range []pool.Mode{pool.BestEffort, pool.Atomic} {
		t.Run(string(mode), func(t *testing.T) {
			testdb.Each(t, func(t *testing.T, db *sqlstore.DB) {
				w := newWorld(t, db, 3)
				b := w.start(dealer, bank, mode)
				w.is(b, pool.Running, 0, 0, dealer)
				if _, err := w.pools.Accept(t.Context(), w.answer(bank, b)); !errors.Is(err, pool.ErrState) {
					t.Errorf("accepted before it was offered: %v", err)
				}
				w.run()
				w.is(b, pool.Offered, 3, 0, dealer)
				if _, err := w.pools.Accept(t.Context(), w.answer(dealer, b)); !errors.Is(err, pool.ErrBatchNotFound) {
					t.Errorf("accepted by the offeror: %v", err)
				}
				_, err := w.pools.Accept(t.Context(), w.answer(bank, b))
				testworld.Check(t, err)
				w.run()
				w.is(b, pool.Accepted, 3, 0, bank)
				for _, env := range w.envs {
					if n := count(w.Types(env), event.CustodyAccepted); n != 1 {
						t.Errorf("%s moved %d times", env, n)
					}
					chain, err := w.Vault.Custody(t.Context(), bank.Identifier, env)
					if err != nil || len(chain) != 2 || chain[1].Consent.RequestID != "req_1" || chain[1].Acceptance.RequestID != "req_2" {
						t.Errorf("custody %+v, %v", chain, err)
					}
				}
				c, err := w.Compliance.Certificate(t.Context(), bank.Identifier, w.envs[0], 0)
				if err != nil || c.Controller.Name != bank.Name || !*c.Compliance.Compliant {
					t.Errorf("certificate of %v, %v", c.Controller, err)
				}
				if n := count(w.Types(dealer.Identifier), event.CustodyBatchEnded); n < 1 {
					t.Error("the end is no event")
				}
				for name, verb := range map[string]func() error{
					"accept": func() error { _, err := w.pools.Accept(t.Context(), w.answer(bank, b)); return err },
					"reject": func() error { _, err := w.pools.Reject(t.Context(), w.answer(bank, b)); return err },
					"cancel": func() error { _, err := w.pools.Cancel(t.Context(), w.answer(dealer, b)); return err },
					"retry":  func() error { _, err := w.pools.Retry(t.Context(), w.answer(dealer, b)); return err },
				} {
					if err := verb(); !errors.Is(err, pool.ErrState) {
						t.Errorf("%s at the end: got %v, want ErrState", name, err)
					}
				}
			})
		})
	}
}

func count(list []string, want string) (n int) {
	for _, s := range list {
		if s == want {
			n++
		}
	}
	return n
}

// TestOneItemCannotBeOffered: by best effort the others are, and the one after what
// stood in its way has ended; atomically nothing is.
func TestOneItemCannotBeOffered(t *testing.T) {
	t.Parallel()
	for mode, offered := range map[pool.Mode]int{pool.BestEffort: 2, pool.Atomic: 0} {
		t.Run(string(mode), func(t *testing.T) {
			testdb.Each(t, func(t *testing.T, db *sqlstore.DB) {
				w := newWorld(t, db, 3)
				stuck := w.Offer(w.envs[1], dealer, lender)
				b := w.start(dealer, bank, mode)
				w.run()
				w.is(b, map[pool.Mode]pool.Status{pool.BestEffort: pool.Offered, pool.Atomic: pool.Failed}[mode], offered, 1, dealer)
				failed, err := w.pools.Items(t.Context(), dealer.Identifier, b.ID, pool.ItemFailed, 0, 10)
				if err != nil || len(failed) != 1 || failed[0].EnvelopeID != w.envs[1] || failed[0].Code != "offer_open" || failed[0].Detail == "" {
					t.Errorf("failed %+v, %v", failed, err)
				}
				if seen, err := w.pools.Items(t.Context(), bank.Identifier, b.ID, "", 0, 10); err != nil || len(seen) != offered {
					t.Errorf("the receiver sees %d items, %v, want %d", len(seen), err, offered)
				}
				_, err = w.Vault.CancelOffer(t.Context(), vault.EndOfferRequest{OrgID: dealer.Identifier, AssignmentID: stuck.ID, Actor: testworld.KeyOf(dealer)})
				testworld.Check(t, err)
				if _, err := w.pools.Retry(t.Context(), w.answer(bank, b)); !errors.Is(err, pool.ErrState) {
					t.Errorf("retried by who has nothing to retry: %v", err)
				}
				_, err = w.pools.Retry(t.Context(), w.answer(dealer, b))
				testworld.Check(t, err)
				w.run()
				w.is(b, pool.Offered, 3, 0, dealer)
			})
		})
	}
}

// TestOneItemCannotSwitch: by best effort the others switch, atomically none does; what
// failed may be accepted later.
func TestOneItemCannotSwitch(t *testing.T) {
	t.Parallel()
	for _, mode := range []pool.Mode{pool.BestEffort, pool.Atomic} {
		t.Run(string(mode), func(t *testing.T) {
			testdb.Each(t, func(t *testing.T, db *sqlstore.DB) {
				w := newWorld(t, db, 3)
				b := w.start(dealer, bank, mode)
				w.run()
				w.Exec("UPDATE evault_copies SET quarantined_at = vaulted_at WHERE envelope_id = ?", w.envs[2])
				_, err := w.pools.Accept(t.Context(), w.answer(bank, b))
				testworld.Check(t, err)
				w.run()
				if mode == pool.BestEffort {
					w.is(b, pool.PartlyAccepted, 2, 1, bank, bank, dealer)
				} else {
					w.is(b, pool.Failed, 2, 1, dealer)
				}
				w.Exec("UPDATE evault_copies SET quarantined_at = NULL WHERE envelope_id = ?", w.envs[2])
				_, err = w.pools.Retry(t.Context(), w.answer(bank, b))
				testworld.Check(t, err)
				w.run()
				w.is(b, pool.Accepted, 3, 0, bank)
			})
		})
	}
}

// TestBatchesEnd: rejected, cancelled, also while it is being offered, and expired.
func TestBatchesEnd(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, db *sqlstore.DB) {
		w := newWorld(t, db, 3)
		b := w.start(dealer, bank, pool.BestEffort)
		w.run()
		_, err := w.pools.Reject(t.Context(), w.answer(bank, b))
		testworld.Check(t, err)
		w.run()
		w.is(b, pool.Rejected, 3, 0, dealer)

		b = w.start(dealer, bank, pool.Atomic)
		w.run()
		_, err = w.pools.Cancel(t.Context(), w.answer(dealer, b))
		testworld.Check(t, err)
		w.run()
		w.is(b, pool.Cancelled, 3, 0, dealer)

		b = w.start(dealer, bank, pool.BestEffort)
		_, err = w.pools.Due(t.Context(), 1)
		testworld.Check(t, err)
		_, err = w.pools.Cancel(t.Context(), w.answer(dealer, b))
		testworld.Check(t, err)
		w.run()
		w.is(b, pool.Cancelled, 3, 0, dealer)

		b = w.start(dealer, bank, pool.BestEffort, func(r *pool.StartRequest) { r.ExpiresIn = time.Hour })
		w.run()
		w.Clock.Advance(2 * time.Hour)
		if _, err := w.pools.Accept(t.Context(), w.answer(bank, b)); !errors.Is(err, pool.ErrState) {
			t.Errorf("accepted after the expiry: %v", err)
		}
		w.is(b, pool.Expired, 3, 0, dealer)
		if _, err := w.pools.Retry(t.Context(), w.answer(dealer, b)); !errors.Is(err, pool.ErrState) {
			t.Errorf("retried after the expiry: %v", err)
		}
	})
}

// TestReplicasMoveAPoolOnce: two replicas work on the same batch; each item moves once.
func TestReplicasMoveAPoolOnce(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, db *sqlstore.DB) {
		w := newWorld(t, db, 4)
		b := w.start(dealer, bank, pool.BestEffort)
		both := func() {
			var wg sync.WaitGroup
			for range 2 {
				wg.Go(func() {
					for range 20 {
						_, _ = w.pools.Due(t.Context(), 10)
					}
				})
			}
			wg.Wait()
			w.run()
		}
		both()
		w.is(b, pool.Offered, 4, 0, dealer)
		_, err := w.pools.Accept(t.Context(), w.answer(bank, b))
		testworld.Check(t, err)
		both()
		w.is(b, pool.Accepted, 4, 0, bank)
		for _, env := range w.envs {
			if n := count(w.Types(env), event.CustodyOffered); n != 1 {
				t.Errorf("%s was offered %d times", env, n)
			}
		}
	})
}

// TestStuckBatchStarvesNobody: a batch that cannot go on, because a service is away, does
// not delay one that can.
func TestStuckBatchStarvesNobody(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, db *sqlstore.DB) {
		w := newWorld(t, db, 2)
		away := &away{Handover: w.Handover, env: w.envs[0]}
		var err error
		w.pools, err = pool.New(pool.Config{Store: db.Pools(), Vault: w.Vault, Handover: away, Env: w.Env()})
		testworld.Check(t, err)
		all := w.envs
		batches := map[string]*pool.Batch{}
		for _, env := range all {
			w.envs = []string{env}
			batches[env] = w.start(dealer, bank, pool.BestEffort)
		}
		for range 3 {
			_, err := w.pools.Due(t.Context(), 1)
			testworld.Check(t, err)
		}
		w.envs = all[1:]
		w.is(batches[all[1]], pool.Offered, 1, 0, dealer)
		w.envs = all[:1]
		w.is(batches[all[0]], pool.Running, 0, 0, dealer)
		away.env = ""
		w.run()
		w.is(batches[all[0]], pool.Offered, 1, 0, dealer)
	})
}

// away is a Handover whose service is away for one envelope.
type away struct {
	pool.Handover
	env string
}

func (a *away) Offer(ctx context.Context, r vault.OfferRequest) (*custody.Offer, error) {
	if r.EnvelopeID == a.env {
		return nil, storage.ErrUnavailable
	}
	return a.Handover.Offer(ctx, r)
}

// TestEditedBatchGoesNowhere: a row that names another receiver moves nothing to it.
func TestEditedBatchGoesNowhere(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, db *sqlstore.DB) {
		w := newWorld(t, db, 1)
		b := w.start(dealer, bank, pool.BestEffort)
		w.Exec("UPDATE evault_batches SET to_org_id = ?, assignee = ? WHERE batch_id = ?", lender.Identifier, fmt.Sprintf(`{"name":%q,"identifier":%q}`, lender.Name, lender.Identifier), b.ID)
		w.Exec("UPDATE evault_receiving_codes SET org_id = ?, party = ? WHERE used_by = ?", lender.Identifier, fmt.Sprintf(`{"name":%q,"identifier":%q}`, lender.Name, lender.Identifier), b.ID)
		w.run()
		failed, err := w.pools.Items(t.Context(), dealer.Identifier, b.ID, pool.ItemFailed, 0, 10)
		if err != nil || len(failed) != 1 || failed[0].Code != "record_altered" {
			t.Errorf("got %+v, %v, want it refused as altered", failed, err)
		}
	})
}

// TestPoolsRefuse: what cannot be a pool, and what is not the caller's.
func TestPoolsRefuse(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testdb.Open(t), 2)
	invalid := func(what string, err error, field string) {
		t.Helper()
		var e *storage.InvalidError
		if !errors.As(err, &e) || len(e.Fields) != 1 || e.Fields[0].Field != field {
			t.Errorf("%s: got %v, want %s refused", what, err, field)
		}
	}
	_, err := w.pools.Create(t.Context(), pool.CreateRequest{OrgID: dealer.Identifier, Name: ""})
	invalid("no name", err, "name")
	_, err = w.pools.Create(t.Context(), pool.CreateRequest{OrgID: bank.Identifier, Name: "x", EnvelopeIDs: w.envs[:1]})
	invalid("another's contract", err, "envelope_ids[0]")
	p := w.pool(dealer)
	if _, err := w.pools.Pool(t.Context(), bank.Identifier, p.ID); !errors.Is(err, pool.ErrNotFound) {
		t.Errorf("another's pool: %v", err)
	}
	start := pool.StartRequest{OrgID: dealer.Identifier, PoolID: p.ID, Mode: pool.Atomic, Actor: testworld.KeyOf(dealer)}
	for _, c := range []struct {
		what, field string
		edit        func(*pool.StartRequest)
	}{
		{"no code", "to.receiving_code", func(*pool.StartRequest) {}},
		{"a code that is none", "to.receiving_code", func(r *pool.StartRequest) { r.ReceivingCode = "rcv_abcdefghijklmnopqrstuvwxyz234567" }},
		{"its own code", "to.receiving_code", func(r *pool.StartRequest) { r.ReceivingCode = w.code(dealer) }},
		{"no mode", "mode", func(r *pool.StartRequest) { r.ReceivingCode, r.Mode = w.code(bank), "" }},
		{"a long life", "expires_in_days", func(r *pool.StartRequest) { r.ReceivingCode, r.ExpiresIn = w.code(bank), 91*24*time.Hour }},
		{"a purpose that is none", "purpose", func(r *pool.StartRequest) { r.ReceivingCode, r.Purpose = w.code(bank), "gift" }},
	} {
		r := start
		c.edit(&r)
		_, err := w.pools.Start(t.Context(), r)
		invalid(c.what, err, c.field)
	}
	changed, err := w.pools.Change(t.Context(), pool.ChangeRequest{OrgID: dealer.Identifier, PoolID: p.ID, Remove: append([]string{"env_none"}, w.envs...)})
	if err != nil || changed.Count != 0 {
		t.Errorf("got %+v, %v, want an empty pool", changed, err)
	}
	start.ReceivingCode = w.code(bank)
	if _, err := w.pools.Start(t.Context(), start); !errors.Is(err, pool.ErrEmpty) {
		t.Errorf("an empty pool: got %v, want ErrEmpty", err)
	}
	if changed, err = w.pools.Change(t.Context(), pool.ChangeRequest{OrgID: dealer.Identifier, PoolID: p.ID, Add: w.envs}); err != nil || changed.Count != 2 {
		t.Errorf("got %+v, %v, want both back", changed, err)
	}
	if list, err := w.pools.Contracts(t.Context(), dealer.Identifier, p.ID, storage.Page{}); err != nil || list.Total != 2 || len(list.Items) != 2 {
		t.Errorf("contracts %+v, %v, want both", list, err)
	}
	if all, err := w.pools.All(t.Context(), dealer.Identifier, p.ID); err != nil || len(all) != 2 {
		t.Errorf("all %+v, %v, want both", all, err)
	}
	if list, err := w.pools.Pools(t.Context(), dealer.Identifier, storage.Page{}); err != nil || list.Total != 1 || list.Items[0].Count != 2 {
		t.Errorf("pools %+v, %v", list, err)
	}
}
