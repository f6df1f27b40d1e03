package accept_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/evaultlib/evault/internal/testpdf"
)

// route is a partner route of the mission with a body that is valid.
type route struct {
	method, path, scope string
	body                any
}

func partnerRoutes() []route {
	return []route{
		{"GET", "/partner/envelopes", "envelopes:read", nil},
		{"GET", "/partner/envelopes/{id}", "envelopes:read", nil},
		{"GET", "/partner/envelopes/{id}/status", "envelopes:read", nil},
		{"POST", "/partner/envelopes", "envelopes:write", map[string]any{"envelope_kind": "paper", "customer_email": "a@example.com", "customer_name": "A"}},
		{"POST", "/partner/envelopes/{id}/upload", "envelopes:write", testpdf.Simple(1, "x")},
		{"POST", "/partner/envelopes/{id}/void", "envelopes:write", map[string]any{"reason": "r"}},
		{"POST", "/partner/envelopes/{id}/remind", "envelopes:write", map[string]any{}},
		{"PATCH", "/partner/envelopes/{id}/signers/sgn_absent", "envelopes:write", map[string]any{"email": "ada@example.com"}},
		{"POST", "/partner/envelopes/{id}/send", "envelopes:write", nil},
		{"GET", "/partner/envelopes/{id}/signing-links", "envelopes:read", nil},
		{"POST", "/partner/envelopes/{id}/vault-in-signed", "vault:write", map[string]any{}},
		{"POST", "/partner/envelopes/{id}/vault-in-upload", "vault:write", map[string]any{}},
		{"POST", "/partner/envelopes/{id}/attestation", "vault:write", attestation("The paper was shredded after scanning.")},
		{"GET", "/partner/envelopes/{id}/vault/signed-url", "vault:read", nil},
		{"GET", "/partner/envelopes/{id}/vault/copy/signed-url", "vault:read", nil},
		{"GET", "/partner/envelopes/{id}/vault/certificate", "compliance:read", nil},
		{"GET", "/partner/envelopes/{id}/vault/custody-record.pdf", "compliance:read", nil},
		{"GET", "/partner/envelopes/{id}/compliance", "compliance:read", nil},
		{"POST", "/partner/envelopes/{id}/vault-out", "vault:release", map[string]any{"reason": "payoff", "recipient": map[string]any{"name": "R"}}},
		{"POST", "/partner/envelopes/{id}/vault-out/acknowledge", "vault:release", map[string]any{"sha256": strings.Repeat("0", 64)}},
		{"POST", "/partner/envelopes/{id}/holds", "vault:release", map[string]any{"reason": "Litigation"}},
		{"GET", "/partner/envelopes/{id}/holds", "vault:read", nil},
		{"DELETE", "/partner/envelopes/{id}/holds/hld_absent", "vault:release", nil},
		{"GET", "/partner/envelopes/{id}/powers", "compliance:read", nil},
		{"GET", "/partner/envelopes/{id}/custody", "custody:read", nil},
		{"GET", "/partner/envelopes/{id}/copies", "vault:read", nil},
		{"POST", "/partner/receiving-codes", "custody:write", nil},
		{"POST", "/partner/envelopes/{id}/custody/bind", "custody:write", map[string]any{"control_key": bankJWK()}},
		{"POST", "/partner/envelopes/{id}/assignments", "custody:write", map[string]any{"to": map[string]any{"receiving_code": "rcv_" + strings.Repeat("a", 32)}}},
		{"POST", "/partner/envelopes/{id}/assignments/asg_absent/accept", "custody:write", nil},
		{"POST", "/partner/envelopes/{id}/assignments/asg_absent/reject", "custody:write", nil},
		{"POST", "/partner/envelopes/{id}/assignments/asg_absent/cancel", "custody:write", nil},
		{"POST", "/partner/pools/pol_absent/assignments", "custody:write", map[string]any{"to": map[string]any{"receiving_code": "rcv_" + strings.Repeat("a", 32)}, "mode": "atomic"}},
		{"GET", "/partner/batches/bat_absent", "custody:read", nil},
		{"GET", "/partner/batches/bat_absent/items", "custody:read", nil},
		{"GET", "/partner/batches/bat_absent/items.csv", "custody:read", nil},
		{"POST", "/partner/batches/bat_absent/accept", "custody:write", nil},
		{"POST", "/partner/batches/bat_absent/reject", "custody:write", nil},
		{"POST", "/partner/batches/bat_absent/cancel", "custody:write", nil},
		{"POST", "/partner/batches/bat_absent/retry", "custody:write", nil},
		{"GET", "/partner/approvals", "custody:read", nil},
		{"GET", "/partner/approvals/apr_absent", "custody:read", nil},
		{"POST", "/partner/approvals/apr_absent", "custody:write,vault:release", nil},
		{"DELETE", "/partner/approvals/apr_absent", "custody:write,vault:release", nil},
		{"GET", "/partner/pools", "custody:read", nil},
		{"POST", "/partner/pools", "custody:write", map[string]any{"name": "Q4"}},
		{"GET", "/partner/pools/pol_absent", "custody:read", nil},
		{"GET", "/partner/pools/pol_absent/items", "custody:read", nil},
		{"GET", "/partner/pools/pol_absent/items.csv", "custody:read", nil},
		{"POST", "/partner/pools/pol_absent/items", "custody:write", map[string]any{"remove": []any{"env_absent"}}},
		{"GET", "/partner/assets/vin/1HGBH41JXMN109186", "custody:read", nil},
		{"GET", "/partner/templates", "envelopes:read", nil},
		{"POST", "/partner/templates", "envelopes:write", map[string]any{"name": "Lease"}},
		{"GET", "/partner/templates/{id}", "envelopes:read", nil},
		{"POST", "/partner/templates/{id}/fields", "envelopes:write", map[string]any{"fields": []any{}}},
		{"DELETE", "/partner/templates/{id}", "envelopes:write", nil},
		{"GET", "/partner/templates/{id}/pages/1.png", "envelopes:read", nil},
		{"GET", "/partner/offers", "custody:read", nil},
		{"GET", "/partner/offers/{id}", "custody:read", nil},
		{"GET", "/partner/envelopes/{id}/events", "envelopes:read", nil},
		{"GET", "/partner/events", "envelopes:read", nil},
		{"PATCH", "/partner/webhook", "envelopes:write", map[string]any{"webhook_url": "https://example.com/hook"}},
		{"GET", "/partner/origins", "envelopes:read", nil},
		{"PUT", "/partner/origins", "envelopes:write", map[string]any{"origins": []string{"https://app.example.com"}}},
		{"POST", "/embed/token", "esign:write", map[string]any{"envelope_id": "{id}", "user_email": "ada@example.com", "widget_type": "sign"}},
	}
}

