package accept_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// tab is one page of a browser of its own.
type tab struct {
	t      *testing.T
	ctx    context.Context
	framed bool // an iframe: it has no mouse of its own

	mu     sync.Mutex
	faults []string // exceptions of scripts
	errors []string // of the console, such as what could not be loaded
}

// browser starts Chromium with a wide window, 1280 by 900.
func browser(t *testing.T) *tab {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(t.TempDir()))
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	return newTab(t, ctx)
}

// another is a second tab of the same browser.
func (b *tab) another() *tab {
	b.t.Helper()
	ctx, cancel := chromedp.NewContext(b.ctx)
	b.t.Cleanup(cancel)
	return newTab(b.t, ctx)
}

func newTab(t *testing.T, ctx context.Context) *tab {
	t.Helper()
	b := &tab{t: t, ctx: ctx}
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(1280, 900)); err != nil { // the tab lives as long as this context
		t.Fatalf("browser: %v", err)
	}
	if err := chromedp.Listen(ctx, func(ev any) {
		b.mu.Lock()
		defer b.mu.Unlock()
		switch e := ev.(type) {
		case *runtime.EventExceptionThrown:
			b.faults = append(b.faults, fmt.Sprintf("%+v", e.ExceptionDetails.Exception))
		case *log.EventEntryAdded:
			if e.Entry.Level == log.EntryLevelError {
				b.errors = append(b.errors, e.Entry.Text+" "+e.Entry.URL)
			}
		}
	}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if len(b.faults) > 0 {
			t.Errorf("scripts failed: %v", b.faults)
		}
	})
	return b
}

func (b *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 20*time.Second)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		b.t.Fatalf("browser: %v", err)
	}
}

func command[P, R any](b *tab, c cdp.Command[P, R], params P) R {
	b.t.Helper()
	r, err := chromedp.Call(b.ctx, c, params)
	if err != nil {
		b.t.Fatalf("browser: %s: %v", c.Method, err)
	}
	return r
}

// phone makes the window that of a phone with a touch screen.
func (b *tab) phone() {
	b.do(chromedp.EmulateViewport(390, 844, chromedp.EmulateScale(2), chromedp.EmulateMobile, chromedp.EmulateTouch))
}

func (b *tab) dark() {
	command(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}}})
}

func (b *tab) scripts(on bool) {
	command(b, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !on})
}

func (b *tab) online(on bool) {
	command(b, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{
		MatchedNetworkConditions: []*network.Conditions{{Offline: !on, DownloadThroughput: -1, UploadThroughput: -1}},
	})
}

// js evaluates an expression.
func js[T any](b *tab, expression string, args ...any) T {
	b.t.Helper()
	for i, a := range args {
		q, err := json.Marshal(a)
		if err != nil {
			b.t.Fatal(err)
		}
		args[i] = string(q)
	}
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](fmt.Sprintf(expression, args...)))
	if err != nil {
		b.t.Fatalf("browser: %s: %v", expression, err)
	}
	return v
}

// open goes to an address; until waits for a condition in the page, through a change
// of pages.
func (b *tab) open(address string) { b.do(chromedp.Navigate(address)) }

func (b *tab) until(what, condition string, args ...any) {
	b.t.Helper()
	quoted := make([]any, len(args))
	for i, a := range args {
		q, err := json.Marshal(a)
		if err != nil {
			b.t.Fatal(err)
		}
		quoted[i] = string(q)
	}
	var last error
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		var ok bool
		if ok, last = chromedp.Run(b.ctx, chromedp.Evaluate[bool]("!!("+fmt.Sprintf(condition, quoted...)+")")); ok {
			return
		}
	}
	text, _ := chromedp.Run(b.ctx, chromedp.Evaluate[string]("document.querySelector('#errors:not([hidden])')?.innerText || document.querySelector('h1')?.innerText"))
	b.t.Fatalf("browser: %s never came (%v); the page says: %s", what, last, text)
}

// says waits for a text on the page.
func (b *tab) says(text string) {
	b.t.Helper()
	b.until(fmt.Sprintf("%q", text), "document.body.innerText.includes(%s)", text)
}

// event waits for what the page tells a page around it.
func (b *tab) event(name string) {
	b.t.Helper()
	b.until("event "+name, "document.body.dataset.event === %s && document.readyState === 'complete'", name)
}

// click presses the mouse on the middle of what a selector finds first.
func (b *tab) click(selector string) {
	b.t.Helper()
	b.until(selector, "document.readyState === 'complete' && document.querySelector(%s)?.getClientRects().length", selector)
	if b.framed {
		js[bool](b, "document.querySelector(%s).click(), true", selector)
		return
	}
	at := js[struct{ X, Y float64 }](b, `(() => {
		const e = document.querySelector(%s);
		e.scrollIntoView({block: "center", behavior: "instant"});
		const r = e.getBoundingClientRect();
		return {X: r.x + r.width / 2, Y: r.y + r.height / 2};
	})()`, selector)
	b.do(chromedp.MouseClickXY(at.X, at.Y))
}

// quiet wants a console without errors.
func (b *tab) quiet() {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.errors) > 0 {
		b.t.Errorf("the console has %v", b.errors)
	}
}

// set enters a value as typing does.
func (b *tab) set(selector, value string) {
	b.t.Helper()
	js[bool](b, `(() => { const e = document.querySelector(%s); e.value = %s; e.dispatchEvent(new Event("input", {bubbles: true})); return true; })()`, selector, value)
}

