package httpapi_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/evaultlib/evault/httpapi"
	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/extract"
	"github.com/evaultlib/evault/internal/pdf/pdfinspect"
	"github.com/evaultlib/evault/storage/embedded"
)

// painter is a host's renderer: pictures without anything on them, as wide as
// asked for and as high as the page counts.
type painter struct {
	mu     sync.Mutex
	drawn  map[string]bool // digests of what was drawn
	last   []byte
	broken error
	delay  time.Duration

	inside, most atomic.Int32
}

func (p *painter) PNG(_ context.Context, raw []byte, page, width int) ([]byte, error) {
	p.most.Store(max(p.most.Load(), p.inside.Add(1)))
	defer p.inside.Add(-1)
	time.Sleep(p.delay)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.broken != nil {
		return nil, p.broken
	}
	if p.drawn == nil {
		p.drawn = map[string]bool{}
	}
	p.drawn[sum(raw)], p.last = true, raw
	var b bytes.Buffer
	err := png.Encode(&b, image.NewGray(image.Rect(0, 0, width, 10*page)))
	return b.Bytes(), err
}

func gallery(t *testing.T, change ...func(*httpapi.Config)) (*house, *painter) {
	p := &painter{}
	return newHouseOn(t, embedded.Options{Renderer: p}, change...), p
}

func TestNoRenderer(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	link := h.link(t, h.create(t, contract(nil)))
	for _, method := range []string{"GET", "HEAD"} {
		if a := h.do(t, method, link+"/pages/1.png", nil, key("")); a.Status != 404 || method == "GET" && a.get("code") != "no_renderer" {
			t.Errorf("%s: %d %s", method, a.Status, a.Body)
		}
	}
	if page := h.do(t, "GET", link, nil, key("")).want(200); strings.Contains(string(page.Body), "<img") {
		t.Error("the signing page shows pictures that nothing draws")
	}
}

func TestPageImage(t *testing.T) {
	t.Parallel()
	h, p := gallery(t)
	env := h.create(t, contract(nil))
	link := h.link(t, env)
	page := string(h.do(t, "GET", link, nil, key("")).want(200).Body)
	first := strings.TrimPrefix(link, baseURL) + "/pages/1.png?w=800"
	if !strings.Contains(page, first) || !strings.Contains(page, `loading="lazy"`) || !strings.Contains(page, `/pages/1.png?w=1600 1600w`) || !strings.Contains(page, `alt="Page 1 of `) {
		t.Errorf("the signing page does not show %s: %s", first, page)
	}
	for _, bad := range []struct {
		path, code string
		status     int
	}{
		{"/pages/0.png", "page_not_found", 404},
		{"/pages/99.png", "page_not_found", 404},
		{"/pages/-1.png", "page_not_found", 404},
		{"/pages/01.png", "page_not_found", 404},
		{"/pages/x.png", "page_not_found", 404},
		{"/pages/99999999999999999999.png", "page_not_found", 404},
		{"/pages/.png", "route_not_found", 404},
		{"/pages/1", "route_not_found", 404},
		{"/pages/1.pngx", "route_not_found", 404},
		{"/pages/1.png?w=15", "invalid", 422},
		{"/pages/1.png?w=2001", "invalid", 422},
		{"/pages/1.png?w=-5", "invalid", 422},
		{"/pages/1.png?w=x", "bad_query", 400},
		{"/pages/1.png?w=", "bad_query", 400},
		{"/pages/1.png?w=1&w=2", "bad_query", 400},
		{"/pages/1.png?v=1", "bad_query", 400},
	} {
		h.do(t, "GET", link+bad.path, nil, key("")).problem(bad.status, bad.code)
	}
	h.do(t, "HEAD", link+"/pages/99.png", nil, key("")).want(404)
	if a := h.do(t, "HEAD", link+"/pages/1.png", nil, key("")).want(200); a.Header.Get("Content-Type") != "image/png" {
		t.Errorf("HEAD: %v", a.Header)
	}
	h.do(t, "GET", "/partner/envelopes/"+env+"/status", nil).want(200).equal("data.status", "sent") // none of it was a read

	got := h.do(t, "GET", link+"/pages/2.png?w=700", nil, key("")).want(200)
	if c, err := png.DecodeConfig(bytes.NewReader(got.Body)); err != nil || c.Width != 700 || c.Height != 20 {
		t.Errorf("%+v %v", c, err)
	}
	for name, want := range map[string]string{"Content-Type": "image/png", "Cache-Control": "private, no-cache", "ETag": `"` + sum(got.Body) + `"`, "X-Content-Type-Options": "nosniff", "Cross-Origin-Resource-Policy": "same-origin"} {
		if v := got.Header.Get(name); v != want {
			t.Errorf("%s %q, want %q", name, v, want)
		}
	}
	h.do(t, "GET", link+"/pages/2.png?w=700", nil, key(""), header("If-None-Match", got.Header.Get("ETag"))).want(http.StatusNotModified)
	h.do(t, "GET", link+"/pages/1.png?w=700", nil, key("")).want(200)
	h.do(t, "GET", "/partner/envelopes/"+env+"/status", nil).want(200).equal("data.status", "viewed")
	presented := h.do(t, "GET", "/partner/envelopes/"+env+"/events", nil).want(200)
	for d := range p.drawn {
		if !strings.Contains(string(presented.Body), `"presented_sha256":"`+d+`"`) {
			t.Errorf("drawn was %s, which no event says was presented: %s", d, presented.Body)
		}
	}
	if len(p.drawn) != 1 {
		t.Errorf("%d documents drawn, want 1", len(p.drawn))
	}

	p.broken = errors.New("a broken pipe in the engine room")
	if a := h.do(t, "GET", link+"/pages/1.png", nil, key("")).problem(503, "page_not_drawn"); strings.Contains(string(a.Body), "engine room") {
		t.Errorf("the answer tells what is internal: %s", a.Body)
	}
}