// attestation is one of a scan whose paper is gone.
func attestation(statement string) map[string]any {
	return map[string]any{
		"attested_by": "Joan Clarke", "capacity": "funding manager", "signed_by": []string{"Alan"}, "origin": "scan",
		"paper_original": "destroyed", "destroyed_at": "2026-11-01T10:00:00Z", "statement": statement,
	}
}

func (c *client) call(r route, id string) *answer {
	c.t.Helper()
	path := strings.Replace(r.path, "{id}", id, 1)
	body := r.body
	if m, ok := body.(map[string]any); ok && m["envelope_id"] != nil {
		body = map[string]any{"envelope_id": id, "user_email": m["user_email"], "widget_type": m["widget_type"]}
	}
	if _, ok := body.([]byte); ok {
		return c.do(r.method, path, body, header("Content-Type", "application/pdf"))
	}
	return c.do(r.method, path, body)
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *server) {
		c := s.client(t, s.APIKey)
		other := c.with(s.createKey(t, "org_second", allScopes, "-rpm", "100000"))
		env := c.signed(testpdf.Contract(2), nil)
		const absent = "env_aaaaaaaaaaaaaaaaaaaaaaaaaa"

		for _, r := range partnerRoutes() {
			name := r.method + " " + r.path
			c.with("").call(r, env).want(http.StatusUnauthorized)
			c.with("lk_"+strings.Repeat("0", 40)).call(r, env).problem(http.StatusUnauthorized, "key_unknown")
			if !strings.Contains(r.path, "{id}") && r.path != "/embed/token" {
				continue
			}
			foreign, gone := other.call(r, env), other.call(r, absent)
			if foreign.Status != http.StatusNotFound || gone.Status != http.StatusNotFound {
				t.Errorf("%s: foreign id %d, absent id %d, want 404 for both", name, foreign.Status, gone.Status)
			}
			if f, g := blur(foreign, env), blur(gone, absent); f != g {
				t.Errorf("%s: a foreign id can be told from an absent one:\n%s\n%s", name, f, g)
			}
		}
		keys := map[string]string{} // by scopes
		having := func(scopes string) *client {
			if keys[scopes] == "" {
				keys[scopes] = s.createKey(t, s.OrgID, scopes, "-rpm", "100000")
			}
			return c.with(keys[scopes])
		}
		for _, r := range partnerRoutes() {
			only := having(r.scope)
			if a := only.call(r, absent); a.Status == http.StatusForbidden {
				t.Errorf("%s %s: refused with its own scope %s", r.method, r.path, r.scope)
			}
			var rest []string
			for _, sc := range strings.Split(allScopes, ",") {
				if !slices.Contains(strings.Split(r.scope, ","), sc) {
					rest = append(rest, sc)
				}
			}
			a := having(strings.Join(rest, ",")).call(r, env).problem(http.StatusForbidden, "scope_missing")
			for sc := range strings.SplitSeq(r.scope, ",") {
				if !strings.Contains(a.str("detail"), sc) {
					t.Errorf("%s %s: 403 does not name the scope %s: %s", r.method, r.path, sc, a.str("detail"))
				}
			}
			if a.Header.Get("X-RateLimit-Limit") == "" || a.Header.Get("X-RateLimit-Remaining") == "" || a.Header.Get("X-RateLimit-Reset") == "" {
				t.Errorf("%s %s: no rate-limit headers", r.method, r.path)
			}
		}
		if a := c.do("DELETE", "/partner/envelopes/"+env, nil); a.Status != http.StatusMethodNotAllowed || !strings.Contains(a.Header.Get("Allow"), "GET") {
			t.Errorf("DELETE envelope: %d, Allow %q", a.Status, a.Header.Get("Allow"))
		}
		c.get("/partner/nothing").want(http.StatusNotFound)
	})
}

