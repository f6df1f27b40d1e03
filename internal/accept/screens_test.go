package accept_test

import (
	"bytes"
	"cmp"
	"image"
	"image/color"
	"image/png"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/evaultlib/evault/internal/testpdf"
)

// TestScreens keeps a picture of each screen, on a desk, on a phone and in the dark,
// in the folder that EVAULT_SCREENS names: make screens.
func TestScreens(t *testing.T) {
	dir := os.Getenv("EVAULT_SCREENS")
	if dir == "" {
		t.Skip("make screens sets EVAULT_SCREENS")
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	s := start(t, t.TempDir(), "")
	s.edit(t, `UPDATE evault_organizations SET legal_name = 'Lakeshore Motors LLC'`)
	c := s.client(t, s.APIKey)
	p := &photographer{tab: browser(t), dir: dir}
	signingScreens(p, c)
	endScreens(p, s, c)
	vaultScreens(p, s, c)
	if p.bytes > 1_500_000 {
		t.Errorf("the pictures have %d bytes, want at most 1.5 MB", p.bytes)
	}
	t.Logf("%d bytes in all", p.bytes)
}

// photographer keeps pictures of what its tab shows.
type photographer struct {
	*tab
	dir   string
	bytes int
}

func (p *photographer) desk() { p.do(chromedp.EmulateViewport(1280, 900)) }

func (p *photographer) scheme(name string) {
	command(p.tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: name}}})
}

// shoot keeps the screen that is shown, in the ways that are named: desk, phone, dark.
func (p *photographer) shoot(name string, ways ...string) {
	p.t.Helper()
	p.shootAt("main", name, ways...)
}

// shootAt is shoot with what a selector finds first in view.
func (p *photographer) shootAt(selector, name string, ways ...string) {
	p.t.Helper()
	for _, way := range ways {
		p.scheme("light")
		p.desk()
		switch way {
		case "phone":
			p.phone()
		case "dark":
			p.phone()
			p.scheme("dark")
		}
		js[bool](p.tab, `(() => {
			const e = document.querySelector(%s), top = e.matches("main");
			if (top) scrollTo({top: 0, behavior: "instant"}); else e.scrollIntoView({block: "center", behavior: "instant"});
			return true;
		})()`, selector)
		p.until("pictures", `[...document.querySelectorAll(".page img")].every(i => {
			const r = i.getBoundingClientRect();
			return r.top > innerHeight || r.bottom < 0 || i.complete && i.naturalWidth >= 100;
		})`)
		shot := command(p.tab, page.CaptureScreenshot, page.CaptureScreenshotParams{})
		small, err := palette(shot.Data, 32)
		if err == nil {
			err = os.WriteFile(filepath.Join(p.dir, name+"-"+way+".png"), small, 0o644) //nolint:gosec // a document
		}
		if err != nil {
			p.t.Fatal(err)
		}
		p.bytes += len(small)
	}
	p.scheme("light")
	p.desk()
}

func signingScreens(p *photographer, c *client) {
	_, link := c.oneSigner("Marisol Ibarra", testpdf.Contract(3), map[string]any{"summary": []any{
		map[string]any{"label": "Amount financed", "value": "$21,480.00"},
		map[string]any{"label": "Annual percentage rate", "value": "6.99 %"},
		map[string]any{"label": "Payments", "value": "60 of $424.92, monthly from January 15, 2027"},
	}})
	p.open(link)
	p.event("ready")
	p.until("the first page", "document.querySelector('#page-1 img').naturalWidth > 0")
	p.shoot("sign", "desk", "phone", "dark")
	p.open(link + "?lang=es")
	p.says("le pide su firma")
	p.shoot("sign-spanish", "desk")
	p.open(link + "/text")
	p.shoot("text", "desk")
	p.open(link)
	p.agree()
	p.shootAt("#page-1 .spot", "fill", "desk", "phone")
	p.read()
	p.fill()
	p.set("[data-kind=text] input", strings.Repeat("W", 200))
	p.click("#submit")
	p.until("the problem in focus", "document.activeElement.id === 'errors'")
	p.shootAt("#errors", "problem", "desk", "phone")
	p.set("[data-kind=text] input", "D123 4567")
	p.shootAt(".spot.k-signature", "ready", "desk")
	p.phone()
	p.click(".spot.k-signature")
	p.click("#signature-mark [data-way=drawn]")
	p.draw("#signature-pad")
	p.until("ink on the page", "document.querySelector('.spot.k-signature img')")
	p.shootAt(".spot.k-signature", "draw", "phone", "dark")
	p.signs()
	p.shoot("done", "desk", "phone", "dark")
}

