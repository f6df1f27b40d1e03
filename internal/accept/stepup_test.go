package accept_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/evaultlib/evault/internal/testpdf"
	"github.com/evaultlib/evault/internal/testsmtp"
)

var sixDigits = regexp.MustCompile(`(?m)^\s*([0-9]{6})\s*$`)

// TestStepUp: one signer opens the link by the code of a mail, in the forms of the page
// without JavaScript; the other by the access code, over JSON. Before that the link
// shows and allows nothing. Neither code is in the server's log.
func TestStepUp(t *testing.T) {
	t.Parallel()
	post := testsmtp.Start(t, testsmtp.Options{})
	s := start(t, t.TempDir(), "", "-smtp", post.Addr)
	c := s.client(t, s.APIKey)
	e := envelope(map[string]any{"signing_order": "parallel", "fields": []any{}, "signers": []any{
		map[string]any{"email": "ada@example.com", "name": "Ada Byron", "role": "buyer", "auth": "email_otp"},
		map[string]any{"email": "seller@example.com", "name": "Bob Smith", "role": "seller", "auth": "access_code", "access_code": "Maple 42"},
	}})
	e["document"] = document(testpdf.Contract(1))
	env := c.post("/partner/envelopes", e).want(http.StatusCreated).equal("data.signers.1.auth", "access_code").str("data.envelope_id")
	ada, bob, anon := c.link(env, "ada@example.com"), c.link(env, "seller@example.com"), c.with("")

	get := func(path string) string {
		t.Helper()
		return string(anon.do(http.MethodGet, path, nil, header("Accept", "text/html")).want(http.StatusOK).Body)
	}
	submit := func(path string, values url.Values, want int) string {
		t.Helper()
		return string(anon.do(http.MethodPost, path, []byte(values.Encode()),
			header("Content-Type", "application/x-www-form-urlencoded"), header("Accept", "text/html")).want(want).Body)
	}
	page := get(ada + "?lang=en")
	if !strings.Contains(page, "a•••@example.com") || strings.Contains(page, "ada@example.com") || strings.Contains(page, `name="code"`) {
		t.Errorf("the first page:\n%s", page)
	}
	anon.get(ada+"/session").want(http.StatusOK).equal("data.auth_required", true).equal("data.auth_method", "email_otp").equal("data.pages.0", nil)
	anon.get(ada+"/document.pdf").problem(http.StatusForbidden, "auth_required")
	anon.post(ada+"/auth", map[string]any{"code": "000000"}).problem(http.StatusConflict, "code_expired")
	submit(ada+"/otp", url.Values{"lang": {"en"}}, http.StatusSeeOther)
	mail := letterTo(t, post, "ada@example.com", "Your code for “Truck 42”")
	found := sixDigits.FindStringSubmatch(mail.text)
	if found == nil || mail.link != "" {
		t.Fatalf("the mail has no code, or a link:\n%s", mail.text)
	}
	wrong := "000000"
	if found[1] == wrong {
		wrong = "000001"
	}
	if page := submit(ada+"/auth", url.Values{"code": {wrong}}, http.StatusUnprocessableEntity); !strings.Contains(page, "This code is not right") || !strings.Contains(page, `aria-invalid="true"`) {
		t.Errorf("after a wrong code:\n%s", page)
	}
	submit(ada+"/auth", url.Values{"code": {found[1]}, "lang": {"en"}}, http.StatusSeeOther)
	anon.get(ada+"/session").want(http.StatusOK).equal("data.auth_required", false)
	anon.post(ada+"/otp", nil).problem(http.StatusConflict, "no_code_needed")
	anon.do(http.MethodGet, ada+"/otp", nil).want(http.StatusSeeOther)
	anon.do(http.MethodGet, ada+"/auth", nil).want(http.StatusSeeOther)
	c.sign(ada, "Ada Byron")

	if page := get(bob + "?lang=es"); !strings.Contains(page, "Código de acceso") || strings.Contains(page, "/otp") {
		t.Errorf("the page of the access code:\n%s", page)
	}
	for range 5 {
		anon.post(bob+"/auth", map[string]any{"code": "maple 42"}).problem(http.StatusUnprocessableEntity, "wrong_code")
	}
	anon.post(bob+"/auth", map[string]any{"code": "Maple 42"}).problem(http.StatusTooManyRequests, "auth_locked")
	c.post("/partner/envelopes/"+env+"/remind", map[string]any{}).want(http.StatusOK)
	anon.post(bob+"/auth", map[string]any{"code": "Maple 42"}).want(http.StatusOK)
	c.sign(bob, "Bob Smith").equal("data.envelope_status", "completed")
	if log := s.log.String(); strings.Contains(log, found[1]) || strings.Contains(log, "Maple") {
		t.Error("a code is in the log")
	}
	c.post("/partner/envelopes/"+env+"/vault-in-signed", nil).want(http.StatusCreated)
	c.get("/partner/envelopes/"+env+"/compliance").want(http.StatusOK).equal("data.compliance.compliant", true)
}