// blur removes what may differ between two refusals.
func blur(a *answer, id string) string {
	s := strings.ReplaceAll(string(a.Body), id, "ID")
	return fmt.Sprint(a.Status, strings.ReplaceAll(s, a.Header.Get("X-Request-Id"), "REQ"), a.Header.Get("Content-Type"), a.Header.Get("Cache-Control"))
}

func TestBodies(t *testing.T) {
	t.Parallel()
	s := start(t, t.TempDir(), "")
	c := s.client(t, s.APIKey)
	raw := func(body string) *answer {
		return c.do(http.MethodPost, "/partner/envelopes", []byte(body), header("Content-Type", "application/json"))
	}
	for _, tt := range []struct {
		name, body string
		status     int
	}{
		{"not JSON", `{`, 400},
		{"two values", `{}{}`, 400},
		{"unknown field", `{"customer_email":"a@example.com","customer_name":"A","surprise":1}`, 400},
		{"wrong type", `{"customer_email":1}`, 400},
		{"nothing", `{}`, 422},
		{"no document", `{"customer_email":"a@example.com","customer_name":"A"}`, 422},
		{"bad e-mail", `{"customer_email":"a","customer_name":"A","envelope_kind":"paper"}`, 422},
		{"bad kind", `{"customer_email":"a@example.com","customer_name":"A","envelope_kind":"vellum"}`, 422},
		{"long name", `{"customer_email":"a@example.com","customer_name":"` + strings.Repeat("x", 201) + `","envelope_kind":"paper"}`, 422},
	} {
		if a := raw(tt.body); a.Status != tt.status {
			t.Errorf("%s: %d, want %d: %s", tt.name, a.Status, tt.status, a.Body)
		}
	}
	a := raw(`{"customer_email":"a@example.com","customer_name":"A"}`)
	if fmt.Sprint(a.try("details.0.rule")) != "document_required" {
		t.Errorf("e-sign without document: %s", a.Body)
	}
	c.do(http.MethodPost, "/partner/envelopes", []byte("x"), header("Content-Type", "text/plain")).want(http.StatusUnsupportedMediaType)
	for _, q := range []string{"page=0", "limit=101", "limit=x", "cursor=%00", "status=lost", "created_after=yesterday", "nothing=1"} {
		if a := c.get("/partner/envelopes?" + q); a.Status != http.StatusBadRequest {
			t.Errorf("?%s: %d, want 400", q, a.Status)
		}
	}

	// a character that no font draws is named, and nothing is signed
	e := envelope(map[string]any{"signing_order": "parallel"})
	e["document"] = document(testpdf.Contract(2))
	env := c.post("/partner/envelopes", e).want(http.StatusCreated).str("data.envelope_id")
	l := c.link(env, "ada@example.com")
	anon := c.with("")
	ses := anon.get(l + "/session").want(http.StatusOK)
	anon.post(l+"/sign", map[string]any{"signature": map[string]any{"kind": "typed", "text": "Ada"}, "fields": []any{}}).problem(http.StatusConflict, "not_viewed")
	anon.get(l + "/document.pdf").want(http.StatusOK)
	anon.post(l+"/sign", map[string]any{"signature": map[string]any{"kind": "typed", "text": "Ada"}, "fields": []any{}}).problem(http.StatusConflict, "consent_required")
	anon.post(l+"/consent", map[string]any{"disclosure_sha256": strings.Repeat("0", 64)}).want(http.StatusUnprocessableEntity)
	anon.post(l+"/consent", map[string]any{"disclosure_sha256": ses.str("data.consent.disclosure_sha256")}).want(http.StatusOK)
	anon.post(l+"/sign", map[string]any{"signature": map[string]any{"kind": "typed", "text": "Ada"}, "fields": []any{}}).want(http.StatusUnprocessableEntity)
	fields := []any{}
	for i := range ses.list("data.fields") {
		if ses.str(fmt.Sprintf("data.fields.%d.kind", i)) == "text" {
			fields = append(fields, map[string]any{"field_id": ses.str(fmt.Sprintf("data.fields.%d.field_id", i)), "value": "V"})
		}
	}
	if a := anon.post(l+"/sign", map[string]any{"signature": map[string]any{"kind": "typed", "text": "山田太郎"}, "fields": fields}); a.Status != http.StatusUnprocessableEntity || !strings.Contains(string(a.Body), "山") {
		t.Errorf("missing glyph: %d %s", a.Status, a.Body)
	}
	anon.get("/sign/" + strings.Repeat("A", 60) + "/session").want(http.StatusNotFound)
	anon.post(l+"/decline", map[string]any{"reason": "changed my mind"}).want(http.StatusOK).equal("data.envelope_status", "declined")
	c.get("/partner/envelopes/"+env).want(http.StatusOK).equal("data.status", "declined").equal("data.signers.0.decline_reason", "changed my mind")
	c.post("/partner/envelopes/"+env+"/void", map[string]any{"reason": "x"}).want(http.StatusConflict)
}

