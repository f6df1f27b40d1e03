package storagetest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/vault"
	"github.com/evaultlib/evault/vault/custody"
)

func vaultRegister(t *testing.T, s vault.Store) {
	ctx, id := t.Context(), unique()
	c := inserted(t, s, id)
	var want []custody.RegisteredCopy
	for i := range 5 {
		r := custody.RegisteredCopy{
			ID: id(fmt.Sprint("cpy_", i)), CopyID: c.CopyID, EnvelopeID: c.EnvelopeID, Kind: custody.CopyInspection, Version: 1, SHA256: storage.Sum(nil), Size: 4,
			MadeAt: scopesDay.Add(time.Duration(i/2) * time.Second), GivenTo: event.Actor{Kind: "key", ID: "k"}, EventID: "e",
		}
		if i == 0 {
			r.Kind, r.Object = custody.CopyMarked, storage.Object{Name: id("m"), SHA256: storage.Sum(nil), Size: 4}
		}
		if err := s.AddRegistered(ctx, r); err != nil {
			t.Fatal(err)
		}
		want = append([]custody.RegisteredCopy{r}, want...)
	}
	got, err := s.Register(ctx, c.EnvelopeID, nil, 0, 10)
	same(t, "all", got, want, err)
	got, err = s.Register(ctx, c.EnvelopeID, nil, 1, 2)
	same(t, "by offset", got, want[1:3], err)
	got, err = s.Register(ctx, c.EnvelopeID, &storage.Place{At: want[1].MadeAt, ID: want[1].ID}, 0, 10)
	same(t, "after a position", got, want[2:], err)
	if n, err := s.CountRegister(ctx, c.EnvelopeID); err != nil || n != 5 {
		t.Errorf("count: got %d, %v", n, err)
	}
	if err := s.MoveObject(ctx, c.CopyID, id("m"), id("m2")); err != nil {
		t.Errorf("marked copy: %v", err)
	}
}

func vaultCustody(t *testing.T, s vault.Store) {
	ctx, id := t.Context(), unique()
	c := inserted(t, s, id)
	held := &custody.Parties{Assignee: vaultParty, Controller: c.Controller, Custodian: c.Custodian}
	consent := custody.Consent{Kind: custody.ConsentAttested, Actor: event.Actor{Kind: "key", ID: "k"}, RequestID: "r", RequestSHA256: storage.Sum(nil)}
	want := []custody.Entry{
		{
			ID: id("cust_1"), CopyID: c.CopyID, EnvelopeID: c.EnvelopeID, Seq: 1, Kind: custody.EntryDeposit, To: held, Version: 1, SHA256: storage.Sum(nil),
			Consent: consent, Statement: "a.b.c", StatementSHA256: storage.Sum([]byte("1")), EventID: "e", RecordedAt: scopesDay,
		},
		{
			ID: id("cust_2"), CopyID: c.CopyID, EnvelopeID: c.EnvelopeID, Seq: 2, Kind: custody.EntryRelease, From: held, Recipient: &custody.Recipient{Name: "Ć"},
			Version: 2, SHA256: storage.Sum(nil), Consent: consent, Statement: "d.e.f", StatementSHA256: storage.Sum([]byte("2")),
			PreviousSHA256: storage.Sum([]byte("1")), EventID: "e", RecordedAt: scopesDay.Add(time.Second),
			AssignmentID: "asg_1", Purpose: custody.PurposeSale, Reason: "ŕ", Acceptance: &consent,
		},
	}
	for _, e := range want {
		if err := s.AddCustody(ctx, e); err != nil {
			t.Fatal(err)
		}
	}
	fork := want[1]
	fork.ID = id("cust_fork")
	if err := s.AddCustody(ctx, fork); !errors.Is(err, storage.ErrConflict) {
		t.Errorf("fork: got %v, want ErrConflict", err)
	}
	got, err := s.Custody(ctx, c.CopyID)
	same(t, "custody", got, want, err)
	if acks, err := s.Acknowledgments(ctx, c.CopyID); err != nil || len(acks) != 0 {
		t.Errorf("acknowledgments: got %v, %v", acks, err)
	}
}

func vaultTampering(t *testing.T, s vault.Store) {
	ctx, id := t.Context(), unique()
	c := inserted(t, s, id)
	want := custody.Tampering{Object: id("o"), CopyID: c.CopyID, Want: storage.Sum(nil), Found: storage.Sum([]byte{1}), FoundAt: scopesDay, EventID: "e"}
	if err := s.AddTampering(ctx, want); err != nil {
		t.Fatal(err)
	}
	if err := s.AddTampering(ctx, want); !errors.Is(err, storage.ErrConflict) {
		t.Errorf("twice: got %v, want ErrConflict", err)
	}
	got, err := s.Tamperings(ctx, c.CopyID)
	same(t, "tampering", got, []custody.Tampering{want}, err)
	for _, wantErr := range []error{nil, storage.ErrNotFound} {
		if err := s.EndTampering(ctx, want.Object); !errors.Is(err, wantErr) {
			t.Errorf("end: got %v, want %v", err, wantErr)
		}
	}
}

func vaultTx(t *testing.T, s vault.Store) {
	ctx, id, stop := t.Context(), unique(), errors.New("stop")
	if s.Tx() != nil {
		t.Error("a transaction is open")
	}
	err := s.InTx(ctx, func(ctx context.Context, s vault.Store) error {
		if s.Tx() == nil {
			t.Error("no transaction is open")
		}
		if err := s.InsertOriginal(ctx, copyOf(id)); err != nil {
			return err
		}
		if _, err := s.Original(ctx, id("env")); err != nil {
			t.Errorf("inside: %v", err)
		}
		return stop
	})
	if !errors.Is(err, stop) {
		t.Fatalf("got %v, want the closure's", err)
	}
	if _, err := s.Original(ctx, id("env")); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("rolled back: got %v, want ErrNotFound", err)
	}
}

func vaultJoined(t *testing.T, s vault.Store) {
	ctx, id := t.Context(), unique()
	err := s.InTx(ctx, func(ctx context.Context, outer vault.Store) error {
		return s.With(outer.Tx()).InsertOriginal(ctx, copyOf(id))
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Original(ctx, id("env")); err != nil {
		t.Errorf("joined: %v", err)
	}
}

func vaultRace(t *testing.T, s vault.Store) {
	id := unique()
	results := make(chan error, 8)
	for i := range cap(results) {
		c := copyOf(id)
		c.CopyID = id(fmt.Sprint("cpy_", i))
		go func() {
			results <- s.InTx(t.Context(), func(ctx context.Context, s vault.Store) error { return s.InsertOriginal(ctx, c) })
		}()
	}
	won := 0
	for range cap(results) {
		switch err := <-results; {
		case err == nil:
			won++
		case !errors.Is(err, storage.ErrConflict):
			t.Errorf("got %v, want ErrConflict", err)
		}
	}
	if won != 1 {
		t.Errorf("%d copies of one envelope", won)
	}
}

// A claim of one copy is a claim over the whole store.
func vaultUnrelated(t *testing.T, s vault.Store) {
	ctx, id, other := t.Context(), unique(), unique()
	c, d := inserted(t, s, id), inserted(t, s, other)
	if err := s.AddClaims(ctx, claimsOf(c, id, "a")...); err != nil {
		t.Fatal(err)
	}
	if err := s.AddClaims(ctx, claimsOf(d, id, "a")...); !errors.Is(err, storage.ErrConflict) {
		t.Errorf("another copy's claim: got %v, want ErrConflict", err)
	}
}
