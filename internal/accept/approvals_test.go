package accept_test

import (
	"net/http"
	"testing"
)

// TestTwoKeys: an organization that requires two keys releases and assigns nothing by one.
func TestTwoKeys(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *server) {
		demo := s.client(t, s.APIKey)
		dealer := demo.with(s.createKey(t, "org_dealer", allScopes, "-two-keys"))
		second := demo.with(s.createKey(t, "org_dealer", allScopes))
		bank := demo.with(s.createKey(t, "org_bank", allScopes))
		env := dealer.original("Truck 45").env
		at := "/partner/envelopes/" + env

		code := bank.post("/partner/receiving-codes", nil).want(http.StatusCreated).str("data.receiving_code")
		const list = "/partner/approvals"
		asked := dealer.post(at+"/assignments", map[string]any{"to": map[string]any{"receiving_code": code}}).want(http.StatusAccepted)
		approval := list + "/" + asked.str("data.approval_id")
		dealer.post(approval, nil).problem(http.StatusForbidden, "approval_own")
		second.post(approval, map[string]any{"note": "x"}).want(http.StatusBadRequest)
		bank.post(approval, nil).problem(http.StatusNotFound, "approval_not_found")
		second.get(approval).want(http.StatusOK).equal("data.verb", "assign").equal("data.status", "pending")
		dealer.do("DELETE", approval, nil).want(http.StatusOK).equal("data.status", "cancelled")
		second.post(approval, nil).problem(http.StatusConflict, "approval_ended")

		asked = dealer.post(at+"/assignments", map[string]any{"to": map[string]any{"receiving_code": code}}).want(http.StatusAccepted)
		offer := second.post(list+"/"+asked.str("data.approval_id"), nil).want(http.StatusCreated).equal("data.status", "offered").str("data.assignment_id")
		dealer.do("DELETE", list+"/"+asked.str("data.approval_id"), nil).problem(http.StatusConflict, "approval_ended")
		dealer.post(at+"/assignments/"+offer+"/cancel", nil).want(http.StatusOK)
		asked = dealer.post(at+"/assignments", map[string]any{"to": map[string]any{"receiving_code": code}}).want(http.StatusAccepted)
		second.post(list+"/"+asked.str("data.approval_id"), nil).want(http.StatusUnprocessableEntity) // the code was used

		asked = dealer.post(at+"/vault-out", recipient("R")).want(http.StatusAccepted)
		dealer.get(at+"/status").want(http.StatusOK).equal("data.status", "vaulted")
		second.post(list+"/"+asked.str("data.approval_id"), nil).want(http.StatusOK).equal("data.status", "released")
		dealer.get(list).want(http.StatusOK).equal("data.0.status", "used").equal("data.1.status", "approved").equal("meta.total", 4)
		dealer.get(at+"/events?type=custody.approved&limit=100").want(http.StatusOK).equal("data.0.data.verb", "assign")
	})
}
