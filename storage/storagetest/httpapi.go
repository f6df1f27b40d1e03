package storagetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
)

// HTTPAPI is what a backend keeps for httpapi. Append writes events as the
// engines' transactions do.
type HTTPAPI struct {
	Idempotency storage.Idempotency
	Tickets     storage.Tickets
	Counters    storage.Counters
	Outbox      storage.Outbox
	Append      func(ctx context.Context, events ...event.Event) error
}

var day = time.Date(2026, 5, 4, 3, 2, 1, 123456000, time.UTC)

// TestHTTPAPI runs the cases of the small tables of httpapi; each opens empty
// backends and calls run on every one of them.
func TestHTTPAPI(t *testing.T, each func(t *testing.T, run func(*testing.T, HTTPAPI))) {
	for name, fn := range map[string]func(*testing.T, HTTPAPI){
		"idempotency: first answer":      testFirstAnswer,
		"idempotency: lease":             testClaimLease,
		"idempotency: provisional":       testProvisional,
		"idempotency: abandon":           testAbandon,
		"idempotency: forget":            testForget,
		"idempotency: one claim in many": testClaimRace,
		"idempotency: most in a day":     testClaimMost,
		"tickets: forget":                testForgetTickets,
		"tickets":                        testTickets,
		"counters":                       testCounters,
		"outbox: endpoints":              testEndpoints,
		"outbox: dispatch once":          testDispatch,
		"outbox: order and leases":       testDeliveries,
		"outbox: parts":                  testFeed,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			each(t, fn)
		})
	}
}

func claim(key, holder string) storage.Claim {
	return storage.Claim{
		Scope: "org_a", Key: key, Request: storage.Sum([]byte("r")), Holder: holder,
		LeaseUntil: day.Add(time.Minute), KeepUntil: day.Add(24 * time.Hour),
	}
}

