package accept_test

import (
	"bytes"
	"fmt"
	"image/png"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/evaultlib/evault/internal/testpdf"
)

// TestPageImages reads a document by its pictures, signs, and reads the completed one.
func TestPageImages(t *testing.T) {
	t.Parallel()
	s := start(t, t.TempDir(), "")
	c := s.client(t, s.APIKey)
	e := envelope(map[string]any{"signing_order": "parallel"})
	e["document"] = document(testpdf.Contract(2))
	env := c.post("/partner/envelopes", e).want(http.StatusCreated).str("data.envelope_id")
	link := c.link(env, "ada@example.com")
	anon := c.with("")
	width := func(path string) int {
		a := anon.get(link + path).want(http.StatusOK)
		d, err := png.DecodeConfig(bytes.NewReader(a.Body))
		if err != nil {
			t.Fatal(err)
		}
		if f := os.Getenv("EVAULT_LOOK"); f != "" {
			if err := os.WriteFile(filepath.Join(f, "page"+strconv.Itoa(d.Width)+".png"), a.Body, 0o600); err != nil {
				t.Error(err)
			}
		}
		anon.get(link+path, header("If-None-Match", a.Header.Get("ETag"))).want(http.StatusNotModified)
		return d.Width
	}
	anon.get(link+"/pages/4.png").problem(http.StatusNotFound, "page_not_found")
	anon.get(link+"/pages/1.png?w=2001").problem(http.StatusUnprocessableEntity, "invalid")
	anon.get(link+"/pages/1.png?w=wide").problem(http.StatusBadRequest, "bad_query")
	c.get("/partner/envelopes/"+env+"/status").want(http.StatusOK).equal("data.status", "sent")
	if w := width("/pages/1.png"); w != 1000 {
		t.Errorf("%d pixels wide by default, want 1000", w)
	}
	if w := width("/pages/2.png?w=300"); w != 300 {
		t.Errorf("%d pixels wide, want 300", w)
	}
	c.get("/partner/envelopes/"+env+"/status").want(http.StatusOK).equal("data.status", "sent") // page 3 was not shown
	if w := width("/pages/3.png"); w != 1000 {
		t.Errorf("%d pixels wide by default, want 1000", w)
	}
	c.get("/partner/envelopes/"+env+"/status").want(http.StatusOK).equal("data.status", "viewed")
	screenshots(t, "sign", link)
	anon.get(link + "/text").want(http.StatusOK)
	anon.get(link + "/decline").want(http.StatusOK)
	session := anon.get(link + "/session").want(http.StatusOK)
	anon.post(link+"/consent", map[string]any{"disclosure_sha256": session.str("data.consent.disclosure_sha256")}).want(http.StatusOK)
	anon.get(link + "/consent/withdraw").want(http.StatusOK)
	filled := url.Values{"signature": {"Ada Byron"}, "page": {"1"}}
	for i := range session.list("data.fields") {
		if f := fmt.Sprintf("data.fields.%d.", i); session.str(f+"kind") == "text" {
			filled.Set("field:"+session.str(f+"field_id"), "1FTFW1E50NFA00042")
		}
	}
	anon.do("POST", link+"/preview", []byte(filled.Encode()), header("Content-Type", "application/x-www-form-urlencoded")).want(http.StatusOK)
	c.sign(link, "Ada Byron")
	screenshots(t, "signed", link)
	c.sign(c.link(env, "seller@example.com"), "Łukasz Żółć").equal("data.envelope_status", "completed")
	if w := width("/pages/1.png?w=2000"); w != 2000 {
		t.Errorf("%d pixels wide, want 2000", w)
	}
	if w := width("/pages/4.png?w=1200"); w != 1200 { // the certificate of completion
		t.Errorf("%d pixels wide, want 1200", w)
	}
	screenshots(t, "completed", link)
}

// TestNoPageImages: with -pages=false the signing page is the PDF's alone.
func TestNoPageImages(t *testing.T) {
	t.Parallel()
	s := start(t, t.TempDir(), "", "-pages=false")
	c := s.client(t, s.APIKey)
	e := envelope(nil)
	e["document"] = document(testpdf.Contract(2))
	env := c.post("/partner/envelopes", e).want(http.StatusCreated).str("data.envelope_id")
	link := c.link(env, "ada@example.com")
	c.with("").get(link+"/pages/1.png").problem(http.StatusNotFound, "no_renderer")
	if page := c.with("").get(link).want(http.StatusOK); bytes.Contains(page.Body, []byte("<img")) {
		t.Error("pictures on the page")
	}
	screenshots(t, "plain", link)
	if _, err := os.Stat(filepath.Join(s.dir, "render")); err == nil {
		t.Error("a folder for pictures was made")
	}
}

// screenshots keeps a page as Chromium shows it, wide and on a phone, where
// EVAULT_LOOK names a folder.
func screenshots(t *testing.T, name, address string) {
	t.Helper()
	dir := os.Getenv("EVAULT_LOOK")
	if dir == "" {
		return
	}
	for size, window := range map[string]string{"wide": "1280,2400", "phone": "390,2400"} {
		tool(t, "chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--user-data-dir="+t.TempDir(),
			"--virtual-time-budget=8000", "--window-size="+window, "--screenshot="+filepath.Join(dir, name+"-"+size+".png"), address)
	}
}
