package httpapi_test

import (
	"strings"
	"testing"

	"github.com/evaultlib/evault/internal/canonjson"
	"github.com/evaultlib/evault/storage"
)

// TestSummaryIsShownAndCommittedTo: what the sender says in short is on the page, and
// in the evidence by its digest.
func TestSummaryIsShownAndCommittedTo(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	rows := []any{obj{"label": "Amount financed", "value": "$21,480.00"}, obj{"label": "APR", "value": "6.99 % <b>"}}
	env := h.create(t, contract(obj{"summary": rows}))
	link := h.link(t, env)
	h.do(t, "GET", link, nil, key("")).says(200, "In short", "<dt>Amount financed</dt><dd>$21,480.00</dd>", "6.99 % &lt;b&gt;", "Given by Name of org_a. The contract prevails.")
	h.do(t, "GET", link+"/session", nil, key("")).want(200).equal("data.summary.1.label", "APR")
	canonical, err := canonjson.Marshal(rows)
	if err != nil {
		t.Fatal(err)
	}
	h.do(t, "GET", "/partner/envelopes/"+env+"/events", nil).want(200).equal("data.0.data.summary_sha256", string(storage.Sum(canonical)))
	for _, wrong := range []obj{{"label": "", "value": "x"}, {"label": "x", "value": "a\nb"}, {"label": strings.Repeat("x", 81), "value": "x"}} {
		h.do(t, "POST", "/partner/envelopes", contract(obj{"summary": []any{wrong}})).problem(422, "invalid")
	}
	plain := h.link(t, h.create(t, contract(nil)))
	if text := string(h.do(t, "GET", plain, nil, key("")).want(200).Body); strings.Contains(text, "In short") {
		t.Error("a summary without rows")
	}
}
