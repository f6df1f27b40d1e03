package accept_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/evaultlib/evault/internal/testpdf"
)

// TestWhatTheStateForbids asks each vault route for what cannot be, before the
// envelope is vaulted, while it is, and after its release.
func TestWhatTheStateForbids(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *server) {
		c := s.client(t, s.APIKey)
		e := envelope(nil)
		e["document"] = document(testpdf.Contract(2))
		sent := "/partner/envelopes/" + c.post("/partner/envelopes", e).want(http.StatusCreated).str("data.envelope_id")
		recipient := map[string]any{"name": "Grace Hopper"}
		out := map[string]any{"reason": "payoff", "recipient": recipient}
		zero := map[string]any{"sha256": strings.Repeat("0", 64)}

		c.do(http.MethodPost, sent+"/upload", testpdf.Simple(1, "x"), header("Content-Type", "application/pdf")).want(http.StatusConflict)
		c.post(sent+"/vault-in-signed", map[string]any{}).want(http.StatusConflict)
		c.post(sent+"/vault-in-upload", map[string]any{}).want(http.StatusConflict)
		for _, path := range []string{"/vault/signed-url", "/vault/copy/signed-url", "/vault/certificate", "/vault/custody-record.pdf"} {
			c.get(sent+path).problem(http.StatusNotFound, "not_vaulted")
		}
		if a := c.post(sent+"/vault-out", out); a.Status != http.StatusNotFound && a.Status != http.StatusConflict {
			t.Errorf("vault-out of what was never vaulted: %d", a.Status)
		}
		c.get(sent + "/compliance").want(http.StatusOK)

		env := c.signed(testpdf.Contract(2), nil)
		at := "/partner/envelopes/" + env
		for field, bad := range map[string]map[string]any{
			"regime":          {"regime": "maritime"},
			"custodian":       {"custodian": "nobody"},
			"jurisdiction":    {"jurisdiction": strings.Repeat("x", 300)},
			"attestation":     {"attestation": map[string]any{"attested_by": "x", "capacity": "x", "signed_by": []string{"x"}, "origin": "scan", "paper_original": "destroyed", "statement": "x"}},
			"document_sha256": {"document_sha256": "xyz"},
			"secured_party":   {"secured_party": map[string]any{"name": ""}},
		} {
			if a := c.post(at+"/vault-in-signed", bad); a.Status != http.StatusUnprocessableEntity {
				t.Errorf("%s: %d %s, want 422", field, a.Status, a.Body)
			}
		}
		c.do(http.MethodPost, at+"/vault-in-signed", map[string]any{}, header("If-Match", `"stale"`)).want(http.StatusPreconditionFailed)
		c.post(at+"/vault-in-signed", map[string]any{}).want(http.StatusCreated)
		c.post(at+"/send", nil).want(http.StatusConflict)
		c.post(at+"/remind", map[string]any{}).want(http.StatusConflict)
		c.post(at+"/void", map[string]any{"reason": "x"}).problem(http.StatusConflict, "already_signed")
		c.post(at+"/vault-out/acknowledge", zero).want(http.StatusConflict)
		c.get(at + "/vault/certificate?serial=99").want(http.StatusNotFound)
		for _, bad := range []map[string]any{{}, {"reason": "payoff"}, {"reason": "payoff", "recipient": map[string]any{}}} {
			c.post(at+"/vault-out", bad).want(http.StatusUnprocessableEntity)
		}
		for _, bad := range []map[string]any{{}, {"envelope_id": env, "user_email": "ada@example.com", "widget_type": "both"}} {
			c.post("/embed/token", bad).want(http.StatusUnprocessableEntity)
		}

		c.post(at+"/vault-out", out).want(http.StatusOK)
		c.post(at+"/vault-out/acknowledge", map[string]any{"sha256": "xyz"}).want(http.StatusUnprocessableEntity)
		if a := c.post(at+"/vault-out/acknowledge", zero); a.Status != http.StatusConflict && a.Status != http.StatusUnprocessableEntity {
			t.Errorf("acknowledged unseen: %d", a.Status)
		}
		c.get(at+"/vault/signed-url").problem(http.StatusGone, "released")
		c.post(at+"/vault-in-signed", map[string]any{}).want(http.StatusGone)
	})
}
