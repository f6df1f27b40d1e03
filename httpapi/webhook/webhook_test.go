package webhook_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/httpapi/webhook"
	"github.com/evaultlib/evault/internal/testdb"
	"github.com/evaultlib/evault/scopes"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/storage/sqlstore"
)

type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) set(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = at
}

// keeper inverts every bit: what it keeps is not the secret.
type keeper struct{}

func (keeper) Encrypt(_ context.Context, b []byte) ([]byte, error) { return invert(b), nil }
func (keeper) Decrypt(_ context.Context, b []byte) ([]byte, error) { return invert(b), nil }

func invert(b []byte) []byte {
	out := make([]byte, len(b))
	for i := range b {
		out[i] = ^b[i]
	}
	return out
}

type bench struct {
	*webhook.Sender
	db    *sqlstore.DB
	reg   *scopes.Registry
	clock *clock
	key   *scopes.Key
	seq   int64
}

var start = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func newBench(t *testing.T, change ...func(*webhook.Config)) *bench {
	t.Helper()
	b := &bench{db: testdb.Open(t), clock: &clock{at: start}}
	var err error
	if b.reg, err = scopes.New(scopes.Config{Store: b.db.Scopes(), Env: storage.Env{Now: b.clock.now}}); err != nil {
		t.Fatal(err)
	}
	for _, org := range []string{"org_a", "org_b"} {
		if _, err := b.reg.CreateOrganization(t.Context(), scopes.Organization{ID: org, LegalName: org}); err != nil {
			t.Fatal(err)
		}
	}
	b.key = b.issue(t, "org_a", scopes.All()...)
	b.Sender = b.sender(t, change...)
	for _, env := range []string{"env_a", "env_b"} {
		err := b.db.ESign().CreateEnvelope(t.Context(), &esign.Envelope{Summary: esign.Summary{ID: env, OrgID: "org_" + env[4:], Status: esign.StatusSent, CreatedAt: start, UpdatedAt: start, Revision: 1}})
		if err != nil {
			t.Fatal(err)
		}
	}
	return b
}

