package httpapi_test

import (
	"strings"
	"testing"

	"github.com/evaultlib/evault/httpapi"
	"github.com/evaultlib/evault/scopes"
)

// offered offers control of an envelope to the house's other organization.
func (h *house) offered(t *testing.T, id string, body obj) string {
	t.Helper()
	code := h.do(t, "POST", "/partner/receiving-codes", nil, key(h.other)).want(201).get("data.receiving_code")
	body["to"] = obj{"receiving_code": code}
	a := h.do(t, "POST", "/partner/envelopes/"+id+"/assignments", body).want(201)
	return a.get("data.assignment_id").(string)
}

// TestControlMoves is a pledge and its release back: who may do what is as the standing
// says at each moment, and what the former controller was given is dead.
func TestControlMoves(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	id := h.vaulted(t)
	at := "/partner/envelopes/" + id
	before := h.do(t, "GET", at+"/vault/signed-url", nil).want(200).get("data.signed_url").(string)
	copied := h.do(t, "GET", at+"/vault/copy/signed-url", nil).want(200).get("data.signed_url").(string)
	widget := func() string {
		return h.do(t, "POST", "/embed/token", obj{"envelope_id": id, "user_email": "ada@example.com", "widget_type": "vault"}).want(200).str("data.token")
	}
	unused, page := widget(), h.do(t, "POST", "/embed/session", obj{"token": widget()}).want(200)
	h.do(t, "GET", page.str("data.session_url"), nil).want(200)
	asg := h.offered(t, id, obj{"purpose": "pledge", "obligation": obj{"reference": "Line 7", "amount": "10.00", "currency": "USD"}})

	h.do(t, "POST", at+"/vault-out", obj{"reason": "payoff", "recipient": obj{"name": "R"}}).problem(409, "offer_open")
	h.do(t, "GET", "/partner/offers", nil, key(h.other)).want(200).equal("meta.total", 1).equal("data.0.status", "offered")
	h.do(t, "GET", "/partner/offers/"+asg, nil, key(h.other)).want(200).equal("data.interest.obligation.reference", "Line 7")
	h.do(t, "GET", at+"/vault/copy/signed-url", nil, key(h.other)).want(200)
	h.do(t, "GET", at+"/vault/certificate", nil, key(h.other)).want(200)
	h.do(t, "GET", at+"/vault/signed-url", nil, key(h.other)).problem(404, "envelope_not_found")
	h.do(t, "GET", at+"/custody", nil, key(h.other)).problem(404, "envelope_not_found")

	for range 2 { // the second answers the same
		h.do(t, "POST", at+"/assignments/"+asg+"/accept", nil, key(h.other)).want(200).equal("data.status", "accepted")
	}
	for _, address := range []string{before, copied} {
		if status := h.do(t, "GET", address, nil).Status; status != 403 && status != 410 {
			t.Errorf("an address of the controller before: got %d", status)
		}
	}
	if a := h.do(t, "POST", "/embed/session", obj{"token": unused}); a.Status != 403 && a.Status != 410 {
		t.Errorf("an embed token of the controller before: got %d %s", a.Status, a.Body)
	}
	if a := h.do(t, "GET", page.str("data.session_url"), nil); a.Status == 200 {
		t.Errorf("a widget of the controller before: got %d", a.Status)
	}
	h.do(t, "POST", at+"/vault-out", obj{"reason": "payoff", "recipient": obj{"name": "R"}}).problem(403, "not_controller")
	h.do(t, "GET", at+"/vault/signed-url", nil).problem(403, "not_controller")
	h.do(t, "GET", at+"/compliance", nil).problem(403, "not_controller")
	h.do(t, "GET", at, nil).want(200)
	h.do(t, "GET", at+"/vault/certificate", nil).want(200).equal("data.serial", 1)
	h.do(t, "GET", at+"/vault/certificate", nil, key(h.other)).want(200).equal("data.serial", 2).equal("data.interest.kind", "pledgee")
	h.do(t, "GET", at+"/compliance", nil, key(h.other)).want(200).equal("data.compliance.compliant", true)
	h.do(t, "GET", at+"/custody", nil, key(h.other)).want(200).equal("data.1.assignment.purpose", "pledge").equal("data.1.assignment_id", asg)
	h.do(t, "GET", at+"/vault/signed-url", nil, key(h.other)).want(200)

	code := h.do(t, "POST", "/partner/receiving-codes", nil).want(201).get("data.receiving_code")
	back := h.do(t, "POST", at+"/assignments", obj{"to": obj{"receiving_code": code}, "purpose": "release_back"}, key(h.other)).want(201).get("data.assignment_id").(string)
	h.do(t, "POST", at+"/assignments/"+back+"/accept", nil).want(200)
	h.do(t, "GET", at+"/compliance", nil).want(200).equal("data.compliance.compliant", true)
	for _, e := range h.do(t, "GET", at+"/custody", nil, key(h.other)).want(200).get("data").([]any) {
		if e.(map[string]any)["version"].(float64) > 3 {
			t.Errorf("the pledgee of before sees %v", e)
		}
	}
	h.do(t, "POST", at+"/vault-out", obj{"reason": "payoff", "recipient": obj{"name": "R"}}).want(200)
}

