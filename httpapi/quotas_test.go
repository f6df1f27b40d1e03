package httpapi_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/evaultlib/evault/httpapi"
	"github.com/evaultlib/evault/internal/testpdf"
	"github.com/evaultlib/evault/scopes"
)

// events counts an envelope's events of a type.
func (h *house) events(t *testing.T, env, typ string) int {
	t.Helper()
	n, cursor := 0, ""
	for {
		a := h.do(t, "GET", "/partner/envelopes/"+env+"/events?limit=100&type="+typ+cursor, nil).want(200)
		list, _ := a.get("data").([]any)
		n += len(list)
		next, more := a.get("meta.next_cursor").(string)
		if !more || next == "" {
			return n
		}
		cursor = "&cursor=" + next
	}
}

// TestSignerWritesAreLimited: for one link, whatever it asks for, over all
// replicas and addresses, counted before a body is read.
func TestSignerWritesAreLimited(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	second := h.replica(t)
	env := h.create(t, contract(nil))
	link := h.link(t, env)
	for i := range 30 {
		route := signerWrites[i%len(signerWrites)]
		h.do(t, "POST", link+route, `{"x":1}`, key("")).problem(400, "unknown_field")
	}
	a := ask(t, second, "POST", link+"/consent", `{}`).problem(429, "rate_limited")
	if s := a.Header.Get("Retry-After"); s == "" || s == "0" || len(s) > 2 {
		t.Errorf("Retry-After %q", s)
	}
	h.do(t, "GET", link+"/session", nil, key("")).want(200)
	h.clock.Advance(time.Minute)
	h.do(t, "POST", link+"/consent", `{"x":1}`, key("")).problem(400, "unknown_field")
}

// TestConsentsAreCounted: a link that consents and withdraws for ever comes to an
// end, and the last state stands.
func TestConsentsAreCounted(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	env := h.create(t, contract(nil))
	link := h.link(t, env)
	sha := h.do(t, "GET", link+"/session", nil, key("")).want(200).str("data.consent.disclosure_sha256")
	h.do(t, "GET", link+"/document.pdf", nil, key("")).want(200)
	given := 0
	for range 40 {
		a := h.do(t, "POST", link+"/consent", obj{"disclosure_sha256": sha}, key(""))
		if a.Status != 200 {
			a.problem(409, "too_many_consents")
			break
		}
		given++
		h.do(t, "POST", link+"/consent/withdraw", obj{}, key("")).want(200)
		h.clock.Advance(time.Minute)
	}
	if n := h.events(t, env, "envelope.consented"); given != 20 || n != 20 || h.events(t, env, "envelope.consent_withdrawn") != 20 {
		t.Errorf("%d consents, %d events", given, n)
	}
}

// TestIdempotencyKeysAreBounded for a link and for an organization.
func TestIdempotencyKeysAreBounded(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(c *httpapi.Config) { c.IdempotencyKeys = 3 })
	for i := range 3 {
		h.create(t, paper, idem(fmt.Sprint("k", i)))
	}
	a := h.do(t, "POST", "/partner/envelopes", paper, idem("k3")).problem(429, "too_many_keys")
	if a.Header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	h.do(t, "POST", "/partner/envelopes", paper, idem("k0")).want(201) // a replay
	h.create(t, paper)
	h.do(t, "POST", "/partner/envelopes", paper, idem("k3"), key(h.other)).want(201)
	link := h.link(t, h.create(t, contract(nil)))
	for i := range 101 {
		a := h.do(t, "POST", link+"/consent", `{"x":1}`, key(""), idem(fmt.Sprint(i)))
		if i < 100 {
			a.problem(400, "unknown_field")
		} else {
			a.problem(429, "too_many_keys")
		}
		h.clock.Advance(3 * time.Second)
	}
	h.clock.Advance(24 * time.Hour)
	h.create(t, paper, idem("k4"))
}

