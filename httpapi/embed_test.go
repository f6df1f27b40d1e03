package httpapi_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/evaultlib/evault/scopes"
)

func embed(env, widget string, more obj) obj {
	o := obj{"envelope_id": env, "user_email": "ada@example.com", "widget_type": widget}
	for k, v := range more {
		o[k] = v
	}
	return o
}

func TestEmbedSign(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	env := h.create(t, contract(nil))
	const origin = "https://app.a.example"
	token := h.do(t, "POST", "/embed/token", embed(env, "sign", obj{"origin": origin})).want(200)
	address := token.str("data.embed_url")
	frame := h.do(t, "GET", address, nil, key("")).want(200)
	if csp := frame.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "frame-ancestors "+origin) || strings.Contains(csp, "unsafe") || frame.Header.Get("X-Frame-Options") != "" {
		t.Errorf("policy %s, X-Frame-Options %q", csp, frame.Header.Get("X-Frame-Options"))
	}
	if strings.Contains(string(frame.Body), env) || strings.Contains(string(frame.Body), "Truck") {
		t.Error("the frame tells of the envelope")
	}
	exchange := func(more obj) *answer {
		o := obj{"token": token.str("data.token")}
		for k, v := range more {
			o[k] = v
		}
		return h.do(t, "POST", "/embed/session", o, key(""))
	}
	exchange(obj{"origin": "https://evil.example"}).problem(401, "embed_token_invalid")
	exchange(obj{"token": token.str("data.token") + "x"}).problem(401, "embed_token_invalid")
	session := exchange(obj{"origin": origin}).want(200).equal("data.widget_type", "sign")
	exchange(nil).problem(410, "embed_token_gone")
	u := session.str("data.session_url")
	page := h.do(t, "GET", u, nil, key("")).want(200)
	if !strings.Contains(page.Header.Get("Content-Security-Policy"), "frame-ancestors "+origin) || !strings.Contains(string(page.Body), "Truck 42") {
		t.Errorf("the signing page in the frame: %s", page.Header.Get("Content-Security-Policy"))
	}
	if e := h.do(t, "GET", "/partner/envelopes/"+env+"/events", nil).want(200); strings.Contains(string(e.Body), "links_disclosed") {
		t.Error("an embed token counts as a disclosed link")
	}
	h.sign(t, u).equal("data.envelope_status", "completed")
	h.do(t, "POST", "/embed/token", embed(env, "sign", nil)).problem(409, "state_forbids")
	h.clock.Advance(2 * time.Hour)
	h.do(t, "GET", u+"/session", nil, key("")).problem(410, "token_expired")
}

func TestEmbedRefuses(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	env := h.create(t, contract(nil))
	for name, tt := range map[string]struct {
		body   obj
		status int
	}{
		"no signer":        {embed(env, "sign", obj{"user_email": "nobody@example.com"}), 409},
		"not vaulted":      {embed(env, "vault", nil), 409},
		"unknown widget":   {embed(env, "print", nil), 422},
		"no e-mail":        {embed(env, "sign", obj{"user_email": ""}), 422},
		"foreign origin":   {embed(env, "sign", obj{"origin": "https://app.b.example"}), 422},
		"unknown envelope": {embed(absent, "sign", nil), 404},
	} {
		if a := h.do(t, "POST", "/embed/token", tt.body); a.Status != tt.status {
			t.Errorf("%s: got %d, want %d: %s", name, a.Status, tt.status, a.Body)
		}
	}
	for _, path := range []string{"/embed/print/" + env, "/embed/sign/nothing"} {
		h.do(t, "GET", path, nil, key("")).problem(404, "route_not_found")
	}
	for _, origin := range []string{"https://a.example; script-src *", "javascript:alert(1)", "https://a.example/x", "*", "", "null"} {
		h.do(t, "GET", "/embed/sign/"+env+"?origin="+url.QueryEscape(origin), nil, key("")).problem(400, "bad_query")
	}
	k, secret, err := h.e.Scopes.Issue(t.Context(), scopes.IssueRequest{OrgID: "org_a", Scopes: scopes.All()})
	if err != nil {
		t.Fatal(err)
	}
	one := h.do(t, "POST", "/embed/token", embed(env, "sign", nil), key(secret)).want(200).str("data.token")
	two := h.do(t, "POST", "/embed/token", embed(env, "sign", nil), key(secret)).want(200).str("data.token")
	late := h.do(t, "POST", "/embed/token", embed(env, "sign", nil)).want(200).str("data.token")
	u := h.do(t, "POST", "/embed/session", obj{"token": one}, key("")).want(200).str("data.session_url")
	if _, err := h.e.Scopes.Disable(t.Context(), "org_a", k.ID); err != nil {
		t.Fatal(err)
	}
	h.do(t, "POST", "/embed/session", obj{"token": two}, key("")).problem(410, "embed_token_gone")
	h.do(t, "GET", u+"/session", nil, key("")).problem(410, "token_withdrawn")
	h.clock.Advance(16 * time.Minute)
	h.do(t, "POST", "/embed/session", obj{"token": late}, key("")).problem(410, "embed_token_gone")
}

