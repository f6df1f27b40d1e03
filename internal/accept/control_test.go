package accept_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
)

// offers offers control to another organization, and returns the path of the offer.
func (c *client) offers(to *client, env string, more map[string]any) string {
	c.t.Helper()
	body := map[string]any{"to": map[string]any{"receiving_code": to.post("/partner/receiving-codes", nil).want(http.StatusCreated).str("data.receiving_code")}}
	for k, v := range more {
		body[k] = v
	}
	at := "/partner/envelopes/" + env + "/assignments"
	return at + "/" + c.post(at, body).want(http.StatusCreated).equal("data.status", "offered").str("data.assignment_id")
}

// assigns offers control to another organization, which accepts.
func (c *client) assigns(to *client, env string, more map[string]any) {
	c.t.Helper()
	offer := c.offers(to, env, more)
	to.post(offer+"/accept", nil).want(http.StatusOK).equal("data.status", "accepted")
}

// TestControl is the story of one contract over HTTP: a dealer sells it to a bank, the
// bank pledges it to a warehouse lender, the lender releases it back, the bank releases
// it. Each version begins with the one before, and the dealer's later attempt is refused.
func TestControl(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *server) {
		dealer := s.client(t, s.APIKey)
		bank := dealer.with(s.createKey(t, "org_bank", allScopes))
		lender := dealer.with(s.createKey(t, "org_lender", allScopes))
		env := dealer.original("Truck 42").env
		at := "/partner/envelopes/" + env
		first := dealer.fetch(at + "/vault/signed-url")
		early := dealer.get(at + "/vault/signed-url").want(http.StatusOK).str("data.signed_url")

		dealer.assigns(bank, env, nil)
		if status := dealer.with("").get(early).Status; status != http.StatusForbidden && status != http.StatusGone {
			t.Errorf("the dealer's address: got %d", status)
		}
		bank.assigns(lender, env, map[string]any{"purpose": "pledge", "obligation": map[string]any{"reference": "Line 7", "amount": "1250000.00", "currency": "USD"}})
		lender.get(at+"/vault/certificate").want(http.StatusOK).equal("data.interest.kind", "pledgee").equal("data.interest.pledged_by.name", "org_bank").
			equal("data.interest.obligation.reference", "Line 7").equal("data.compliance.compliant", true)
		lender.assigns(bank, env, map[string]any{"purpose": "release_back"})

		last := bank.fetch(at + "/vault/signed-url")
		if !bytes.HasPrefix(last, first) || bytes.Equal(last, first) {
			t.Error("the last version does not extend the first")
		}
		bank.get(at+"/compliance").want(http.StatusOK).equal("data.compliance.compliant", true)
		bank.get(at+"/vault/certificate").want(http.StatusOK).equal("data.interest.kind", "owner").equal("data.authoritative_copy.version", 4)
		bank.get("/partner/events?type=custody.accepted").want(http.StatusOK).equal("data.2.type", "custody.accepted")
		dealer.post(at+"/vault-out", recipient("R")).problem(http.StatusForbidden, "not_controller")
		lender.get(at+"/custody").want(http.StatusOK).equal("data.3.assignment.purpose", "release_back").equal("data.4", nil)
		bank.post(at+"/vault-out", recipient("R")).want(http.StatusOK)
	})
}

// TestOffersAreRefused: what cannot be offered, accepted, rejected or taken back.
func TestOffersAreRefused(t *testing.T) {
	t.Parallel()
	s := start(t, t.TempDir(), "")
	dealer := s.client(t, s.APIKey)
	bank := dealer.with(s.createKey(t, "org_bank", allScopes))
	env := dealer.original("Truck 43").env
	at := "/partner/envelopes/" + env + "/assignments"
	dealer.post(at, map[string]any{"to": map[string]any{"receiving_code": "rcv_" + strings.Repeat("a", 32)}}).want(http.StatusUnprocessableEntity)
	bank.post("/partner/receiving-codes", map[string]any{"expires_in_days": 0}).want(http.StatusUnprocessableEntity)

	offer := dealer.offers(bank, env, nil)
	dealer.post(at, map[string]any{"to": map[string]any{"receiving_code": bank.post("/partner/receiving-codes", nil).want(http.StatusCreated).str("data.receiving_code")}}).
		problem(http.StatusConflict, "offer_open")
	bank.get("/partner/offers").want(http.StatusOK).equal("meta.total", 1)
	bank.get("/partner/offers/"+offer[strings.LastIndex(offer, "/")+1:]).want(http.StatusOK).equal("data.status", "offered")
	bank.post(offer+"/accept", map[string]any{"custodian": "nobody"}).want(http.StatusUnprocessableEntity)
	bank.post(offer+"/reject", map[string]any{"reason": strings.Repeat("x", 2001)}).want(http.StatusUnprocessableEntity)
	bank.post(offer+"/reject", nil).want(http.StatusOK).equal("data.status", "rejected")
	bank.post(offer+"/accept", nil).problem(http.StatusConflict, "offer_ended")
	dealer.post(offer+"/cancel", nil, idempotent("cancel-1")).problem(http.StatusConflict, "offer_ended")

	offer = dealer.offers(bank, env, nil)
	dealer.post(offer+"/cancel", nil, idempotent("cancel-2")).want(http.StatusOK).equal("data.status", "cancelled")
	bank.post(offer+"/reject", nil).problem(http.StatusConflict, "offer_ended")
	dealer.post(dealer.offers(bank, env, nil)+"/cancel", nil, idempotent("cancel-2")).problem(http.StatusUnprocessableEntity, "idempotency_mismatch")
}
