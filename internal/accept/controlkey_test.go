package accept_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/evaultlib/evault/internal/testpdf"
	"github.com/evaultlib/evault/internal/testworld"
)

// bankJWK is the control key of a bank.
func bankJWK() map[string]any {
	return map[string]any{"kty": "OKP", "crv": "Ed25519", "x": "6S62BU_pvGgqG887dZ9lqzikz72BxNHzNC5Myc3tiws"}
}

// TestControlKey: a bank whose agent the dealer is binds control to its own key, once.
// From then on the dealer's key releases nothing without the bank's consent.
func TestControlKey(t *testing.T) {
	t.Parallel()
	s := start(t, t.TempDir(), "")
	c := s.client(t, s.APIKey)
	own := c.original("Truck 50").env
	env := c.signed(testpdf.Simple(2, "Truck 51"), nil)
	at := "/partner/envelopes/" + env
	bind := map[string]any{"control_key": bankJWK()}
	c.post(at+"/custody/bind", bind).problem(http.StatusNotFound, "not_vaulted")
	c.post("/partner/envelopes/"+own+"/custody/bind", bind).problem(http.StatusConflict, "already_bound")
	rec := c.post(at+"/vault-in-signed", map[string]any{"secured_party": map[string]any{"name": "First Bank"}}).
		want(http.StatusCreated).equal("data.controller.bound_by", "agent")
	c.post(at+"/custody/bind", map[string]any{"control_key": map[string]any{"kty": "RSA"}}).want(http.StatusUnprocessableEntity)

	c.post(at+"/custody/bind", bind).want(http.StatusCreated).equal("data.controller.bound_by", "control_key").equal("data.compliant", true)
	c.post(at+"/custody/bind", bind).want(http.StatusOK)
	other := map[string]any{"control_key": map[string]any{"kty": "EC", "crv": "P-256", "x": "LxpmEFG-OYcJ3PRbakcumMbWy8Sttpvb04s7zIs3NwQ", "y": "YpHs8y_OGmxdV2YLJ9UcbHyvf8kkeHgXLQ5pDXaFd6A"}}
	c.post(at+"/custody/bind", other).problem(http.StatusConflict, "already_bound")
	c.get(at+"/vault/certificate").want(http.StatusOK).equal("data.custody.1.kind", "bind").equal("data.compliance.checks.5.satisfied", true)
	c.get(at+"/custody").want(http.StatusOK).equal("data.1.to.controller.control_key_thumbprint", "RrMsDZXZafYTPsgpxYU_HIGi-qHGEoahNUpTrYa5iMA")

	c.get(at+"/powers").want(http.StatusOK).equal("data.policy.release.0.0", "controller").equal("data.powers.0.power", "release").equal("data.powers.0.holder", "First Bank")
	c.get("/partner/envelopes/"+c.signed(testpdf.Simple(2, "Truck 52"), nil)+"/powers").problem(http.StatusNotFound, "not_vaulted")
	out := recipient("R")
	c.post(at+"/vault-out", out).problem(http.StatusForbidden, "not_controller")
	payload, err := json.Marshal(map[string]any{
		"verb": "release", "v": 1, "envelope_id": env, "copy_id": rec.str("data.authoritative.copy_id"), "version": 1, "sha256": rec.str("data.document_hash"),
		"recipient": map[string]any{"name": "R"}, "reason": "payoff", "nonce": "nonce-nonce-nonce", "expires_at": time.Now().Add(time.Hour).UTC().Format(time.RFC3339),
	})
	testworld.Check(t, err)
	header := map[string]any{"alg": "EdDSA", "typ": "evault-consent+jwt", "kid": "RrMsDZXZafYTPsgpxYU_HIGi-qHGEoahNUpTrYa5iMA"}
	out["consent"] = testworld.SignJWS(t, testworld.Key(40), header, payload)
	c.post(at+"/vault-out", out).want(http.StatusOK)
	c.post(at+"/custody/bind", bind).problem(http.StatusGone, "released")
	c.get(at+"/custody").want(http.StatusOK).equal("data.2.consent", "signed")
}