func TestEmbedVault(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	env := h.vaulted(t)
	at := "/partner/envelopes/" + env
	token := h.do(t, "POST", "/embed/token", embed(env, "vault", nil)).want(200).str("data.token")
	u := h.do(t, "POST", "/embed/session", obj{"token": token}, key("")).want(200).str("data.session_url")
	h.do(t, "GET", u, nil, key("")).says(
		200, "Truck 42", "8 of 8 requirements are met", "Recomputed from the bytes", "9-105(b)(5)", "Deposit", `tabindex="0" role="region"`, "Name of org_a",
		"Vault Operator", `<time datetime="2026-11-23T12:00:00Z">November 23, 2026, 12:00`, "Times are in UTC", "Register of copies", "Marked copy", "Ada Byron",
	)
	copied := h.do(t, "GET", u+"/copy.pdf", nil, key("")).want(200)
	h.do(t, "GET", "/verify/"+sum(copied.Body), nil, key("")).want(200).equal("data.state", "copy")
	h.do(t, "GET", u+"/certificate", nil, key("")).want(200).equal("data.subject.envelope_id", env)
	h.do(t, "GET", strings.Replace(u, "/vault/", "/sign/", 1)+"/session", nil, key("")).problem(403, "token_invalid")
	h.do(t, "GET", strings.Replace(u, "/vault/", "/download/", 1), nil, key("")).problem(403, "token_invalid")
	original := h.do(t, "GET", h.do(t, "GET", at+"/vault/signed-url", nil).want(200).str("data.signed_url"), nil, key("")).want(200)
	for _, path := range []string{"", "/copy.pdf", "/certificate", "/custody-record.pdf"} {
		if a := h.do(t, "GET", u+path, nil, key("")).want(200); strings.Contains(string(a.Body), string(original.Body[len(original.Body)-200:])) {
			t.Errorf("%q has bytes of the original", path)
		}
	}
	h.do(t, "GET", u, nil, key("")).says(200, "Inspection of the original", "a new evaluation is due", "API key ")
	late := h.do(t, "POST", "/embed/token", embed(env, "vault", nil)).want(200).str("data.token")
	h.do(t, "POST", at+"/vault-out", obj{"reason": "payoff", "recipient": obj{"name": "Robert Reed"}}).want(200)
	for _, path := range []string{"", "/copy.pdf", "/certificate", "/custody-record.pdf"} { // the session dies with the copy
		h.do(t, "GET", u+path, nil, key(""), header("Accept", "application/json")).problem(410, "token_withdrawn")
		h.do(t, "GET", u+path, nil, key(""), browser).says(410)
	}
	gone := h.do(t, "GET", u, nil, key(""), browser).says(410, "released to Robert Reed", "no longer in this vault", "Release", `data-code="token_withdrawn"`)
	if strings.Contains(string(gone.Body), ".pdf") {
		t.Error("the page of a released original offers a copy")
	}
	h.do(t, "POST", "/embed/session", obj{"token": late}, key("")).problem(410, "embed_token_gone")
}

func TestEmbedQuarantinedVault(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	env := h.vaulted(t)
	at := "/partner/envelopes/" + env
	h.alter(t, h.do(t, "GET", at+"/status", nil).want(200).str("data.vault.document_hash"))
	h.do(t, "GET", h.do(t, "GET", at+"/vault/signed-url", nil).want(200).str("data.signed_url"), nil, key("")).problem(409, "integrity_mismatch")
	token := h.do(t, "POST", "/embed/token", embed(env, "vault", nil)).want(200).str("data.token")
	u := h.do(t, "POST", "/embed/session", obj{"token": token}, key("")).want(200).str("data.session_url")
	h.do(t, "GET", u, nil, key("")).says(200, "In quarantine", "were altered", `class="state quarantined"`)
}

