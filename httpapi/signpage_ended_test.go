package httpapi_test

import (
	"bytes"
	"context"
	"image"
	"image/png"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/httpapi"
	"github.com/evaultlib/evault/httpapi/web"
	"github.com/evaultlib/evault/storage/embedded"
)

// says holds a page against texts that it must and must not have.
func (a *answer) says(status int, want ...string) *answer {
	a.t.Helper()
	a.want(status)
	text := string(a.Body)
	if ct := a.Header.Get("Content-Type"); !strings.HasPrefix(ct, "text/html") {
		a.t.Errorf("%s: %s", a.what, ct)
	}
	for _, w := range want {
		if !strings.Contains(text, w) {
			a.t.Errorf("%s: the page does not say %q:\n%s", a.what, w, text[max(0, strings.Index(text, "<main")):])
		}
	}
	return a
}

var browser = header("Accept", "text/html,application/xhtml+xml")

// twoSigners is a contract of Ada and Joan, in parallel unless more says otherwise.
func (h *house) twoSigners(t *testing.T, more obj) (env, ada, joan string) {
	t.Helper()
	c := obj{"fields": []any{}, "signing_order": "parallel", "signers": []any{
		obj{"email": "ada@example.com", "name": "Ada Byron"}, obj{"email": "joan@example.com", "name": "Joan Clarke"},
	}}
	for k, v := range more {
		c[k] = v
	}
	env = h.create(t, contract(c))
	links := h.do(t, "GET", "/partner/envelopes/"+env+"/signing-links", nil).want(200)
	if links.get("data.1.signing_url") != nil {
		joan = links.str("data.1.signing_url")
	}
	return env, links.str("data.0.signing_url"), joan
}

// consent agrees by the form and returns the path of the page.
func (h *house) consent(t *testing.T, link string) string {
	t.Helper()
	path := strings.TrimPrefix(link, baseURL)
	s := h.do(t, "GET", link+"/session", nil, key("")).want(200)
	h.post(t, path+"/consent", url.Values{"disclosure_sha256": {s.str("data.consent.disclosure_sha256")}, "agree": {"true"}}).want(303)
	return path
}

func logo(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 60, 20))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestEachEndHasItsPage: declined, by oneself and by another; void; expired; each
// with its reason and whom to ask.
func TestEachEndHasItsPage(t *testing.T) {
	t.Parallel()
	h := newHouseOn(t, embedded.Options{Sender: func(context.Context, string) (esign.Sender, error) {
		return esign.Sender{LegalName: "Lakeshore Motors LLC", Contact: esign.Contact{
			Email: "contracts@lakeshore.example", Phone: "+1 (555) 0100", Website: "https://lakeshore.example/help", PostalAddress: "1 Main Street\nMadison",
		}, Logo: logo(t)}, nil
	}}, func(c *httpapi.Config) {
		c.Theme = func(context.Context, string) (web.Theme, error) { return web.Theme{"accent": "#123456"}, nil }
	})
	_, ada, joan := h.twoSigners(t, nil)
	h.do(t, "GET", ada, nil, key("")).says(200, "Lakeshore Motors LLC asks you to sign", "--accent:#123456",
		`Questions? <a href="mailto:contracts@lakeshore.example">contracts@lakeshore.example</a> · <a href="tel:&#43;15550100">&#43;1 (555) 0100</a> · <a href="https://lakeshore.example/help">https://lakeshore.example/help</a> · 1 Main Street, Madison</p>`,
		`<img class="logo" src="data:image/png;base64,`)
	path := strings.TrimPrefix(ada, baseURL)
	h.do(t, "GET", ada+"/decline?lang=es", nil, key("")).says(200, `<html lang="es">`, "Negarse a firmar", "termina para todas las personas", `name="reason"`)
	h.do(t, "GET", ada+"/decline", nil, key("")).says(200, "ends for everybody", "(555) 0100", "Back to the document")
	h.post(t, path+"/decline", url.Values{"reason": {" "}, "lang": {"es"}}).says(422, `<a href="#reason">Diga el motivo.</a>`, `aria-invalid="true"`)
	h.post(t, path+"/decline", url.Values{"reason": {"Wrong price"}}).want(303)
	h.do(t, "GET", ada, nil, key("")).says(410, "You declined to sign", "Wrong price", "Lakeshore Motors LLC", "(555) 0100", `data-event="declined"`)
	other := h.do(t, "GET", joan, nil, key("")).says(410, "This document was declined", "nothing for you to do")
	if strings.Contains(string(other.Body), "Wrong price") {
		t.Error("one signer reads another's reason")
	}
	h.post(t, strings.TrimPrefix(joan, baseURL)+"/sign", url.Values{"signature": {"Joan Clarke"}}).says(410, "This document was declined")

	env, ada, _ := h.twoSigners(t, nil)
	h.do(t, "POST", "/partner/envelopes/"+env+"/void", obj{"reason": "Sent the wrong contract"}).want(200)
	h.do(t, "GET", ada, nil, key("")).says(410, "The sender withdrew this document", "Sent the wrong contract", "Truck 42")
	h.do(t, "GET", ada+"?lang=es", nil, key("")).says(410, "El remitente retiró este documento", "Sent the wrong contract")

	_, ada, _ = h.twoSigners(t, obj{"expires_in_days": 1})
	h.clock.Advance(25 * time.Hour)
	h.do(t, "GET", ada, nil, key("")).says(410, "The time to sign has passed", "until November 24, 2026", "ask the sender to send it again")
}

