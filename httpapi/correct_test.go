package httpapi_test

import "testing"

// TestCorrectSigner: an address is corrected once, however often the request comes;
// what a signature has made final is not.
func TestCorrectSigner(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		env := h.create(t, contract(nil))
		at := "/partner/envelopes/" + env
		old := h.link(t, env)
		signer := at + "/signers/" + h.do(t, "GET", at, nil).want(200).str("data.signers.0.signer_id")
		once := header("Idempotency-Key", "correct-1")
		fixed := h.do(t, "PATCH", signer, obj{"email": "ada.byron@example.com"}, once).want(200).equal("data.signers.0.email", "ada.byron@example.com")
		h.do(t, "PATCH", signer, obj{"email": "ada.byron@example.com"}, once).want(200).equal("data.updated_at", fixed.str("data.updated_at"))
		h.do(t, "PATCH", signer, obj{}).want(200).equal("data.updated_at", fixed.str("data.updated_at"))
		h.do(t, "GET", old+"/session", nil).problem(410, "link_gone")
		if n := h.events(t, env, "envelope.signer_corrected"); n != 1 {
			t.Errorf("%d events of a correction, want 1", n)
		}
		h.sign(t, h.link(t, env))
		h.do(t, "PATCH", signer, obj{"name": "Augusta"}).problem(409, "already_signed")
		h.do(t, "PATCH", at+"/signers/sgn_a", obj{"name": "Augusta"}).problem(404, "signer_not_found")
	})
}
