package accept_test

import (
	"net/http"
	"testing"
)

// TestHolds: a legal hold stops the release until it is lifted, by whoever has control.
func TestHolds(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *server) {
		dealer := s.client(t, s.APIKey)
		bank := dealer.with(s.createKey(t, "org_bank", allScopes))
		at := "/partner/envelopes/" + dealer.original("Truck 44").env
		holds := at + "/holds"

		dealer.post(holds, map[string]any{"reason": ""}).want(http.StatusUnprocessableEntity)
		bank.post(holds, map[string]any{"reason": "Litigation"}).problem(http.StatusNotFound, "envelope_not_found")
		hold := dealer.post(holds, map[string]any{"reason": "Pending litigation", "reference": "26-CV-1042"}).want(http.StatusCreated).
			equal("data.lifted_at", nil).str("data.hold_id")
		dealer.post(at+"/vault-out", recipient("R")).problem(http.StatusConflict, "on_hold")
		dealer.get(at+"/events?type=vault.hold_placed").want(http.StatusOK).equal("data.0.data.hold_id", hold)

		dealer.assigns(bank, at[len("/partner/envelopes/"):], nil)
		dealer.do("DELETE", holds+"/"+hold, nil).problem(http.StatusForbidden, "not_controller")
		bank.do("DELETE", holds+"/hld_absent", nil).problem(http.StatusNotFound, "hold_not_found")
		bank.do("DELETE", holds+"/"+hold, nil).want(http.StatusOK).equal("data.lifted_by.org_id", "org_bank")
		bank.get(holds).want(http.StatusOK).equal("data.0.hold_id", hold).equal("data.1", nil)
		bank.post(at+"/vault-out", recipient("R")).want(http.StatusOK)
	})
}