// tabTo presses the tabulator until the element has the focus, and returns how often.
func (b *tab) tabTo(selector string) int {
	b.t.Helper()
	for n := range 60 {
		if js[bool](b, "document.activeElement && document.activeElement.matches(%s)", selector) {
			return n
		}
		b.do(chromedp.KeyEvent("\t"))
	}
	b.t.Fatalf("no way to %s by keyboard; the focus is on %s", selector, js[string](b, "document.activeElement.outerHTML.slice(0, 200)"))
	return 0
}

// nextByKeyboard presses the button that leads to what is missing until nothing is, and
// the button is gone: it may go while the tabulator is on its way to it.
func (b *tab) nextByKeyboard() {
	b.t.Helper()
	for range 5 {
		for range 60 {
			if js[bool](b, "document.querySelector('#next').hidden") {
				return
			}
			if js[bool](b, "document.activeElement.id === 'next'") {
				break
			}
			b.do(chromedp.KeyEvent("\t"))
		}
		b.do(chromedp.KeyEvent("\r"))
		time.Sleep(time.Second)
	}
}

// draw draws on an element with a finger.
func (b *tab) draw(selector string) {
	b.t.Helper()
	r := js[struct{ X, Y, Width, Height float64 }](b, "(() => { const r = document.querySelector(%s).getBoundingClientRect(); return {X: r.x, Y: r.y, Width: r.width, Height: r.height}; })()", selector)
	touch := func(kind input.DispatchTouchEventType, points ...*input.TouchPoint) {
		if points == nil {
			points = []*input.TouchPoint{}
		}
		command(b, input.DispatchTouchEvent, input.DispatchTouchEventParams{Type: kind, TouchPoints: points})
	}
	at := func(i int) *input.TouchPoint {
		return &input.TouchPoint{X: r.X + r.Width*(0.1+0.02*float64(i)), Y: r.Y + r.Height*(0.5+0.3*math.Sin(0.9*float64(i))*math.Cos(0.13*float64(i)))}
	}
	touch(input.DispatchTouchEventTypeTouchStart, at(0))
	for i := range 40 {
		touch(input.DispatchTouchEventTypeTouchMove, at(i))
	}
	touch(input.DispatchTouchEventTypeTouchEnd)
}

// look keeps a picture of the window where EVAULT_LOOK names a folder.
func (b *tab) look(name string) {
	b.t.Helper()
	dir := os.Getenv("EVAULT_LOOK")
	if dir == "" {
		return
	}
	shot := command(b, page.CaptureScreenshot, page.CaptureScreenshotParams{})
	if err := os.WriteFile(filepath.Join(dir, name+".png"), shot.Data, 0o600); err != nil {
		b.t.Error(err)
	}
}

// accessible runs axe-core, where EVAULT_AXE names its axe.min.js, and wants no
// violation of any rule.
func (b *tab) accessible(state string) {
	b.t.Helper()
	file := os.Getenv("EVAULT_AXE")
	if file == "" {
		return
	}
	axe, err := os.ReadFile(file)
	if err != nil {
		b.t.Fatal(err)
	}
	command(b, page.SetBypassCSP, page.SetBypassCSPParams{Enabled: true})
	if _, err := chromedp.Run(b.ctx, chromedp.Evaluate[chromedp.Void](string(axe))); err != nil {
		b.t.Fatalf("axe: %v", err)
	}
	found, err := chromedp.Run(b.ctx, chromedp.Evaluate[[]string](`axe.run(document, {resultTypes: ["violations"]}).then(r =>
		r.violations.flatMap(v => v.nodes.map(n => v.impact + " " + v.id + ": " + n.target.join(" ") + " " + n.failureSummary)))`, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("axe: %v", err)
	}
	if len(found) > 0 {
		b.t.Errorf("axe, %s: %d violations:\n%s", state, len(found), strings.Join(found, "\n"))
	}
}

// signers makes an envelope with one signer and every kind of field, and returns its
// id and the signer's link.
func (c *client) oneSigner(name string, pdf []byte, more map[string]any) (env, link string) {
	c.t.Helper()
	field := func(kind string, page int, x, y, w, h float64, more map[string]any) map[string]any {
		f := map[string]any{"kind": kind, "role": "buyer", "page": page, "x": x, "y": y, "w": w, "h": h}
		for k, v := range more {
			f[k] = v
		}
		return f
	}
	e := map[string]any{
		"customer_email": "maria@example.com", "customer_name": name, "envelope_name": "Retail installment contract", "message": "Please sign by Friday.",
		"document": document(pdf), "signers": []any{map[string]any{"email": "maria@example.com", "name": name, "role": "buyer"}},
		"fields": []any{
			field("text", 1, 0.12, 0.868, 0.35, 0.03, map[string]any{"label": "Driver’s license"}),
			field("dropdown", 1, 0.55, 0.868, 0.3, 0.03, map[string]any{"label": "Color", "options": []any{"Red", "Blue"}}),
			field("checkbox", 1, 0.12, 0.905, 0.03, 0.023, map[string]any{"label": "I received the odometer statement"}),
			field("radio", 1, 0.55, 0.905, 0.3, 0.03, map[string]any{"label": "Payments", "options": []any{"Monthly", "Weekly"}}),
			field("initials", 2, 0.75, 0.88, 0.12, 0.04, nil),
			field("signature", 3, 0.118, 0.8, 0.2, 0.06, nil), field("date", 3, 0.33, 0.83, 0.13, 0.03, nil),
		},
	}
	for k, v := range more {
		e[k] = v
	}
	env = c.post("/partner/envelopes", e).want(http.StatusCreated).str("data.envelope_id")
	return env, c.link(env, "maria@example.com")
}
