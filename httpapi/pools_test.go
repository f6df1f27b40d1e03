package httpapi_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/evaultlib/evault/httpapi"
)

// TestPools: a pool is made, changed, read and downloaded by its organization alone.
func TestPools(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	one, two := h.vaulted(t), h.vaulted(t)
	draft := h.create(t, paper)
	const list = "/partner/pools"

	// Neither a contract that is not in the vault, nor one of somebody else.
	theirs := h.do(t, "POST", list, obj{"name": "P", "envelope_ids": []any{one}}, key(h.other)).want(422)
	absent := h.do(t, "POST", list, obj{"name": "P", "envelope_ids": []any{"env_absent"}}, key(h.other)).want(422)
	if a, b := theirs.get("details.0.message"), absent.get("details.0.message"); a != b {
		t.Errorf("another's contract: %v, an absent one: %v", a, b)
	}
	h.do(t, "POST", list, obj{"name": "P", "envelope_ids": []any{one, draft}}).want(422).equal("details.0.field", "envelope_ids[1]")
	h.do(t, "POST", list, obj{"envelope_ids": []any{one}}).want(422).equal("details.0.field", "name")
	h.do(t, "GET", list, nil).want(200).equal("meta.total", 0)

	once := header("Idempotency-Key", "pool-1")
	made := h.do(t, "POST", list, obj{"name": "Autumn", "envelope_ids": []any{one, two, one}}, once).want(201).equal("data.count", 2)
	id := made.str("data.pool_id")
	h.do(t, "POST", list, obj{"name": "Autumn", "envelope_ids": []any{one, two, one}}, once).want(201).equal("data.pool_id", id)
	at := list + "/" + id
	h.do(t, "POST", at+"/items", obj{}).want(422)
	h.do(t, "POST", at+"/items", obj{"add": []any{one}, "remove": []any{one}}).want(422).equal("details.0.field", "add[0]")
	h.do(t, "POST", at+"/items", obj{"add": []any{"env_absent"}, "remove": []any{one}}).want(422).equal("details.0.field", "add[0]")
	h.do(t, "GET", at, nil).want(200).equal("data.count", 2)
	for range 2 {
		h.do(t, "POST", at+"/items", obj{"remove": []any{two, "env_absent"}}).want(200).equal("data.count", 1)
	}
	h.do(t, "GET", at+"/items", nil).want(200).equal("data.0.envelope_id", one).equal("meta.total", 1)
	h.do(t, "GET", at+"/items?limit=x", nil).problem(400, "bad_query")
	h.do(t, "POST", at+"/items", obj{"add": []any{one, two}}).want(200).equal("data.count", 2)
	h.do(t, "GET", at+"/items?limit=1", nil).want(200).equal("data.0.envelope_id", two)
	next := h.do(t, "GET", at+"/items?limit=1", nil).str("meta.next_cursor")
	h.do(t, "GET", at+"/items?limit=1&cursor="+next, nil).want(200).equal("data.0.envelope_id", one).equal("meta.next_cursor", nil)

	file := h.do(t, "GET", at+"/items.csv", nil).want(200)
	if lines := strings.Split(strings.TrimSpace(string(file.Body)), "\n"); len(lines) != 3 || lines[0] != "envelope_id,added_at" || !strings.HasPrefix(lines[1], two+",") {
		t.Errorf("got %q", lines)
	}
	csv := header("Content-Type", "text/csv")
	h.do(t, "POST", list+"?name=Again", file.Body, csv).want(201).equal("data.count", 2).equal("data.name", "Again")
	h.do(t, "POST", list+"?name=Bare", []byte(one+"\r\n"), csv).want(201).equal("data.count", 1)
	h.do(t, "POST", list, file.Body, csv).want(422).equal("details.0.field", "name")
	h.do(t, "POST", list+"?name=x", []byte("\"a\nb"), csv).problem(400, "bad_csv")
	h.do(t, "POST", list+"?name=x", []byte("\xff"), csv).problem(400, "bad_csv")
	h.do(t, "POST", list+"?name=x", obj{"name": "x"}).problem(400, "bad_query")
	named := header("Idempotency-Key", "pool-2")
	h.do(t, "POST", list+"?name=A", []byte(one), csv, named).want(201)
	h.do(t, "POST", list+"?name=B", []byte(one), csv, named).problem(422, "idempotency_mismatch")
	h.do(t, "GET", list+"?limit=1", nil).want(200).equal("meta.total", 4).equal("data.0.name", "A")
	h.do(t, "GET", list, nil, key(h.other)).want(200).equal("meta.total", 0)
}

// TestLargestPool: ten thousand contracts are named by one request, and no more.
func TestLargestPool(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ids := make([]any, 10_000)
	for i := range ids {
		ids[i] = fmt.Sprintf("env_%026d", i)
	}
	h.do(t, "POST", "/partner/pools", obj{"name": "P", "envelope_ids": ids}).want(422) // read as a whole: nobody controls them
	at := "/partner/pools/" + h.do(t, "POST", "/partner/pools", obj{"name": "P"}).want(201).str("data.pool_id")
	h.do(t, "POST", at+"/items", obj{"remove": ids}).want(200)
	h.do(t, "POST", at+"/items", obj{"remove": append(ids, "env_more")}).want(422).equal("details.0.field", "remove")

	bare := newHouse(t, func(c *httpapi.Config) { c.Pools = nil })
	bare.do(t, "GET", "/partner/pools", nil).problem(404, "route_not_found")
}
