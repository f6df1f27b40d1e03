package httpapi_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/evaultlib/evault/internal/testworld"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/vault/custody"
)

// keyed vaults an envelope for a bank that controls by key 40.
func (h *house) keyed(t *testing.T) (id string, record map[string]any) {
	t.Helper()
	id = h.completed(t)
	var jwk obj
	testworld.Check(t, json.Unmarshal([]byte(testworld.ControlKey(t, testworld.Key(40))), &jwk))
	a := h.do(t, "POST", "/partner/envelopes/"+id+"/vault-in-signed", obj{"secured_party": obj{"name": "First Bank", "control_key": jwk}}).want(201)
	return id, a.get("data").(map[string]any)
}

// terms are what a consent to an act on the copy of a vault record says.
func terms(id string, record map[string]any) custody.ConsentTerms {
	c := record["authoritative"].(map[string]any)
	o := custody.Original{EnvelopeID: id, CopyID: c["copy_id"].(string), Version: int(c["version"].(float64))}
	t := o.ReleaseTerms(custody.Recipient{Name: "R"}, "payoff")
	t.SHA256 = storage.Digest(c["sha256"].(string))
	return t
}

// TestControlKey: over HTTP, what a key controls is assigned and released with its
// consent only.
func TestControlKey(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	id, record := h.keyed(t)
	at, thumbprint := "/partner/envelopes/"+id, testworld.ControlKey(t, testworld.Key(40)).Thumbprint()
	release := obj{"reason": "payoff", "recipient": obj{"name": "R"}}
	h.do(t, "POST", at+"/vault-out", release).problem(403, "not_controller")
	code := h.do(t, "POST", "/partner/receiving-codes", nil, key(h.other)).want(201).get("data.receiving_code")
	h.do(t, "POST", at+"/assignments", obj{"to": obj{"receiving_code": code}}).problem(403, "not_controller")
	h.do(t, "GET", at+"/custody", nil).want(200).equal("data.0.to.controller.bound_by", "control_key").
		equal("data.0.to.controller.control_key_thumbprint", thumbprint).equal("data.0.consent_jws", nil)
	release["consent"] = testworld.Consent(t, testworld.Key(40), terms(id, record), "nonce-nonce-nonce", time.Now())
	h.do(t, "POST", at+"/vault-out", release).want(200).equal("data.status", "released")
	h.do(t, "GET", at+"/custody", nil).want(200).equal("data.1.consent", "signed").equal("data.1.consent_jws", release["consent"])
	h.do(t, "GET", at+"/vault/certificate", nil).want(200).equal("data.controller.control_key_thumbprint", thumbprint).
		equal("data.custody.1.control_key_thumbprint", thumbprint).equal("data.compliance.checks.5.satisfied", true)
}

// TestControlKeyIsRefused: a key that is none, and a consent that no key asks for.
func TestControlKeyIsRefused(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	id := h.completed(t)
	in := func(jwk obj) obj { return obj{"secured_party": obj{"name": "First Bank", "control_key": jwk}} }
	at := "/partner/envelopes/" + id
	h.do(t, "POST", at+"/vault-in-signed", in(obj{"kty": "RSA"})).problem(422, "invalid")
	h.do(t, "POST", at+"/vault-in-signed", in(obj{"kty": "OKP", "crv": "Ed25519", "x": "AA", "d": "AA"})).problem(400, "unknown_field")
	h.do(t, "POST", at+"/vault-in-signed", nil).want(201)
	h.do(t, "POST", at+"/vault-out", obj{"reason": "payoff", "recipient": obj{"name": "R"}, "consent": "a.b.c"}).problem(422, "invalid")
}
