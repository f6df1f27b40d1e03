package httpapi_test

import (
	"testing"
	"time"

	"github.com/evaultlib/evault/httpapi"
	"github.com/evaultlib/evault/scopes"
)

// requireTwo makes org_a require two keys and returns a second one.
func (h *house) requireTwo(t *testing.T) (second string) {
	t.Helper()
	o, err := h.e.Scopes.Organization(t.Context(), "org_a")
	if err != nil {
		t.Fatal(err)
	}
	o.TwoKeys = true
	if _, err := h.e.Scopes.UpdateOrganization(t.Context(), *o); err != nil {
		t.Fatal(err)
	}
	return h.issue(t, "org_a", scopes.All()...)
}

// TestVaultOutByTwoKeys: the first key gets 202, the second one the release, and each
// repeat what it got.
func TestVaultOutByTwoKeys(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	env := h.vaulted(t)
	second := h.requireTwo(t)
	out, body := "/partner/envelopes/"+env+"/vault-out", obj{"reason": "payoff", "recipient": obj{"name": "R"}}

	h.do(t, "POST", out, obj{"reason": "payoff"}).want(422)
	once := header("Idempotency-Key", "out-1")
	asked := h.do(t, "POST", out, body, once).want(202)
	id := asked.str("data.approval_id")
	h.do(t, "POST", out, body, once).want(202).equal("data.approval_id", id)
	at := "/partner/approvals/" + id
	h.do(t, "GET", at, nil).want(200).equal("data.verb", "release").equal("data.status", "pending").equal("data.request.recipient.name", "R")
	h.do(t, "GET", "/partner/envelopes/"+env+"/status", nil).want(200).equal("data.status", "vaulted")

	h.do(t, "POST", at, nil).problem(403, "approval_own")
	h.do(t, "POST", at, nil, key(h.issue(t, "org_a", scopes.CustodyWrite))).problem(403, "scope_missing")
	h.do(t, "POST", at, nil, key(h.other)).problem(404, "approval_not_found")
	h.do(t, "GET", at, nil, key(h.other)).problem(404, "approval_not_found")
	h.do(t, "DELETE", at, nil, key(h.other)).problem(404, "approval_not_found")

	approve := header("Idempotency-Key", "approve-1")
	released := h.do(t, "POST", at, nil, key(second), approve).want(200).equal("data.status", "released").equal("data.recipient.name", "R")
	again := h.do(t, "POST", at, nil, key(second), approve).want(200).equal("data.release_id", released.str("data.release_id"))
	if again.str("data.package_url") == released.str("data.package_url") {
		t.Error("a replay gives the first address of the package")
	}
	h.do(t, "POST", at, nil, key(second)).problem(409, "approval_ended")
	h.do(t, "DELETE", at, nil).problem(409, "approval_ended")
	h.do(t, "POST", out, body, once).problem(409, "approval_ended")
	h.do(t, "POST", out, body).want(200).equal("data.release_id", released.str("data.release_id"))
	h.do(t, "GET", at, nil).want(200).equal("data.status", "used").equal("data.approved_by.kind", "key")
}

// TestAssignmentByTwoKeys: an offer waits for the second key, and a withdrawn or late
// approval gives none.
func TestAssignmentByTwoKeys(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	env := h.vaulted(t)
	second := h.requireTwo(t)
	to := func() obj {
		code := h.do(t, "POST", "/partner/receiving-codes", nil, key(h.other)).want(201).str("data.receiving_code")
		return obj{"to": obj{"receiving_code": code}}
	}
	path := "/partner/envelopes/" + env + "/assignments"
	h.do(t, "POST", path, obj{"to": obj{"receiving_code": "rcv_x"}}).want(422)
	ask := func() string { return h.do(t, "POST", path, to()).want(202).str("data.approval_id") }

	withdrawn := ask()
	for range 2 {
		h.do(t, "DELETE", "/partner/approvals/"+withdrawn, nil).want(200).equal("data.status", "cancelled")
	}
	h.do(t, "POST", "/partner/approvals/"+withdrawn, nil, key(second)).problem(409, "approval_ended")
	late := ask()
	h.clock.Advance(4 * 24 * time.Hour)
	h.do(t, "POST", "/partner/approvals/"+late, nil, key(second)).problem(409, "approval_ended")
	h.do(t, "GET", "/partner/approvals/"+late, nil).want(200).equal("data.status", "expired")

	id := ask()
	h.do(t, "GET", "/partner/approvals?limit=2", nil).want(200).equal("data.0.approval_id", id).equal("meta.total", 3)
	h.do(t, "GET", "/partner/approvals", nil, key(h.other)).want(200).equal("meta.total", 0)
	once := header("Idempotency-Key", "approve-1")
	offer := h.do(t, "POST", "/partner/approvals/"+id, nil, key(second), once).want(201).equal("data.status", "offered").str("data.assignment_id")
	h.do(t, "POST", "/partner/approvals/"+id, nil, key(second), once).want(201).equal("data.assignment_id", offer)
	h.do(t, "POST", path+"/"+offer+"/accept", nil, key(h.other)).want(200).equal("data.status", "accepted")

	// A host that has no desk refuses what it cannot ask for.
	bare := newHouse(t, func(c *httpapi.Config) { c.Approvals = nil })
	env = bare.vaulted(t)
	bare.requireTwo(t)
	bare.do(t, "POST", "/partner/envelopes/"+env+"/vault-out", obj{"reason": "payoff", "recipient": obj{"name": "R"}}).problem(409, "approval_required")
	bare.do(t, "GET", "/partner/approvals", nil).problem(404, "route_not_found")
}