func wantErr(t *testing.T, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func mustClaim(t *testing.T, b HTTPAPI, c storage.Claim, now time.Time) {
	t.Helper()
	if a, err := b.Idempotency.Claim(t.Context(), c, now); a != nil || err != nil {
		t.Fatalf("claim %s by %s: got %v, %v; want nothing", c.Key, c.Holder, a, err)
	}
}

func testFirstAnswer(t *testing.T, b HTTPAPI) {
	c := claim("k", "h1")
	mustClaim(t, b, c, day)
	other := c
	other.Scope = "org_b"
	mustClaim(t, b, other, day)
	want := storage.Answer{Status: 201, Header: map[string]string{"Location": "/x"}, Body: []byte(`{"data":1}`)}
	if err := b.Idempotency.Finish(t.Context(), nil, c, want); err != nil {
		t.Fatal(err)
	}
	again := claim("k", "h2")
	got, err := b.Idempotency.Claim(t.Context(), again, day.Add(time.Hour))
	if err != nil || got == nil {
		t.Fatalf("got %v, %v", got, err)
	}
	if d := cmp.Diff(want, *got); d != "" {
		t.Error(d)
	}
	again.Request = storage.Sum([]byte("another"))
	_, err = b.Idempotency.Claim(t.Context(), again, day)
	wantErr(t, "another request", err, storage.ErrMismatch)
	if err := b.Idempotency.Abandon(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if got, err := b.Idempotency.Claim(t.Context(), claim("k", "h3"), day); got == nil || err != nil {
		t.Errorf("a stored answer was abandoned: %v, %v", got, err)
	}
	mustClaim(t, b, again, day.Add(24*time.Hour)) // its time is over
}

func testClaimLease(t *testing.T, b HTTPAPI) {
	first, second := claim("k", "h1"), claim("k", "h2")
	mustClaim(t, b, first, day)
	_, err := b.Idempotency.Claim(t.Context(), second, day.Add(59*time.Second))
	wantErr(t, "while it runs", err, storage.ErrInProgress)
	mismatch := second
	mismatch.Request = storage.Sum([]byte("another"))
	_, err = b.Idempotency.Claim(t.Context(), mismatch, day)
	wantErr(t, "another request while it runs", err, storage.ErrMismatch)
	second.LeaseUntil = day.Add(2 * time.Minute)
	mustClaim(t, b, second, day.Add(time.Minute))
	wantErr(t, "the first finishes late", b.Idempotency.Finish(t.Context(), nil, first, storage.Answer{Status: 200}), storage.ErrInProgress)
	if err := b.Idempotency.Abandon(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	if err := b.Idempotency.Finish(t.Context(), nil, second, storage.Answer{Status: 200}); err != nil {
		t.Errorf("the second finishes: %v", err)
	}
}

// testProvisional: an effect that is durable is told of to whoever goes on.
func testProvisional(t *testing.T, b HTTPAPI) {
	first, second, third := claim("k", "h1"), claim("k", "h2"), claim("k", "h3")
	mustClaim(t, b, first, day)
	begun := storage.Answer{Status: 201, Header: map[string]string{}, Body: []byte("{}"), Provisional: true}
	if err := b.Idempotency.Finish(t.Context(), nil, first, begun); err != nil {
		t.Fatal(err)
	}
	_, err := b.Idempotency.Claim(t.Context(), second, day)
	wantErr(t, "while it runs", err, storage.ErrInProgress)
	second.LeaseUntil = day.Add(time.Hour)
	got, err := b.Idempotency.Claim(t.Context(), second, day.Add(time.Minute))
	if err != nil || got == nil || cmp.Diff(begun, *got) != "" {
		t.Fatalf("after the lease: got %v, %v; want %v", got, err, begun)
	}
	wantErr(t, "the first finishes late", b.Idempotency.Finish(t.Context(), nil, first, storage.Answer{Status: 200}), storage.ErrInProgress)
	_, err = b.Idempotency.Claim(t.Context(), third, day.Add(2*time.Minute))
	wantErr(t, "while the second goes on", err, storage.ErrInProgress)
	if err := b.Idempotency.Abandon(t.Context(), second); err != nil {
		t.Fatal(err)
	}
	if got, err = b.Idempotency.Claim(t.Context(), third, day.Add(2*time.Minute)); err != nil || got == nil || !got.Provisional {
		t.Fatalf("after the second gave up: got %v, %v", got, err)
	}
	final := storage.Answer{Status: 201, Header: map[string]string{}, Body: []byte("[]")}
	if err := b.Idempotency.Finish(t.Context(), nil, third, final); err != nil {
		t.Fatal(err)
	}
	if got, err = b.Idempotency.Claim(t.Context(), claim("k", "h4"), day.Add(time.Hour)); err != nil || got == nil || cmp.Diff(final, *got) != "" {
		t.Errorf("at the end: got %v, %v; want %v", got, err, final)
	}
}

func testAbandon(t *testing.T, b HTTPAPI) {
	c := claim("k", "h1")
	mustClaim(t, b, c, day)
	if err := b.Idempotency.Abandon(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	c.Request, c.Holder = storage.Sum([]byte("another")), "h2"
	mustClaim(t, b, c, day)
}

func testForget(t *testing.T, b HTTPAPI) {
	old, kept, forever := claim("old", "h"), claim("kept", "h"), claim("forever", "h")
	kept.KeepUntil = day.Add(48 * time.Hour)
	forever.KeepUntil = time.Time{}
	for _, c := range []storage.Claim{old, kept, forever} {
		mustClaim(t, b, c, day)
		if err := b.Idempotency.Finish(t.Context(), nil, c, storage.Answer{Status: 200}); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := b.Idempotency.Forget(t.Context(), day.Add(24*time.Hour), 10); n != 1 || err != nil {
		t.Errorf("got %d, %v; want 1", n, err)
	}
	for _, c := range []storage.Claim{kept, forever} {
		if a, err := b.Idempotency.Claim(t.Context(), c, day.Add(25*time.Hour)); a == nil || err != nil {
			t.Errorf("%s: got %v, %v", c.Key, a, err)
		}
	}
}

func testClaimMost(t *testing.T, b HTTPAPI) {
	bounded := func(key string) storage.Claim {
		c := claim(key, "h")
		c.Most = 2
		return c
	}
	for _, key := range []string{"1", "2"} {
		mustClaim(t, b, bounded(key), day)
	}
	_, err := b.Idempotency.Claim(t.Context(), bounded("3"), day)
	wantErr(t, "a third key", err, storage.ErrTooMany)
	_, err = b.Idempotency.Claim(t.Context(), bounded("1"), day)
	wantErr(t, "a known key", err, storage.ErrInProgress)
	mustClaim(t, b, claim("4", "h"), day) // not bounded
	other := bounded("3")
	other.Scope = "org_b"
	mustClaim(t, b, other, day)
	mustClaim(t, b, bounded("3"), day.Add(24*time.Hour))
}

func testForgetTickets(t *testing.T, b HTTPAPI) {
	for id, at := range map[string]time.Time{"tkt_old": day, "tkt_new": day.Add(time.Hour)} {
		if err := b.Tickets.Issue(t.Context(), nil, storage.Ticket{ID: id, Kind: "copy", CreatedAt: day, ExpiresAt: at}); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := b.Tickets.Forget(t.Context(), day.Add(time.Minute), 10); n != 1 || err != nil {
		t.Errorf("got %d, %v; want 1", n, err)
	}
	_, err := b.Tickets.Ticket(t.Context(), "tkt_old")
	wantErr(t, "the old one", err, storage.ErrNotFound)
	if _, err := b.Tickets.Ticket(t.Context(), "tkt_new"); err != nil {
		t.Error(err)
	}
}

func testClaimRace(t *testing.T, b HTTPAPI) {
	var won atomic.Int32
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			a, err := b.Idempotency.Claim(t.Context(), claim("k", fmt.Sprint(i)), day)
			switch {
			case err == nil && a == nil:
				won.Add(1)
			case !errors.Is(err, storage.ErrInProgress):
				t.Errorf("got %v, %v", a, err)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 {
		t.Errorf("got %d winners, want 1", won.Load())
	}
}

func testTickets(t *testing.T, b HTTPAPI) {
	want := storage.Ticket{
		ID: "tkt_1", Kind: "authoritative", EnvelopeID: "env_1", OrgID: "org_1", KeyID: "key_1", Target: "cpy_1", Version: 2,
		SingleUse: true, Filename: "a.pdf", CreatedAt: day, ExpiresAt: day.Add(time.Minute),
	}
	if err := b.Tickets.Issue(t.Context(), nil, want); err != nil {
		t.Fatal(err)
	}
	wantErr(t, "issue twice", b.Tickets.Issue(t.Context(), nil, want), storage.ErrConflict)
	got, err := b.Tickets.Ticket(t.Context(), "tkt_1")
	if d := cmp.Diff(want, got); d != "" || err != nil {
		t.Error(d, err)
	}
	_, err = b.Tickets.Ticket(t.Context(), "tkt_2")
	wantErr(t, "unknown", err, storage.ErrNotFound)
	var taken atomic.Int32
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			err := b.Tickets.Take(t.Context(), nil, "tkt_1", day.Add(time.Second))
			if err == nil {
				taken.Add(1)
			} else if !errors.Is(err, storage.ErrUsed) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if taken.Load() != 1 {
		t.Errorf("taken %d times, want once", taken.Load())
	}
	got, err = b.Tickets.Ticket(t.Context(), "tkt_1")
	if err != nil || got.UsedAt == nil || !got.UsedAt.Equal(day.Add(time.Second)) {
		t.Errorf("got %v, %v", got.UsedAt, err)
	}
}

func testCounters(t *testing.T, b HTTPAPI) {
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			if _, err := b.Counters.Add(t.Context(), "a", day, 2); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, tt := range []struct {
		name string
		at   time.Time
		want int
	}{{"a", day, 33}, {"a", day.Add(time.Second), 1}, {"b", day, 1}} {
		if n, err := b.Counters.Add(t.Context(), tt.name, tt.at, 1); n != tt.want || err != nil {
			t.Errorf("%s: got %d, %v; want %d", tt.name, n, err, tt.want)
		}
	}
	if n, err := b.Counters.Forget(t.Context(), day.Add(time.Second), 10); n != 2 || err != nil {
		t.Errorf("forget: got %d, %v; want 2", n, err)
	}
	if n, err := b.Counters.Add(t.Context(), "a", day, 1); n != 1 || err != nil {
		t.Errorf("after forgetting: got %d, %v; want 1", n, err)
	}
}
