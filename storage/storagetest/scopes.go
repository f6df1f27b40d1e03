package storagetest

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/evaultlib/evault/scopes"
	"github.com/evaultlib/evault/storage"
)

// Scopes runs the cases of scopes.Store on s, which may hold other records.
func Scopes(t *testing.T, s scopes.Store) {
	t.Helper()
	cases := []struct {
		name string
		run  func(t *testing.T, s scopes.Store)
	}{
		{"organizations", organizations},
		{"keys", keys},
		{"key belongs to one organization", keyIsolation},
		{"ending a key", endKey},
		{"transaction", scopesTx},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.run(t, s)
		})
	}
}

// unique returns a function that makes ids of this test alone.
func unique() func(id string) string {
	suffix := strings.ToLower(rand.Text())
	return func(id string) string { return id + "_" + suffix }
}

var scopesDay = time.Date(2026, 11, 23, 12, 0, 0, 123456000, time.UTC)

func organization(id string, at time.Time) scopes.Organization {
	return scopes.Organization{ID: id, LegalName: "Łódź Leasing " + id, Capacity: scopes.Principal, CreatedAt: at}
}

func storedKey(id, org string, at time.Time) scopes.StoredKey {
	return scopes.StoredKey{
		Key: scopes.Key{
			ID: id, OrgID: org, Line: id, Name: "n", Scopes: scopes.NewSet(scopes.VaultRead, scopes.EnvelopesRead),
			PerMinute: 60, CreatedAt: at,
		},
		Secret: storage.Sum([]byte(id)),
	}
}

func organizations(t *testing.T, s scopes.Store) {
	id := unique()
	ctx := t.Context()
	if _, err := s.Organization(ctx, "org_none"); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("absent organization: got %v, want ErrNotFound", err)
	}
	late, early := organization(id("org_a"), scopesDay.Add(time.Hour)), organization(id("org_b"), scopesDay)
	late.Capacity = scopes.Agent
	late.Agreement = &scopes.Agreement{Reference: "A-1", Date: scopesDay, SHA256: storage.Sum(nil), NotTransferor: true}
	late.Origins, late.TwoKeys = []string{"https://a.example", "https://b.example"}, true
	for _, o := range []scopes.Organization{late, early} {
		if err := s.InsertOrganization(ctx, o); err != nil {
			t.Fatal(err)
		}
		got, err := s.Organization(ctx, o.ID)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(o, got); diff != "" {
			t.Errorf("organization (-want +got):\n%s", diff)
		}
	}
	if err := s.InsertOrganization(ctx, early); !errors.Is(err, storage.ErrConflict) {
		t.Errorf("second insert: got %v, want ErrConflict", err)
	}
	list, err := s.Organizations(ctx)
	list = slices.DeleteFunc(list, func(o scopes.Organization) bool { return o.ID != late.ID && o.ID != early.ID })
	if err != nil || len(list) != 2 || list[0].ID != early.ID || list[1].ID != late.ID {
		t.Errorf("list: got %v, %v, want oldest first", list, err)
	}
	changed := late
	changed.LegalName, changed.Capacity, changed.Agreement, changed.Origins, changed.TwoKeys = "New", scopes.Principal, nil, nil, false
	if err := s.UpdateOrganization(ctx, changed); err != nil {
		t.Fatal(err)
	}
	got, err := s.Organization(ctx, late.ID)
	if diff := cmp.Diff(changed, got); diff != "" || err != nil {
		t.Errorf("after update: %v\n%s", err, diff)
	}
	if err := s.UpdateOrganization(ctx, organization("org_none", scopesDay)); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("update of an absent one: got %v, want ErrNotFound", err)
	}
	for _, changed.Origins = range [][]string{{"https://c.example", "https://d.example"}, nil} {
		if err := s.SetOrigins(ctx, late.ID, changed.Origins); err != nil {
			t.Fatal(err)
		}
		got, err := s.Organization(ctx, late.ID)
		if diff := cmp.Diff(changed, got); diff != "" || err != nil {
			t.Errorf("after new origins: %v\n%s", err, diff)
		}
	}
	if err := s.SetOrigins(ctx, "org_none", nil); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("origins of an absent one: got %v, want ErrNotFound", err)
	}
}

