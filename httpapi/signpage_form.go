package httpapi

import (
	"encoding/base64"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/httpapi/internal/signview"
	"github.com/evaultlib/evault/internal/validate"
)

// signForm reads the form of the signing page into r. Its signature and initials are
// given once and stand in every place that the signer has for them.
func (c *call) signForm(r *esign.SignRequest, own []esign.Field) error {
	form := c.Body.Form
	png, err := picture(form, "signature")
	if err != nil {
		return err
	}
	r.TimeZone = form.Get("time_zone")
	r.Signature = esign.Signature{Kind: esign.SignatureTyped, Text: strings.TrimSpace(form.Get("signature")), PNG: png}
	if kind := form.Get("signature_kind"); kind == "drawn" || kind == "uploaded" {
		r.Signature.Kind, r.Signature.Text = esign.SignatureDrawn, ""
	}
	initials, err := picture(form, "initials")
	if err != nil {
		return err
	}
	kinds := map[string]esign.Field{}
	for _, f := range own {
		kinds[f.ID] = f
	}
	seen := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(form)) { // in one order, so that a repeat is the same request
		id, isField := strings.CutPrefix(name, signview.FieldPrefix)
		if !isField {
			continue
		}
		v := esign.FieldValue{FieldID: id, Value: form.Get(name)}
		if kinds[id].Kind == esign.FieldInitials && v.Value == "true" {
			v.Value = strings.TrimSpace(form.Get("initials"))
			v = withInitials(v, initials)
		}
		seen[id] = true
		r.Fields = append(r.Fields, v)
	}
	for _, f := range own {
		if f.Kind == esign.FieldInitials && f.Required && !seen[f.ID] {
			v := esign.FieldValue{FieldID: f.ID, Value: strings.TrimSpace(form.Get("initials"))}
			r.Fields = append(r.Fields, withInitials(v, initials))
		}
	}
	return nil
}

// picture is the PNG of a mark, nil for none.
func picture(form url.Values, mark string) ([]byte, error) {
	text := form.Get(mark + "_png")
	if text == "" {
		return nil, nil
	}
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, validate.Fail(mark+".png_base64", "png", "must be base64 as in RFC 4648 section 4")
	}
	return b, nil
}

func withInitials(v esign.FieldValue, png []byte) esign.FieldValue {
	if len(png) > 0 {
		v.Value, v.PNG = "", png
	} else if v.Value == "" {
		v.Value = "true" // made from the name
	}
	return v
}
