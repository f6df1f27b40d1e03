package httpapi_test

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"html"
	"io"
	"net/url"
	"regexp"
	"strconv"
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
	if strings.Contains(csp, "unsafe") || strings.Count(text, "<script") != 1 || !regexp.MustCompile(`script-src 'sha256-[^' ]+'; connect-src 'self'$`).MatchString(csp) {
		t.Errorf("the page may run other scripts than its own: %s", csp)
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

	disclosure := regexp.MustCompile(`name="disclosure_sha256" value="([0-9a-f]{64})"`).FindStringSubmatch(text)[1]
	if a := h.post(t, actions["consent"], url.Values{"disclosure_sha256": {disclosure}}).want(422); !strings.Contains(string(a.Body), `<a href="#agree">Tick the box`) {
		t.Error("the refusal does not lead to the box")
	}
	done := h.post(t, actions["consent"], url.Values{"disclosure_sha256": {disclosure}, "agree": {"true"}}).want(303)
	if loc := done.Header.Get("Location"); baseURL+loc != link+"#document" {
		t.Errorf("Location %q, want the document on the page", loc)
	}
	text = string(h.do(t, "GET", link, nil, key("")).want(200).Body)
	if strings.Contains(text, `action="`+actions["consent"]) || !strings.Contains(text, `id="signing"`) {
		t.Error("after the consent there is no form to sign")
	}
	field := regexp.MustCompile(`name="(field:fld_[^"]+)"`).FindStringSubmatch(text)[1]
	actions["sign"] = regexp.MustCompile(`action="([^"]+/sign)"`).FindStringSubmatch(text)[1]
	sign := url.Values{"signature": {"Ada Byron"}, field: {"VIN-7"}, "lang": {"en"}}
	early := h.post(t, actions["sign"], sign).want(409)
	if !strings.Contains(string(early.Body), "Please open the document") || !strings.Contains(string(early.Body), "VIN-7") || !strings.Contains(string(early.Body), `role="alert"`) {
		t.Errorf("refusal: %s", early.Body)
	}
	h.do(t, "GET", link+"/document.pdf", nil, key("")).want(200)
	id := strings.TrimPrefix(field, "field:")
	h.post(t, actions["sign"], url.Values{"signature": {" "}, field: {"x"}}).says(422, `<a href="#signature">Please give your signature.</a>`)
	missing := string(h.post(t, actions["sign"], url.Values{"signature": {"Ada Byron"}, field: {"   "}}).want(422).Body)
	for _, want := range []string{
		`<title>Error: `, `<a href="#` + id + `">VIN (page 1): please fill this in.</a>`,
		`aria-invalid="true" aria-describedby="` + id + `-error"`, `id="` + id + `-error">VIN (page 1): please fill this in.`,
	} {
		if !strings.Contains(missing, want) {
			t.Errorf("the refusal lacks %s: %s", want, missing[strings.Index(missing, "<main"):])
		}
	}
	glyph := h.post(t, actions["sign"], url.Values{"signature": {"山田"}, field: {"x"}}).want(422)
	if !strings.Contains(string(glyph.Body), `data-rule="glyph_missing" data-input="signature"><a href="#signature">Your name has characters`) {
		t.Errorf("the refusal does not say what to do")
	}
	if a := h.post(t, actions["sign"], sign).want(303); a.Header.Get("Location") != strings.TrimPrefix(link, baseURL)+"?lang=en" {
		t.Errorf("Location %q", a.Header.Get("Location"))
	}
	after := h.do(t, "GET", link, nil, key("")).want(200)
	if strings.Contains(string(after.Body), "<form") || !strings.Contains(string(after.Body), "Signed by everybody") {
		t.Errorf("after signing: %s", after.Body)
	}
	h.do(t, "GET", "/partner/envelopes/"+env+"/status", nil).want(200).equal("data.status", "completed")
	pdf := h.do(t, "GET", link+"/document.pdf", nil, key("")).want(200)
	sum := sha256.Sum256(pdf.Body)
	if d := hex.EncodeToString(sum[:]); !strings.Contains(string(after.Body), d) || !strings.Contains(string(after.Body), "/verify/"+d) {
		t.Error("the end page does not say the digest of the copy")
	}
	if got := pdf.Header.Get("Content-Disposition"); got != `inline; filename="Truck 42 (copy).pdf"` {
		t.Errorf("Content-Disposition %q", got)
	}
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

// TestPagesAreCompressed for who takes it, and nothing else is.
func TestPagesAreCompressed(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	link := h.link(t, h.create(t, contract(nil)))
	plain := h.do(t, "GET", link, nil, key("")).want(200)
	for accept, packed := range map[string]bool{
		"gzip": true, "br, gzip;q=0.5": true, "GZIP; q=1": true, "": false, "br": false, "gzip;q=0": false, "gzip; q=0.0": false,
	} {
		a := h.do(t, "GET", link, nil, key(""), header("Accept-Encoding", accept)).want(200)
		if got := a.Header.Get("Content-Encoding"); (got == "gzip") != packed || !strings.Contains(a.Header.Get("Vary"), "Accept-Encoding") {
			t.Errorf("%q: Content-Encoding %q, Vary %q", accept, got, a.Header.Get("Vary"))
		}
		if !packed {
			continue
		}
		r, err := gzip.NewReader(bytes.NewReader(a.Body))
		if err != nil {
			t.Fatal(err)
		}
		if whole, err := io.ReadAll(r); err != nil || !bytes.Equal(whole, plain.Body) || a.Header.Get("Content-Length") != strconv.Itoa(len(a.Body)) {
			t.Errorf("%q: another page, %v, Content-Length %s", accept, err, a.Header.Get("Content-Length"))
		}
	}
	for _, path := range []string{"/session", "/document.pdf"} {
		if a := h.do(t, "GET", link+path, nil, key(""), header("Accept-Encoding", "gzip")).want(200); a.Header.Get("Content-Encoding") != "" {
			t.Errorf("%s is compressed", path)
		}
	}
}
