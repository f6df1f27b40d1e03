package httpapi_test

import (
	"encoding/base64"
	"testing"

	"github.com/evaultlib/evault/internal/testpdf"
)

// TestFieldsFromTheDocument: a field stands where a text or a tag of the document is, and is signed there.
func TestFieldsFromTheDocument(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	document := func(text string) obj {
		return obj{"filename": "lease.pdf", "content_base64": base64.StdEncoding.EncodeToString(testpdf.Simple(1, text))}
	}
	signers := []any{obj{"email": "ada@example.com", "name": "Ada Byron", "role": "buyer"}}
	anchored := func(anchor obj) obj {
		return contract(obj{
			"document": document("Buyer signs here"), "signers": signers,
			"fields": []any{obj{"kind": "signature", "role": "buyer", "anchor": anchor}},
		})
	}
	tagged := contract(obj{"document": document("{{buyer:signature;w=200}}"), "signers": signers, "fields": []any{}, "fields_from_tags": true})
	for _, body := range []obj{anchored(obj{"text": "Buyer signs", "dy": -0.01}), tagged} {
		link := h.link(t, h.create(t, body))
		h.do(t, "GET", link+"/session", nil, key("")).want(200).equal("data.fields.0.kind", "signature").equal("data.fields.0.page", float64(1))
		h.sign(t, link).want(200)
	}
	for _, wrong := range []obj{
		anchored(obj{"text": "Nobody signs"}), anchored(obj{"text": " "}), anchored(obj{"text": "Buyer signs", "nth": 2}),
		contract(obj{"document": document("{{buyer:stamp}}"), "signers": signers, "fields": []any{}, "fields_from_tags": true}),
	} {
		h.do(t, "POST", "/partner/envelopes", wrong).problem(422, "invalid")
	}
}
