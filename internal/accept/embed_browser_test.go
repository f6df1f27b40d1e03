package accept_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/evaultlib/evault/internal/testpdf"
)

// host is a partner's page that holds an iframe and keeps what it is told.
const host = `<!DOCTYPE html><title>Host</title><iframe id="f" style="width:100%%;height:800px" src="%s"></iframe>
<script>window.told=[];addEventListener("message",function(e){if(e.data&&e.data.source==="evault")told.push([e.origin,e.data.event,e.data.height||0])})</script>`

// TestEmbedded signs in an iframe of a page of another origin, which is told each
// step; declines in one; a third origin may not frame the page.
func TestEmbedded(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("chromium"); err != nil && !tools(t) {
		t.Skip("needs chromium")
	}
	var src string
	serve := func() *httptest.Server {
		h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprintf(w, host, src)
		}))
		t.Cleanup(h.Close)
		return h
	}
	partner, stranger := serve(), serve()
	for _, h := range []*httptest.Server{partner, stranger} { // another site than the server's
		h.URL = strings.Replace(h.URL, "127.0.0.1", "localhost", 1)
	}
	s := start(t, t.TempDir(), "")
	key := s.createKey(t, s.OrgID, allScopes, "-origins", partner.URL)
	c := s.client(t, key)
	embed := func(env string) string {
		return c.post("/embed/token", map[string]any{
			"envelope_id": env, "user_email": "maria@example.com", "widget_type": "sign", "origin": partner.URL,
		}).want(http.StatusOK).str("data.embed_url")
	}

	env, _ := c.oneSigner("Ada Byron", testpdf.Contract(1), map[string]any{"fields": []any{}})
	src = embed(env)
	b := browser(t)
	b.open(partner.URL)
	told := func(event string) {
		t.Helper()
		b.until("event "+event, "told.some(e => e[1] === %s)", event)
	}
	told("ready")
	told("height")
	frame := b.frame("/sign/")
	frame.agree()
	told("consented")
	frame.read()
	told("viewed")
	frame.signs()
	told("signed")
	if from := js[[]string](b, "told.map(e => e[0])"); slices.ContainsFunc(from, func(o string) bool { return o != s.URL }) {
		t.Errorf("told by %v", from)
	}
	c.get("/partner/envelopes/"+env+"/status").want(http.StatusOK).equal("data.status", "completed")

	b.open(partner.URL) // the token was used: the page says so, and to whom it is shown
	told("error")
	b.frame("/embed/").says("Please reload the page that led here")

	env, _ = c.oneSigner("Ada Byron", testpdf.Contract(1), map[string]any{"fields": []any{}})
	src = embed(env)
	b.open(partner.URL)
	told("ready")
	frame = b.frame("/sign/")
	frame.click(`.other a[href*="/decline"]`)
	frame.until("the question", "document.querySelector('#reason')")
	frame.set("#reason", "No")
	frame.click("button.danger")
	told("declined")

	env, _ = c.oneSigner("Ada Byron", testpdf.Contract(3), nil)
	src = embed(env)
	b.open(stranger.URL)
	time.Sleep(3 * time.Second)
	if told := js[int](b, "told.length"); told != 0 {
		t.Error("a third origin frames the page")
	}
}

// frame is the iframe whose address has a text in it.
func (b *tab) frame(part string) *tab {
	b.t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		targets, err := chromedp.Targets(b.ctx)
		if err != nil {
			b.t.Fatal(err)
		}
		for _, i := range targets {
			if i.Type == "iframe" && strings.Contains(i.URL, part) {
				ctx, cancel := chromedp.NewContext(b.ctx, chromedp.WithTargetID(i.TargetID))
				b.t.Cleanup(cancel)
				return &tab{t: b.t, ctx: ctx, framed: true}
			}
		}
	}
	b.t.Fatalf("no iframe with %s", part)
	return nil
}
