package httpapi_test

import (
	"html"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

var formAction = regexp.MustCompile(`<form method="post" action="([^"]+)"`)

// post sends a form of the page as a browser without JavaScript would.
func (h *house) post(t *testing.T, action string, values url.Values) *answer {
	t.Helper()
	return h.do(t, "POST", baseURL+action, values, key(""), header("Accept", "text/html,application/xhtml+xml"))
}

func TestSigningPageWithoutJavaScript(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	env := h.create(t, contract(obj{"message": "<script>alert(1)</script> & greetings"}))
	link := h.link(t, env)
	page := h.do(t, "GET", link, nil, key("")).want(200)
	text := string(page.Body)
	csp := page.Header.Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'", "frame-ancestors 'none'", "form-action 'self'", "base-uri 'none'"} {
		if !strings.Contains(csp, want) {
			t.Errorf("policy lacks %s: %s", want, csp)
		}
	}
	if strings.Contains(csp, "unsafe") || strings.Contains(csp, "script-src") || strings.Contains(text, "<script") {
		t.Errorf("the page may run scripts: %s", csp)
	}
	if !strings.Contains(text, `lang="en"`) || !strings.Contains(text, "Truck 42") || !strings.Contains(text, html.EscapeString("<script>alert(1)</script> & greetings")) {
		t.Error("the page lacks language, title or message")
	}
	if page.Header.Get("Referrer-Policy") != "no-referrer" || page.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("headers %v", page.Header)
	}
	actions := map[string]string{}
	for _, m := range formAction.FindAllStringSubmatch(text, -1) {
		actions[m[1][strings.LastIndex(m[1], "/")+1:]] = m[1]
	}
	h.do(t, "GET", "/partner/envelopes/"+env+"/status", nil).want(200).equal("data.status", "sent") // opening is no read

	field := regexp.MustCompile(`name="(field:fld_[^"]+)"`).FindStringSubmatch(text)[1]
	sign := url.Values{"signature": {"Ada Byron"}, field: {"VIN-7"}}
	early := h.post(t, actions["sign"], sign).want(409)
	if !strings.Contains(string(early.Body), "open the document first") || !strings.Contains(string(early.Body), "VIN-7") || !strings.Contains(string(early.Body), `role="alert"`) {
		t.Errorf("refusal: %s", early.Body)
	}
	h.do(t, "GET", link+"/document.pdf", nil, key("")).want(200)
	if a := h.post(t, actions["sign"], sign).want(409); !strings.Contains(string(a.Body), "agree to sign electronically first") {
		t.Errorf("refusal: %s", a.Body)
	}
	disclosure := regexp.MustCompile(`name="disclosure_sha256" value="([0-9a-f]{64})"`).FindStringSubmatch(text)[1]
	h.post(t, actions["consent"], url.Values{"disclosure_sha256": {disclosure}}).want(422)
	done := h.post(t, actions["consent"], url.Values{"disclosure_sha256": {disclosure}, "agree": {"true"}}).want(303)
	if loc := done.Header.Get("Location"); baseURL+loc != link {
		t.Errorf("Location %q, want the page", loc)
	}
	missing := h.post(t, actions["sign"], url.Values{"signature": {"Ada Byron"}}).want(422)
	if !strings.Contains(string(missing.Body), "Please check what you entered") {
		t.Errorf("refusal: %s", missing.Body)
	}
	glyph := h.post(t, actions["sign"], url.Values{"signature": {"山田"}, field: {"x"}}).want(422)
	if !strings.Contains(string(glyph.Body), "山") {
		t.Errorf("the refusal does not name the character")
	}
	h.post(t, actions["sign"], sign).want(303)
	after := h.do(t, "GET", link, nil, key("")).want(200)
	if strings.Contains(string(after.Body), "<form") || !strings.Contains(string(after.Body), "complete") {
		t.Errorf("after signing: %s", after.Body)
	}
	h.do(t, "GET", "/partner/envelopes/"+env+"/status", nil).want(200).equal("data.status", "completed")
	h.do(t, "GET", link+"/document.pdf", nil, key("")).want(200)
}

func TestDeclineAndWithdrawByForm(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	env := h.create(t, contract(nil))
	link := h.link(t, env)
	path := strings.TrimPrefix(link, baseURL)
	s := h.do(t, "GET", link+"/session", nil, key("")).want(200)
	h.post(t, path+"/consent", url.Values{"disclosure_sha256": {s.str("data.consent.disclosure_sha256")}, "agree": {"true"}}).want(303)
	h.post(t, path+"/consent/withdraw", url.Values{"reason": {"paper,\r\nplease"}}).want(303)
	h.do(t, "GET", link+"/session", nil, key("")).want(200).equal("data.consent.given_at", nil)
	h.post(t, path+"/decline", url.Values{}).want(422)
	h.post(t, path+"/decline", url.Values{"reason": {"no"}}).want(303)
	gone := h.do(t, "GET", link, nil, key("")).want(410)
	if ct := gone.Header.Get("Content-Type"); !strings.HasPrefix(ct, "text/html") || !strings.Contains(string(gone.Body), "no longer valid") {
		t.Errorf("%s %s", ct, gone.Body)
	}
	h.do(t, "GET", "/partner/envelopes/"+env, nil).want(200).equal("data.status", "declined").equal("data.signers.0.decline_reason", "no")
}

func TestLinksThatDoNotWork(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	two := contract(obj{"signing_order": "sequential", "fields": []any{}, "signers": []any{
		obj{"email": "ada@example.com", "name": "Ada", "order": 1}, obj{"email": "joan@example.com", "name": "Joan", "order": 2},
	}})
	env := h.create(t, two)
	links := h.do(t, "GET", "/partner/envelopes/"+env+"/signing-links", nil).want(200).equal("data.1.signing_url", nil)
	link := links.str("data.0.signing_url")
	other := "A"
	if link[len(link)-10] == 'A' {
		other = "B"
	}
	altered := link[:len(link)-10] + other + link[len(link)-9:]
	for _, wrong := range []string{link + "A", altered, baseURL + "/api/v2/sign/x", baseURL + "/api/v2/sign/a.b.c"} {
		if a := h.do(t, "GET", wrong, nil, key("")); a.Status != 404 && a.Status != 403 || !strings.HasPrefix(a.Header.Get("Content-Type"), "text/html") {
			t.Errorf("%s: got %d %s", wrong, a.Status, a.Header.Get("Content-Type"))
		}
		if a := h.do(t, "GET", wrong+"/session", nil, key("")); a.Status != 404 && a.Status != 403 || a.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s/session: got %d %s", wrong, a.Status, a.Header.Get("Content-Type"))
		}
	}
	if a := h.do(t, "GET", link+"/session?x=1", nil, key("")).problem(400, "bad_query"); strings.Contains(string(a.Body), link[len(link)-20:]) {
		t.Error("a problem repeats the token")
	}
	h.clock.Advance(31 * 24 * time.Hour)
	h.do(t, "GET", link, nil, key("")).want(410)
	h.do(t, "GET", link+"/session", nil, key("")).problem(410, "link_gone")
	h.do(t, "GET", "/partner/envelopes/"+env+"/status", nil).want(200).equal("data.status", "expired")
}
