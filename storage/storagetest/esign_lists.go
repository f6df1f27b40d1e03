package storagetest

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/storage"
	"github.com/google/go-cmp/cmp"
)

func esignReplace(t *testing.T, s esign.Store) {
	e := esignEnvelope(unique())
	e.Kind, e.Parts, e.Signers, e.Fields = esign.KindPaper, nil, nil, nil
	esignCreate(t, s, e)
	e.Document.Filename, e.Document.Pages, e.Document.Inspection.Signatures = "b.pdf", 9, nil
	if err := s.PutDocument(t.Context(), e.ID, e.Document); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(e, esignGet(t, s, e.ID), micro); d != "" {
		t.Error(d)
	}
}

func esignList(t *testing.T, s esign.Store) {
	id := unique()
	org := id("org")
	for i, c := range []struct {
		name, customer string
		status         esign.Status
		expires        *time.Time
	}{
		{"a", "c1", esign.StatusSent, esignAt(time.Hour)},
		{"b", "c2", esign.StatusSent, esignAt(-time.Hour)},
		{"c", "c1", esign.StatusExpired, esignAt(-time.Hour)},
		{"d", "c1", esign.StatusVoided, esignAt(-time.Hour)},
		{"e", "c1", esign.StatusPending, nil},
	} {
		e := esignMinimal(id(c.name), org, esignDay.Add(time.Duration(min(i, 3))*time.Microsecond)) // d and e at one time
		e.CustomerID, e.Status, e.ExpiresAt, e.ExternalID = c.customer, c.status, c.expires, c.name
		esignCreate(t, s, e)
	}
	esignCreate(t, s, esignMinimal(id("foreign"), id("other"), esignDay))
	for _, c := range []struct {
		name          string
		f             esign.Filter
		offset, limit int
		want          string
		count         int
	}{
		{"all, newest first", esign.Filter{}, 0, 10, "edcba", 5},
		{"second page", esign.Filter{}, 2, 2, "cb", 5},
		{"keyset", esign.Filter{After: &esign.Position{CreatedAt: esignDay.Add(3 * time.Microsecond), ID: id("e")}}, 0, 2, "dc", 5},
		{"keyset at the end", esign.Filter{After: &esign.Position{CreatedAt: esignDay, ID: id("a")}}, 0, 2, "", 5},
		{"customer", esign.Filter{CustomerID: "c2"}, 0, 10, "b", 1},
		{"external id", esign.Filter{ExternalID: "c"}, 0, 10, "c", 1},
		{"kind", esign.Filter{Kind: esign.KindESign}, 0, 10, "", 0},
		{"created after", esign.Filter{CreatedAfter: esignAt(time.Microsecond)}, 0, 10, "edc", 3},
		{"created before", esign.Filter{CreatedBefore: esignAt(time.Microsecond)}, 0, 10, "a", 1},
		{"sent now", esign.Filter{Status: esign.StatusSent, Now: esignDay}, 0, 10, "a", 1},
		{"sent later", esign.Filter{Status: esign.StatusSent, Now: esignDay.Add(time.Hour)}, 0, 10, "", 0},
		{"expired now", esign.Filter{Status: esign.StatusExpired, Now: esignDay}, 0, 10, "cb", 2},
		{"expired later", esign.Filter{Status: esign.StatusExpired, Now: esignDay.Add(time.Hour)}, 0, 10, "cba", 3},
		{"voided", esign.Filter{Status: esign.StatusVoided, Now: esignDay}, 0, 10, "d", 1},
	} {
		list, err := s.Envelopes(t.Context(), org, c.f, c.offset, c.limit)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		got := ""
		for _, e := range list {
			got += e.ExternalID
		}
		if got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
		c.f.After = nil
		if n, err := s.CountEnvelopes(t.Context(), org, c.f); err != nil || n != c.count {
			t.Errorf("%s: counted %d, %v, want %d", c.name, n, err, c.count)
		}
	}
}

func esignDue(t *testing.T, s esign.Store) {
	id := unique()
	for _, c := range []struct {
		name    string
		status  esign.Status
		at      *time.Time
		expires *time.Time
	}{
		{"sealNow", esign.StatusSigned, nil, nil},
		{"sealThen", esign.StatusSigned, esignAt(-time.Second), nil},
		{"sealLater", esign.StatusSigned, esignAt(time.Hour), nil},
		{"completed", esign.StatusCompleted, nil, nil},
		{"expired", esign.StatusViewed, nil, esignAt(0)},
		{"fresh", esign.StatusSent, nil, esignAt(time.Second)},
		{"over", esign.StatusVoided, nil, esignAt(0)},
	} {
		e := esignMinimal(id(c.name), id("org"), esignDay)
		e.Status, e.SealAfter, e.ExpiresAt = c.status, c.at, c.expires
		esignCreate(t, s, e)
	}
	for status, want := range map[esign.Status][]string{
		esign.StatusSigned: {"sealNow", "sealThen"}, esign.StatusExpired: {"expired"},
	} {
		got, err := s.Due(t.Context(), status, esignDay, 10_000)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"sealNow", "sealThen", "sealLater", "completed", "expired", "fresh", "over"} {
			if in := slices.Contains(got, id(name)); in != slices.Contains(want, name) {
				t.Errorf("due %s: %s in it is %v", status, name, in)
			}
		}
	}
	if got, err := s.Due(t.Context(), esign.StatusSigned, esignDay, 1); err != nil || len(got) != 1 {
		t.Errorf("limit 1: got %v, %v", got, err)
	}
}

