package httpapi_test

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/pdfinspect"
)

// TestCopyIsNoOriginal follows a signer's copy: the same bytes each time, known
// to the verify address in every state of its envelope, in the register once the
// document is vaulted, and no original to anyone, also saved again.
func TestCopyIsNoOriginal(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	env := h.create(t, contract(nil))
	link := h.link(t, env)
	states := map[string][]byte{}
	read := func(state string) {
		t.Helper()
		one, two := h.do(t, "GET", link+"/document.pdf", nil, key("")).want(200).Body, h.do(t, "GET", link+"/document.pdf", nil, key("")).want(200).Body
		if !bytes.Equal(one, two) {
			t.Errorf("%s: two reads have the digests %s and %s", state, sum(one), sum(two))
		}
		states[state] = one
		h.do(t, "GET", "/verify/"+sum(one), nil, key("")).want(200).equal("data.state", "copy")
	}
	read("before the signature")
	h.sign(t, link)
	read("completed")
	h.do(t, "POST", "/partner/envelopes/"+env+"/vault-in-signed", obj{"jurisdiction": "US-NY"}).want(201).equal("data.compliant", true)
	read("vaulted")
	if !bytes.Equal(states["vaulted"], states["completed"]) {
		t.Error("vaulting made another copy")
	}
	register := string(h.do(t, "GET", "/partner/envelopes/"+env+"/copies", nil).want(200).equal("meta.total", 3).Body)
	certificate := string(h.do(t, "GET", "/partner/envelopes/"+env+"/vault/certificate", nil).want(200).Body)
	for state, file := range states {
		for name, list := range map[string]string{"register": register, "certificate": certificate} {
			if !strings.Contains(list, sum(file)) || !strings.Contains(list, `"signer"`) {
				t.Errorf("the copy of the document %s is not in the %s", state, name)
			}
		}
		anew, err := pdfinspect.Normalize(t.Context(), file, pdf.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		for how, b := range map[string][]byte{"itself": file, "saved again": anew} {
			p := h.create(t, paper)
			up := h.do(t, "POST", "/partner/envelopes/"+p+"/upload", b).want(200).equal("data.inspection.own_marks.0", "copy")
			if !strings.Contains(string(up.Body), "copy (") {
				t.Errorf("%s, %s: the warnings do not name the mark: %s", state, how, up.Body)
			}
			h.do(t, "POST", "/partner/envelopes/"+p+"/vault-in-upload", obj{}).problem(409, "not_an_original")
			h.do(t, "POST", "/partner/envelopes", contract(obj{"document": obj{
				"filename": "c.pdf", "content_base64": base64.StdEncoding.EncodeToString(b),
			}})).problem(409, "not_an_original")
		}
	}
	draft := h.create(t, contract(nil))
	copied := h.do(t, "GET", h.link(t, draft)+"/document.pdf", nil, key("")).want(200).Body
	h.do(t, "POST", "/partner/envelopes/"+draft+"/void", obj{"reason": "fell through"}).want(200)
	h.do(t, "GET", "/verify/"+sum(copied), nil, key("")).want(200).equal("data.state", "copy")
}
