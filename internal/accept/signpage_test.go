package accept_test

import (
	"net/http"
	"os/exec"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/evaultlib/evault/internal/testpdf"
)

// TestSigningInABrowser signs as people do, each in a browser of its own.
func TestSigningInABrowser(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("chromium"); err != nil && !tools(t) {
		t.Skip("needs chromium")
	}
	s := start(t, t.TempDir(), "")
	for name, sign := range map[string]func(*testing.T, *client){
		"by keyboard": byKeyboard, "drawn on a phone": drawnOnAPhone, "without JavaScript": withoutJavaScript, "a Chinese name": aChineseName,
		"in Spanish": inSpanish, "declined": declined, "with errors": withErrors, "through a dropped connection": throughADroppedConnection,
	} {
		t.Run(name, func(t *testing.T) { sign(t, s.client(t, s.APIKey)) })
	}
}

// agree consents and waits for the form.
func (b *tab) agree() {
	b.t.Helper()
	b.click("#agree")
	b.click(".consent button")
	b.until("the form", "document.querySelector('#signing') && document.readyState === 'complete'")
}

// fill fills in everything but the signature.
func (b *tab) fill() {
	b.t.Helper()
	b.set("[data-kind=text] input", "D123 4567")
	b.set("[data-kind=dropdown] select", "Blue")
	js[bool](b, "document.querySelector('[data-kind=checkbox] input').click(), true")
	js[bool](b, "document.querySelector('[data-kind=radio] input').click(), true")
}

// read goes on until every page was shown.
func (b *tab) read() {
	b.t.Helper()
	b.until("all pages shown", `(() => { const p = document.querySelector(".page[data-unread]"); if (p) p.scrollIntoView(); return !p; })()`)
}

// signs presses the one button and waits for the end.
func (b *tab) signs() {
	b.t.Helper()
	b.until("the button to sign", "document.querySelector('#submit').getClientRects().length")
	b.click("#submit")
	b.event("signed")
}

// values holds what was signed against what was entered.
func (c *client) values(link string, want map[string]string) {
	c.t.Helper()
	s := c.with("").get(link + "/session").want(http.StatusOK)
	for i := range s.list("data.fields") {
		p := "data.fields." + string(rune('0'+i)) + "."
		if w, asked := want[s.str(p+"kind")]; asked {
			s.equal(p+"value", w)
		}
	}
	s.equal("data.status", "signed")
}

// byKeyboard signs without a mouse, with a typed name.
func byKeyboard(t *testing.T, c *client) {
	_, link := c.oneSigner("Maria Elena Gonzalez-Whitmore", testpdf.Contract(3), nil)
	b := browser(t)
	b.open(link)
	b.event("ready")
	b.accessible("before consent")
	b.look("sign-wide")
	if n := b.tabTo("#agree"); n > 8 {
		t.Errorf("%d stops to the consent", n)
	}
	b.do(chromedp.KeyEvent(" "), chromedp.KeyEvent("\t"), chromedp.KeyEvent("\r"))
	b.event("consented")
	b.accessible("after consent")
	stops := b.tabTo("[data-kind=text] input")
	b.do(chromedp.KeyEvent("D123 4567"))
	stops += b.tabTo("[data-kind=dropdown] select")
	b.do(chromedp.KeyEvent("B"))
	stops += b.tabTo("[data-kind=checkbox] input")
	b.do(chromedp.KeyEvent(" "))
	stops += b.tabTo("[data-kind=radio] input")
	b.do(chromedp.KeyEvent(" "))
	if stops > 14 {
		t.Errorf("%d stops for the first four fields", stops)
	}
	b.nextByKeyboard()
	b.tabTo("#submit")
	b.accessible("ready to sign")
	b.look("ready-wide")
	if label := js[string](b, "document.querySelector('#submit').textContent"); label != "Sign 2 places as Maria Elena Gonzalez-Whitmore" {
		t.Errorf("the button says %q", label)
	}
	b.do(chromedp.KeyEvent("\r"))
	b.event("signed")
	b.says("Signed by everybody")
	b.accessible("done")
	b.look("done-wide")
	c.values(link, map[string]string{
		"text": "D123 4567", "dropdown": "Blue", "checkbox": "true", "radio": "Monthly", "signature": "Maria Elena Gonzalez-Whitmore", "initials": "MEG",
	})
	if left := js[int](b, "localStorage.length"); left != 0 {
		t.Errorf("%d drafts are left in the browser", left)
	}
}

