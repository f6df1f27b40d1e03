package httpapi_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/evaultlib/evault/internal/testpdf"
)

func pdfBody(raw []byte) obj {
	return obj{"filename": "contract.pdf", "content_base64": base64.StdEncoding.EncodeToString(raw)}
}

// TestTheSignersDay: the page asks for the time zone of the signer, without
// JavaScript, begins with the one that the sender named, and says the day there.
func TestTheSignersDay(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.clock.Advance(15*time.Hour + 30*time.Minute) // 2026-11-24T03:30Z
	date := []any{obj{"kind": "date", "role": "buyer", "page": 1, "x": 0.1, "y": 0.1, "w": 0.3, "h": 0.03}}
	env := h.create(t, contract(obj{"time_zone": "America/Los_Angeles", "fields": date}))
	h.do(t, "GET", "/partner/envelopes/"+env, nil).want(200).equal("data.time_zone", "America/Los_Angeles").equal("data.signers.0.time_zone", nil)
	link := h.link(t, env)
	s := h.do(t, "GET", link+"/session", nil, key("")).want(200).equal("data.time_zone", "America/Los_Angeles")
	h.do(t, "GET", link+"/document.pdf", nil, key("")).want(200)
	path := strings.TrimPrefix(link, baseURL)
	h.post(t, path+"/consent", url.Values{"disclosure_sha256": {s.str("data.consent.disclosure_sha256")}, "agree": {"true"}}).want(303)
	page := string(h.do(t, "GET", link, nil, key("")).want(200).Body)
	if !strings.Contains(page, `<select id="time_zone" name="time_zone"><option>America/Los_Angeles</option>`) || !strings.Contains(page, "November 23, 2026") {
		t.Fatalf("the page says no day or zone: %s", page)
	}
	h.post(t, path+"/sign", url.Values{"signature": {"Ada Byron"}, "time_zone": {"Nowhere"}}).want(422)
	h.post(t, path+"/sign", url.Values{"signature": {"Ada Byron"}, "time_zone": {"America/New_York"}}).want(303)
	h.do(t, "GET", "/partner/envelopes/"+env, nil).want(200).equal("data.status", "completed").equal("data.signers.0.time_zone", "America/New_York")
	h.do(t, "POST", "/partner/envelopes", contract(obj{"time_zone": "EST5"})).problem(422, "invalid").equal("details.0.field", "time_zone")
}

// TestInspectionOfESign: an e-sign envelope says what its PDF holds, and what
// cannot be signed is refused with what stands in the way.
func TestInspectionOfESign(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	created := h.do(t, "POST", "/partner/envelopes", contract(obj{"fields": []any{}, "document": pdfBody(testpdf.WithJavaScript())})).want(201)
	created.equal("data.inspection.active_content.0", "javascript").equal("data.inspection.normalized", "[]")
	h.do(t, "GET", "/partner/envelopes/"+created.str("data.envelope_id"), nil).want(200).equal("data.inspection.active_content.0", "javascript")
	h.do(t, "POST", "/partner/envelopes", contract(obj{"fields": []any{}, "document": pdfBody(testpdf.Extended()["UR3"])})).want(201).
		equal("data.inspection.normalized.0", "usage_rights")
	for rule, raw := range map[string][]byte{"portfolio": testpdf.Portfolio(), "dynamic_xfa": testpdf.DynamicForm(), "signed": testpdf.Certified()} {
		a := h.do(t, "POST", "/partner/envelopes", contract(obj{"fields": []any{}, "document": pdfBody(raw)})).problem(422, "not_signable").
			equal("details.0.rule", rule)
		if len(a.str("detail")) < 60 {
			t.Errorf("%s: %s", rule, a.str("detail"))
		}
	}
	paperID := h.create(t, paper)
	h.do(t, "GET", "/partner/envelopes/"+paperID, nil).want(200).equal("data.inspection", nil)
	if a := h.do(t, "POST", "/partner/envelopes/"+paperID+"/upload", testpdf.Portfolio()).want(200); !strings.Contains(string(a.Body), `"portfolio"`) {
		t.Errorf("%s", a.Body)
	}
}

