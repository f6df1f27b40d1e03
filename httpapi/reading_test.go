package httpapi_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/evaultlib/evault/storage"
)

// cutOff is a client that goes away after so many bytes.
type cutOff struct {
	*httptest.ResponseRecorder
	left int
}

func (c *cutOff) Write(b []byte) (int, error) {
	if len(b) > c.left {
		return c.left, errors.New("connection reset by peer")
	}
	c.left -= len(b)
	return c.ResponseRecorder.Write(b)
}

// unconditional are requests that would have a server send less than everything.
var unconditional = map[string][]option{
	"If-None-Match *":     {header("If-None-Match", "*")},
	"If-Modified-Since":   {header("If-Modified-Since", "Fri, 01 Jan 2100 00:00:00 GMT")},
	"If-Unmodified-Since": {header("If-Unmodified-Since", "Fri, 01 Jan 1990 00:00:00 GMT")},
	"If-Match":            {header("If-Match", `"x"`)},
	"Range of one byte":   {header("Range", "bytes=0-0")},
	"Range of nothing":    {header("Range", "bytes=999999999-")},
	"Range of the end":    {header("Range", "bytes=-1")},
	"two ranges":          {header("Range", "bytes=0-0,2-2")},
	"If-Range":            {header("Range", "bytes=0-0"), header("If-Range", "Fri, 01 Jan 2100 00:00:00 GMT")},
}

// TestOnlyAWholeTransferIsARead: no condition, range, HEAD or transfer that is
// cut off makes a signer one who has viewed the document.
func TestOnlyAWholeTransferIsARead(t *testing.T) {
	t.Parallel()
	h, _ := gallery(t)
	status := func(env, want string) {
		t.Helper()
		h.do(t, "GET", "/partner/envelopes/"+env+"/status", nil).want(200).equal("data.status", want)
	}
	for _, path := range []string{"/document.pdf", "/pages/1.png"} {
		env := h.create(t, contract(nil))
		link := h.link(t, env)
		h.do(t, "HEAD", link+path, nil, key("")).want(200)
		for _, left := range []int{0, 20} {
			r := httptest.NewRequestWithContext(t.Context(), "GET", strings.TrimPrefix(link, baseURL)+path, nil)
			h.ServeHTTP(&cutOff{httptest.NewRecorder(), left}, r)
		}
		h.do(t, "GET", link+"/session", nil, key("")).want(200).equal("data.pages_shown", "[]")
		status(env, "sent")
		h.do(t, "POST", link+"/sign", obj{"signature": obj{"kind": "typed", "text": "Ada Byron"}, "fields": []any{}}, key("")).
			problem(409, "not_viewed").equal("detail", "these pages were not opened before signing: 1–2")
	}
	for name, opts := range unconditional {
		env := h.create(t, contract(nil))
		link := h.link(t, env)
		got := h.do(t, "GET", link+"/document.pdf", nil, append(opts, key(""))...).want(200)
		if etag := got.Header.Get("ETag"); etag != `"`+string(storage.Sum(got.Body))+`"` {
			t.Errorf("%s: not the whole document was sent", name)
		}
		h.do(t, "GET", link+"/session", nil, key("")).want(200).equal("data.pages_shown", "[1 2]").equal("data.status", "viewed")
		status(env, "viewed")
		// From now on a browser may go on where it was cut off.
		h.do(t, "GET", link+"/document.pdf", nil, key(""), header("Range", "bytes=0-0")).want(http.StatusPartialContent)

		other := h.create(t, contract(nil))
		link = h.link(t, other)
		for n, want := range []string{"sent", "viewed"} {
			a := h.do(t, "GET", link+"/pages/"+string(rune('1'+n))+".png?w=700", nil, append(opts, key(""))...).want(200)
			if len(a.Body) == 0 {
				t.Errorf("%s: no picture", name)
			}
			status(other, want)
		}
		h.do(t, "GET", link+"/pages/1.png?w=700", nil, key(""), header("If-None-Match", "*")).want(http.StatusNotModified)
	}
}

// TestWhoHasTheWholeDocumentMaySign: over a real connection the end of the
// answer comes after the record of the view.
func TestWhoHasTheWholeDocumentMaySign(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	srv := httptest.NewServer(h.API)
	t.Cleanup(srv.Close)
	for range 5 {
		env := h.create(t, contract(nil))
		link := h.link(t, env)
		resp, err := srv.Client().Get(srv.URL + strings.TrimPrefix(link, baseURL) + "/document.pdf")
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || `"`+string(storage.Sum(b))+`"` != resp.Header.Get("ETag") {
			t.Fatalf("%d bytes, %v", len(b), err)
		}
		h.do(t, "GET", "/partner/envelopes/"+env+"/status", nil).want(200).equal("data.status", "viewed")
	}
}

// TestThePageNamesWhatWasNotOpened: the signer sees which pages are left, with
// and without JavaScript, before the signature and in its refusal.
func TestThePageNamesWhatWasNotOpened(t *testing.T) {
	t.Parallel()
	h, _ := gallery(t)
	link := h.link(t, h.create(t, contract(nil)))
	page := func() string { return string(h.do(t, "GET", link, nil, key("")).want(200).Body) }
	if text := page(); !strings.Contains(text, `id="unread" class="unread">Not seen yet: pages 1–2.`) {
		t.Errorf("the page does not say what is left to be opened: %s", text)
	}
	h.do(t, "GET", link+"/pages/2.png?w=700", nil, key("")).want(200)
	if text := page(); !strings.Contains(text, `id="unread" class="unread">Not seen yet: page 1.`) {
		t.Errorf("page 1 is left: %s", text)
	}
	refused := h.post(t, strings.TrimPrefix(link, baseURL)+"/sign", map[string][]string{"signature": {"Ada Byron"}}).want(409)
	if !strings.Contains(string(refused.Body), `<a href="#page-1">You have not been shown page 1.`) {
		t.Errorf("%s", refused.Body)
	}
	h.do(t, "GET", link+"/pages/1.png?w=700", nil, key("")).want(200)
	if text := page(); !strings.Contains(text, `id="unread" class="ok">You have been shown every page`) {
		t.Errorf("every page was opened: %s", text)
	}
}