// TestOrigins: what an organization's origins may do follows the list at once.
func TestOrigins(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	const one, two = "https://app.a.example", "https://two.a.example"
	h.do(t, "GET", "/partner/origins", nil).want(200).equal("data.origins", []string{one}).equal("data.org_id", "org_a")
	h.do(t, "PUT", "/partner/origins", obj{"origins": []string{two, one, two}}).want(200).equal("data.origins", []string{two, one})
	for _, wrong := range []any{[]string{"https://a.example/x"}, []string{"*"}, []string{"http://a.example"}, nil, make([]string, 101)} {
		h.do(t, "PUT", "/partner/origins", obj{"origins": wrong}).problem(422, "invalid")
	}
	h.do(t, "GET", "/partner/origins", nil, key(h.other)).want(200).equal("data.origins", []string{"https://app.b.example"})
	h.do(t, "PUT", "/partner/origins", obj{"origins": []string{}}, key(h.issue(t, "org_a", scopes.EnvelopesRead))).problem(403, "scope_missing")

	env := h.vaulted(t)
	var open, late []string
	for _, widget := range []string{"sign", "vault"} {
		id := env
		if widget == "sign" {
			id = h.create(t, contract(nil))
		}
		token := func() string {
			return h.do(t, "POST", "/embed/token", embed(id, widget, obj{"origin": two})).want(200).str("data.token")
		}
		u := h.do(t, "POST", "/embed/session", obj{"token": token(), "origin": two}, key("")).want(200).str("data.session_url")
		if csp := h.do(t, "GET", u, nil, key("")).want(200).Header.Get("Content-Security-Policy"); !strings.Contains(csp, "frame-ancestors "+two) {
			t.Errorf("%s: policy %s", widget, csp)
		}
		open, late = append(open, u), append(late, token())
	}
	h.do(t, "PUT", "/partner/origins", obj{"origins": []string{one}}).want(200)
	for i, u := range open {
		gone := h.do(t, "GET", u, nil, key(""), browser).says(410)
		if csp := gone.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "frame-ancestors 'none'") {
			t.Errorf("after the origin was taken away: policy %s", csp)
		}
		h.do(t, "POST", "/embed/session", obj{"token": late[i], "origin": two}, key("")).problem(410, "embed_token_gone")
	}
	h.do(t, "POST", "/embed/token", embed(env, "vault", obj{"origin": two})).problem(422, "invalid")
}

// TestEmbedScript: any page may load, check and keep the script, which is small.
func TestEmbedScript(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	a := h.do(t, "GET", "/embed.js", nil, key("")).want(200)
	if len(a.Body) == 0 || len(a.Body) >= 5000 {
		t.Errorf("%d bytes, want fewer than 5000", len(a.Body))
	}
	for name, want := range map[string]string{
		"Content-Type": "text/javascript; charset=utf-8", "Cache-Control": "public, max-age=3600", "Cross-Origin-Resource-Policy": "cross-origin",
		"Access-Control-Allow-Origin": "*", "X-Content-Type-Options": "nosniff",
	} {
		if got := a.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	h.do(t, "GET", "/embed.js", nil, key(""), header("If-None-Match", a.Header.Get("ETag"))).want(304)
}

// TestEndedSessionsSpeakInTheirFrame: a page that refuses is still one that its
// partner's page may frame, and tells it the code.
func TestEndedSessionsSpeakInTheirFrame(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	const origin = "https://app.a.example"
	env := h.create(t, contract(nil))
	token := h.do(t, "POST", "/embed/token", embed(env, "sign", obj{"origin": origin})).want(200).str("data.token")
	u := h.do(t, "POST", "/embed/session", obj{"token": token, "origin": origin}, key("")).want(200).str("data.session_url")
	h.clock.Advance(2 * time.Hour)
	a := h.do(t, "GET", u, nil, key(""), browser).says(410, `data-origin="`+origin+`"`, `data-event="error" data-code="token_expired"`)
	if csp := a.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "frame-ancestors "+origin) {
		t.Errorf("policy %s", csp)
	}
}

// TestEvery401NamesItsScheme, RFC 9110 section 11.6.1.
func TestEvery401NamesItsScheme(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for path, want := range map[string]string{"/embed/session": "EmbedToken", "/embed/token": "ApiKey", "/partner/envelopes": "ApiKey", "/partner/none": "ApiKey"} {
		a := h.do(t, "POST", path, obj{"token": "x"}, key("")).want(401)
		if got := a.Header.Get("WWW-Authenticate"); !strings.HasPrefix(got, want+" ") {
			t.Errorf("%s: WWW-Authenticate %q, want %s", path, got, want)
		}
	}
}