// drawnOnAPhone signs with a finger at 390 pixels, in the dark.
func drawnOnAPhone(t *testing.T, c *client) {
	_, link := c.oneSigner("Maria Elena Gonzalez-Whitmore", testpdf.Contract(3), nil)
	b := browser(t)
	b.phone()
	b.dark()
	b.open(link)
	b.event("ready")
	b.accessible("phone, before consent")
	b.look("sign-phone-dark")
	b.agree()
	if sideways := js[bool](b, "document.documentElement.scrollWidth > innerWidth"); sideways {
		t.Error("the page scrolls sideways")
	}
	small := js[[]string](b, `[...document.querySelectorAll("button, input:not([type=hidden]), select, .links a, .languages a, .other a")].filter(e => e.getClientRects().length && !["checkbox", "radio"].includes(e.type))
		.filter(e => e.getBoundingClientRect().height < 43.5).map(e => e.outerHTML.slice(0, 80))`)
	if len(small) > 0 {
		t.Errorf("targets under 44 pixels: %v", small)
	}
	b.until("the first page", "document.querySelector('.page img').naturalWidth > 0")
	b.click("#page-1 img")
	const body = 9.5 // points of the contract's text on a page 612 wide
	if size := js[float64](b, "document.querySelector('.page').getBoundingClientRect().width") / 612 * body; size < 11 {
		t.Errorf("text of %.1f pixels after one tap, want 11", size)
	}
	b.until("a sharp picture", "document.querySelector('.page img').currentSrc.includes('w=1600')")
	b.click("#page-1 img")
	b.read()
	b.fill()
	b.click(".spot.k-signature")
	b.click("#signature-mark [data-way=drawn]")
	b.draw("#signature-pad")
	b.until("ink on the page", "document.querySelector('.spot.k-signature img')")
	b.accessible("phone, drawing")
	b.look("draw-phone-dark")
	b.signs()
	b.accessible("phone, done")
	b.look("done-phone-dark")
	c.values(link, map[string]string{"signature": "drawn", "text": "D123 4567"})
}

// withoutJavaScript takes the plain way.
func withoutJavaScript(t *testing.T, c *client) {
	_, link := c.oneSigner("Ada Byron", testpdf.Contract(3), nil)
	b := browser(t)
	b.scripts(false)
	b.open(link)
	b.event("ready")
	b.agree()
	b.look("plain-wide")
	b.set("[data-kind=text] input", "X-1")
	b.click("#submit") // too early: not all is filled in, and the browser says so
	b.set("[data-kind=dropdown] select", "Red")
	js[bool](b, "document.querySelectorAll('[data-kind=checkbox] input, [data-kind=radio] input:first-of-type').forEach(i => i.checked = true), true")
	for _, p := range []string{"1", "2", "3"} {
		js[bool](b, "document.getElementById('page-' + %s).scrollIntoView(), true", p)
		b.until("page "+p, "document.querySelector('#page-' + %s + ' img').naturalWidth > 0", p)
	}
	b.click("#submit")
	b.event("signed")
	c.values(link, map[string]string{"signature": "Ada Byron", "text": "X-1", "dropdown": "Red"})
}

// aChineseName is drawn by the browser, for our typefaces lack it.
func aChineseName(t *testing.T, c *client) {
	_, link := c.oneSigner("王小明", testpdf.Contract(3), nil)
	b := browser(t)
	b.open(link)
	b.agree()
	b.read()
	b.fill()
	b.signs()
	b.says("王小明")
	c.values(link, map[string]string{"signature": "typed"})
}