// esignReminders: an envelope is due by the earliest signer, and is named once.
func esignReminders(t *testing.T, s esign.Store) {
	e := esignEnvelope(unique())
	e.Signers[0].RemindAt, e.Signers[1].RemindAt = esignAt(time.Minute), esignAt(2*time.Minute)
	esignCreate(t, s, e)
	for after, want := range map[time.Duration]int{59 * time.Second: 0, time.Minute: 1, time.Hour: 1} {
		got, err := s.RemindersDue(t.Context(), *esignAt(after), 10_000)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, id := range got {
			if id == e.ID {
				n++
			}
		}
		if n != want {
			t.Errorf("after %s: named %d times, want %d", after, n, want)
		}
	}
}

func esignNotices(t *testing.T, s esign.Store) {
	id := unique()
	long := esignDay.AddDate(-20, 0, 0) // no other case has notices as old
	if err := s.AddNotices(t.Context(),
		esign.QueuedNotice{ID: id("n1"), EnvelopeID: "env", SignerID: "sgn", Kind: esign.NoticeSign, Message: "m", CreatedAt: long, NextTry: long},
		esign.QueuedNotice{ID: id("n2"), EnvelopeID: "env", SignerID: "sgn", Kind: esign.NoticeSign, CreatedAt: long, NextTry: long.Add(time.Hour)},
	); err != nil {
		t.Fatal(err)
	}
	taken, err := s.TakeNotices(t.Context(), long, long.Add(time.Minute), 10)
	if err != nil || len(taken) != 1 || taken[0].ID != id("n1") || taken[0].Tries != 1 || taken[0].Message != "m" {
		t.Fatalf("got %+v, %v, want the first", taken, err)
	}
	if again, err := s.TakeNotices(t.Context(), long, long.Add(time.Minute), 10); err != nil || len(again) != 0 {
		t.Errorf("taken twice: %+v, %v", again, err)
	}
	if err := s.PostponeNotice(t.Context(), id("n1"), long.Add(2*time.Minute)); err != nil {
		t.Fatal(err)
	}
	if early, err := s.TakeNotices(t.Context(), long.Add(time.Minute), long.Add(time.Hour), 10); err != nil || len(early) != 0 {
		t.Errorf("postponed, but taken: %+v, %v", early, err)
	}
	late, err := s.TakeNotices(t.Context(), long.Add(2*time.Minute), long.Add(3*time.Minute), 10)
	if err != nil || len(late) != 1 || late[0].Tries != 2 {
		t.Errorf("got %+v, %v, want the first again", late, err)
	}
	for range 2 { // closing is harmless twice
		if err := s.CloseNotice(t.Context(), id("n1")); err != nil {
			t.Fatal(err)
		}
	}
	if rest, err := s.TakeNotices(t.Context(), long.Add(time.Hour), long.Add(2*time.Hour), 10); err != nil || len(rest) != 1 || rest[0].ID != id("n2") {
		t.Errorf("got %+v, %v, want the second", rest, err)
	}
	if err := s.CloseNotice(t.Context(), id("n2")); err != nil {
		t.Fatal(err)
	}
}

func esignRollback(t *testing.T, s esign.Store) {
	e := esignEnvelope(unique())
	stop := errors.New("stop")
	if s.Tx() != nil {
		t.Error("a transaction is open outside of InTx")
	}
	err := s.InTx(t.Context(), func(ctx context.Context, tx esign.Store) error {
		if tx.Tx() == nil {
			t.Error("no transaction inside InTx")
		}
		if err := s.With(tx.Tx()).CreateEnvelope(ctx, e); err != nil {
			return err
		}
		if _, err := tx.Envelope(ctx, e.ID); err != nil {
			t.Errorf("what was written is not seen inside: %v", err)
		}
		return stop
	})
	if !errors.Is(err, stop) {
		t.Fatalf("got %v, want the closure's error", err)
	}
	if _, err := s.Envelope(t.Context(), e.ID); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("got %v, want nothing left", err)
	}
}