func keys(t *testing.T, s scopes.Store) {
	id := unique()
	ctx := t.Context()
	if err := s.InsertKey(ctx, storedKey(id("key_a"), "org_none", scopesDay)); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("key of an absent organization: got %v, want ErrNotFound", err)
	}
	if err := s.InsertOrganization(ctx, organization(id("org_a"), scopesDay)); err != nil {
		t.Fatal(err)
	}
	expires := scopesDay.Add(time.Minute)
	late, early := storedKey(id("key_a"), id("org_a"), scopesDay.Add(time.Second)), storedKey(id("key_b"), id("org_a"), scopesDay)
	late.ExpiresAt = &expires
	for _, k := range []scopes.StoredKey{late, early} {
		if err := s.InsertKey(ctx, k); err != nil {
			t.Fatal(err)
		}
		got, err := s.KeyBySecret(ctx, k.Secret)
		if diff := cmp.Diff(k, got); diff != "" || err != nil {
			t.Errorf("by secret: %v\n%s", err, diff)
		}
	}
	if _, err := s.KeyBySecret(ctx, storage.Sum([]byte(id("none")))); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("unknown secret: got %v, want ErrNotFound", err)
	}
	for name, k := range map[string]scopes.StoredKey{
		"id":     {Key: late.Key, Secret: storage.Sum([]byte(id("other")))},
		"secret": {Key: storedKey(id("key_c"), id("org_a"), scopesDay).Key, Secret: late.Secret},
	} {
		if err := s.InsertKey(ctx, k); !errors.Is(err, storage.ErrConflict) {
			t.Errorf("%s taken: got %v, want ErrConflict", name, err)
		}
	}
	list, err := s.Keys(ctx, id("org_a"))
	if diff := cmp.Diff([]scopes.Key{early.Key, late.Key}, list); diff != "" || err != nil {
		t.Errorf("list: %v\n%s", err, diff)
	}
}

func keyIsolation(t *testing.T, s scopes.Store) {
	id := unique()
	ctx := t.Context()
	for _, org := range []string{id("org_a"), id("org_b")} {
		if err := s.InsertOrganization(ctx, organization(org, scopesDay)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.InsertKey(ctx, storedKey(id("key_a"), id("org_a"), scopesDay)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Key(ctx, id("org_b"), id("key_a")); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("read by another organization: got %v, want ErrNotFound", err)
	}
	if err := s.EndKey(ctx, id("org_b"), id("key_a"), nil, &scopesDay); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("end by another organization: got %v, want ErrNotFound", err)
	}
	if list, err := s.Keys(ctx, id("org_b")); err != nil || len(list) != 0 {
		t.Errorf("list of another organization: got %v, %v, want none", list, err)
	}
}

func endKey(t *testing.T, s scopes.Store) {
	id := unique()
	ctx := t.Context()
	if err := s.InsertOrganization(ctx, organization(id("org_a"), scopesDay)); err != nil {
		t.Fatal(err)
	}
	if err := s.InsertKey(ctx, storedKey(id("key_a"), id("org_a"), scopesDay)); err != nil {
		t.Fatal(err)
	}
	expires, disabled := scopesDay.Add(time.Hour), scopesDay.Add(time.Minute)
	if err := s.EndKey(ctx, id("org_a"), id("key_a"), &expires, &disabled); err != nil {
		t.Fatal(err)
	}
	k, err := s.Key(ctx, id("org_a"), id("key_a"))
	if err != nil || k.ExpiresAt == nil || !k.ExpiresAt.Equal(expires) || k.DisabledAt == nil || !k.DisabledAt.Equal(disabled) {
		t.Errorf("got %+v, %v, want both times", k, err)
	}
	if err := s.EndKey(ctx, id("org_a"), "key_none", nil, nil); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("absent key: got %v, want ErrNotFound", err)
	}
}

func scopesTx(t *testing.T, s scopes.Store) {
	id := unique()
	ctx, stop := t.Context(), errors.New("stop")
	err := s.InTx(ctx, func(ctx context.Context, s scopes.Store) error {
		if s.Tx() == nil {
			t.Error("Tx is nil inside a transaction")
		}
		if err := s.InsertOrganization(ctx, organization(id("org_a"), scopesDay)); err != nil {
			return err
		}
		if _, err := s.With(s.Tx()).Organization(ctx, id("org_a")); err != nil {
			t.Errorf("own write through With: %v", err)
		}
		return stop
	})
	if !errors.Is(err, stop) {
		t.Errorf("got %v, want the closure's error", err)
	}
	if _, err := s.Organization(ctx, id("org_a")); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("after rollback: got %v, want ErrNotFound", err)
	}
	if s.Tx() != nil {
		t.Error("Tx is not nil outside a transaction")
	}
}
