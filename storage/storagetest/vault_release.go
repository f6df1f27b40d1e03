package storagetest

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/vault"
	"github.com/evaultlib/evault/vault/custody"
)

func vaultRelease(t *testing.T, s vault.Store) {
	ctx, id := t.Context(), unique()
	c := inserted(t, s, id)
	old := scopesDay.AddDate(-40, 0, 0) // before whatever else is due in the store
	want := &vault.Release{
		ReleaseID: id("rel"), EnvelopeID: c.EnvelopeID, CopyID: c.CopyID, OrgID: "org_1", Reason: "payoff", Note: "ń",
		Recipient: custody.Recipient{Name: "C", Organization: "O", Email: "c@o.test"}, ReleasedAt: old, Version: 2, SHA256: storage.Sum(nil), Size: 8,
		EndsVersion: 1, Statement: "a.b.c", EventID: "e",
	}
	if _, err := s.Release(ctx, c.EnvelopeID); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("none: got %v, want ErrNotFound", err)
	}
	if err := s.AddRelease(ctx, want); err != nil {
		t.Fatal(err)
	}
	second := *want
	second.ReleaseID = id("rel_2")
	if err := s.AddRelease(ctx, &second); !errors.Is(err, storage.ErrConflict) {
		t.Errorf("second: got %v, want ErrConflict", err)
	}
	got, err := s.Release(ctx, c.EnvelopeID)
	same(t, "release", got, want, err)
	listed := func(list func() ([]string, error)) bool {
		t.Helper()
		ids, err := list()
		if err != nil {
			t.Fatal(err)
		}
		return slices.Contains(ids, c.EnvelopeID)
	}
	toPack := func() ([]string, error) { return s.ReleasesToPack(ctx, late, 5) }
	toDelete := func(at time.Time) func() ([]string, error) {
		return func() ([]string, error) { return s.ReleasesToDelete(ctx, at, 5) }
	}
	if !listed(toPack) || listed(toDelete(old.Add(time.Hour))) {
		t.Error("a new release waits for its package, not for deletion")
	}
	if err := s.PostponePackage(ctx, c.EnvelopeID, late.Add(time.Second)); err != nil || listed(toPack) {
		t.Errorf("a postponed package is due, %v", err)
	}
	if err := s.PostponePackage(ctx, c.EnvelopeID, late); err != nil || !listed(toPack) {
		t.Errorf("a postponed package is not due in time, %v", err)
	}
	fetched, after := old.Add(time.Second), old.Add(time.Minute)
	want.Package = &storage.Object{Name: id("p"), SHA256: storage.Sum(nil), Size: 3}
	want.FetchedAt, want.AcknowledgedAt, want.DeleteAfter = &fetched, &fetched, &after
	if err := s.UpdateRelease(ctx, want); err != nil || want.Revision != 1 {
		t.Fatal(err)
	}
	if err := s.UpdateRelease(ctx, &second); !errors.Is(err, storage.ErrConflict) {
		t.Errorf("stale: got %v, want ErrConflict", err)
	}
	got, err = s.Release(ctx, c.EnvelopeID)
	same(t, "acknowledged", got, want, err)
	if err := s.PostponePackage(ctx, c.EnvelopeID, old); err != nil || listed(toPack) {
		t.Errorf("a package that is there is due, %v", err)
	}
	if listed(toPack) || listed(toDelete(after.Add(-time.Microsecond))) || !listed(toDelete(after)) {
		t.Error("an acknowledged release is due at DeleteAfter and not before")
	}
	want.DeletedAt = &after
	if err := s.UpdateRelease(ctx, want); err != nil {
		t.Fatal(err)
	}
	if listed(toDelete(after.Add(time.Hour))) {
		t.Error("a deleted release is due again")
	}
}

func vaultDue(t *testing.T, s vault.Store) {
	id := unique()
	c := copyOf(id)
	c.IntegrityCheckedAt = scopesDay.AddDate(-40, 0, 0)
	if err := s.InsertOriginal(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		at     time.Time
		status string
		want   bool
	}{
		{c.IntegrityCheckedAt, string(custody.StatusVaulted), false},
		{c.IntegrityCheckedAt.Add(time.Microsecond), string(custody.StatusVaulted), true},
		{c.IntegrityCheckedAt.Add(time.Microsecond), string(custody.StatusReleased), false},
	} {
		c.Status = custody.Status(step.status)
		if err := s.UpdateOriginal(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		ids, err := s.OriginalsToCheck(t.Context(), step.at, 5)
		if err != nil || slices.Contains(ids, c.EnvelopeID) != step.want {
			t.Errorf("%s at %v: got %v, %v", step.status, step.at, ids, err)
		}
	}
	c.Status = custody.StatusVaulted
	if err := s.UpdateOriginal(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	soon := c.IntegrityCheckedAt.Add(time.Hour)
	if err := s.PostponeCheck(t.Context(), c.EnvelopeID, soon); err != nil {
		t.Fatal(err)
	}
	for at, want := range map[time.Time]bool{soon: false, soon.Add(time.Microsecond): true} {
		ids, err := s.OriginalsToCheck(t.Context(), at, 5)
		if err != nil || slices.Contains(ids, c.EnvelopeID) != want {
			t.Errorf("postponed, at %v: got %v, %v", at, ids, err)
		}
	}
}