func (b *bench) sender(t *testing.T, change ...func(*webhook.Config)) *webhook.Sender {
	t.Helper()
	cfg := webhook.Config{
		Outbox: b.db.Outbox(), Scopes: b.reg, Keeper: keeper{}, AllowPrivate: true, AllowHTTP: true, Env: storage.Env{Now: b.clock.now}, Timeout: 2 * time.Second,
	}
	for _, f := range change {
		f(&cfg)
	}
	s, err := webhook.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (b *bench) issue(t *testing.T, org string, s ...scopes.Scope) *scopes.Key {
	t.Helper()
	k, _, err := b.reg.Issue(t.Context(), scopes.IssueRequest{OrgID: org, Scopes: scopes.NewSet(s...)})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func (b *bench) set(t *testing.T, k *scopes.Key, url string, secret *string) *webhook.Setting {
	t.Helper()
	s, err := b.Set(t.Context(), k, webhook.Change{URL: &url, Secret: secret})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// event commits an event as an engine does.
func (b *bench) event(t *testing.T, env, kind string) {
	t.Helper()
	b.seq++
	err := b.db.ESign().AppendEvents(t.Context(), event.Event{
		ID: fmt.Sprintf("evt_%d", b.seq), EnvelopeID: env, Seq: b.seq, Type: kind, RecordedAt: b.clock.now().Add(time.Duration(b.seq) * time.Microsecond),
		Actor: event.Actor{Kind: "system"}, Data: []byte(`{"n":1}`), Hash: storage.Sum([]byte{byte(b.seq)}), Canonical: []byte{byte(b.seq)},
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (b *bench) flush(t *testing.T) {
	t.Helper()
	if err := b.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
}

type got struct {
	header http.Header
	body   string
	at     time.Time
}

// receiver keeps what it is sent.
type receiver struct {
	*httptest.Server
	mu  sync.Mutex
	got []got
}

func newReceiver(t *testing.T, c *clock, answer http.HandlerFunc) *receiver {
	t.Helper()
	r := &receiver{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		b, _ := io.ReadAll(req.Body)
		r.mu.Lock()
		r.got = append(r.got, got{req.Header.Clone(), string(b), c.now()})
		r.mu.Unlock()
		if answer != nil {
			answer(w, req)
		}
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) all() []got {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]got(nil), r.got...)
}

func mac(key []byte, parts ...string) []byte {
	h := hmac.New(sha256.New, key)
	for _, p := range parts {
		io.WriteString(h, p)
	}
	return h.Sum(nil)
}

func TestBothSignatures(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	r := newReceiver(t, b.clock, nil)
	raw, encoded := "sixteen characters and more", "whsec_"+base64.StdEncoding.EncodeToString([]byte("other sixteen bytes"))
	for i, tt := range []struct {
		secret string
		keys   []string // that sign, new one first
		at     time.Duration
	}{
		{raw, []string{raw}, 0},
		{encoded, []string{"other sixteen bytes", raw}, 0},
		{encoded, []string{"other sixteen bytes", raw}, 23 * time.Hour}, // set again: no change
		{"a third secret of its own", []string{"a third secret of its own", "other sixteen bytes", raw}, 23*time.Hour + time.Minute},
		{"", []string{"a third secret of its own", "other sixteen bytes"}, 25 * time.Hour},
		{"", []string{"a third secret of its own"}, 49 * time.Hour},
	} {
		if tt.secret != "" {
			b.set(t, b.key, r.URL, &tt.secret)
		}
		b.clock.set(start.Add(tt.at))
		b.event(t, "env_a", "envelope.sent")
		b.flush(t)
		all := r.all()
		if len(all) != i+1 {
			t.Fatalf("step %d: %d deliveries", i, len(all))
		}
		g := all[i]
		plain := []string{"sha256=" + hex.EncodeToString(mac([]byte(tt.keys[0]), g.body))} // one value only
		var std []string
		for _, k := range tt.keys {
			std = append(std, "v1,"+base64.StdEncoding.EncodeToString(mac([]byte(k), g.header.Get("webhook-id"), ".", g.header.Get("webhook-timestamp"), ".", g.body)))
		}
		if got := g.header.Values("X-Evault-Signature"); strings.Join(got, " ") != strings.Join(plain, " ") {
			t.Errorf("step %d: X-Evault-Signature %v, want %v", i, got, plain)
		}
		if got := g.header.Get("webhook-signature"); got != strings.Join(std, " ") {
			t.Errorf("step %d: webhook-signature %v, want %v", i, got, std)
		}
		if ts := g.header.Get("webhook-timestamp"); ts != fmt.Sprint(b.clock.now().Unix()) {
			t.Errorf("step %d: webhook-timestamp %s", i, ts)
		}
		var m webhook.Message
		if err := json.Unmarshal([]byte(g.body), &m); err != nil {
			t.Fatal(err)
		}
		if m.EventID != g.header.Get("webhook-id") || m.EventType != "envelope.sent" || m.OrgID != "org_a" || *m.EnvelopeID != "env_a" ||
			string(m.Data) != `{"n":1}` || g.header.Get("X-Evault-Event") != m.EventType || !strings.HasPrefix(g.header.Get("X-Evault-Delivery"), "whd_") {
			t.Errorf("step %d: %s %v", i, g.body, g.header)
		}
	}
	e, err := b.db.Outbox().Endpoint(t.Context(), b.key.Line)
	if err != nil || strings.Contains(string(e.Secret), "sixteen") {
		t.Errorf("the secret is stored in the clear: %q, %v", e.Secret, err)
	}
}

func TestSchedule(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	r := newReceiver(t, b.clock, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) })
	b.set(t, b.key, r.URL, nil)
	b.event(t, "env_a", "envelope.sent")
	for at := start; at.Before(start.Add(26 * time.Hour)); at = at.Add(max(time.Second, at.Sub(start)/50)) {
		b.clock.set(at)
		b.flush(t)
	}
	all := r.all()
	want := []time.Duration{
		0, 5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour,
	}
	if len(all) != len(want) {
		t.Fatalf("%d tries, want %d", len(all), len(want))
	}
	for i, g := range all {
		after := g.at.Sub(start)
		before := time.Duration(0)
		if i > 0 {
			before = want[i-1]
		}
		if late := (want[i]-before)/10 + want[i]/20 + 2*time.Second; after < want[i] || after > want[i]+late {
			t.Errorf("try %d after %v, want %v to %v", i+1, after, want[i], want[i]+late)
		}
		if g.body != all[0].body || g.header.Get("webhook-id") != all[0].header.Get("webhook-id") {
			t.Errorf("try %d sends other bytes", i+1)
		}
	}
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		answer func(http.ResponseWriter, *http.Request)
		next   time.Duration // earliest next try; 0: none
	}{
		"204": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) }, 0},
		"410": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(410) }, 0},
		"404": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(404) }, 5 * time.Second},
		"redirect": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
		}, 5 * time.Second},
		"Retry-After": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "3600")
			w.WriteHeader(503)
		}, time.Hour},
		"Retry-After, a date": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", start.Add(2*time.Hour).Format(http.TimeFormat))
			w.WriteHeader(429)
		}, 2 * time.Hour},
		"Retry-After, for ever": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "99999999")
			w.WriteHeader(503)
		}, 24 * time.Hour},
		"hangs":  {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, 5 * time.Second},
		"aborts": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, 5 * time.Second},
		"floods": {func(w http.ResponseWriter, _ *http.Request) { // 64 KiB are read, and the answer counts
			for range 1 << 10 {
				if _, err := w.Write(make([]byte, 1<<12)); err != nil {
					return
				}
			}
		}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, func(c *webhook.Config) { c.Timeout = 500 * time.Millisecond })
			r := newReceiver(t, b.clock, tt.answer)
			b.set(t, b.key, r.URL, nil)
			b.event(t, "env_a", "envelope.sent")
			b.flush(t)
			if n := len(r.all()); n != 1 {
				t.Fatalf("%d tries, want 1", n)
			}
			if tt.next > 0 {
				b.clock.set(start.Add(tt.next - time.Second))
				b.flush(t)
				if n := len(r.all()); n != 1 {
					t.Errorf("tried again before %v", tt.next)
				}
			}
			b.clock.set(start.Add(tt.next + tt.next/5 + 3*time.Second))
			b.flush(t)
			want := 1
			if tt.next > 0 {
				want = 2
			}
			if n := len(r.all()); n != want {
				t.Errorf("%d tries, want %d", n, want)
			}
			for _, g := range r.all() {
				if g.header.Get("webhook-id") == "" {
					t.Error("something else arrived")
				}
			}
		})
	}
}