// TestOffersEnd: who may end an offer, and how.
func TestOffersEnd(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	id := h.vaulted(t)
	at := "/partner/envelopes/" + id + "/assignments"
	asg := h.offered(t, id, obj{})
	h.do(t, "POST", at+"/"+asg+"/reject", nil).problem(404, "offer_not_found")
	h.do(t, "POST", at+"/"+asg+"/cancel", nil, key(h.other)).problem(404, "offer_not_found")
	h.do(t, "POST", "/partner/envelopes/"+absent+"/assignments/"+asg+"/accept", nil, key(h.other)).problem(404, "offer_not_found")
	h.do(t, "POST", at+"/"+asg+"/reject", obj{"reason": "not ours"}, key(h.other)).want(200).equal("data.status", "rejected")
	h.do(t, "POST", at+"/"+asg+"/accept", nil, key(h.other)).problem(409, "offer_ended")
	asg = h.offered(t, id, obj{"note": "again"})
	h.do(t, "POST", at+"/"+asg+"/cancel", nil).want(200).equal("data.status", "cancelled")
	for field, body := range map[string]obj{
		"to.receiving_code": {"to": obj{"receiving_code": "rcv_" + strings.Repeat("a", 32)}},
		"expires_in_days":   {"to": obj{"receiving_code": "rcv_" + strings.Repeat("a", 32)}, "expires_in_days": 91},
		"purpose":           {"to": obj{"receiving_code": "rcv_" + strings.Repeat("a", 32)}, "purpose": "gift"},
	} {
		h.do(t, "POST", at, body).want(422).equal("details.0.field", field)
	}
}

// TestEventsOfAPart: after control has moved, the one who created the envelope sees its
// events up to the switch, and no other organization's.
func TestEventsOfAPart(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	id := h.vaulted(t)
	at := "/partner/envelopes/" + id
	asg := h.offered(t, id, obj{})
	h.do(t, "POST", at+"/assignments/"+asg+"/accept", nil, key(h.other)).want(200)
	own := h.do(t, "POST", "/partner/receiving-codes", nil).want(201).get("data.receiving_code")
	h.do(t, "POST", at+"/assignments", obj{"to": obj{"receiving_code": own}}, key(h.other)).want(201)
	h.do(t, "POST", at+"/vault-out", obj{"reason": "payoff", "recipient": obj{"name": "R"}}, key(h.other)).problem(409, "offer_open")
	reader := h.issue(t, "org_a", scopes.EnvelopesRead, scopes.VaultRead, scopes.CustodyRead)
	var seen []string
	for _, e := range h.do(t, "GET", at+"/events?limit=100", nil, key(reader)).want(200).get("data").([]any) {
		seen = append(seen, e.(map[string]any)["type"].(string))
	}
	list := strings.Join(seen, " ")
	if strings.Count(list, "custody.offered") != 2 || strings.Count(list, "custody.assigned") != 2 || strings.Count(list, "certificate.issued") != 1 {
		t.Errorf("seen: %s", list)
	}
}

// TestReceivingCodeIsASecret: a stored answer does not have it, and no route but the
// one that made it shows it.
func TestReceivingCodeIsASecret(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	once := []option{header("Idempotency-Key", "code-1")}
	first := h.do(t, "POST", "/partner/receiving-codes", nil, once...).want(201).get("data.receiving_code")
	again := h.do(t, "POST", "/partner/receiving-codes", nil, once...).want(201).get("data.receiving_code")
	if first == again || !strings.HasPrefix(again.(string), "rcv_") || len(again.(string)) != 36 {
		t.Errorf("a repeat: got %v after %v", again, first)
	}
	for _, r := range httpapi.Routes() {
		if r.Pattern == "/partner/receiving-codes" && r.Method != "POST" {
			t.Errorf("%s shows codes", r.Method)
		}
	}
}
