package storagetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
)

func putEndpoint(t *testing.T, b HTTPAPI, e storage.Endpoint) {
	t.Helper()
	if err := b.Outbox.PutEndpoint(t.Context(), nil, e); err != nil {
		t.Fatal(err)
	}
}

func testEndpoints(t *testing.T, b HTTPAPI) {
	_, err := b.Outbox.Endpoint(t.Context(), "key_1")
	wantErr(t, "unknown", err, storage.ErrNotFound)
	until := day.Add(24 * time.Hour)
	e := storage.Endpoint{
		KeyID: "key_1", OrgID: "org_1", URL: "https://a.example", Secret: []byte{1}, OldSecrets: []storage.OldSecret{{Secret: []byte{2}, Until: until}, {Secret: []byte{3}, Until: until}}, UpdatedAt: day,
	}
	putEndpoint(t, b, storage.Endpoint{KeyID: "key_1", OrgID: "org_1", URL: "https://b.example", UpdatedAt: day})
	putEndpoint(t, b, e)
	putEndpoint(t, b, storage.Endpoint{KeyID: "key_2", OrgID: "org_1", UpdatedAt: day})
	putEndpoint(t, b, storage.Endpoint{KeyID: "key_3", OrgID: "org_2", URL: "https://c.example", UpdatedAt: day})
	got, err := b.Outbox.Endpoints(t.Context(), "org_1")
	if d := cmp.Diff([]storage.Endpoint{e}, got); d != "" || err != nil {
		t.Error(d, err)
	}
	if err := b.Outbox.DisableEndpoint(t.Context(), "key_1", day); err != nil {
		t.Fatal(err)
	}
	if got, err := b.Outbox.Endpoints(t.Context(), "org_1"); len(got) != 0 || err != nil {
		t.Errorf("disabled: got %v, %v", got, err)
	}
	if got, err := b.Outbox.Endpoint(t.Context(), "key_1"); got.DisabledAt == nil || err != nil {
		t.Errorf("disabled: got %v, %v", got, err)
	}
}

func feedEvent(envelope string, seq int64) event.Event {
	id := fmt.Sprintf("evt_%s_%d", envelope, seq)
	return event.Event{
		ID: id, EnvelopeID: envelope, Seq: seq, Type: event.EnvelopeSent, RecordedAt: day.Add(time.Duration(seq) * time.Microsecond),
		Actor: event.Actor{Kind: "system"}, Data: []byte(`{"n":1}`), Hash: storage.Sum([]byte(id)), Canonical: []byte(id),
	}
}

func testDispatch(t *testing.T, b HTTPAPI) {
	if err := b.Append(t.Context(), feedEvent("env_1", 1), feedEvent("env_1", 2)); err != nil {
		t.Fatal(err)
	}
	got, err := b.Outbox.Undispatched(t.Context(), 10)
	want := storage.OutboxEvent{
		EventID: "evt_env_1_1", EnvelopeID: "env_1", Seq: 1, Type: event.EnvelopeSent, RecordedAt: day.Add(time.Microsecond), Data: []byte(`{"n":1}`),
	}
	if err != nil || len(got) != 2 {
		t.Fatalf("got %v, %v", got, err)
	}
	if d := cmp.Diff(want, got[0]); d != "" {
		t.Error(d)
	}
	d := delivery("env_1", 1)
	if err := b.Outbox.Dispatch(t.Context(), []string{want.EventID}, day, []storage.Delivery{d}); err != nil {
		t.Fatal(err)
	}
	wantErr(t, "again", b.Outbox.Dispatch(t.Context(), []string{want.EventID}, day, []storage.Delivery{d}), storage.ErrConflict)
	if err := b.Outbox.Dispatch(t.Context(), []string{"evt_env_1_2"}, day, nil); err != nil {
		t.Fatal(err)
	}
	if got, err := b.Outbox.Undispatched(t.Context(), 10); len(got) != 0 || err != nil {
		t.Errorf("got %v, %v", got, err)
	}
}