func endScreens(p *photographer, s *server, c *client) {
	_, maria, john := c.couple(nil)
	p.open(maria + "/decline")
	p.says("This cannot be undone")
	p.shoot("decline", "desk", "phone")
	c.sign(john, "John Gonzalez")
	p.open(john)
	p.shoot("waiting", "desk")
	c.with("").post(maria+"/decline", map[string]any{"reason": "The price is wrong"}).want(http.StatusOK)
	p.open(maria)
	p.shoot("declined", "desk")
	env, maria, _ := c.couple(nil)
	c.post("/partner/envelopes/"+env+"/void", map[string]any{"reason": "Sent the wrong contract"}).want(http.StatusOK)
	p.open(maria)
	p.shoot("voided", "phone")
	env, maria, john = c.couple(nil)
	s.edit(p.t, `UPDATE evault_signers SET link_version = 2 WHERE email = 'maria@example.com' AND envelope_id = '`+env+`'`,
		`UPDATE evault_signers SET signing_order = 2, status = 'waiting' WHERE email = 'john@example.com' AND envelope_id = '`+env+`'`)
	p.open(maria)
	p.shoot("replaced", "phone")
	p.open(john)
	p.shoot("not-yet", "phone")
	env, maria, _ = c.couple(nil)
	s.edit(p.t, `UPDATE evault_envelopes SET expires_at = '2026-01-02 00:00:00+00:00' WHERE envelope_id = '`+env+`'`)
	p.open(maria)
	p.shoot("expired", "phone")
	_, maria, _ = c.couple(nil)
	p.open(maria)
	p.agree()
	p.open(maria + "/consent/withdraw")
	p.shoot("withdraw", "phone")
	p.click("button.danger")
	p.says("You withdrew your agreement")
	p.shoot("withdrawn", "phone")
	p.open(maria[:len(maria)-4] + "AAAA")
	p.shoot("wrong-link", "phone")
}

func vaultScreens(p *photographer, s *server, c *client) {
	open := func(env string) {
		token := c.post("/embed/token", map[string]any{"envelope_id": env, "user_email": "ada@example.com", "widget_type": "vault"}).want(http.StatusOK)
		p.open(c.with("").post("/embed/session", map[string]any{"token": token.str("data.token")}).want(http.StatusOK).str("data.session_url"))
		p.says("Register of copies")
	}
	env, gone := c.signed(testpdf.Contract(2), nil), c.signed(testpdf.Contract(3), nil)
	for _, env := range []string{env, gone} {
		c.post("/partner/envelopes/"+env+"/vault-in-signed", map[string]any{}).want(http.StatusCreated)
	}
	open(env)
	p.shoot("vault", "desk", "phone", "dark")
	hash := c.get("/partner/envelopes/" + env + "/status").want(http.StatusOK).str("data.vault.document_hash")
	p.open(s.URL + "/api/v2/verify/" + hash)
	p.shoot("verify", "desk")
	s.alter(p.t, hash)
	c.with("").get(c.get("/partner/envelopes/" + env + "/vault/signed-url").want(http.StatusOK).str("data.signed_url")).want(http.StatusConflict)
	open(env)
	p.shoot("vault-quarantined", "desk")
	open(gone)
	c.post("/partner/envelopes/"+gone+"/vault-out", map[string]any{"reason": "payoff", "recipient": map[string]any{"name": "Robert Reed"}}).want(http.StatusOK)
	js[bool](p.tab, "setTimeout(() => location.reload()), true")
	p.says("released to Robert Reed")
	p.shoot("vault-released", "desk")
}

// palette is a PNG in its n most frequent colors, in steps of 8.
func palette(shot []byte, n int) ([]byte, error) {
	img, err := png.Decode(bytes.NewReader(shot))
	if err != nil {
		return nil, err
	}
	type rgb [3]uint8
	b := img.Bounds()
	sums, counts := map[rgb]*[4]int{}, map[rgb]int{}
	each := func(do func(x, y int, c rgb)) {
		for y := b.Min.Y; y < b.Max.Y; y++ {
			for x := b.Min.X; x < b.Max.X; x++ {
				r, g, bl, _ := img.At(x, y).RGBA()
				do(x, y, rgb{uint8(r >> 8), uint8(g >> 8), uint8(bl >> 8)})
			}
		}
	}
	coarse := func(c rgb) rgb { return rgb{c[0] >> 3, c[1] >> 3, c[2] >> 3} }
	each(func(_, _ int, c rgb) {
		k := coarse(c)
		if sums[k] == nil {
			sums[k] = &[4]int{}
		}
		counts[k]++
		for i := range c {
			sums[k][i] += int(c[i])
		}
	})
	keys := slices.SortedFunc(maps.Keys(counts), func(a, b rgb) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), slices.Compare(a[:], b[:]))
	})
	var colors color.Palette
	for _, k := range keys[:min(n, len(keys))] {
		mean := func(i int) uint8 { return uint8(sums[k][i] / counts[k]) }
		colors = append(colors, color.RGBA{mean(0), mean(1), mean(2), 255})
	}
	out := image.NewPaletted(b, colors)
	nearest := map[rgb]uint8{}
	each(func(x, y int, c rgb) {
		i, known := nearest[c]
		if !known {
			i = uint8(colors.Index(color.RGBA{c[0], c[1], c[2], 255}))
			nearest[c] = i
		}
		out.SetColorIndex(x, y, i)
	})
	var file bytes.Buffer
	err = (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&file, out)
	return file.Bytes(), err
}