// inSpanish reads, errs and signs in Spanish.
func inSpanish(t *testing.T, c *client) {
	_, link := c.oneSigner("María José Núñez", testpdf.Contract(3), nil)
	b := browser(t)
	b.open(link)
	b.click(`a[hreflang="es"]`)
	b.says("le pide su firma")
	b.agree()
	b.says("Completar y firmar")
	b.look("spanish-wide")
	if english := js[string](b, "document.body.innerText"); strings.Contains(english, "Please") && !strings.Contains(english, "Please sign by Friday.") || strings.Contains(english, "Your ") {
		t.Errorf("English on the Spanish page: %s", english)
	}
	b.accessible("Spanish")
	b.read()
	b.fill()
	b.signs()
	b.says("Firmado por todas las personas")
	c.values(link, map[string]string{"signature": "María José Núñez", "initials": "MJN"})
}

// declined is asked first, and told after.
func declined(t *testing.T, c *client) {
	env, link := c.oneSigner("Ada Byron", testpdf.Contract(3), nil)
	b := browser(t)
	b.open(link)
	b.click(`.other a[href*="/decline"]`)
	b.says("This cannot be undone")
	b.accessible("asked before declining")
	b.look("decline-wide")
	b.set("#reason", "The price is wrong")
	b.click("button.danger")
	b.event("declined")
	b.says("The price is wrong")
	b.accessible("declined")
	b.look("declined-wide")
	c.get("/partner/envelopes/"+env+"/status").want(http.StatusOK).equal("data.status", "declined")
}

// withErrors enters what cannot be printed: the problem is named, linked and in focus,
// and nothing that was entered is lost.
func withErrors(t *testing.T, c *client) {
	_, link := c.oneSigner("Ada Byron", testpdf.Contract(3), nil)
	b := browser(t)
	b.open(link)
	b.agree()
	b.read()
	b.fill()
	b.set("[data-kind=text] input", strings.Repeat("W", 200))
	b.click("#submit")
	b.until("the problem in focus", "document.activeElement.id === 'errors'")
	b.says("Driver’s license (page 1): this is too long to be printed readably.")
	b.until("the input named wrong", "document.querySelector('[data-kind=text] input').getAttribute('aria-invalid') === 'true'")
	b.accessible("with a problem")
	b.look("error-wide")
	b.click("#errors a")
	b.until("the input in focus", "document.activeElement.closest('[data-kind=text]')")
	if kept := js[string](b, "document.querySelector('[data-kind=dropdown] select').value"); kept != "Blue" {
		t.Errorf("the dropdown has %q", kept)
	}
	b.set("[data-kind=text] input", "D1")
	b.click("#preview")
	b.says("The pages show what will be signed")
	b.look("preview-wide")
	b.signs()
	c.values(link, map[string]string{"text": "D1"})
}

// throughADroppedConnection: nothing is lost by a reload, a second tab or the network.
func throughADroppedConnection(t *testing.T, c *client) {
	env, link := c.oneSigner("Ada Byron", testpdf.Contract(3), nil)
	b := browser(t)
	b.open(link)
	b.agree()
	b.fill()
	b.open(link)
	b.until("what was entered, after a reload", "document.querySelector('[data-kind=text] input')?.value === 'D123 4567'")
	b.read()
	b.online(false)
	b.click("#submit")
	b.says("You seem to be offline, and nothing was sent")
	b.look("offline-wide")
	c.get("/partner/envelopes/"+env+"/status").want(http.StatusOK).equal("data.status", "viewed")
	b.online(true)
	b.signs()
	c.values(link, map[string]string{"text": "D123 4567", "dropdown": "Blue"})
}

// TestSigningPageIsLight: the page without its pictures stays under 60 kB.
func TestSigningPageIsLight(t *testing.T) {
	t.Parallel()
	s := start(t, t.TempDir(), "")
	_, link := s.client(t, s.APIKey).oneSigner("Ada Byron", testpdf.Contract(50), nil)
	if n := len(s.client(t, "").get(link).want(http.StatusOK).Body); n > 60_000 {
		t.Errorf("the page of 50 pages has %d bytes", n)
	}
}
