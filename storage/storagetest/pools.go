package storagetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/vault/custody"
	"github.com/evaultlib/evault/vault/pool"
)

// Pools runs the cases of pool.Store on s, which may hold other records. control makes a
// live copy of an envelope that the organization controls, or a released one.
func Pools(t *testing.T, s pool.Store, control func(t *testing.T, orgID, envelopeID string, live bool)) {
	t.Helper()
	for _, c := range []struct {
		name string
		run  func(t *testing.T, s pool.Store)
	}{
		{"pools come back as they were", poolRoundTrip},
		{"the first of two changes wins", poolConflict},
		{"list and count", poolList},
		{"contracts are added and taken out", poolContracts},
		{"a failed transaction leaves nothing", poolRollback},
		{"a batch has the contracts of its pool", batchItems},
		{"batches with a step are due", batchesDue},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.run(t, s)
		})
	}
	t.Run("who controls", func(t *testing.T) {
		t.Parallel()
		id := unique()
		control(t, id("org_a"), id("env_a"), true)
		control(t, id("org_b"), id("env_b"), true)
		control(t, id("org_a"), id("env_c"), false)
		got, err := s.Controlled(t.Context(), id("org_a"), []string{id("env_c"), id("env_b"), id("env_a"), id("env_a"), id("env_none")})
		same(t, "controlled", got, []string{id("env_a")}, err)
	})
}

func poolOf(id, org string, at time.Time) *pool.Pool {
	return &pool.Pool{ID: id, OrgID: org, Name: "Łódź " + id, CreatedAt: at, UpdatedAt: at}
}

func addPool(t *testing.T, s pool.Store, p *pool.Pool) *pool.Pool {
	t.Helper()
	if err := s.AddPool(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	return p
}

func poolRoundTrip(t *testing.T, s pool.Store) {
	ctx, id := t.Context(), unique()
	if _, err := s.Pool(ctx, id("pol")); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("none: got %v, want ErrNotFound", err)
	}
	want := addPool(t, s, poolOf(id("pol"), id("org"), scopesDay))
	got, err := s.Pool(ctx, want.ID)
	same(t, "pool", got, want, err)
	if err := s.AddPool(ctx, want); !errors.Is(err, storage.ErrConflict) {
		t.Errorf("twice: got %v, want ErrConflict", err)
	}
	want.Count, want.UpdatedAt = 10_000, scopesDay.Add(time.Minute)
	if err := s.UpdatePool(ctx, want); err != nil || want.Revision != 1 {
		t.Fatalf("got revision %d, %v, want 1", want.Revision, err)
	}
	got, err = s.Pool(ctx, want.ID)
	same(t, "changed pool", got, want, err)
}

func poolConflict(t *testing.T, s pool.Store) {
	ctx, id := t.Context(), unique()
	p := addPool(t, s, poolOf(id("pol"), id("org"), scopesDay))
	stale := *p
	if err := s.UpdatePool(ctx, p); err != nil {
		t.Fatal(err)
	}
	if err := s.UpdatePool(ctx, &stale); !errors.Is(err, storage.ErrConflict) {
		t.Errorf("stale: got %v, want ErrConflict", err)
	}
}

func poolList(t *testing.T, s pool.Store) {
	ctx, id := t.Context(), unique()
	org := id("org")
	for i, name := range []string{"a", "b", "c"} { // b and c at the same time
		addPool(t, s, poolOf(id(name), org, scopesDay.Add(time.Duration(min(i, 1))*time.Second)))
	}
	addPool(t, s, poolOf(id("d"), id("org_other"), scopesDay))
	for _, c := range []struct {
		after         *storage.Place
		offset, limit int
		want          []string
	}{
		{nil, 0, 10, []string{"c", "b", "a"}},
		{nil, 1, 1, []string{"b"}},
		{&storage.Place{At: scopesDay.Add(time.Second), ID: id("c")}, 0, 10, []string{"b", "a"}},
		{&storage.Place{At: scopesDay, ID: id("a")}, 0, 10, nil},
	} {
		list, err := s.Pools(ctx, org, c.after, c.offset, c.limit)
		if err != nil {
			t.Fatal(err)
		}
		var got, want []string
		for _, p := range list {
			got = append(got, p.ID)
		}
		for _, name := range c.want {
			want = append(want, id(name))
		}
		if !slices.Equal(got, want) {
			t.Errorf("after %v: got %v, want %v", c.after, got, want)
		}
	}
	if n, err := s.CountPools(ctx, org); n != 3 || err != nil {
		t.Errorf("got %d, %v, want 3", n, err)
	}
}