func TestIdempotency(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *server) {
		c := s.client(t, s.APIKey)
		body := map[string]any{"envelope_kind": "paper", "customer_email": "a@example.com", "customer_name": "A"}
		first := c.post("/partner/envelopes", body, idempotent("k1")).want(http.StatusCreated)
		again := c.post("/partner/envelopes", body, idempotent("k1")).want(http.StatusCreated)
		if again.Header.Get("Idempotent-Replayed") != "true" || again.str("data.envelope_id") != first.str("data.envelope_id") {
			t.Error("no replay")
		}
		body["customer_name"] = "B"
		c.post("/partner/envelopes", body, idempotent("k1")).problem(http.StatusUnprocessableEntity, "idempotency_mismatch")
		c.with(s.createKey(t, "org_second", allScopes)).post("/partner/envelopes", body, idempotent("k1")).want(http.StatusCreated)
		c.post("/partner/envelopes", map[string]any{}, idempotent("k2")).want(http.StatusUnprocessableEntity)
		c.post("/partner/envelopes", body, idempotent("k2")).want(http.StatusCreated)
		c.post("/partner/envelopes", body, idempotent(strings.Repeat("x", 256))).want(http.StatusBadRequest)

		// another boundary is the same request
		id := first.str("data.envelope_id")
		pdf := testpdf.Simple(1, "x")
		b1, h1 := form(t, pdfPart("file", pdf))
		b2, h2 := form(t, pdfPart("file", pdf))
		c.do(http.MethodPost, "/partner/envelopes/"+id+"/upload", b1, h1, idempotent("k3")).want(http.StatusOK)
		if a := c.do(http.MethodPost, "/partner/envelopes/"+id+"/upload", b2, h2, idempotent("k3")).want(http.StatusOK); a.Header.Get("Idempotent-Replayed") != "true" {
			t.Error("another boundary is taken for another request")
		}

		// racing repeats have one effect
		var wg sync.WaitGroup
		ids := make([]string, 8)
		for i := range ids {
			wg.Go(func() {
				a := c.post("/partner/envelopes", body, idempotent("race"))
				if a.Status == http.StatusCreated {
					ids[i] = a.str("data.envelope_id")
				} else if a.Status != http.StatusConflict || a.Header.Get("Retry-After") == "" {
					t.Errorf("racing repeat: %d %s", a.Status, a.Body)
				}
			})
		}
		wg.Wait()
		won := ""
		for _, id := range ids {
			if id != "" && won != "" && id != won {
				t.Errorf("two effects: %s and %s", won, id)
			}
			won = max(won, id)
		}
		if won == "" {
			t.Error("no racing repeat won")
		}
	})
}

