package accept_test

import (
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/evaultlib/evault/internal/testpdf"
)

// host is a partner's page that shows a widget by embed.js and keeps what it is told.
const host = `<!DOCTYPE html><html lang="en"><meta name="viewport" content="width=device-width"><title>Host</title><main><h1>Host</h1><div id="widget"></div></main><script src="%s/embed.js"></script>
<script>
var told = [], on = {};
["ready", "height", "viewed", "consented", "signed", "declined", "error"].forEach(function (e) { on[e] = function (m) { told.push(m); }; });
var widget = evault.embed(document.getElementById("widget"), {url: %q, on: on, timeout: 3000});
</script>`

// partner is a page of another site than the server's, which shows a widget.
type partner struct {
	*httptest.Server
	src string // the widget's address
}

func newPartner(t *testing.T, api func() string) *partner {
	p := &partner{}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		if r.URL.Path == "/" {
			fmt.Fprintf(w, host, api(), p.src)
		}
	}))
	t.Cleanup(p.Close)
	p.URL = strings.Replace(p.URL, "127.0.0.1", "localhost", 1)
	return p
}

func needsChromium(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("chromium"); err != nil && !tools(t) {
		t.Skip("needs chromium")
	}
}

// told waits until the host page was told an event, and has its code.
func (b *tab) told(event string) (code string) {
	b.t.Helper()
	b.until("event "+event, "told.some(m => m.event === %s)", event)
	return js[string](b, "told.find(m => m.event === %s).code || ''", event)
}

// fits holds the frame's height against what the page in it asked for, at most limit.
func (b *tab) fits(limit string) {
	b.t.Helper()
	b.until("the frame's height", `told.some(m => m.event === "height") && widget.frame.clientHeight === Math.min(told.findLast(m => m.event === "height").height, `+limit+`)`)
}

// TestEmbedded signs, declines and looks at an original in an iframe of a page of
// another origin, which is told each step; a third origin may not frame the pages.
func TestEmbedded(t *testing.T) {
	t.Parallel()
	needsChromium(t)
	var s *server
	api := func() string { return s.URL + "/api/v2" }
	ours, stranger := newPartner(t, api), newPartner(t, api)
	s = start(t, t.TempDir(), "")
	key := s.createKey(t, s.OrgID, allScopes, "-origins", ours.URL)
	c := s.client(t, key)
	c.get("/embed.js").want(http.StatusOK)
	embed := func(env, widget string) string {
		return c.post("/embed/token", map[string]any{
			"envelope_id": env, "user_email": "maria@example.com", "widget_type": widget, "origin": ours.URL,
		}).want(http.StatusOK).str("data.embed_url")
	}
	b := browser(t)
	show := func(p *partner, src string) {
		p.src = src
		b.open(p.URL)
	}

	env, _ := c.oneSigner("Ada Byron", testpdf.Contract(1), map[string]any{"fields": []any{}})
	show(ours, embed(env, "sign"))
	b.told("ready")
	b.fits("innerHeight")
	b.accessible("a page around a widget")
	js[bool](b, `postMessage({source: "evault", event: "declined"}, "*"), true`) // anyone can post a message
	frame := b.frame("/sign/")
	frame.accessible("signing in a frame")
	frame.agree()
	b.told("consented")
	frame.read()
	b.told("viewed")
	b.look("embedded-sign")
	frame.signs()
	b.told("signed")
	if js[bool](b, `told.some(m => m.event === "declined" || m.event === "error")`) {
		t.Errorf("the page was told %v", js[[]map[string]any](b, "told"))
	}
	c.get("/partner/envelopes/"+env+"/status").want(http.StatusOK).equal("data.status", "completed")

	b.open(ours.URL) // the token was used: the page says so, and to whom it is shown
	if code := b.told("error"); code != "embed_token_gone" {
		t.Errorf("error %q for a token that was used", code)
	}
	b.frame("/embed/").says("Please reload the page that brought you here")
	b.frame("/embed/").accessible("a token that was used")

	refusing, _ := c.oneSigner("Ada Byron", testpdf.Contract(1), map[string]any{"fields": []any{}})
	show(ours, embed(refusing, "sign"))
	b.told("ready")
	frame = b.frame("/sign/")
	frame.click(`.other a[href*="/decline"]`)
	frame.until("the question", "document.querySelector('#reason')")
	frame.set("#reason", "No")
	frame.click("button.danger")
	b.told("declined")

	c.post("/partner/envelopes/"+env+"/vault-in-signed", map[string]any{}).want(http.StatusCreated)
	vaultInFrames(t, s, c, b, env, func(env string) { show(ours, embed(env, "vault")) })

	open, _ := c.oneSigner("Ada Byron", testpdf.Contract(1), map[string]any{"fields": []any{}})
	for widget, env := range map[string]string{"sign": open, "vault": env} {
		show(stranger, embed(env, widget))
		if code := b.told("error"); code != "not_loaded" || js[int](b, "told.length") != 1 {
			t.Errorf("%s: a third origin is told %v", widget, js[[]map[string]any](b, "told"))
		}
	}
	c.do(http.MethodPut, "/partner/origins", map[string]any{"origins": []any{stranger.URL}}).want(http.StatusOK)
	show(ours, ours.src)
	if code := b.told("error"); code != "embed_token_gone" {
		t.Errorf("error %q at an origin that was taken away", code)
	}
}