// TestInspectionSaysWhy: the answer names what is wrong with a signature.
func TestInspectionSaysWhy(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	env := h.vaulted(t)
	u := h.do(t, "GET", "/partner/envelopes/"+env+"/vault/signed-url", nil).want(200).str("data.signed_url")
	sealed := h.do(t, "GET", u, nil).want(200).Body
	at := "/partner/envelopes/" + h.create(t, paper)
	a := h.do(t, "POST", at+"/upload", bytes.Replace(sealed, []byte("%PDF-1."), []byte("%PDF-2."), 1)).want(200)
	for i := range 2 {
		signature := fmt.Sprintf("data.inspection.signatures.%d.", i)
		if a.equal(signature+"integrity", "invalid"); len(a.str(signature+"problem")) < 20 {
			t.Errorf("problem: %q", a.str(signature+"problem"))
		}
	}
}

// TestOrderZero: 0 is an order like any other.
func TestOrderZero(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	signers := func(orders ...any) []any {
		var out []any
		for i, o := range orders {
			s := obj{"email": "ada@example.com", "name": "Ada", "role": string(rune('a' + i))}
			if o != nil {
				s["order"] = o
			}
			out = append(out, s)
		}
		return out
	}
	for _, c := range []struct {
		given []any
		want  string
	}{{signers(0, 1), "0 1"}, {signers(nil, nil), "1 2"}, {signers(2, 1), "1 2"}, {signers(1, nil), "1 2"}} {
		a := h.do(t, "POST", "/partner/envelopes", contract(obj{"fields": []any{}, "signing_order": "sequential", "signers": c.given})).want(201)
		a.equal("data.signers.0.order", c.want[:1]).equal("data.signers.1.order", c.want[2:]).
			equal("data.signers.0.status", "notified").equal("data.signers.1.status", "waiting")
	}
	h.do(t, "POST", "/partner/envelopes", contract(obj{"fields": []any{}, "signers": signers(-1)})).want(422)
}

// TestChoicesOnThePage: options and the sender's values are in session and page,
// whose form works without JavaScript.
func TestChoicesOnThePage(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	field := func(y float64, more obj) obj {
		o := obj{"role": "buyer", "page": 1, "x": 0.1, "y": y, "w": 0.3, "h": 0.03}
		for k, v := range more {
			o[k] = v
		}
		return o
	}
	env := h.create(t, contract(obj{"fields": []any{
		field(0.1, obj{"kind": "radio", "label": "Payments", "options": []any{"Monthly", "Weekly"}}),
		field(0.2, obj{"kind": "dropdown", "label": "Color", "options": []any{"Red", "Blue"}, "value": "Blue"}),
		field(0.3, obj{"kind": "text", "label": "Rate", "value": "9.75 %", "read_only": true}),
	}}))
	link := h.link(t, env)
	s := h.do(t, "GET", link+"/session", nil, key("")).want(200).equal("data.fields.0.options", "[Monthly Weekly]").
		equal("data.fields.1.value", "Blue").equal("data.fields.2.read_only", true).equal("data.fields.2.value", "9.75 %")
	path := h.consent(t, link)
	page := string(h.do(t, "GET", link, nil, key("")).want(200).Body)
	radio, list := "field:"+s.str("data.fields.0.field_id"), "field:"+s.str("data.fields.1.field_id")
	for _, want := range []string{
		` name="` + radio + `" value="Weekly" required>`, `<option selected>Blue</option>`, `<strong>9.75 %</strong>`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s: %s", want, page)
		}
	}
	h.do(t, "GET", link+"/document.pdf", nil, key("")).want(200)
	for want, values := range map[string]url.Values{
		"Payments (page 1): please choose one of the answers": {"signature": {"Ada Byron"}, radio: {"Daily"}, list: {"Red"}},
		"Color (page 1): please choose one.":                  {"signature": {"Ada Byron"}, list: {""}},
		"Please give your signature":                          {"signature": {""}, radio: {"Weekly"}, list: {"Red"}},
		"Please choose your time zone":                        {"signature": {"Ada Byron"}, radio: {"Weekly"}, list: {"Red"}, "time_zone": {"Mars"}},
	} {
		if a := h.post(t, path+"/sign", values).want(422); !strings.Contains(string(a.Body), want) {
			t.Errorf("the page does not say %q: %s", want, a.Body)
		}
	}
	h.post(t, path+"/sign", url.Values{"signature": {"Ada Byron"}, radio: {"Weekly"}, list: {"Red"}}).want(303)
	h.do(t, "GET", link+"/session", nil, key("")).want(200).equal("data.fields.0.value", "Weekly").equal("data.fields.1.value", "Red").
		equal("data.fields.2.value", "9.75 %")
}

