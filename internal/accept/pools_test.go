package accept_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// batch waits until a batch runs no more, and wants its status and counts.
func (c *client) batch(at, status string, done, failed int) {
	c.t.Helper()
	for end := time.Now().Add(time.Minute); ; time.Sleep(100 * time.Millisecond) {
		a := c.get(at).want(http.StatusOK)
		if a.str("data.status") != "running" || time.Now().After(end) {
			a.equal("data.status", status).equal("data.done", done).equal("data.failed", failed)
			return
		}
	}
}

// offersPool offers a pool and returns the address of the batch.
func (c *client) offersPool(to *client, pool, mode string, more map[string]any) string {
	c.t.Helper()
	body := map[string]any{"to": map[string]any{"receiving_code": to.code()}, "mode": mode}
	for k, v := range more {
		body[k] = v
	}
	return "/partner/batches/" + c.post("/partner/pools/"+pool+"/assignments", body).want(http.StatusAccepted).str("data.batch_id")
}

func (c *client) code() string {
	c.t.Helper()
	return c.post("/partner/receiving-codes", nil).want(http.StatusCreated).str("data.receiving_code")
}

// TestPools is the story of a pool over HTTP: a dealer vaults three contracts and sells
// them as one to a bank, which pledges them to a warehouse lender, which releases them
// back. The dealer's later attempts are refused.
func TestPools(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *server) {
		dealer := s.client(t, s.APIKey)
		bank := dealer.with(s.createKey(t, "org_bank", allScopes))
		lender := dealer.with(s.createKey(t, "org_lender", allScopes))
		var envs []string
		for _, name := range []string{"Truck 1", "Truck 2", "Truck 3"} {
			envs = append(envs, dealer.original(name).env)
		}
		slices.Sort(envs)
		pool := func(c *client) string {
			return c.post("/partner/pools", map[string]any{"name": "June", "envelope_ids": envs}).want(http.StatusCreated).equal("data.count", 3).str("data.pool_id")
		}

		junes := pool(dealer)
		at := "/partner/pools/" + junes
		dealer.get(at).want(http.StatusOK)
		dealer.get("/partner/pools").want(http.StatusOK).equal("meta.total", 1)
		dealer.get(at+"/items").want(http.StatusOK).equal("meta.total", 3)
		if file := string(dealer.get(at + "/items.csv").want(http.StatusOK).Body); strings.Count(file, "\n") != 4 {
			t.Errorf("the file has %q", file)
		}
		dealer.post(at+"/items", map[string]any{}).want(http.StatusUnprocessableEntity)
		dealer.post(at+"/items", map[string]any{"remove": []string{envs[0]}}).want(http.StatusOK).equal("data.count", 2)
		dealer.post(at+"/items", map[string]any{"add": []string{envs[0]}}).want(http.StatusOK).equal("data.count", 3)
		dealer.post("/partner/pools", map[string]any{"name": ""}).want(http.StatusUnprocessableEntity)
		bank.post("/partner/pools", map[string]any{"name": "x", "envelope_ids": envs}).want(http.StatusUnprocessableEntity)
		none := dealer.post("/partner/pools", map[string]any{"name": "None"}).want(http.StatusCreated).str("data.pool_id")
		dealer.post("/partner/pools/"+none+"/assignments", map[string]any{"to": map[string]any{"receiving_code": bank.code()}, "mode": "atomic"}).problem(http.StatusConflict, "pool_empty")
		dealer.post(at+"/assignments", map[string]any{"to": map[string]any{"receiving_code": bank.code()}, "mode": "some"}).want(http.StatusUnprocessableEntity)

		// Rejected, then withdrawn, then sold.
		refused := dealer.offersPool(bank, junes, "best_effort", nil)
		dealer.batch(refused, "offered", 3, 0)
		bank.get("/partner/offers").want(http.StatusOK).equal("meta.total", 3)
		bank.post(refused+"/reject", nil).want(http.StatusOK)
		bank.batch(refused, "rejected", 3, 0)
		withdrawn := dealer.offersPool(bank, junes, "atomic", nil)
		dealer.batch(withdrawn, "offered", 3, 0)
		dealer.post(withdrawn+"/cancel", nil).want(http.StatusOK)
		dealer.batch(withdrawn, "cancelled", 3, 0)
		sold := dealer.offersPool(bank, junes, "atomic", nil)
		dealer.batch(sold, "offered", 3, 0)
		bank.post(sold+"/accept", map[string]any{"custodian": "nobody"}).want(http.StatusUnprocessableEntity)
		bank.post(sold+"/accept", nil).want(http.StatusOK)
		bank.batch(sold, "accepted", 3, 0)
		for verb, c := range map[string]*client{"accept": bank, "reject": bank, "cancel": dealer, "retry": dealer} {
			c.post(sold+"/"+verb, nil).problem(http.StatusConflict, "batch_state")
		}
		dealer.post("/partner/envelopes/"+envs[0]+"/vault-out", recipient("R")).problem(http.StatusForbidden, "not_controller")

		// Pledged, with one contract that is offered elsewhere; released back.
		stuck := bank.post("/partner/envelopes/"+envs[1]+"/assignments", map[string]any{"to": map[string]any{"receiving_code": dealer.code()}}).want(http.StatusCreated).str("data.assignment_id")
		debt := map[string]any{"purpose": "pledge", "obligation": map[string]any{"reference": "Line 7", "amount": "1250000.00", "currency": "USD"}}
		pledged := bank.offersPool(lender, pool(bank), "best_effort", debt)
		bank.batch(pledged, "offered", 2, 1)
		bank.get(pledged+"/items?status=failed").want(http.StatusOK).equal("data.0.envelope_id", envs[1]).equal("data.0.code", "offer_open")
		if file := string(bank.get(pledged + "/items.csv").want(http.StatusOK).Body); !strings.Contains(file, "offer_open") {
			t.Errorf("the file has %q", file)
		}
		bank.post("/partner/envelopes/"+envs[1]+"/assignments/"+stuck+"/cancel", nil).want(http.StatusOK)
		bank.post(pledged+"/retry", nil).want(http.StatusOK)
		bank.batch(pledged, "offered", 3, 0)
		lender.post(pledged+"/accept", nil).want(http.StatusOK)
		lender.batch(pledged, "accepted", 3, 0)
		back := lender.offersPool(bank, pool(lender), "atomic", map[string]any{"purpose": "release_back"})
		lender.batch(back, "offered", 3, 0)
		bank.post(back+"/accept", nil).want(http.StatusOK)
		bank.batch(back, "accepted", 3, 0)

		for _, env := range envs {
			at := "/partner/envelopes/" + env
			bank.get(at+"/custody").want(http.StatusOK).equal("data.1.assignment.purpose", "sale").equal("data.2.assignment.purpose", "pledge").
				equal("data.3.assignment.purpose", "release_back").equal("data.4", nil)
			bank.get(at+"/compliance").want(http.StatusOK).equal("data.compliance.compliant", true)
		}
	})
}
