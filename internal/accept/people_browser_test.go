package accept_test

import (
	"io/fs"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/evaultlib/evault/internal/testpdf"
)

// TestPeopleInBrowsers is what happens to people on one envelope, each in a browser
// of their own.
func TestPeopleInBrowsers(t *testing.T) {
	t.Parallel()
	needsChromium(t)
	s := start(t, t.TempDir(), "")
	for name, story := range map[string]func(*testing.T, *server, *client){
		"two people": twoPeople, "pages that refuse": pagesThatRefuse, "a second tab": secondTab,
		"pages for everybody": pagesForEverybody,
	} {
		t.Run(name, func(t *testing.T) { story(t, s, s.client(t, s.APIKey)) })
	}
}

// couple makes an envelope of Maria and John, and returns its id and their links;
// John's is "" while it is not his turn.
func (c *client) couple(more map[string]any) (env, maria, john string) {
	c.t.Helper()
	field := func(kind, role string, y float64, label string) map[string]any {
		return map[string]any{"kind": kind, "role": role, "page": 1, "x": 0.12, "y": y, "w": 0.35, "h": 0.03, "label": label}
	}
	e := map[string]any{
		"customer_email": "maria@example.com", "customer_name": "Maria Gonzalez", "envelope_name": "Retail installment contract", "signing_order": "parallel",
		"document": document(testpdf.Contract(2)),
		"signers": []any{
			map[string]any{"email": "maria@example.com", "name": "Maria Gonzalez", "role": "buyer"},
			map[string]any{"email": "john@example.com", "name": "John Gonzalez", "role": "co-buyer"},
		},
		"fields": []any{
			field("text", "buyer", 0.7, "Driver’s license"), field("signature", "buyer", 0.75, ""),
			field("text", "co-buyer", 0.85, "Occupation"), field("signature", "co-buyer", 0.9, ""),
		},
	}
	for k, v := range more {
		e[k] = v
	}
	a := c.post("/partner/envelopes", e).want(http.StatusCreated)
	links := c.get("/partner/envelopes/" + a.str("data.envelope_id") + "/signing-links").want(http.StatusOK)
	john, _ = links.try("data.1.signing_url").(string)
	return a.str("data.envelope_id"), links.str("data.0.signing_url"), john
}

// twoPeople: one draws with a finger at 390 pixels, the other has a keyboard alone
// and a typed name; both on one envelope.
func twoPeople(t *testing.T, _ *server, c *client) {
	env, maria, john := c.couple(nil)
	phone, keys := browser(t), browser(t)
	phone.phone()
	phone.open(maria)
	keys.open(john)
	keys.event("ready")
	phone.agree()
	phone.read()
	phone.set("[data-kind=text] input", "D123 4567")
	phone.click(".spot.k-signature:not(.fixed)")
	phone.click("#signature-mark [data-way=drawn]")
	phone.draw("#signature-pad")
	phone.until("ink on the page", "document.querySelector('.spot.k-signature img')")
	phone.signs()
	phone.says("Maria Gonzalez")
	phone.accessible("signed, waiting for another")
	phone.look("waiting-phone")
	if text := js[string](phone, "document.body.innerText"); strings.Contains(text, "Signed by everybody") || strings.Contains(text, "john@example.com") {
		t.Errorf("the page of the first signer: %s", text)
	}

	keys.tabTo("#agree")
	keys.do(chromedp.KeyEvent(" "), chromedp.KeyEvent("\t"), chromedp.KeyEvent("\r"))
	keys.event("consented")
	keys.tabTo("[data-kind=text] input")
	keys.do(chromedp.KeyEvent("Teacher"))
	keys.nextByKeyboard()
	keys.tabTo("#submit")
	keys.do(chromedp.KeyEvent("\r"))
	keys.event("signed")
	keys.says("Signed by everybody")
	c.values(john, map[string]string{"text": "Teacher", "signature": "John Gonzalez"})
	c.values(maria, map[string]string{"text": "D123 4567", "signature": "drawn"})
	c.get("/partner/envelopes/"+env+"/status").want(http.StatusOK).equal("data.status", "completed")
	phone.open(maria)
	phone.says("Signed by everybody")
	phone.quiet()
	keys.quiet()
}

