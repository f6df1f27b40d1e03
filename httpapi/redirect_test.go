package httpapi_test

import (
	"net/url"
	"strings"
	"testing"
)

// TestRedirectSaysTheOutcome: a signer goes back with ids and the outcome, to an
// origin of the organization only, and without a secret.
func TestRedirectSaysTheOutcome(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	const back = "https://app.a.example/deals?deal=7&outcome=forged"
	env, ada, joan := h.twoSigners(t, obj{"redirect_url": back})
	s := h.do(t, "GET", ada+"/session", nil, key("")).want(200)
	h.do(t, "GET", ada+"/document.pdf", nil, key("")).want(200)
	h.do(t, "POST", ada+"/consent", obj{"disclosure_sha256": s.str("data.consent.disclosure_sha256")}, key("")).want(200).equal("data.redirect_url", nil)
	signed := h.do(t, "POST", ada+"/sign", obj{"signature": obj{"kind": "typed", "text": "Ada Byron"}}, key("")).want(200).str("data.redirect_url")
	declined := h.do(t, "POST", joan+"/decline", obj{"reason": "Wrong price"}, key("")).want(200).str("data.redirect_url")
	who := h.do(t, "GET", "/partner/envelopes/"+env, nil).want(200)
	for i, got := range []string{signed, declined} {
		u, err := url.Parse(got)
		if err != nil || !strings.HasPrefix(got, "https://app.a.example/deals?") {
			t.Fatalf("%s, %v", got, err)
		}
		want := url.Values{
			"deal": {"7"}, "envelope_id": {env}, "signer_id": {who.str("data.signers." + string(rune('0'+i)) + ".signer_id")}, "outcome": {[]string{"signed", "declined"}[i]},
		}
		if u.RawQuery != want.Encode() {
			t.Errorf("got %s, want %s", u.RawQuery, want.Encode())
		}
	}
	h.do(t, "GET", joan, nil, key("")).says(410, `href="`+strings.ReplaceAll(declined, "&", "&amp;")+`"`, "Name of org_a")
	h.do(t, "PUT", "/partner/origins", obj{"origins": []string{}}).want(200)
	if page := h.do(t, "GET", joan, nil, key("")).says(410); strings.Contains(string(page.Body), "/deals") {
		t.Error("a signer is sent to a former origin")
	}

	_, ada, _ = h.twoSigners(t, nil)
	h.do(t, "POST", ada+"/decline", obj{"reason": "No"}, key("")).want(200).equal("data.redirect_url", nil)
	for _, wrong := range []string{"https://evil.example/", "http://app.a.example/", "https://app.a.example.evil.example/", "https://x@app.a.example/"} {
		h.do(t, "POST", "/partner/envelopes", contract(obj{"redirect_url": wrong})).problem(422, "invalid")
	}
}
