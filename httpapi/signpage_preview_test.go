package httpapi_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"image"
	"image/color"
	"image/png"
	"net/url"
	"strings"
	"testing"

	"github.com/evaultlib/evault/storage/embedded"
)

// reader is a painter that reads words, too.
type reader struct{ painter }

func (*reader) Text(context.Context, []byte) ([]string, error) {
	return []string{"First page\n\n<b>Second</b> paragraph", ""}, nil
}

// TestPreviewRecordsNothing: it draws what the signature would add, and leaves the
// envelope as it is.
func TestPreviewRecordsNothing(t *testing.T) {
	t.Parallel()
	h, p := gallery(t)
	env := h.create(t, contract(nil))
	link := h.link(t, env)
	path := strings.TrimPrefix(link, baseURL) + "/preview"
	s := h.do(t, "GET", link+"/session", nil, key("")).want(200)
	vin := "field:" + s.str("data.fields.0.field_id")
	form := func(change url.Values) url.Values {
		v := url.Values{"signature": {"Ada Byron"}, vin: {"VIN-7"}, "page": {"1"}}
		for k, x := range change {
			v[k] = x
		}
		return v
	}
	before := h.do(t, "GET", "/partner/envelopes/"+env+"/events", nil).want(200)
	if a := h.post(t, path, form(nil)).want(200); a.Header.Get("Content-Type") != "image/png" {
		t.Errorf("got %s", a.Header.Get("Content-Type"))
	}
	if !bytes.Contains(p.last, []byte("%PDF")) || len(p.last) == 0 {
		t.Error("no PDF was drawn")
	}
	h.post(t, path, form(url.Values{"page": {"9"}})).want(404)
	h.post(t, path, form(url.Values{vin: {""}})).want(422)
	h.post(t, path, form(url.Values{"signature": {"王小明"}})).want(422)
	after := h.do(t, "GET", "/partner/envelopes/"+env+"/events", nil).want(200)
	if !bytes.Equal(before.Body, after.Body) {
		t.Error("a preview was recorded")
	}
	h.do(t, "GET", "/partner/envelopes/"+env+"/status", nil).want(200).equal("data.status", "sent")
}

// TestTextView: the document's words are a page, which the signing page names where
// the host reads them.
func TestTextView(t *testing.T) {
	t.Parallel()
	h := newHouseOn(t, embedded.Options{Renderer: &reader{}})
	link := h.link(t, h.create(t, contract(nil)))
	h.do(t, "GET", link, nil, key("")).says(200, strings.TrimPrefix(link, baseURL)+"/text?lang=en")
	h.do(t, "GET", link+"/text?lang=es", nil, key("")).says(200, "First page", "&lt;b&gt;Second&lt;/b&gt; paragraph", "Esta página no tiene texto propio", "Página 2 de 2")
	bare, _ := gallery(t)
	other := bare.link(t, bare.create(t, contract(nil)))
	bare.do(t, "GET", other+"/text", nil, key("")).problem(404, "no_renderer")
}

// TestMarksAreGivenOnce: one drawn signature and one pair of initials fill all of
// their places; an unticked optional place stays empty.
func TestMarksAreGivenOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	field := func(kind string, y float64, required bool) obj {
		return obj{"kind": kind, "role": "buyer", "page": 1, "x": 0.1, "y": y, "w": 0.3, "h": 0.05, "required": required}
	}
	env := h.create(t, contract(obj{"fields": []any{
		field("signature", 0.1, true), field("signature", 0.2, true), field("initials", 0.3, true), field("initials", 0.4, true), field("initials", 0.5, false),
	}}))
	link := h.link(t, env)
	path := h.consent(t, link)
	h.do(t, "GET", link+"/document.pdf", nil, key("")).want(200)
	h.do(t, "GET", link, nil, key("")).says(200, "Sign 4 places", "It will appear in 2 places (page 1).", "Also initial here")
	h.post(t, path+"/sign", url.Values{"signature_kind": {"drawn"}, "signature": {""}}).says(422, "Please give your signature")
	h.post(t, path+"/sign", url.Values{"signature_kind": {"drawn"}, "signature": {""}, "signature_png": {"%%"}}).says(422, "the picture is blank")
	h.post(t, path+"/sign", url.Values{
		"signature_kind": {"drawn"}, "signature": {"ignored"}, "signature_png": {ink(t)}, "initials": {"A. B."},
	}).want(303)
	s := h.do(t, "GET", link+"/session", nil, key("")).want(200)
	for i, want := range []string{"drawn", "drawn", "A. B.", "A. B.", ""} {
		s.equal("data.fields."+string(rune('0'+i))+".value", want)
	}
}

// ink is a drawn signature, a PNG in base64.
func ink(t *testing.T) string {
	t.Helper()
	m := image.NewNRGBA(image.Rect(0, 0, 60, 20))
	for x := range 60 {
		m.SetNRGBA(x, 10, color.NRGBA{A: 0xff})
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(b.Bytes())
}