func TestOrganizationsDoNotSeeEachOther(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *server) {
		c := s.client(t, s.APIKey)
		other := c.with(s.createKey(t, "org_second", allScopes))
		mine := c.signed(testpdf.Contract(2), nil)
		theirs := other.signed(testpdf.Contract(3), nil)
		if mine == theirs {
			t.Fatal("one id twice")
		}
		for _, x := range []struct {
			c   *client
			own string
		}{{c, mine}, {other, theirs}} {
			a := x.c.get("/partner/envelopes").want(http.StatusOK).equal("meta.total", 1).equal("data.0.envelope_id", x.own)
			if n := len(a.list("data")); n != 1 {
				t.Errorf("%d envelopes listed, want 1", n)
			}
		}
		// one document, two organizations: the second deposit is refused in the same words
		c.post("/partner/envelopes/"+mine+"/vault-in-signed", map[string]any{}).want(http.StatusCreated)
		download := c.fetch("/partner/envelopes/" + mine + "/vault/signed-url")
		other.notAnOriginal(map[string][]byte{"foreign original": download})
	})
}

func TestDisabledKey(t *testing.T) {
	t.Parallel()
	s := start(t, t.TempDir(), "")
	c := s.client(t, s.APIKey)
	k := s.createKey(t, "org_second", "envelopes:read", "-rpm", "2")
	d := c.with(k)
	d.get("/partner/envelopes").want(http.StatusOK).equal("meta.total", 0)
	d.get("/partner/envelopes").want(http.StatusOK)
	if a := d.get("/partner/envelopes"); a.Status != http.StatusTooManyRequests || a.Header.Get("Retry-After") == "" {
		t.Errorf("third request of two a minute: %d, Retry-After %q", a.Status, a.Header.Get("Retry-After"))
	}
}
