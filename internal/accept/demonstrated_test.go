package accept_test

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/evaultlib/evault/internal/testpdf"
)

var demonstrationCode = regexp.MustCompile(`\b[2-9A-Z]{4}-[2-9A-Z]{4}\b`)

// codeOf opens a disclosure as a signer's reader does.
func (c *client) codeOf(disclosure string) string {
	c.t.Helper()
	f := filepath.Join(c.t.TempDir(), "disclosure.pdf")
	if err := os.WriteFile(f, c.with("").get(disclosure).want(http.StatusOK).Body, 0o600); err != nil {
		c.t.Fatal(err)
	}
	text := tool(c.t, "pdftotext", "-layout", f, "-")
	code := demonstrationCode.FindString(text)
	if code == "" {
		c.t.Fatalf("pdftotext finds no code in the disclosure:\n%s", text)
	}
	return code
}

// TestDemonstratedConsent: who consents must type the code that the opened PDF of the
// disclosure shows, by the API, in the forms of the page and in a browser.
func TestDemonstratedConsent(t *testing.T) {
	t.Parallel()
	s := start(t, t.TempDir(), "")
	c := s.client(t, s.APIKey)
	create := func(consent string) map[string]any {
		e := envelope(map[string]any{"consent": consent, "signing_order": "parallel", "fields": []any{}, "signers": []any{
			map[string]any{"email": "ada@example.com", "name": "Ada Byron", "role": "buyer"},
			map[string]any{"email": "ana@example.com", "name": "Ana Ruiz", "role": "seller"},
			map[string]any{"email": "bob@example.com", "name": "Bob Smith", "role": "guarantor"},
		}})
		e["document"] = document(testpdf.Contract(1))
		return e
	}
	c.post("/partner/envelopes", create("by voice")).want(http.StatusUnprocessableEntity)
	env := c.post("/partner/envelopes", create("demonstrated")).want(http.StatusCreated).str("data.envelope_id")
	ada, ana, bob, anon := c.link(env, "ada@example.com"), c.link(env, "ana@example.com"), c.link(env, "bob@example.com"), c.with("")

	session := anon.get(ada+"/session").want(http.StatusOK).equal("data.consent.mode", "demonstrated")
	consent := map[string]any{"disclosure_sha256": session.str("data.consent.disclosure_sha256")}
	anon.post(ada+"/consent", consent).want(http.StatusUnprocessableEntity).equal("details.0.rule", "required")
	consent["demonstration_code"] = c.codeOf(bob + "/disclosure.pdf")
	anon.post(ada+"/consent", consent).want(http.StatusUnprocessableEntity).equal("details.0.field", "demonstration_code")
	code := c.codeOf(ada + "/disclosure.pdf")
	consent["demonstration_code"] = strings.ToLower(strings.ReplaceAll(code, "-", ""))
	anon.post(ada+"/consent", consent).want(http.StatusOK)

	// Without scripts, in Spanish.
	html := header("Accept", "text/html")
	page := string(anon.do(http.MethodGet, ana+"?lang=es", nil, html).want(http.StatusOK).Body)
	sum := regexp.MustCompile(`name="disclosure_sha256" value="([0-9a-f]{64})"`).FindStringSubmatch(page)
	if sum == nil || !strings.Contains(page, "Código del PDF") || strings.Contains(page, c.codeOf(ana+"/disclosure.pdf?lang=es")) {
		t.Fatalf("the page does not ask for the code, or shows it:\n%s", page)
	}
	submit := func(typed string, want int) string {
		form := url.Values{"disclosure_sha256": {sum[1]}, "agree": {"true"}, "lang": {"es"}, "demonstration_code": {typed}}
		return string(anon.do(http.MethodPost, ana+"/consent", []byte(form.Encode()), header("Content-Type", "application/x-www-form-urlencoded"), html).want(want).Body)
	}
	if again := submit("AAAA-AAAA", http.StatusUnprocessableEntity); !strings.Contains(again, `href="#demonstration_code"`) || !strings.Contains(again, `value="AAAA-AAAA"`) ||
		!strings.Contains(again, "ocho letras y cifras") {
		t.Errorf("after a wrong code:\n%s", again)
	}
	submit(c.codeOf(ana+"/disclosure.pdf?lang=es"), http.StatusSeeOther)

	b := browser(t)
	b.open(bob)
	b.event("ready")
	b.accessible("asked for the code of the disclosure")
	b.click("#agree")
	b.set("#demonstration_code", "AAAA-AAAA")
	b.click(".consent button")
	b.says("type the code at its end")
	b.accessible("after a wrong code of the disclosure")
	b.phone()
	b.accessible("the code of the disclosure on a phone")
	b.set("#demonstration_code", c.codeOf(bob+"/disclosure.pdf"))
	b.click(".consent button")
	b.event("consented")

	for link, name := range map[string]string{ada: "Ada Byron", ana: "Ana Ruiz", bob: "Bob Smith"} {
		anon.get(link + "/document.pdf").want(http.StatusOK)
		anon.post(link+"/sign", map[string]any{"signature": map[string]any{"kind": "typed", "text": name}}).want(http.StatusOK)
	}
	c.post("/partner/envelopes/"+env+"/vault-in-signed", nil).want(http.StatusCreated)
	compliance := string(c.get("/partner/envelopes/" + env + "/compliance").want(http.StatusOK).Body)
	if n := strings.Count(compliance, "by the code at the end of the PDF of the disclosure"); n != 3 {
		t.Errorf("the findings name %d demonstrations, want 3:\n%s", n, compliance)
	}
	events := string(c.get("/partner/envelopes/" + env + "/events?limit=100").want(http.StatusOK).Body)
	for what, text := range map[string]string{"an event": events, "the log": s.log.String()} {
		if strings.Contains(text, code) || strings.Contains(text, strings.ReplaceAll(code, "-", "")) {
			t.Errorf("%s has the code", what)
		}
	}
}
