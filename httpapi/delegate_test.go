package httpapi_test

import (
	"net/url"
	"strings"
	"testing"
)

// TestDelegate: the signer's page offers it to who may, its form works without
// JavaScript, and the other person signs by a link of its own.
func TestDelegate(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		may := func(delegate bool) string {
			return h.create(t, contract(obj{"fields": []any{}, "signers": []any{obj{"email": "ada@example.com", "name": "Ada Byron", "delegate": delegate}}}))
		}
		html, other := header("Accept", "text/html"), obj{"email": "grace@example.com", "name": "Grace Hopper"}
		not := h.link(t, may(false))
		h.do(t, "POST", not+"/delegate", other).problem(409, "delegation_not_allowed")
		if page := h.do(t, "GET", not, nil, html).want(200); strings.Contains(string(page.Body), "/delegate") {
			t.Error("the page offers what is not allowed")
		}
		h.do(t, "GET", not+"/delegate", nil, html).want(303)

		env := may(true)
		link := h.link(t, env)
		path := link[strings.Index(link, "/api/"):]
		h.do(t, "GET", link, nil, html).says(200, path+"/delegate", "Let another person sign instead")
		h.do(t, "GET", link+"/delegate?lang=es", nil, html).says(200, "Que firme otra persona en su lugar", `name="email"`, `name="name"`)
		h.post(t, link+"/delegate", url.Values{"email": {"nobody"}, "name": {"Grace <b>"}}).
			says(422, "Enter an e-mail address of another person", `value="Grace &lt;b&gt;"`)
		h.post(t, link+"/delegate", url.Values{"email": {"grace@example.com"}, "name": {"Grace Hopper"}}).
			says(200, "You handed this over", "Grace Hopper was invited at grace@example.com")
		h.do(t, "GET", link+"/session", nil).problem(410, "link_gone")
		h.do(t, "GET", "/partner/envelopes/"+env, nil).want(200).
			equal("data.signers.0.email", "grace@example.com").equal("data.signers.0.delegate", false)
		if n := h.events(t, env, "envelope.delegated"); n != 1 {
			t.Errorf("%d events of a delegation, want 1", n)
		}
		h.sign(t, h.link(t, env)).equal("data.envelope_status", "completed")

		again := h.link(t, may(true))
		h.do(t, "POST", again+"/delegate", obj{"email": "ada@example.com", "name": "Ada Byron"}).problem(422, "invalid").equal("details.0.rule", "same")
		h.do(t, "POST", again+"/delegate", other).want(200).equal("data.status", "notified")
	})
}