// TestPageImageIsTheReadOfASignature: who read the pictures may sign; what is
// shown of the completed document is a marked copy, the same bytes each time.
func TestPageImageIsTheReadOfASignature(t *testing.T) {
	t.Parallel()
	h, p := gallery(t)
	link := h.link(t, h.create(t, contract(nil)))
	h.do(t, "GET", link+"/pages/1.png", nil, key("")).want(200)
	h.do(t, "GET", link+"/pages/2.png", nil, key("")).want(200)
	s := h.do(t, "GET", link+"/session", nil, key("")).want(200)
	h.do(t, "POST", link+"/consent", obj{"disclosure_sha256": s.str("data.consent.disclosure_sha256")}, key("")).want(200)
	h.do(t, "POST", link+"/sign", obj{
		"signature": obj{"kind": "typed", "text": "Ada Byron"}, "fields": []any{obj{"field_id": s.str("data.fields.0.field_id"), "value": "VIN1"}},
	}, key("")).want(200).equal("data.envelope_status", "completed")
	if len(p.drawn) != 1 {
		t.Fatalf("%d documents drawn, want 1", len(p.drawn))
	}
	pages := len(s.get("data.pages").([]any))
	h.do(t, "GET", link+"/pages/1.png", nil, key("")).want(200)
	h.do(t, "GET", fmt.Sprintf("%s/pages/%d.png", link, pages+1), nil, key("")).want(200) // the certificate of completion
	h.do(t, "GET", link+"/pages/60.png", nil, key("")).problem(404, "page_not_found")
	if len(p.drawn) != 2 {
		t.Errorf("the copies of one completion differ: %d drawn", len(p.drawn)-1)
	}
	if info, err := pdfinspect.Inspect(t.Context(), p.last, pdf.Limits{}); err != nil || info.Signed {
		t.Errorf("what is drawn of a completed document is signed: %+v %v", info, err)
	}
}

