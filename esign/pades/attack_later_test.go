package pades_test

import (
	"bytes"
	"testing"

	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/acroform"
)

// extended are attacks on a file at B-LTA.
func (a *attackSet) extended() map[string][]byte {
	t := a.t
	lta := extendFile(t, extender(t), a.good)
	other := extendFile(t, extender(t), a.two)
	catalog := func(raw []byte, change func(*pdf.Update, pdf.Dict)) []byte {
		return increment(t, raw, func(u *pdf.Update) { editCatalog(t, u, func(c pdf.Dict) { change(u, c) }) })
	}
	fields, err := acroform.SignatureFields(mustOpen(t, lta))
	if err != nil {
		t.Fatal(err)
	}
	stamp := fields[len(fields)-1]
	return map[string][]byte{
		"page content replaced after B-LTA":           shadow(t, lta),
		"last byte of B-LTA cut":                      other[:len(other)-1],
		"page content replaced, then extended anyway": append(bytes.Clone(shadow(t, a.good)), lta[len(a.good):]...),
		"validation material removed":                 catalog(lta, func(_ *pdf.Update, c pdf.Dict) { delete(c, "DSS") }),
		"document time-stamp taken out of its field": increment(t, lta, func(u *pdf.Update) {
			u.Put(stamp.Ref, stamp.Dict.Without("V"))
		}),
		"document time-stamp made visible": increment(t, lta, func(u *pdf.Update) {
			d := stamp.Dict.Clone()
			d["Rect"], d["AP"] = pdf.Rect{X1: 600, Y1: 700}.Array(),
				pdf.Dict{"N": u.AddStream(pdf.Dict{}, []byte("0 0 9 9 re f"))}
			u.Put(stamp.Ref, d)
		}),
		"material of one signature is a content stream": catalog(lta, func(u *pdf.Update, c pdf.Dict) {
			dss, _ := u.Dict(c["DSS"])
			content := page(t, u, 1).Dict["Contents"].(pdf.Ref)
			u.Put(content, &pdf.Stream{Raw: []byte("0 0 9 9 re f")})
			dss = dss.Clone()
			dss["VRI"] = pdf.Dict{"AA": pdf.Dict{"Cert": pdf.Array{content}}}
			c["DSS"] = dss
		}),
		"validation material with a content stream": catalog(lta, func(u *pdf.Update, c pdf.Dict) {
			dss, _ := u.Dict(c["DSS"])
			content := page(t, u, 1).Dict["Contents"].(pdf.Ref)
			u.Put(content, &pdf.Stream{Raw: []byte("0 0 9 9 re f")})
			dss = dss.Clone()
			dss["Certs"] = pdf.Array{content}
			c["DSS"] = dss
		}),
	}
}

// shown are attacks on what a seal shows.
func (a *attackSet) shown() map[string][]byte {
	t := a.t
	good := seal(t, a.s, a.raw, visible(sealLines, emblem(t)))
	two := seal(t, a.s, good, beside([]string{"Second"}, nil))
	fields, err := acroform.SignatureFields(mustOpen(t, two))
	if err != nil {
		t.Fatal(err)
	}
	first, form := fields[0], appearanceOf(t, mustOpen(t, two), fields[0])
	widget := func(change func(pdf.Dict)) []byte {
		return increment(t, two, func(u *pdf.Update) {
			d := first.Dict.Clone()
			change(d)
			u.Put(first.Ref, d)
		})
	}
	return map[string][]byte{
		"seal over a seal": seal(t, a.s, good, visible([]string{"Second"}, nil)),
		"appearance of a seal replaced": increment(t, two, func(u *pdf.Update) {
			u.Put(form, &pdf.Stream{Dict: pdf.Dict{}, Raw: []byte("0 0 9 9 re f")})
		}),
		"seal given another appearance": widget(func(d pdf.Dict) {
			d["AP"] = pdf.Dict{"N": appearanceOf(t, mustOpen(t, two), fields[1])}
		}),
		"seal moved":  widget(func(d pdf.Dict) { d["Rect"] = pdf.Rect{X1: 600, Y1: 700}.Array() }),
		"seal hidden": widget(func(d pdf.Dict) { d["F"] = int64(2) }),
		"font of a seal replaced": increment(t, two, func(u *pdf.Update) {
			res, _ := mustOpen(t, two).Dict(form)
			fonts, _ := mustOpen(t, two).Dict(res["Resources"])
			u.Put(fonts["Font"].(pdf.Ref), pdf.Dict{})
		}),
		"seal drawn again on another page": increment(t, two, func(u *pdf.Update) {
			if err := acroform.AddAnnotation(u, first.Ref, page(t, u, 1)); err != nil {
				t.Fatal(err)
			}
		}),
	}
}

func appearanceOf(t testing.TB, d *pdf.Document, f acroform.SignatureField) pdf.Ref {
	t.Helper()
	ap, err := d.Dict(f.Dict["AP"])
	if err != nil {
		t.Fatal(err)
	}
	return ap["N"].(pdf.Ref)
}
