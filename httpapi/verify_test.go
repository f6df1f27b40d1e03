package httpapi_test

import (
	"bytes"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/evaultlib/evault/httpapi"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/embedded"
)

// printed notes the digests whose verify address was printed.
type printed struct {
	mu  sync.Mutex
	all []string
}

func (p *printed) url(sha256 storage.Digest) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all = append(p.all, string(sha256))
	return baseURL + "/api/v2/verify/" + string(sha256)
}

func (p *printed) last() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.all[len(p.all)-1]
}

// TestPrintedAddressesAnswer: the addresses on certificate of completion and
// custody record lead to the document that they stand in.
func TestPrintedAddressesAnswer(t *testing.T) {
	t.Parallel()
	p := &printed{}
	h := newHouseOn(t, embedded.Options{VerifyURL: p.url})
	env := h.completed(t)
	state := func(sha256, want string) {
		t.Helper()
		h.do(t, "GET", "/verify/"+sha256, nil, key("")).want(200).equal("data.state", want)
	}
	onCompletion := p.last()
	state(onCompletion, "unknown")
	at := "/partner/envelopes/" + env
	h.do(t, "POST", at+"/vault-in-signed", obj{}).want(201)
	state(onCompletion, "superseded")

	pdf := h.do(t, "GET", at+"/vault/custody-record.pdf", nil).want(200)
	if !bytes.HasPrefix(pdf.Body, []byte("%PDF-")) || pdf.Header.Get("Content-Type") != "application/pdf" || !strings.HasPrefix(pdf.Header.Get("Content-Disposition"), "attachment") {
		t.Errorf("%v: %.20q", pdf.Header, pdf.Body)
	}
	onRecord := p.last()
	state(onRecord, "authoritative")
	again := h.do(t, "GET", at+"/vault/custody-record.pdf?serial=1", nil).want(200)
	if !bytes.Equal(pdf.Body, again.Body) {
		t.Error("the same certificate made other pages")
	}
	h.do(t, "GET", at+"/vault/custody-record.pdf", nil, header("If-None-Match", pdf.Header.Get("ETag"))).want(304)
	h.do(t, "GET", at+"/vault/custody-record.pdf?serial=9", nil).problem(404, "certificate_not_found")
	h.do(t, "GET", "/partner/envelopes/"+h.create(t, contract(nil))+"/vault/custody-record.pdf", nil).problem(404, "not_vaulted")

	token := h.do(t, "POST", "/embed/token", embed(env, "vault", nil)).want(200).str("data.token")
	u := h.do(t, "POST", "/embed/session", obj{"token": token}, key("")).want(200).str("data.session_url")
	if own := h.do(t, "GET", u+"/custody-record.pdf", nil, key("")).want(200); !bytes.Equal(own.Body, pdf.Body) {
		t.Error("the widget's custody record is another one")
	}

	h.do(t, "POST", at+"/vault-out", obj{"reason": "payoff", "recipient": obj{"name": "Grace Hopper"}}).want(200)
	state(onCompletion, "superseded")
	state(onRecord, "superseded")
	h.do(t, "GET", at+"/vault/custody-record.pdf", nil).want(200)
	state(p.last(), "released")
}

// TestVerifyPage: who scans a code with a telephone reads words.
func TestVerifyPage(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	browser := header("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8")
	sha256 := strings.Repeat("ab", 32)
	page := h.do(t, "GET", "/verify/"+sha256, nil, key(""), browser).want(200)
	for _, want := range []string{sha256, "Not known to this vault", `<time datetime="2026-11-23T12:`, "November 23, 2026, 12:"} {
		if !strings.Contains(string(page.Body), want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if page.Header.Get("Content-Type") != "text/html; charset=utf-8" || page.Header.Get("Vary") != "Accept, Accept-Encoding" || page.Header.Get("Cache-Control") != "no-store" ||
		!strings.Contains(page.Header.Get("Content-Security-Policy"), "default-src 'none'") {
		t.Errorf("%v", page.Header)
	}
	data := h.do(t, "GET", "/verify/"+sha256, nil, key(""), header("Accept", "application/json, */*")).want(200).equal("data.state", "unknown")
	if data.Header.Get("Vary") != "Accept" {
		t.Errorf("%v", data.Header)
	}
	busy := h.replica(t, func(c *httpapi.Config) { c.VerifyPerMinute = 3 }) // two were asked
	for _, want := range []int{200, 429} {
		a := ask(t, busy, "GET", "/verify/"+strings.Repeat("cd", 32), nil, browser)
		if a.Status != want || !strings.HasPrefix(a.Header.Get("Content-Type"), "text/html") {
			t.Errorf("%d %v", a.Status, a.Header)
		}
	}
	off := h.replica(t, func(c *httpapi.Config) { c.VerifyOff = true })
	if a := ask(t, off, "GET", "/verify/"+sha256, nil, func(r *http.Request) { r.Header.Set("Accept", "text/html") }); a.Status != 404 {
		t.Errorf("turned off: %d", a.Status)
	}
}
