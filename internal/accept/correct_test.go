package accept_test

import (
	"net/http"
	"testing"

	"github.com/evaultlib/evault/internal/testpdf"
)

// TestCorrectsAddress: a mistyped address is corrected without voiding; the old link is
// dead, the new one signs, and a signature is not corrected.
func TestCorrectsAddress(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *server) {
		c := s.client(t, s.APIKey)
		e := envelope(map[string]any{"signing_order": "parallel", "fields": []any{}, "signers": []any{
			map[string]any{"email": "ada@exmaple.com", "name": "Ada Byron", "role": "buyer"},
			map[string]any{"email": "bob@example.com", "name": "Bob Smith", "role": "seller"},
		}})
		e["document"] = document(testpdf.Contract(1))
		made := c.post("/partner/envelopes", e).want(http.StatusCreated)
		env, signer := made.str("data.envelope_id"), "/signers/"+made.str("data.signers.0.signer_id")
		at := "/partner/envelopes/" + env
		old := c.link(env, "ada@exmaple.com")
		c.do("PATCH", at+signer, map[string]any{"email": "ada"}).want(http.StatusUnprocessableEntity)
		c.do("PATCH", at+signer, map[string]any{"email": "ada@example.com"}).want(http.StatusOK).equal("data.signers.0.email", "ada@example.com")
		c.with("").get(old + "/session").want(http.StatusGone)
		c.sign(c.link(env, "ada@example.com"), "Ada Byron")
		c.do("PATCH", at+signer, map[string]any{"email": "eve@example.com"}).problem(http.StatusConflict, "already_signed")
		c.sign(c.link(env, "bob@example.com"), "Bob Smith").equal("data.envelope_status", "completed")
		c.do("PATCH", at+signer, map[string]any{"name": "Eve"}).want(http.StatusConflict)
	})
}