// vaultInFrames looks at an original that is here, one in quarantine and one released.
func vaultInFrames(t *testing.T, s *server, c *client, b *tab, env string, show func(string)) {
	t.Helper()
	show(env)
	b.told("ready")
	b.fits("1e9")
	b.look("embedded-vault")
	frame := b.frame("/vault/")
	frame.says("requirements are met")
	frame.says("Register of copies")
	command(frame, emulation.SetTimezoneOverride, emulation.SetTimezoneOverrideParams{TimezoneID: "America/Los_Angeles"})
	js[bool](frame, "setTimeout(() => location.reload()), true")
	frame.says("Times are in your time zone, America/Los Angeles.")
	if raw := js[[]string](frame, "[...document.querySelectorAll('time')].map(e => e.textContent).filter(s => !/ (AM|PM)$/.test(s))"); len(raw) > 0 {
		t.Errorf("times that are not the reader's: %v", raw)
	}
	for _, look := range []func(){func() {}, b.dark, b.phone} {
		look()
		frame.accessible("the vault's page of an original that is here")
	}
	b.look("embedded-vault-phone-dark")

	at := "/partner/envelopes/" + env
	s.alter(t, c.get(at+"/status").want(http.StatusOK).str("data.vault.document_hash"))
	c.with("").get(c.get(at + "/vault/signed-url").want(http.StatusOK).str("data.signed_url")).want(http.StatusConflict)
	show(env)
	b.told("ready")
	frame = b.frame("/vault/")
	frame.says("In quarantine")
	frame.accessible("the vault's page of an original in quarantine")

	gone := c.signed(testpdf.Contract(2), nil)
	c.post("/partner/envelopes/"+gone+"/vault-in-signed", map[string]any{}).want(http.StatusCreated)
	show(gone)
	b.told("ready")
	c.post("/partner/envelopes/"+gone+"/vault-out", map[string]any{"reason": "payoff", "recipient": map[string]any{"name": "Robert Reed"}}).want(http.StatusOK)
	frame = b.frame("/vault/")
	js[bool](frame, "setTimeout(() => location.reload()), true")
	if code := b.told("error"); code != "token_withdrawn" {
		t.Errorf("error %q after the release", code)
	}
	frame.says("released to Robert Reed")
	frame.accessible("the vault's page of a released original")
}

// alter changes one byte of the stored version with a digest.
func (s *server) alter(t *testing.T, digest string) {
	t.Helper()
	found := 0
	err := filepath.WalkDir(s.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.Name() != digest || !strings.Contains(path, "version") {
			return err
		}
		found++
		file, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		file[len(file)/2] ^= 1
		if err := os.Chmod(path, 0o600); err != nil {
			return err
		}
		return os.WriteFile(path, file, 0o600)
	})
	if err != nil || found != 1 {
		t.Fatalf("%d objects %s: %v", found, digest, err)
	}
}

// TestEmbedExample signs in the page of examples/embed.
func TestEmbedExample(t *testing.T) {
	t.Parallel()
	needsChromium(t)
	program := filepath.Join(t.TempDir(), "embed")
	build := exec.Command("go", "build", "-o", program, "./examples/embed")
	build.Dir = "../.."
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build ./examples/embed: %v\n%s", err, out)
	}
	free, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := fmt.Sprintf("localhost:%d", free.Addr().(*net.TCPAddr).Port)
	free.Close()
	s := start(t, t.TempDir(), "")
	out, err := exec.Command(binary, "origins", "set", "-data", s.dir, "-org", s.OrgID, "http://"+addr).Output()
	if want := fmt.Sprintf(`{"org_id":%q,"origins":["http://%s"]}`+"\n", s.OrgID, addr); err != nil || string(out) != want {
		t.Fatalf("origins set: %v, %q, want %q", err, out, want)
	}
	c := s.client(t, s.APIKey)
	env, _ := c.oneSigner("Ada Byron", testpdf.Contract(1), map[string]any{"fields": []any{}})
	cmd := exec.Command(program, "-addr", addr, "-api", s.URL+"/api/v2", "-key", s.APIKey, "-envelope", env, "-email", "maria@example.com")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if probe, err := net.Dial("tcp", addr); err == nil {
			probe.Close()
			break
		}
	}
	b := browser(t)
	b.open("http://" + addr)
	told := func(event string) {
		b.until("event "+event, "[...document.querySelectorAll('#events li')].some(li => li.textContent === %s)", event)
	}
	told("ready")
	frame := b.frame("/sign/")
	frame.agree()
	frame.read()
	frame.signs()
	for _, event := range []string{"height", "consented", "viewed", "signed"} {
		told(event)
	}
	c.get("/partner/envelopes/"+env+"/status").want(http.StatusOK).equal("data.status", "completed")
}

// frame is the iframe whose address has a text in it.
func (b *tab) frame(part string) *tab {
	b.t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		targets, err := chromedp.Targets(b.ctx)
		if err != nil {
			b.t.Fatal(err)
		}
		for _, i := range slices.Backward(targets) {
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
