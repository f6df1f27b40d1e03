package httpapi_test

import (
	"encoding/base64"
	"net/url"
	"strings"
	"testing"

	"github.com/evaultlib/evault/scopes"
)

func TestFeed(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	first, second := h.vaulted(t), h.create(t, paper)
	foreign := h.create(t, paper, key(h.other))
	if _, err := h.e.Log.Integrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	var all []any
	for cursor := ""; ; {
		a := h.do(t, "GET", "/partner/events?limit=4"+cursor, nil).want(200)
		all = append(all, a.get("data").([]any)...)
		next, more := a.get("meta.next_cursor").(string)
		if !more {
			break
		}
		cursor = "&cursor=" + url.QueryEscape(next)
	}
	last, envs, types := -1.0, map[string]bool{}, map[string]bool{}
	for _, e := range all {
		o := e.(obj)
		if i := o["log_index"].(float64); i <= last {
			t.Errorf("index %v after %v", i, last)
		} else {
			last = i
		}
		canonical, err := base64.StdEncoding.DecodeString(o["canonical"].(string))
		if err != nil || sum(canonical) != o["hash"] {
			t.Errorf("%v: hash is not that of the canonical bytes", o["event_id"])
		}
		envs[o["envelope_id"].(string)], types[o["type"].(string)] = true, true
	}
	if !envs[first] || !envs[second] || envs[foreign] || !types["vault.stored"] || !types["envelope.created"] {
		t.Errorf("envelopes %v, types %v", envs, types)
	}
	h.do(t, "GET", "/partner/events?type=envelope.created", nil).want(200).equal("data.1.envelope_id", second).equal("data.2", nil)
	h.do(t, "GET", "/partner/events?envelope_id="+foreign, nil).want(200).equal("data.0", nil)
	h.do(t, "GET", "/partner/events?cursor=nonsense", nil).problem(400, "bad_query")
	few := h.do(t, "GET", "/partner/events?limit=100", nil, key(h.issue(t, "org_a", scopes.EnvelopesRead))).want(200)
	if strings.Contains(string(few.Body), `"vault.`) || strings.Contains(string(few.Body), `"custody.`) || !strings.Contains(string(few.Body), "envelope.signed") {
		t.Error("a key is shown what its scopes do not")
	}
}