// pagesThatRefuse reaches each page that a link can lead to instead of the document.
func pagesThatRefuse(t *testing.T, s *server, c *client) {
	b := browser(t)
	sees := func(name, link, says string) {
		t.Helper()
		b.do(chromedp.EmulateViewport(1280, 900))
		b.open(link)
		b.says(says)
		b.accessible(name)
		b.look(name + "-wide")
		b.phone()
		b.accessible(name + " on a phone")
		b.look(name + "-phone")
		if js[bool](b, "document.documentElement.scrollWidth > innerWidth") {
			t.Errorf("%s scrolls sideways", name)
		}
	}
	env, link, _ := c.couple(nil)
	c.post("/partner/envelopes/"+env+"/void", map[string]any{"reason": "Sent the wrong contract"}).want(http.StatusOK)
	sees("voided", link, "Sent the wrong contract")

	env, link, _ = c.couple(nil)
	s.edit(t, `UPDATE evault_envelopes SET expires_at = '2026-01-02 00:00:00+00:00' WHERE envelope_id = '`+env+`'`)
	sees("expired", link, "The time to sign has passed")

	_, link, john := c.couple(nil)
	c.with("").post(john+"/decline", map[string]any{"reason": "The price is wrong"}).want(http.StatusOK)
	sees("declined-by-another", link, "This document was declined")
	sees("declined-by-you", john, "The price is wrong")

	env, link, _ = c.couple(nil)
	s.edit(t, `UPDATE evault_signers SET link_version = 2 WHERE envelope_id = '`+env+`'`)
	sees("replaced", link, "This link was replaced")

	env, _, john = c.couple(nil)
	s.edit(t, `UPDATE evault_signers SET signing_order = 2, status = 'waiting' WHERE email = 'john@example.com' AND envelope_id = '`+env+`'`)
	sees("not-yet", john, "It is not your turn yet")

	_, link, _ = c.couple(nil)
	b.open(link)
	b.agree()
	b.click(`a[href*="/consent/withdraw"]`)
	b.says("Withdraw your agreement")
	b.accessible("asked before withdrawing")
	b.click("button.danger")
	b.says("You withdrew your agreement to electronic records")
	sees("withdrawn", link, "You withdrew your agreement to electronic records")

	sees("wrong", link[:len(link)-4]+"AAAA", "This link does not work")
	sees("no-link", s.URL+"/api/v2/sign/x", "This link does not work")
}

// pagesForEverybody are those that need no link: the answers of verify and the reference.
func pagesForEverybody(t *testing.T, s *server, c *client) {
	env := c.signed(testpdf.Contract(3), nil)
	original := c.post("/partner/envelopes/"+env+"/vault-in-signed", map[string]any{}).want(http.StatusCreated).str("data.document_hash")
	b := browser(t)
	for path, says := range map[string]string{
		"/verify/" + original:                 "The authoritative copy",
		"/verify/" + strings.Repeat("ab", 32): "Not known to this vault",
		"/verify/abc":                         "Reference",
		"/docs":                               "embed_token_gone",
		"/embed/sign/" + env:                  "This page could not be opened",
	} {
		b.do(chromedp.EmulateViewport(1280, 900))
		b.open(s.URL + "/api/v2" + path)
		b.says(says)
		b.accessible(path)
		b.dark()
		b.phone()
		b.accessible(path + " on a dark phone")
	}
}

// secondTab: what is typed in two tabs of one link meets, nothing is lost, and after
// the signature the other tab says that it is signed.
func secondTab(t *testing.T, _ *server, c *client) {
	_, link := c.oneSigner("Ada Byron", testpdf.Contract(3), nil)
	one := browser(t)
	one.open(link)
	one.agree()
	one.set("[data-kind=text] input", "D123 4567")
	two := one.another()
	two.open(link)
	two.until("what the first tab has", "document.querySelector('[data-kind=text] input')?.value === 'D123 4567'")
	js[bool](two, "document.querySelector('[data-kind=dropdown] select').focus(), true")
	one.set("[data-kind=text] input", "D123 4567 8") // while the other tab has the focus elsewhere
	two.set("[data-kind=dropdown] select", "Blue")
	js[bool](one, "document.querySelector('[data-kind=checkbox] input').click(), true")
	for i, tab := range []*tab{one, two} {
		tab.until("all of both tabs in tab "+strconv.Itoa(i+1), `document.querySelector('[data-kind=text] input').value === "D123 4567 8" &&
			document.querySelector('[data-kind=dropdown] select').value === "Blue" && document.querySelector('[data-kind=checkbox] input').checked`)
	}
	js[bool](two, "document.querySelector('[data-kind=radio] input').click(), true")
	two.read()
	two.signs()
	one.until("the radio button of the other tab", "document.querySelector('[data-kind=radio] input').checked")
	command(one, page.BringToFront, cdp.Empty{})
	one.read()
	one.click("#submit")
	one.event("signed")
	c.values(link, map[string]string{"text": "D123 4567 8", "dropdown": "Blue", "checkbox": "true"})
	if left := js[int](one, "localStorage.length"); left != 0 {
		t.Errorf("%d drafts are left in the browser", left)
	}
}