func TestWaitingAndWithdrawnHaveTheirPages(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	_, ada, _ := h.twoSigners(t, obj{"signing_order": "sequential"})
	path := h.consent(t, ada)
	h.do(t, "GET", ada+"/consent/withdraw", nil, key("")).says(200, "Withdraw your agreement", "The document itself does not end")
	h.post(t, path+"/consent/withdraw", url.Values{"reason": {"paper,\r\nplease"}}).want(303)
	h.do(t, "GET", ada, nil, key("")).says(200, "You withdrew your agreement to electronic records", "ask the sender for paper", `id="agree"`)
	h.do(t, "GET", ada+"/consent/withdraw", nil, key("")).want(303) // nothing to withdraw
	h.do(t, "GET", ada+"/session", nil, key("")).want(200).equal("data.consent.given_at", nil)
}

// TestAddressesOfFormsAreNoDeadEnds: what a browser opens again after a refused form.
func TestAddressesOfFormsAreNoDeadEnds(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	_, ada, _ := h.twoSigners(t, nil)
	for _, path := range []string{"/sign", "/consent"} {
		if a := h.do(t, "GET", ada+path, nil, key("")).want(303); baseURL+a.Header.Get("Location") != ada {
			t.Errorf("%s leads to %q", path, a.Header.Get("Location"))
		}
	}
	h.do(t, "GET", baseURL+"/api/v2/sign/x/sign", nil, key(""), browser).says(404, "This link does not work", "Reference")
	h.do(t, "GET", "/verify/abc", nil, key(""), browser).says(404, "Reference")
}

// TestSpanish: every word of the page, the disclosure and the problems.
func TestSpanish(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	_, ada, _ := h.twoSigners(t, nil)
	page := h.do(t, "GET", ada, nil, key(""), header("Accept-Language", "es-MX,es;q=0.9,en;q=0.5")).says(200, `<html lang="es">`, "Consentimiento para documentos y firmas", `href="?lang=en"`)
	text := string(page.Body)
	sum := text[strings.Index(text, `name="disclosure_sha256" value="`)+32:][:64]
	path := strings.TrimPrefix(ada, baseURL)
	h.post(t, path+"/consent", url.Values{"disclosure_sha256": {sum}, "agree": {"true"}, "lang": {"es"}}).want(303)
	if s := h.do(t, "GET", ada+"/session", nil, key("")).want(200); s.get("data.consent.given_at") == nil {
		t.Error("the Spanish disclosure cannot be consented to")
	}
	h.post(t, path+"/sign", url.Values{"signature": {""}, "lang": {"es"}}).says(422, "Hay un problema", "Dé su firma.", "Firmar en 1 lugar")
	if pdf := h.do(t, "GET", ada+"/disclosure.pdf?lang=es", nil, key("")).want(200); len(pdf.Body) < 1000 {
		t.Error("no disclosure")
	}
}

// TestReplacedAndEarlyLinksHaveTheirPages: a link that has a newer one opens nothing and
// tells nothing of the document; one whose turn has not come says so.
func TestReplacedAndEarlyLinksHaveTheirPages(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	env, ada, joan := h.twoSigners(t, nil)
	edit := func(change, email string) {
		t.Helper()
		r, err := h.e.Store.Bun().DB.ExecContext(t.Context(), "UPDATE evault_signers SET "+change+" WHERE envelope_id = ? AND email = ?", env, email)
		if n, _ := r.RowsAffected(); err != nil || n != 1 {
			t.Fatalf("%d rows, %v", n, err)
		}
	}
	edit("link_version = 2", "ada@example.com")
	edit("signing_order = 2, status = 'waiting'", "joan@example.com")
	for _, path := range []string{"", "/decline", "/document.pdf"} {
		old := h.do(t, "GET", ada+path, nil, key(""), browser).says(410, "This link was replaced", `data-code="link_gone"`)
		if strings.Contains(string(old.Body), "Truck 42") {
			t.Errorf("%q of a replaced link names the document", path)
		}
	}
	h.post(t, strings.TrimPrefix(ada, baseURL)+"/sign", url.Values{"signature": {"Ada Byron"}}).says(410, "This link was replaced")
	h.do(t, "GET", joan, nil, key("")).says(409, "It is not your turn yet", "Truck 42", "Name of org_a", `data-code="not_your_turn"`)
	h.post(t, strings.TrimPrefix(joan, baseURL)+"/sign", url.Values{"signature": {"Joan Clarke"}}).says(409, "It is not your turn yet")
	h.do(t, "GET", joan+"/session", nil, key("")).problem(409, "not_your_turn")
}