func TestPageImageLinksThatDoNotWork(t *testing.T) {
	t.Parallel()
	h, p := gallery(t)
	env := h.create(t, contract(nil))
	link := h.link(t, env)
	h.do(t, "GET", baseURL+"/api/v2/sign/"+strings.Repeat("A", 60)+"/pages/1.png", nil, key("")).problem(404, "link_unknown")
	h.do(t, "GET", baseURL+"/api/v2/sign/a.b.c/pages/1.png", nil, key("")).want(403)
	waiting := h.create(t, contract(obj{"signing_order": "sequential", "fields": []any{}, "signers": []any{
		obj{"email": "ada@example.com", "name": "Ada", "order": 1}, obj{"email": "joan@example.com", "name": "Joan", "order": 2},
	}}))
	h.do(t, "POST", "/partner/envelopes/"+waiting+"/void", obj{"reason": "r"}).want(200)
	h.clock.Advance(31 * 24 * time.Hour)
	h.do(t, "GET", link+"/pages/1.png", nil, key("")).problem(410, "link_gone")
	h.do(t, "HEAD", link+"/pages/1.png", nil, key("")).want(410)
	if len(p.drawn) != 0 {
		t.Errorf("drawn for links that do not work: %d", len(p.drawn))
	}
}

// TestParallelPageImagesAreBounded: one link has two pictures drawn at a time, and only so many a minute.
func TestParallelPageImagesAreBounded(t *testing.T) {
	t.Parallel()
	h, p := gallery(t, func(c *httpapi.Config) { c.PagesPerMinute = 12 })
	p.delay = 20 * time.Millisecond
	link := h.link(t, h.create(t, contract(nil)))
	var wg sync.WaitGroup
	var refused atomic.Int32
	for range 16 {
		wg.Go(func() {
			a := h.do(t, "GET", link+"/pages/1.png", nil, key(""))
			if a.Status == 429 && a.Header.Get("Retry-After") != "" {
				refused.Add(1)
			} else if a.Status != 200 {
				t.Errorf("%d %s", a.Status, a.Body)
			}
		})
	}
	wg.Wait()
	if p.most.Load() != 2 || refused.Load() != 4 {
		t.Errorf("%d at a time, %d refused; want 2 and 4", p.most.Load(), refused.Load())
	}
	p.delay = 0
	other := h.link(t, h.create(t, contract(nil)))
	h.do(t, "GET", other+"/pages/1.png", nil, key("")).want(200)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	h.do(t, "GET", other+"/pages/1.png", nil, key(""), func(r *http.Request) { *r = *r.WithContext(ctx) }).want(503)
}

// TestPicturesThatNobodyWaitsFor: a browser that goes on before a picture is drawn is
// no error of the server.
func TestPicturesThatNobodyWaitsFor(t *testing.T) {
	t.Parallel()
	var logged bytes.Buffer
	h, p := gallery(t, func(c *httpapi.Config) { c.Logger = slog.New(slog.NewTextHandler(&logged, nil)) })
	link := h.link(t, h.create(t, contract(nil)))
	p.broken = context.Canceled
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	h.do(t, "GET", link+"/pages/1.png", nil, key(""), func(r *http.Request) { *r = *r.WithContext(gone) }).want(503)
	if logged.Len() > 0 {
		t.Errorf("logged: %s", &logged)
	}
	h.do(t, "GET", link+"/pages/1.png", nil, key("")).want(503)
	if !strings.Contains(logged.String(), "level=ERROR") {
		t.Errorf("a renderer that fails while someone waits is not logged: %s", &logged)
	}
}

// TestPicturesBearNoMarkAndNoneIsPromised: before the end only the PDF is marked as a copy.
func TestPicturesBearNoMarkAndNoneIsPromised(t *testing.T) {
	t.Parallel()
	marked := "every page of the PDF is marked as a copy"
	h, p := gallery(t)
	link := h.link(t, h.create(t, contract(nil)))
	if page := h.do(t, "GET", link, nil, key("")).want(200); strings.Contains(string(page.Body), "marked as a copy") {
		t.Error("the page of pictures promises a mark that they do not have")
	}
	h.do(t, "GET", link+"/pages/1.png", nil, key("")).want(200)
	if texts, err := extract.PageTexts(p.last); err != nil || strings.Contains(strings.Join(texts, ""), "COPY") {
		t.Errorf("the pictures are drawn from a marked copy, %v", err)
	}
	plain := newHouse(t)
	plain.do(t, "GET", plain.link(t, plain.create(t, contract(nil))), nil, key("")).says(200, marked)
}
