package accept_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/evaultlib/evault/internal/testpdf"
)

type delivery struct {
	header http.Header
	body   []byte
}

// receiver is a webhook endpoint that fails every first try of an event.
type receiver struct {
	*httptest.Server
	mu    sync.Mutex
	got   []delivery
	tries map[string]int
	flaky bool
}

func newReceiver(t *testing.T, flaky bool) *receiver {
	r := &receiver{tries: map[string]int{}, flaky: flaky}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		b, _ := io.ReadAll(req.Body)
		r.mu.Lock()
		defer r.mu.Unlock()
		id := req.Header.Get("webhook-id")
		r.tries[id]++
		if r.flaky && r.tries[id] == 1 {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		r.got = append(r.got, delivery{req.Header.Clone(), b})
	}))
	t.Cleanup(r.Close)
	return r
}

// types waits until all of want have arrived and returns what did, in order.
func (r *receiver) types(t *testing.T, want ...string) []string {
	t.Helper()
	var types []string
	for range 200 {
		types = nil
		r.mu.Lock()
		for _, d := range r.got {
			types = append(types, d.header.Get("X-Evault-Event"))
		}
		r.mu.Unlock()
		if !slices.ContainsFunc(want, func(w string) bool { return !slices.Contains(types, w) }) {
			return types
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatalf("after 20 s only %v arrived, want %v", types, want)
	return nil
}

func TestWebhooks(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *server) {
		c := s.client(t, s.APIKey)
		r := newReceiver(t, false)
		set := c.do(http.MethodPatch, "/partner/webhook", map[string]any{"webhook_url": r.URL}).want(http.StatusOK).equal("data.webhook_secret_set", true)
		secret := set.str("data.webhook_secret")
		if again := c.do(http.MethodPatch, "/partner/webhook", map[string]any{}).want(http.StatusOK); again.try("data.webhook_secret") != nil {
			t.Error("the secret was shown twice")
		}
		c.do(http.MethodPatch, "/partner/webhook", map[string]any{"webhook_secret": "short"}).want(http.StatusUnprocessableEntity)
		c.do(http.MethodPatch, "/partner/webhook", map[string]any{"webhook_url": "gopher://x"}).want(http.StatusUnprocessableEntity)

		env := c.signed(testpdf.Contract(2), nil)
		c.post("/partner/envelopes/"+env+"/vault-in-signed", map[string]any{}).want(http.StatusCreated)
		c.releases(env, nil, 0)
		types := r.types(t, "envelope.created", "envelope.sent", "envelope.viewed", "envelope.signed", "envelope.completed", "vault.stored", "vault.compliance.passed", "vault.released")
		if i, j := slices.Index(types, "envelope.created"), slices.Index(types, "vault.released"); i > j {
			t.Errorf("out of order: %v", types)
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		seen := map[string]bool{}
		for _, d := range r.got {
			id := d.header.Get("webhook-id")
			if seen[id] {
				continue // at least once
			}
			seen[id] = true
			checkDelivery(t, s, env, secret, d)
		}
	})
}

func checkDelivery(t *testing.T, s *server, env, secret string, d delivery) {
	t.Helper()
	key := []byte(secret)
	if rest, ok := strings.CutPrefix(secret, "whsec_"); ok {
		var err error
		if key, err = base64.StdEncoding.DecodeString(rest); err != nil {
			t.Fatal(err)
		}
	}
	mac := func(parts ...string) []byte {
		h := hmac.New(sha256.New, key)
		for _, p := range parts {
			io.WriteString(h, p)
		}
		return h.Sum(nil)
	}
	if got, want := d.header.Get("X-Evault-Signature"), "sha256="+hex.EncodeToString(mac(string(d.body))); got != want {
		t.Errorf("X-Evault-Signature %s, want %s", got, want)
	}
	id, ts := d.header.Get("webhook-id"), d.header.Get("webhook-timestamp")
	if got, want := d.header.Get("webhook-signature"), "v1,"+base64.StdEncoding.EncodeToString(mac(id, ".", ts, ".", string(d.body))); got != want {
		t.Errorf("webhook-signature %s, want %s", got, want)
	}
	var b map[string]any
	if err := json.Unmarshal(d.body, &b); err != nil {
		t.Fatal(err)
	}
	if b["event_id"] != id || b["event_type"] != d.header.Get("X-Evault-Event") || b["org_id"] != s.OrgID || b["envelope_id"] != env || b["timestamp"] == nil || b["data"] == nil {
		t.Errorf("body %s does not agree with its headers %v", d.body, d.header)
	}
	if len(d.body) > 20_000 || d.header.Get("X-Evault-Delivery") == "" {
		t.Errorf("delivery of %d bytes, id %q", len(d.body), d.header.Get("X-Evault-Delivery"))
	}
}

func TestWebhookIsTriedAgain(t *testing.T) {
	t.Parallel()
	s := start(t, t.TempDir(), "")
	c := s.client(t, s.APIKey)
	r := newReceiver(t, true)
	secret := base64.StdEncoding.EncodeToString([]byte("sixteen bytes or more"))
	c.do(http.MethodPatch, "/partner/webhook", map[string]any{"webhook_url": r.URL, "webhook_secret": "whsec_" + secret}).want(http.StatusOK)
	env := c.post("/partner/envelopes", map[string]any{"envelope_kind": "paper", "customer_email": "a@example.com", "customer_name": "A"}).want(http.StatusCreated).str("data.envelope_id")
	r.types(t, "envelope.created")
	r.mu.Lock()
	defer r.mu.Unlock()
	checkDelivery(t, s, env, "whsec_"+secret, r.got[0])
	if n := r.tries[r.got[0].header.Get("webhook-id")]; n != 2 {
		t.Errorf("delivered at try %d, want 2", n)
	}
}

func TestWebhookWithoutScopeIsSilent(t *testing.T) {
	t.Parallel()
	s := start(t, t.TempDir(), "")
	c := s.client(t, s.APIKey)
	all, some := newReceiver(t, false), newReceiver(t, false)
	c.do(http.MethodPatch, "/partner/webhook", map[string]any{"webhook_url": all.URL}).want(http.StatusOK)
	c.with(s.createKey(t, s.OrgID, "envelopes:read,envelopes:write")).do(http.MethodPatch, "/partner/webhook", map[string]any{"webhook_url": some.URL}).want(http.StatusOK)
	env := c.signed(testpdf.Contract(2), nil)
	c.post("/partner/envelopes/"+env+"/vault-in-signed", map[string]any{}).want(http.StatusCreated)
	all.types(t, "envelope.completed", "vault.stored")
	got := some.types(t, "envelope.completed")
	for _, typ := range got {
		if typ[:9] != "envelope." {
			t.Errorf("a key without vault:read was told %s", typ)
		}
	}
}

func TestEmbed(t *testing.T) {
	t.Parallel()
	s := start(t, t.TempDir(), "")
	c := s.client(t, s.APIKey)
	e := envelope(nil)
	e["document"] = document(testpdf.Contract(2))
	env := c.post("/partner/envelopes", e).want(http.StatusCreated).str("data.envelope_id")
	tok := func(email, widget string) *answer {
		return c.post("/embed/token", map[string]any{"envelope_id": env, "user_email": email, "widget_type": widget})
	}
	tok("nobody@example.com", "sign").want(http.StatusConflict)
	tok("seller@example.com", "sign").want(http.StatusConflict)
	tok("ada@example.com", "vault").want(http.StatusConflict)
	a := tok("ada@example.com", "sign").want(http.StatusOK).equal("data.widget_type", "sign").equal("data.envelope_id", env)
	address, _, _ := strings.Cut(a.str("data.embed_url"), "#") // a browser keeps the token to itself
	page := c.with("").get(address).want(http.StatusOK)
	if csp := page.Header.Get("Content-Security-Policy"); csp == "" {
		t.Error("the widget page has no Content-Security-Policy")
	}
	session := c.with("").post("/embed/session", map[string]any{"token": a.str("data.token")}).want(http.StatusOK)
	if session.try("data") == nil {
		t.Error("no session")
	}
	c.with("").post("/embed/session", map[string]any{"token": a.str("data.token")}).want(http.StatusGone)
	c.with("").post("/embed/session", map[string]any{"token": a.str("data.token") + "x"}).want(http.StatusUnauthorized)
	none := c.with(s.createKey(t, s.OrgID, "envelopes:read")).post("/embed/token", map[string]any{}).problem(http.StatusForbidden, "scope_missing")
	for _, sc := range []string{"esign:write", "vault:read"} {
		if got := none.str("detail"); !strings.Contains(got, sc) {
			t.Errorf("%q does not name %s", got, sc)
		}
	}
}

func TestPublicRoutes(t *testing.T) {
	t.Parallel()
	s := start(t, t.TempDir(), "")
	c := s.client(t, "")
	for path, want := range map[string]string{
		"/openapi.yaml": "openapi: 3.1", "/docs": "<html", "/embed.js": "window.evault", "/rules": "", "/.well-known/jwks.json": `"keys"`, "/log/keys": "",
	} {
		a := c.get(path).want(http.StatusOK)
		if !strings.Contains(string(a.Body), want) || len(a.Body) == 0 {
			t.Errorf("%s answers %q", path, tail(a.Body, 200))
		}
	}
	c.get("/verify/"+fmt.Sprintf("%064d", 0)).want(http.StatusOK).equal("data.state", "unknown")
	c.get("/verify/xyz").want(http.StatusNotFound)
	c.get("/verify/certificate/crt_unknown").want(http.StatusOK).equal("data.state", "unknown")
	c.get("/log/proof?index=99&tree_size=100").want(http.StatusNotFound)
}
