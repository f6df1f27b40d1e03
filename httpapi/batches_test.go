package httpapi_test

import (
	"encoding/csv"
	"strings"
	"testing"

	"github.com/evaultlib/evault/httpapi"
)

// work lets the background move batches.
func (h *house) work(t *testing.T) {
	t.Helper()
	for range 10 {
		if _, err := h.e.Pools.Due(t.Context(), 100); err != nil {
			t.Fatal(err)
		}
	}
}

// TestBatch: a pool is offered, partly accepted, and what failed is accepted later; the
// receiver sees what was offered to it and nothing else.
func TestBatch(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	one, two := h.vaulted(t), h.vaulted(t)
	code := func(k string) string {
		return h.do(t, "POST", "/partner/receiving-codes", nil, key(k)).want(201).str("data.receiving_code")
	}
	pool := h.do(t, "POST", "/partner/pools", obj{"name": "June", "envelope_ids": []any{one, two}}).want(201).str("data.pool_id")
	assign := "/partner/pools/" + pool + "/assignments"
	to := func(code, mode string) obj { return obj{"to": obj{"receiving_code": code}, "mode": mode} }

	h.do(t, "POST", assign, to(code(h.other), "")).want(422).equal("details.0.field", "mode")
	h.do(t, "POST", assign, to("rcv_x", "atomic")).want(422).equal("details.0.field", "to.receiving_code")
	h.do(t, "POST", assign, to(code(h.key), "atomic")).want(422).equal("details.0.rule", "own")
	h.do(t, "POST", assign, to(code(h.key), "atomic"), key(h.other)).problem(404, "pool_not_found")
	empty := h.do(t, "POST", "/partner/pools", obj{"name": "None"}).want(201).str("data.pool_id")
	h.do(t, "POST", "/partner/pools/"+empty+"/assignments", to(code(h.other), "atomic")).problem(409, "pool_empty")

	stuck := h.do(t, "POST", "/partner/envelopes/"+two+"/assignments", obj{"to": obj{"receiving_code": code(h.other)}}).want(201).str("data.assignment_id")
	once := header("Idempotency-Key", "batch-1")
	body := to(code(h.other), "best_effort")
	batch := h.do(t, "POST", assign, body, once).want(202).equal("data.status", "running").equal("data.total", 2).str("data.batch_id")
	h.do(t, "POST", assign, body, once).want(202).equal("data.batch_id", batch)
	h.do(t, "POST", assign, body).want(422) // the code was used
	at := "/partner/batches/" + batch
	h.do(t, "POST", at+"/accept", nil, key(h.other)).problem(409, "batch_state")
	h.work(t)
	h.do(t, "GET", at, nil).want(200).equal("data.status", "offered").equal("data.done", 1).equal("data.failed", 1)
	h.do(t, "GET", at+"/items?status=failed", nil).want(200).equal("data.0.envelope_id", two).equal("data.0.code", "offer_open")
	h.do(t, "GET", at+"/items?status=none", nil).problem(400, "bad_query")
	h.do(t, "GET", at+"/items", nil, key(h.other)).want(200).equal("data.0.envelope_id", one).equal("data.1", nil)
	next := h.do(t, "GET", at+"/items?limit=1", nil).want(200).str("meta.next_cursor")
	h.do(t, "GET", at+"/items?limit=1&cursor="+next, nil).want(200).equal("meta.next_cursor", nil)

	h.do(t, "POST", at+"/cancel", nil, key(h.other)).problem(404, "batch_not_found")
	h.do(t, "POST", at+"/accept", nil).problem(404, "batch_not_found")
	h.do(t, "POST", at+"/accept", obj{"custodian": "x"}, key(h.other)).want(422)
	h.do(t, "POST", at+"/accept", nil, key(h.other)).want(200).equal("data.status", "running")
	h.work(t)
	h.do(t, "GET", at, nil, key(h.other)).want(200).equal("data.status", "partly_accepted").equal("data.done", 1)
	h.do(t, "GET", "/partner/envelopes/"+one+"/custody", nil, key(h.other)).want(200).equal("data.1.kind", "assignment")

	h.do(t, "POST", "/partner/envelopes/"+two+"/assignments/"+stuck+"/cancel", nil).want(200)
	h.do(t, "POST", at+"/retry", nil).want(200).equal("data.status", "running")
	h.work(t)
	h.do(t, "POST", at+"/reject", nil, key(h.other)).want(200)
	h.work(t)
	rows, err := csv.NewReader(strings.NewReader(string(h.do(t, "GET", at+"/items.csv", nil).want(200).Body))).ReadAll()
	if err != nil || len(rows) != 3 || rows[0][3] != "status" || rows[1][3]+rows[2][3] != "acceptedrejected" && rows[1][3]+rows[2][3] != "rejectedaccepted" {
		t.Errorf("got %v, %v", rows, err)
	}
	h.do(t, "POST", at+"/cancel", nil).problem(409, "batch_state")

	second := h.requireTwo(t)
	h.do(t, "POST", assign, to(code(h.other), "atomic"), key(second)).problem(409, "approval_required")
	bare := newHouse(t, func(c *httpapi.Config) { c.Pools = nil })
	bare.do(t, "GET", "/partner/batches/bat_x", nil).problem(404, "route_not_found")
}