// TestQuotas bound what an organization does in a day; what fails is not counted.
func TestQuotas(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	document := testpdf.Simple(1, "x")
	bounded := h.replica(t, func(c *httpapi.Config) {
		c.Quotas = httpapi.Quotas{Envelopes: 2, Bytes: 2*len(document) + 10, Downloads: 2}
	})
	refused := func(a *answer) {
		t.Helper()
		a.problem(429, "quota_exceeded")
		if a.Header.Get("Retry-After") == "" {
			t.Error("no Retry-After")
		}
	}
	post := func(path string, body any, opts ...option) *answer {
		return ask(t, bounded, "POST", path, body, append([]option{key(h.key)}, opts...)...)
	}
	post("/partner/envelopes", obj{"customer_email": "no"}).problem(422, "invalid")
	env := post("/partner/envelopes", paper).want(201).str("data.envelope_id")
	post("/partner/envelopes", paper, idem("i")).want(201)
	post("/partner/envelopes", paper, idem("i")).want(201) // a replay makes none
	refused(post("/partner/envelopes", paper))
	ask(t, bounded, "POST", "/partner/envelopes", paper, key(h.other)).want(201)
	post("/partner/envelopes/"+env+"/upload", []byte("no PDF")).want(422)
	for range 2 {
		post("/partner/envelopes/"+env+"/upload", document).want(200)
	}
	refused(post("/partner/envelopes/"+env+"/upload", document))
	vaulted := h.vaulted(t)
	address := func() string {
		return h.do(t, "GET", "/partner/envelopes/"+vaulted+"/vault/signed-url", nil).want(200).str("data.signed_url")
	}
	for range 2 {
		u := address()
		ask(t, bounded, "HEAD", u, nil).want(200)
		ask(t, bounded, "GET", u, nil).want(200)
		ask(t, bounded, "GET", u, nil).problem(410, "already_used")
	}
	last := address()
	refused(ask(t, bounded, "GET", last, nil))
	h.clock.Advance(24 * time.Hour)
	ask(t, bounded, "GET", address(), nil).want(200)
	post("/partner/envelopes", paper).want(201)
}

// TestSafeMethodsAreSafe: who reads links or compliance changes nothing that
// others see, and links that are read over and over are one event an hour for
// each key and signer.
func TestSafeMethodsAreSafe(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	reader := key(h.issue(t, "org_a", scopes.EnvelopesRead))
	vaulted := h.vaulted(t)
	for _, env := range []string{vaulted, h.create(t, contract(nil)), h.completed(t)} {
		at := "/partner/envelopes/" + env
		before := h.do(t, "GET", at, nil).want(200)
		status := h.do(t, "GET", at+"/status", nil).want(200)
		told := h.events(t, env, "envelope.links_disclosed")
		for range 5 {
			h.do(t, "GET", at+"/signing-links", nil, reader).want(200)
			if _, err := h.e.Log.Integrate(t.Context()); err != nil { // else the record is late, which is a result of its own
				t.Fatal(err)
			}
			h.do(t, "GET", at+"/compliance", nil).want(200)
			h.clock.Advance(time.Minute)
		}
		after := h.do(t, "GET", at, nil).want(200)
		if a, b := before.Header.Get("ETag"), after.Header.Get("ETag"); a != b || before.str("data.updated_at") != after.str("data.updated_at") {
			t.Errorf("%s: ETag %s, then %s; updated_at %s, then %s", env, a, b, before.str("data.updated_at"), after.str("data.updated_at"))
		}
		h.do(t, "GET", at+"/status", nil, header("If-None-Match", status.Header.Get("ETag"))).want(304)
		if n := h.events(t, env, "envelope.links_disclosed"); n != told+1 {
			t.Errorf("%s: %d disclosures became events, want 1", env, n-told)
		}
		h.clock.Advance(time.Hour)
		h.do(t, "GET", at+"/signing-links", nil, reader).want(200)
		if n := h.events(t, env, "envelope.links_disclosed"); n != told+2 {
			t.Errorf("%s: %d disclosures in two hours, want 2", env, n-told)
		}
	}
	at := "/partner/envelopes/" + vaulted
	evaluated := h.do(t, "GET", at, nil).want(200).str("data.compliance_evaluated_at")
	h.do(t, "GET", h.do(t, "GET", at+"/vault/signed-url", nil).want(200).str("data.signed_url"), nil, key("")).want(200)
	h.clock.Advance(time.Minute)
	if got := h.do(t, "GET", at, nil).want(200).str("data.compliance_evaluated_at"); got != evaluated {
		t.Errorf("a download, which is no evaluation, moved compliance_evaluated_at from %s to %s", evaluated, got)
	}
}

// TestRefusedDuplicateIsOneEvent, however often it is tried.
func TestRefusedDuplicateIsOneEvent(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	document := testpdf.Simple(1, strings.Repeat("twice ", 3))
	vault := func(env string) *answer {
		h.do(t, "POST", "/partner/envelopes/"+env+"/upload", document).want(200)
		return h.do(t, "POST", "/partner/envelopes/"+env+"/vault-in-upload", obj{})
	}
	vault(h.create(t, paper)).want(201)
	second := h.create(t, paper)
	for range 4 {
		vault(second).problem(409, "not_an_original")
	}
	if n := h.events(t, second, "vault.duplicate_refused"); n != 1 {
		t.Errorf("%d events, want 1", n)
	}
}
