package accept_test

import (
	"bytes"
	"encoding/base64"
	"image/png"
	"net/http"
	"testing"

	"github.com/evaultlib/evault/internal/testpdf"
)

// TestTemplates: envelopes are made of a version of a template, which others do not see, and outlive it.
func TestTemplates(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *server) {
		dealer := s.client(t, s.APIKey)
		bank := dealer.with(s.createKey(t, "org_bank", allScopes))
		reader := dealer.with(s.createKey(t, "org_reader", "envelopes:read"))
		lease := map[string]any{
			"name": "Lease", "roles": []any{"lessee", "lessor"}, "fields_from_tags": true,
			"fields": []any{map[string]any{"name": "vin", "kind": "text", "role": "lessee", "page": 1, "x": 0.1, "y": 0.5, "w": 0.3, "h": 0.03, "read_only": true}},
		}
		body, typ := form(t, jsonPart(t, "template", lease), pdfPart("document", testpdf.Simple(1, "{{lessee:signature}}")))
		bad, badType := form(t, jsonPart(t, "template", map[string]any{"roles": []any{"lessee", "lessee"}}), pdfPart("document", testpdf.Simple(1, "x")))
		dealer.do("POST", "/partner/templates", bad, badType).want(http.StatusUnprocessableEntity)
		reader.do("POST", "/partner/templates", body, typ).problem(http.StatusForbidden, "scope_missing")
		made := dealer.do("POST", "/partner/templates", body, typ, idempotent("one")).want(http.StatusCreated).
			equal("data.version", 1.0).equal("data.fields.0.name", "vin").equal("data.fields.1.kind", "signature")
		dealer.do("POST", "/partner/templates", body, typ, idempotent("one")).want(http.StatusCreated).equal("data.template_id", made.str("data.template_id"))
		id, first := made.str("data.template_id"), made.Header.Get("ETag")
		at := "/partner/templates/" + id
		dealer.get("/partner/templates").want(http.StatusOK).equal("meta.total", 1.0).equal("data.0.template_id", id)
		bank.get("/partner/templates").want(http.StatusOK).equal("meta.total", 0.0)

		lease["fields"] = []any{map[string]any{"kind": "text", "role": "nobody", "page": 1, "x": 0.9, "y": 0.5, "w": 0.3, "h": 0.03}}
		dealer.post(at+"/fields", lease).problem(http.StatusUnprocessableEntity, "invalid").equal("details.0.field", "fields[0].role").
			equal("details.1.field", "fields[0].x")
		lease["fields"] = []any{}
		dealer.post(at+"/fields", lease, header("If-Match", first)).want(http.StatusOK).equal("data.version", 2.0)
		dealer.post(at+"/fields", lease, header("If-Match", first)).problem(http.StatusPreconditionFailed, "template_changed")
		dealer.get(at+"?version=1").want(http.StatusOK).equal("data.fields.0.name", "vin")
		for _, c := range []struct{ method, path string }{
			{"GET", at}, {"DELETE", at}, {"POST", at + "/fields"}, {"GET", at + "/pages/1.png"},
		} {
			var in any
			if c.method == "POST" {
				in = lease
			}
			bank.do(c.method, c.path, in).problem(http.StatusNotFound, "template_not_found")
		}
		picture := dealer.get(at + "/pages/1.png?w=400&version=1").want(http.StatusOK)
		if img, err := png.Decode(bytes.NewReader(picture.Body)); err != nil || img.Bounds().Dx() != 400 {
			t.Errorf("the picture of a page: %v", err)
		}
		dealer.get(at+"/pages/2.png").problem(http.StatusNotFound, "page_not_found")

		contract := map[string]any{
			"customer_email": "ann@example.com", "customer_name": "Ann Buyer", "template_id": id, "template_version": 1,
			"template_values": []any{map[string]any{"name": "vin", "value": "1FT-0417"}},
			"signers": []any{
				map[string]any{"email": "ann@example.com", "name": "Ann Buyer", "role": "lessee"},
				map[string]any{"email": "bob@example.com", "name": "Bob Dealer", "role": "lessor"},
			},
		}
		bank.post("/partner/envelopes", contract).problem(http.StatusUnprocessableEntity, "invalid").equal("details.0.field", "template_id")
		env := dealer.post("/partner/envelopes", contract).want(http.StatusCreated).
			equal("data.template_id", id).equal("data.template_version", 1.0).equal("data.status", "sent").str("data.envelope_id")
		contract["document"] = map[string]any{"content_base64": base64.StdEncoding.EncodeToString(testpdf.Simple(1, "x"))}
		dealer.post("/partner/envelopes", contract).problem(http.StatusUnprocessableEntity, "invalid").equal("details.0.field", "template_id")
		delete(contract, "document")

		dealer.do("DELETE", at, nil, header("If-Match", first)).problem(http.StatusPreconditionFailed, "template_changed")
		dealer.do("DELETE", at, nil).want(http.StatusNoContent)
		dealer.get(at).problem(http.StatusNotFound, "template_not_found")
		dealer.post("/partner/envelopes", contract).problem(http.StatusUnprocessableEntity, "invalid").equal("details.0.field", "template_id")
		dealer.get("/partner/envelopes/"+env+"/events?type=envelope.created").want(http.StatusOK).equal("data.0.data.template_id", id)
		dealer.get("/partner/envelopes/"+env).want(http.StatusOK).equal("data.template_version", 1.0)
	})
}
