package httpapi_test

import "testing"

// TestTwoSignersWithOneAddress: each gets a link and an embed token of its own, and
// both sign.
func TestTwoSignersWithOneAddress(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	env := h.create(t, contract(obj{"fields": []any{}, "signers": []any{
		obj{"email": "ada@example.com", "name": "Ada Byron", "role": "buyer"},
		obj{"email": "ada@example.com", "name": "Ada Byron, for Lovelace LLC", "role": "guarantor"},
	}}))
	links := h.do(t, "GET", "/partner/envelopes/"+env+"/signing-links", nil).want(200)
	embed := obj{"envelope_id": env, "user_email": "ada@example.com", "widget_type": "sign"}
	h.do(t, "POST", "/embed/token", embed).problem(422, "invalid").equal("details.0.field", "signer_id")
	for _, n := range []string{"0", "1"} {
		embed["signer_id"] = links.str("data." + n + ".signer_id")
		h.do(t, "POST", "/embed/token", embed).want(200)
	}
	embed["signer_id"], embed["user_email"] = links.str("data.0.signer_id"), "grace@example.com"
	h.do(t, "POST", "/embed/token", embed).problem(409, "not_signers_turn")
	h.sign(t, links.str("data.0.signing_url"))
	embed["user_email"] = "ada@example.com"
	delete(embed, "signer_id")
	h.do(t, "POST", "/embed/token", embed).want(200)
	h.sign(t, links.str("data.1.signing_url")).equal("data.envelope_status", "completed")
}

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