func testFeed(t *testing.T, b HTTPAPI) {
	for _, e := range []event.Event{feedEvent("env_1", 1), feedEvent("env_2", 1)} {
		i := int64(0)
		e.LogIndex = &i
		if e.EnvelopeID == "env_2" {
			e.LogIndex = nil
		}
		if err := b.Append(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	// No envelope has a row here, so nobody has a part in these events.
	if got, err := b.Outbox.Feed(t.Context(), storage.FeedQuery{OrgID: "org_1"}, 10); len(got) != 0 || err != nil {
		t.Errorf("got %v, %v; want nothing", got, err)
	}
	if orgs, err := b.Outbox.Followers(t.Context(), "evt_env_1_1"); len(orgs) != 0 || err != nil {
		t.Errorf("got %v, %v; want nobody", orgs, err)
	}
}

func delivery(envelope string, seq int64) storage.Delivery {
	return storage.Delivery{
		ID: fmt.Sprintf("whd_%s_%d", envelope, seq), KeyID: "key_1", OrgID: "org_1", EnvelopeID: envelope, Seq: seq,
		EventID: fmt.Sprintf("evt_%s_%d", envelope, seq), EventType: event.EnvelopeSent, Body: []byte("{}"),
		Status: storage.DeliveryPending, NextAt: day, LeaseUntil: day, CreatedAt: day, UpdatedAt: day,
	}
}

func testDeliveries(t *testing.T, b HTTPAPI) {
	putEndpoint(t, b, storage.Endpoint{KeyID: "key_1", OrgID: "org_1", URL: "https://a.example", UpdatedAt: day})
	for _, at := range []struct {
		envelope string
		seq      int64
	}{{"env_1", 1}, {"env_1", 2}, {"env_2", 1}} {
		if err := b.Append(t.Context(), feedEvent(at.envelope, at.seq)); err != nil {
			t.Fatal(err)
		}
		d := delivery(at.envelope, at.seq)
		if err := b.Outbox.Dispatch(t.Context(), []string{d.EventID}, day, []storage.Delivery{d}); err != nil {
			t.Fatal(err)
		}
	}
	take := func(now time.Time) storage.Delivery {
		t.Helper()
		d, err := b.Outbox.ClaimDelivery(t.Context(), "key_1", "me", now, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	none := func(what string, now time.Time) {
		t.Helper()
		_, err := b.Outbox.ClaimDelivery(t.Context(), "key_1", "me", now, time.Minute)
		wantErr(t, what, err, storage.ErrNotFound)
	}
	if due, err := b.Outbox.DueEndpoints(t.Context(), day, 0, 10); len(due) != 1 || err != nil {
		t.Errorf("due: got %v, %v", due, err)
	}
	if due, err := b.Outbox.DueEndpoints(t.Context(), day, 1, 10); len(due) != 0 || err != nil {
		t.Errorf("due after the first: got %v, %v", due, err)
	}
	first, other := take(day), take(day)
	if first.EnvelopeID == other.EnvelopeID || first.Seq != 1 || other.Seq != 1 {
		t.Errorf("got %s and %s, want the first of each envelope", first.ID, other.ID)
	}
	none("the second waits for the first", day)
	if first.EnvelopeID != "env_1" {
		first, other = other, first
	}
	first.Attempts, first.NextAt, first.LastStatus, first.LastError, first.UpdatedAt = 1, day.Add(time.Hour), 500, "status 500", day
	if err := b.Outbox.Settle(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	wantErr(t, "settle twice", b.Outbox.Settle(t.Context(), first), storage.ErrConflict)
	second := take(day)
	if second.ID != "whd_env_1_2" {
		t.Errorf("got %s, want the second while the first is backing off", second.ID)
	}
	none("all leased or waiting", day)
	again := take(day.Add(time.Minute))
	if again.ID != "whd_env_2_1" && again.ID != "whd_env_1_2" {
		t.Errorf("got %s, want one whose lease ran out", again.ID)
	}
	other.Status, other.UpdatedAt = storage.DeliveryDelivered, day.Add(time.Minute)
	if err := b.Outbox.AbandonPending(t.Context(), "key_1", day); err != nil {
		t.Fatal(err)
	}
	none("abandoned", day.Add(2*time.Hour))
	if n, err := b.Outbox.ForgetDeliveries(t.Context(), day.Add(time.Hour), 2); n != 2 || err != nil {
		t.Errorf("forget: got %d, %v; want 2", n, err)
	}
}
