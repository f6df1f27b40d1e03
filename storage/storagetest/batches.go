package storagetest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/vault/custody"
	"github.com/evaultlib/evault/vault/pool"
)

// batchOf is a batch with every field set.
func batchOf(id func(string) string, poolID string) *pool.Batch {
	by := event.Actor{Kind: event.ActorKey, ID: "key_1", OrgID: id("org")}
	consent := custody.Consent{Kind: custody.ConsentAttested, Actor: by, RequestID: "r", RequestSHA256: storage.Sum(nil)}
	return &pool.Batch{
		ID: id("bat"), PoolID: poolID, OrgID: id("org"), ToOrgID: id("org_to"), Assignee: vaultParty, Mode: pool.Atomic, Purpose: custody.PurposePledge,
		Obligation: &custody.Obligation{Reference: "Łine 7", Amount: "1", Currency: "USD"}, Reason: "r", Note: "ń", Status: pool.Running, Step: "accept",
		StepBy: by, Total: 3, Consent: consent, Answer: &consent, Custodian: custody.CustodianSelf,
		CreatedAt: scopesDay, UpdatedAt: scopesDay, ExpiresAt: scopesDay.Add(time.Hour),
	}
}

func batchItems(t *testing.T, s pool.Store) {
	ctx, id := t.Context(), unique()
	p := addPool(t, s, poolOf(id("pol"), id("org"), scopesDay))
	_, err := s.AddContracts(ctx, p.ID, []string{id("env_c"), id("env_a"), id("env_b")}, scopesDay)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Batch(ctx, id("bat")); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("none: got %v, want ErrNotFound", err)
	}
	b := batchOf(id, p.ID)
	n, err := s.AddBatch(ctx, b)
	same(t, "items of the batch", n, 3, err)
	got, err := s.Batch(ctx, b.ID)
	same(t, "batch", got, b, err)
	stale := *b
	b.Status, b.Step, b.Answer, b.Obligation = pool.Offered, "", nil, nil
	if err := s.UpdateBatch(ctx, b); err != nil {
		t.Fatal(err)
	}
	if err := s.UpdateBatch(ctx, &stale); !errors.Is(err, storage.ErrConflict) {
		t.Errorf("stale: got %v, want ErrConflict", err)
	}
	got, err = s.Batch(ctx, b.ID)
	same(t, "changed batch", got, b, err)

	item := func(n int, status pool.ItemStatus) pool.Item {
		return pool.Item{BatchID: b.ID, N: n, EnvelopeID: id(fmt.Sprintf("env_%c", 'a'+n-1)), Status: status}
	}
	items, err := s.Items(ctx, pool.ItemQuery{BatchID: b.ID, Limit: 10})
	same(t, "items", items, []pool.Item{item(1, pool.ItemPending), item(2, pool.ItemPending), item(3, pool.ItemPending)}, err)
	first, second := item(1, pool.ItemOffered), item(2, pool.ItemFailed)
	first.AssignmentID, second.Code, second.Detail = "asg_1", "offer_open", "an offer is open"
	for _, i := range []pool.Item{first, second} {
		if err := s.UpdateItem(ctx, i, pool.ItemPending); err != nil {
			t.Fatal(err)
		}
		if err := s.UpdateItem(ctx, i, pool.ItemPending); !errors.Is(err, storage.ErrUsed) {
			t.Errorf("again: got %v, want ErrUsed", err)
		}
	}
	items, err = s.Items(ctx, pool.ItemQuery{BatchID: b.ID, Offered: true, Limit: 10})
	same(t, "offered items", items, []pool.Item{first}, err)
	items, err = s.Items(ctx, pool.ItemQuery{BatchID: b.ID, Status: pool.ItemFailed, After: 1, Limit: 10})
	same(t, "failed items", items, []pool.Item{second}, err)
	counts, err := s.CountItems(ctx, b.ID)
	same(t, "counts", counts, map[pool.ItemStatus]int{pool.ItemPending: 1, pool.ItemOffered: 1, pool.ItemFailed: 1}, err)
	n, err = s.ResetItems(ctx, b.ID, true, pool.ItemOffered)
	same(t, "reset of those with an assignment", n, 0, err)
	n, err = s.ResetItems(ctx, b.ID, false, pool.ItemPending)
	same(t, "reset of those without", n, 1, err)
	items, err = s.Items(ctx, pool.ItemQuery{BatchID: b.ID, Status: pool.ItemPending, Limit: 1})
	same(t, "the first to be tried again", items, []pool.Item{item(2, pool.ItemPending)}, err)
}

func batchesDue(t *testing.T, s pool.Store) {
	ctx, id := t.Context(), unique()
	p := addPool(t, s, poolOf(id("pol"), id("org"), scopesDay))
	b := batchOf(id, p.ID)
	b.UpdatedAt = scopesDay.Add(-1000 * time.Hour) // before those of other tests
	if _, err := s.AddBatch(ctx, b); err != nil {
		t.Fatal(err)
	}
	due := func() bool {
		t.Helper()
		ids, err := s.BatchesDue(ctx, 1)
		if err != nil {
			t.Fatal(err)
		}
		return len(ids) == 1 && ids[0] == b.ID
	}
	if !due() {
		t.Error("a batch with a step is not due")
	}
	b.Step = ""
	if err := s.UpdateBatch(ctx, b); err != nil {
		t.Fatal(err)
	}
	if due() {
		t.Error("a batch without a step is due")
	}
}