func TestGoneEndsTheEndpoint(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	r := newReceiver(t, b.clock, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(410) })
	b.set(t, b.key, r.URL, nil)
	b.event(t, "env_a", "envelope.sent")
	b.flush(t)
	b.event(t, "env_a", "envelope.viewed")
	b.flush(t)
	if n := len(r.all()); n != 1 {
		t.Errorf("%d tries after 410, want 1", n)
	}
	b.set(t, b.key, r.URL, nil) // setting the address again opens it
	b.event(t, "env_a", "envelope.signed")
	b.flush(t)
	if n := len(r.all()); n != 2 {
		t.Errorf("%d tries, want 2", n)
	}
}

func TestWhoHears(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	receivers := map[string]*receiver{}
	keys := map[string]*scopes.Key{
		"all": b.key, "envelopes": b.issue(t, "org_a", scopes.EnvelopesRead), "vault": b.issue(t, "org_a", scopes.VaultRead),
		"foreign": b.issue(t, "org_b", scopes.All()...), "disabled": b.issue(t, "org_a", scopes.All()...), "rotated": b.issue(t, "org_a", scopes.All()...),
	}
	for name, k := range keys {
		receivers[name] = newReceiver(t, b.clock, nil)
		b.set(t, k, receivers[name].URL, nil)
	}
	if _, err := b.reg.Disable(t.Context(), "org_a", keys["disabled"].ID); err != nil {
		t.Fatal(err)
	}
	if _, _, err := b.reg.Rotate(t.Context(), "org_a", keys["rotated"].ID, 0); err != nil {
		t.Fatal(err)
	}
	b.clock.set(start.Add(time.Second))
	for _, kind := range []string{"envelope.sent", "vault.stored", "vault.inspected", "envelope.links_disclosed", "custody.acknowledged", "certificate.issued"} {
		b.event(t, "env_a", kind)
	}
	for range 10 {
		b.flush(t)
	}
	for name, want := range map[string]string{
		"all": "envelope.sent vault.stored", "envelopes": "envelope.sent", "vault": "vault.stored", "foreign": "", "disabled": "", "rotated": "envelope.sent vault.stored",
	} {
		var types []string
		for _, g := range receivers[name].all() {
			types = append(types, g.header.Get("X-Evault-Event"))
		}
		if got := strings.Join(types, " "); got != want {
			t.Errorf("%s heard %q, want %q", name, got, want)
		}
	}
}