// TestPicturesAreReadyBeforeAnyoneAsks: a server that starts for the first time makes
// what draws pages by itself.
func TestPicturesAreReadyBeforeAnyoneAsks(t *testing.T) {
	t.Parallel()
	cache := t.TempDir()
	s := startIn(t, t.TempDir(), "", []string{"XDG_CACHE_HOME=" + cache})
	made := func() (size int64) {
		_ = filepath.WalkDir(filepath.Join(cache, "evault-render"), func(_ string, d fs.DirEntry, err error) error {
			if err != nil {
				return nil //nolint:nilerr // the folder is not there yet, or a file has gone
			}
			if i, unread := d.Info(); unread == nil && !d.IsDir() {
				size += i.Size()
			}
			return nil
		})
		return size
	}
	last := int64(-1)
	for end := time.Now().Add(60 * time.Second); last < 1<<20 || made() != last; time.Sleep(time.Second) {
		if last = made(); time.Now().After(end) {
			t.Fatalf("%d bytes were compiled in a minute", last)
		}
	}
	c := s.client(t, s.APIKey)
	_, link := c.oneSigner("Ada Byron", testpdf.Contract(3), nil)
	before := made()
	begin := time.Now()
	c.with("").get(link + "/pages/1.png").want(http.StatusOK)
	if took := time.Since(begin); took > 5*time.Second || made() != before {
		t.Errorf("the first picture took %v, %d bytes were compiled before and %d after", took, before, made())
	}
}

// TestFirstPageOnASlowLine: on a phone at 400 kbit/s the bytes that come before the
// first page of 50 can be read take less than 3 seconds.
func TestFirstPageOnASlowLine(t *testing.T) {
	t.Parallel()
	needsChromium(t)
	const perSecond, limit = 400_000 / 8, 3.0
	s := start(t, t.TempDir(), "")
	c := s.client(t, s.APIKey)
	_, link := c.oneSigner("Ada Byron", testpdf.Contract(50), nil)
	c.with("").get(link + "/pages/50.png?w=800").want(http.StatusOK) // drawing is warm
	b := browser(t)
	b.phone()
	command(b, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{
		MatchedNetworkConditions: []*network.Conditions{{Latency: 400, DownloadThroughput: perSecond, UploadThroughput: perSecond}},
	})
	b.open(link)
	b.until("the first page", "document.querySelector('#page-1 img').complete && document.querySelector('#page-1 img').naturalWidth > 0")
	got := js[struct{ Bytes, Readable float64 }](b, `(() => {
		const all = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")];
		const first = all.find(e => e.name.includes("/pages/1.png"));
		return {Bytes: all.filter(e => e.startTime < first.responseEnd).reduce((n, e) => n + e.transferSize * Math.min(1, (first.responseEnd - e.startTime) / e.duration), 0), Readable: first.responseEnd};
	})()`)
	seconds := got.Bytes / perSecond
	t.Logf("%.0f bytes, %.2f s at 400 kbit/s; readable after %.2f s with 400 ms of latency", got.Bytes, seconds, got.Readable/1000)
	if got.Bytes < 10_000 || seconds > limit {
		t.Errorf("%.0f bytes before the first page is readable, %.1f s, want at most %.0f s", got.Bytes, seconds, limit)
	}
	if got.Readable > 15_000 {
		t.Errorf("the first page is readable after %.1f s", got.Readable/1000)
	}
}
