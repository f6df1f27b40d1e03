package storagetest

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/vault/approval"
)

// Approvals runs the cases of approval.Store on s, which may hold other records.
// require makes an organization that requires two keys, or one.
func Approvals(t *testing.T, s approval.Store, require func(t *testing.T, orgID string, two bool)) {
	t.Helper()
	for _, c := range []struct {
		name string
		run  func(t *testing.T, s approval.Store)
	}{
		{"approvals come back as they were", approvalRoundTrip},
		{"the first of two changes wins", approvalConflict},
		{"list and count", approvalList},
		{"a failed transaction leaves nothing", approvalRollback},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.run(t, s)
		})
	}
	t.Run("two keys", func(t *testing.T) {
		t.Parallel()
		id := unique()
		require(t, id("org_two"), true)
		require(t, id("org_one"), false)
		for org, want := range map[string]bool{id("org_two"): true, id("org_one"): false, id("org_none"): false} {
			if got, err := s.TwoKeys(t.Context(), org); got != want || err != nil {
				t.Errorf("TwoKeys(%s): got %t, %v, want %t", org, got, err, want)
			}
		}
	})
}

func approvalOf(id, org string, at time.Time) *approval.Approval {
	return &approval.Approval{
		ID: id, OrgID: org, EnvelopeID: "env_" + id, Verb: approval.Release, Request: []byte(`{"reason":"pâyoff"}`), RequestID: "req",
		RequestSHA256: storage.Sum([]byte(id)), AskedBy: event.Actor{Kind: event.ActorKey, ID: "key_1", OrgID: org},
		AskedAt: at, ExpiresAt: at.Add(time.Hour), Status: approval.Pending,
	}
}

func approvalRoundTrip(t *testing.T, s approval.Store) {
	ctx, id := t.Context(), unique()
	if _, err := s.Approval(ctx, id("apr")); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("none: got %v, want ErrNotFound", err)
	}
	want := approvalOf(id("apr"), id("org"), scopesDay)
	for range 2 {
		err := s.AddApproval(ctx, want)
		if want.Revision == 0 && err != nil {
			t.Fatal(err)
		}
		if want.Revision == 1 && !errors.Is(err, storage.ErrConflict) {
			t.Errorf("twice: got %v, want ErrConflict", err)
		}
		got, err := s.Approval(ctx, want.ID)
		same(t, "approval", got, want, err)
		by, at := event.Actor{Kind: event.ActorMember, ID: "m_2", OrgID: want.OrgID}, scopesDay.Add(time.Minute)
		want.Status, want.ApprovedBy, want.ApprovedAt, want.EndedAt = approval.Used, &by, &at, &at
		if err := s.UpdateApproval(ctx, want); err != nil {
			t.Fatal(err)
		}
	}
	got, err := s.Approval(ctx, want.ID)
	same(t, "changed approval", got, want, err)
}

func approvalConflict(t *testing.T, s approval.Store) {
	ctx, id := t.Context(), unique()
	a := approvalOf(id("apr"), id("org"), scopesDay)
	if err := s.AddApproval(ctx, a); err != nil {
		t.Fatal(err)
	}
	stale := *a
	if err := s.UpdateApproval(ctx, a); err != nil || a.Revision != 1 {
		t.Fatalf("got revision %d, %v, want 1", a.Revision, err)
	}
	if err := s.UpdateApproval(ctx, &stale); !errors.Is(err, storage.ErrConflict) {
		t.Errorf("stale: got %v, want ErrConflict", err)
	}
}

func approvalList(t *testing.T, s approval.Store) {
	ctx, id := t.Context(), unique()
	org := id("org")
	for i, name := range []string{"a", "b", "c"} { // b and c at the same time
		if err := s.AddApproval(ctx, approvalOf(id(name), org, scopesDay.Add(time.Duration(min(i, 1))*time.Second))); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.AddApproval(ctx, approvalOf(id("d"), id("org_other"), scopesDay)); err != nil {
		t.Fatal(err)
	}
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
		list, err := s.Approvals(ctx, org, c.after, c.offset, c.limit)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, a := range list {
			got = append(got, a.ID)
		}
		want := make([]string, len(c.want))
		for i, name := range c.want {
			want[i] = id(name)
		}
		if !slices.Equal(got, want) {
			t.Errorf("after %v: got %v, want %v", c.after, got, want)
		}
	}
	if n, err := s.CountApprovals(ctx, org); n != 3 || err != nil {
		t.Errorf("got %d, %v, want 3", n, err)
	}
}

func approvalRollback(t *testing.T, s approval.Store) {
	ctx, id := t.Context(), unique()
	stop := errors.New("stop")
	err := s.InTx(ctx, func(ctx context.Context, s approval.Store) error {
		if err := s.AddApproval(ctx, approvalOf(id("apr"), id("org"), scopesDay)); err != nil {
			return err
		}
		return stop
	})
	if !errors.Is(err, stop) {
		t.Errorf("got %v, want the error of the function", err)
	}
	if _, err := s.Approval(ctx, id("apr")); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("got %v, want ErrNotFound", err)
	}
}