func TestDisablingAKeyAbandonsWhatWaits(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	r := newReceiver(t, b.clock, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) })
	b.set(t, b.key, r.URL, nil)
	b.event(t, "env_a", "envelope.sent")
	b.flush(t)
	if _, err := b.reg.Disable(t.Context(), "org_a", b.key.ID); err != nil {
		t.Fatal(err)
	}
	b.clock.set(start.Add(time.Hour))
	b.flush(t)
	if n := len(r.all()); n != 1 {
		t.Errorf("%d tries, want 1", n)
	}
}

func TestOrderOfParallelDeliveries(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	r := newReceiver(t, b.clock, nil)
	b.set(t, b.key, r.URL, nil)
	for range 20 {
		b.event(t, "env_a", "envelope.viewed")
	}
	second := b.sender(t) // another replica
	var wg sync.WaitGroup
	for _, s := range []*webhook.Sender{b.Sender, second} {
		wg.Go(func() {
			for range 5 {
				if err := s.Flush(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	all := r.all()
	if len(all) != 20 {
		t.Errorf("%d deliveries, want 20, each once", len(all))
	}
	for i, g := range all {
		if want := fmt.Sprintf("evt_%d", i+1); g.header.Get("webhook-id") != want {
			t.Errorf("delivery %d is %s, want %s", i+1, g.header.Get("webhook-id"), want)
		}
	}
}

// TestHangingReceiverDelaysNoParallelDelivery is a part of I17.
func TestHangingReceiverDelaysNoParallelDelivery(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(c *webhook.Config) { c.Timeout, c.Poll = 5*time.Second, 20*time.Millisecond })
	slow := newReceiver(t, b.clock, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	fast := newReceiver(t, b.clock, nil)
	b.set(t, b.key, strings.Replace(slow.URL, "127.0.0.1", "localhost", 1), nil)
	b.set(t, b.issue(t, "org_b", scopes.All()...), fast.URL, nil)
	for range 10 {
		b.event(t, "env_a", "envelope.viewed")
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- b.Run(ctx) }()
	for len(slow.all()) == 0 {
		time.Sleep(5 * time.Millisecond)
	}
	began := time.Now()
	b.event(t, "env_b", "envelope.sent")
	for len(fast.all()) == 0 && time.Since(began) < 4*time.Second {
		time.Sleep(5 * time.Millisecond)
	}
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("the other one waited %v", took)
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("Run: %v", err)
	}
	if n := len(slow.all()); n > 2 {
		t.Errorf("%d at a time to one host, want at most 2", n)
	}
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	for _, refused := range []string{
		"127.0.0.1", "127.9.9.9", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254", "100.64.0.1", "100.100.100.200",
		"0.0.0.0", "224.0.0.1", "239.1.1.1", "255.255.255.255", "240.0.0.1", "192.0.0.192", "198.18.0.1", "192.0.2.1", "198.51.100.1", "203.0.113.1", "168.63.129.16",
		"::", "::1", "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::",
		"2001:db8::1", "2001::1", "100::1", "fec0::1",
	} {
		if webhook.Public(refused) {
			t.Errorf("%s may be dialed", refused)
		}
	}
	for _, ok := range []string{"1.1.1.1", "93.184.216.34", "172.15.0.1", "172.32.0.1", "192.0.1.1", "2606:4700:4700::1111", "2a00:1450::1", "::ffff:1.1.1.1"} {
		if !webhook.Public(ok) {
			t.Errorf("%s may not be dialed", ok)
		}
	}
}

// TestPrivateReceiverIsNotReached is a part of I15: by address and by name.
func TestPrivateReceiverIsNotReached(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(c *webhook.Config) { c.AllowPrivate = false })
	r := newReceiver(t, b.clock, nil)
	open := b.sender(t)
	for _, u := range []string{
		r.URL, strings.Replace(r.URL, "127.0.0.1", "localhost", 1), strings.Replace(r.URL, "127.0.0.1", "2130706433", 1),
		strings.Replace(r.URL, "127.0.0.1", "[::ffff:127.0.0.1]", 1), strings.Replace(r.URL, "127.0.0.1", "0", 1),
	} {
		if _, err := open.Set(t.Context(), b.key, webhook.Change{URL: &r.URL}); err != nil { // as a host that allows it
			t.Fatal(err)
		}
		e, err := b.db.Outbox().Endpoint(t.Context(), b.key.Line)
		if err != nil {
			t.Fatal(err)
		}
		e.URL = u
		if err := b.db.Outbox().PutEndpoint(t.Context(), nil, e); err != nil {
			t.Fatal(err)
		}
		b.event(t, "env_a", "envelope.sent")
		b.flush(t)
	}
	if n := len(r.all()); n != 0 {
		t.Errorf("%d deliveries reached a private address", n)
	}
	var reasons []string
	err := b.db.Bun().NewSelect().TableExpr("evault_webhook_deliveries").ColumnExpr("DISTINCT last_error").Scan(t.Context(), &reasons)
	if err != nil || !strings.Contains(strings.Join(reasons, ","), "address not allowed") {
		t.Errorf("reasons %v, %v", reasons, err)
	}
}

func TestSetRefuses(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	strict := b.sender(t, func(c *webhook.Config) { c.AllowHTTP, c.AllowPrivate = false, false })
	for _, u := range []string{
		"http://a.example/", "gopher://a.example", "a.example", "https://", "https://user:pass@a.example/", "https://a.example/#x", "https://127.0.0.1/",
		"https://[::1]/", "https://localhost/", "https://LOCALHOST./", "https://169.254.169.254/latest", "https://a.example/" + strings.Repeat("x", 2048), "%",
		"https://2130706433/", "https://0x7f000001/", "https://0x7f.1/", "https://127.1/", "https://127.0.1/", "https://0177.0.0.1/", "https://0/", "https://00/",
		"https://127.0.0.1./", "https://①②⑦.0.0.1/", "https://１２７.0.0.1/", "https://127。0。0。1/", "https://a.example:99999/", "https://a.example:0/",
		"https://a.example:/", "https://a.example:080/", "https://a..example/", "https://.example/", "https://bücher.example/", "https://[fe80::1%25eth0]/",
		"https://[::ffff:7f00:1]/", "https://x.localhost/", "https://8.8.8.8.0x8/", "https://1.2.3.4.5/", "https://" + strings.Repeat("a.", 130) + "example/",
	} {
		var ie *storage.InvalidError
		if _, err := strict.Set(t.Context(), b.key, webhook.Change{URL: &u}); !errors.As(err, &ie) || ie.Fields[0].Field != "webhook_url" {
			t.Errorf("%.60s: got %v", u, err)
		}
	}
	for _, s := range []string{strings.Repeat(" ", 16), "sixteen characters\n", " sixteen characters", "sixteen\x00characters..", "short", "whsec_", "whsec_!!!!", "whsec_" + base64.StdEncoding.EncodeToString(make([]byte, 15)), strings.Repeat("x", 257)} {
		var ie *storage.InvalidError
		if _, err := strict.Set(t.Context(), b.key, webhook.Change{Secret: &s}); !errors.As(err, &ie) || ie.Fields[0].Field != "webhook_secret" {
			t.Errorf("%.40s: got %v", s, err)
		}
	}
}

func TestSetKeepsClearsAndMakes(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	url, none, own := "https://a.example/hook", "", "my own secret, long enough"
	for i, tt := range []struct {
		change       webhook.Change
		url          string
		secret, made bool
	}{
		{webhook.Change{}, "", false, false},
		{webhook.Change{URL: &url}, url, true, true},
		{webhook.Change{}, url, true, false},
		{webhook.Change{Secret: &own}, url, true, false},
		{webhook.Change{Secret: &none}, url, true, true},
		{webhook.Change{URL: &none}, "", true, false},
		{webhook.Change{Secret: &none}, "", false, false},
	} {
		s, err := b.Set(t.Context(), b.key, tt.change)
		if err != nil {
			t.Fatal(err)
		}
		if s.URL != tt.url || s.SecretSet != tt.secret || (s.Secret != "") != tt.made || s.Secret == own {
			t.Errorf("step %d: got %+v, want %+v", i, s, tt)
		}
	}
}