// TestEndedEnvelopeIsReadByWhoSigned: the link of who signed an envelope that was
// then declined opens a page with a copy of what they signed, and nothing else.
func TestEndedEnvelopeIsReadByWhoSigned(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	env := h.create(t, contract(obj{"signing_order": "sequential", "fields": []any{}, "signers": []any{
		obj{"email": "ada@example.com", "name": "Ada Byron", "order": 1}, obj{"email": "joan@example.com", "name": "Joan", "order": 2},
	}}))
	first := h.link(t, env)
	h.sign(t, first).want(200)
	second := h.do(t, "GET", "/partner/envelopes/"+env+"/signing-links", nil).want(200).str("data.1.signing_url")
	signed := h.do(t, "GET", first+"/document.pdf", nil, key("")).want(200)
	h.do(t, "POST", second+"/decline", obj{"reason": "Too dear"}, key("")).want(200)

	h.do(t, "GET", first+"/session", nil, key("")).problem(410, "link_gone")
	page := h.do(t, "GET", first, nil, key("")).want(410)
	if text := string(page.Body); !strings.Contains(text, "This document was declined") || !strings.Contains(text, strings.TrimPrefix(first, baseURL)+`/document.pdf"`) {
		t.Errorf("the page of who signed: %s", text)
	}
	h.do(t, "HEAD", first+"/document.pdf", nil, key("")).want(200)
	if again := h.do(t, "GET", first+"/document.pdf", nil, key("")).want(200); again.Header.Get("ETag") != signed.Header.Get("ETag") {
		t.Errorf("the copy changed: %s, was %s", again.Header.Get("ETag"), signed.Header.Get("ETag"))
	}
	h.do(t, "GET", second+"/document.pdf", nil, key("")).problem(410, "link_gone")
	if text := string(h.do(t, "GET", second, nil, key("")).want(410).Body); strings.Contains(text, "document.pdf") {
		t.Errorf("the page of who did not sign: %s", text)
	}
	h.clock.Advance(30*24*time.Hour + time.Minute)
	h.do(t, "GET", first+"/document.pdf", nil, key("")).problem(410, "link_gone")
	if text := string(h.do(t, "GET", first, nil, key("")).want(410).Body); strings.Contains(text, "document.pdf") {
		t.Errorf("the page after 30 days: %s", text)
	}
}

// TestRefusalsSayWhatIsRight: a refusal names the field by its whole path and the
// values that would do.
func TestRefusalsSayWhatIsRight(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	field := obj{"kind": "text", "role": "witness", "page": 1, "x": 0.1, "y": 0.1, "w": 0.3, "h": 0.03}
	a := h.do(t, "POST", "/partner/envelopes", contract(obj{"fields": []any{field}})).problem(422, "invalid")
	if got := a.str("details.0.message"); got != `names no signer's role; roles are "buyer"` {
		t.Errorf("role: %s", got)
	}
	at := "/partner/envelopes/" + h.create(t, paper)
	h.do(t, "POST", at+"/vault-in-upload", obj{}).problem(409, "state_forbids").
		equal("detail", "cannot hand over an envelope that is pending; it must be uploaded, completed, vaulted or released")
	h.do(t, "POST", at+"/upload", testpdf.Simple(1, "Scanned")).want(200)
	if got := h.do(t, "GET", "/partner/envelopes?status=done", nil).problem(400, "bad_query").str("detail"); !strings.Contains(got, `["pending" "uploaded" "preparing"`) {
		t.Errorf("status: %s", got)
	}
	h.do(t, "POST", at+"/vault-in-upload", obj{"attestation": obj{"attested_by": "Joan"}}).problem(422, "invalid").
		equal("details.0.field", "attestation.capacity")
	a = h.do(t, "POST", at+"/vault-in-upload", obj{"regime": "ucc"}).problem(422, "invalid").equal("details.0.field", "regime")
	if got := a.str("details.0.message"); !strings.Contains(got, "must be one of ") || !strings.Contains(got, "ucc_9_105_2022") {
		t.Errorf("regime: %s", got)
	}
}