func poolContracts(t *testing.T, s pool.Store) {
	ctx, id := t.Context(), unique()
	p := addPool(t, s, poolOf(id("pol"), id("org"), scopesDay))
	many := make([]string, 1200) // more than one statement holds
	for i := range many {
		many[i] = id(fmt.Sprintf("env_%04d", i))
	}
	changes := func(what string, n int, err error, want int) {
		t.Helper()
		if n != want || err != nil {
			t.Errorf("%s: got %d, %v, want %d", what, n, err, want)
		}
	}
	n, err := s.AddContracts(ctx, p.ID, append([]string{many[1], many[0]}, many[:2]...), scopesDay)
	changes("two, each twice", n, err, 2)
	n, err = s.AddContracts(ctx, p.ID, many, scopesDay.Add(time.Second))
	changes("the rest", n, err, len(many)-2)
	n, err = s.RemoveContracts(ctx, p.ID, append([]string{id("env_none")}, many[:600]...))
	changes("half taken out", n, err, 600)
	n, err = s.RemoveContracts(ctx, p.ID, many[:600])
	changes("taken out twice", n, err, 0)
	n, err = s.RemoveContracts(ctx, id("pol_other"), many)
	changes("of another pool", n, err, 0)
	n, err = s.AddContracts(ctx, p.ID, nil, scopesDay)
	changes("nothing", n, err, 0)
	n, err = s.AddContracts(ctx, p.ID, many[:1], scopesDay.Add(-time.Second))
	changes("one again", n, err, 1)

	last := pool.Contract{EnvelopeID: many[1199], AddedAt: scopesDay.Add(time.Second)}
	list, err := s.Contracts(ctx, p.ID, nil, 0, 1)
	same(t, "the first of the list", list, []pool.Contract{last}, err)
	list, err = s.Contracts(ctx, p.ID, &storage.Place{At: last.AddedAt, ID: many[600]}, 0, 10)
	same(t, "the end of the list", list, []pool.Contract{{EnvelopeID: many[0], AddedAt: scopesDay.Add(-time.Second)}}, err)
	list, err = s.Contracts(ctx, p.ID, nil, 600, 10)
	same(t, "by offset", len(list), 1, err)
}

func poolRollback(t *testing.T, s pool.Store) {
	ctx, id := t.Context(), unique()
	stop := errors.New("stop")
	err := s.InTx(ctx, func(ctx context.Context, s pool.Store) error {
		if s.Tx() == nil || s.With(s.Tx()).Tx() == nil {
			t.Error("no transaction")
		}
		if err := s.AddPool(ctx, poolOf(id("pol"), id("org"), scopesDay)); err != nil {
			return err
		}
		if _, err := s.AddContracts(ctx, id("pol"), []string{id("env")}, scopesDay); err != nil {
			return err
		}
		return stop
	})
	if !errors.Is(err, stop) {
		t.Errorf("got %v, want the error of the function", err)
	}
	if _, err := s.Pool(ctx, id("pol")); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("got %v, want ErrNotFound", err)
	}
	if list, err := s.Contracts(ctx, id("pol"), nil, 0, 1); len(list) != 0 || err != nil {
		t.Errorf("got %v, %v, want none", list, err)
	}
}

// Original is a live copy of an envelope that an organization controls, with every field
// set, for a vault.Store.
func Original(envelopeID, orgID string) *custody.Original {
	c := copyOf(unique())
	c.EnvelopeID, c.OrgID = envelopeID, orgID
	return c
}
