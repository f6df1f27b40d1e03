package placement

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/evaultlib/evault/esign/intake"
	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/acroform"
	"github.com/evaultlib/evault/internal/pdf/contentstream"
)

// FormField is a field of the file's own form (ISO 32000-2 §12.7).
type FormField struct {
	Name     string // fully qualified, such as "buyer.vin"
	Label    string // the name that the form shows to people
	Kind     string
	Options  []string
	Value    string // the value in the file
	Required bool
	ReadOnly bool
	Box      Box
}

// Form is the result of [ReadForm].
type Form struct {
	Fields []FormField // in the order of the form
	// Skipped describes the fields that cannot be used, in sentences for people.
	Skipped []string
}

// maxFormFields bounds the fields of a form that are looked at; an envelope has far fewer.
const maxFormFields = 5000

// maxAnnotations bounds the annotations of all pages.
const maxAnnotations = 500_000

// Flags of fields, /Ff (ISO 32000-2 tables 227, 229 and 231).
const (
	flagReadOnly   = 1 << 0
	flagRequired   = 1 << 1
	flagPassword   = 1 << 13 // of a text field
	flagRadio      = 1 << 15 // of a button
	flagPushButton = 1 << 16
)

// ReadForm returns the fields of the form in raw: text, check boxes, radio buttons, choices and empty signature fields.
// A group of radio buttons is one field over all of them. Errors: *intake.Refusal, and ctx's own.
func ReadForm(ctx context.Context, raw []byte, l Limits) (_ *Form, err error) {
	defer pdf.Guard(&err)
	d, err := pdf.Read(raw, pdf.Limits(l))
	if err != nil {
		return nil, err
	}
	pages, err := d.Pages()
	if err != nil {
		return nil, err
	}
	r := &formReader{d: d, out: &Form{}, pages: map[pdf.Ref]*pdf.Page{}}
	if err := r.annotations(pages); err != nil {
		return nil, err
	}
	w := acroform.FieldWalk{Document: d, Seen: map[pdf.Ref]bool{}, Visit: func(f acroform.Field) {
		if r.looked++; r.looked <= maxFormFields && ctx.Err() == nil {
			r.field(f)
		}
	}}
	if err := w.All(); err != nil {
		return nil, err
	}
	if r.looked > maxFormFields {
		r.skip("the form", "has more than %d fields; the rest are omitted", maxFormFields)
	}
	return r.out, ctx.Err()
}

type formReader struct {
	d      *pdf.Document
	out    *Form
	pages  map[pdf.Ref]*pdf.Page // by annotation
	looked int
}

// annotations notes on which page each annotation is.
func (r *formReader) annotations(pages []pdf.Page) error {
	looked := 0
	for i := range pages {
		list, err := r.d.Array(pages[i].Dict["Annots"])
		if pdf.Fatal(err) {
			return err
		}
		if looked += len(list); looked > maxAnnotations {
			return &intake.Refusal{Reason: pdf.ReasonTooManyObjects, Detail: "annotations"}
		}
		for _, o := range list {
			ref, ok := o.(pdf.Ref)
			if ok && r.pages[ref] == nil {
				r.pages[ref] = &pages[i]
			}
		}
	}
	return nil
}

func (r *formReader) skip(name, why string, args ...any) {
	r.out.Skipped = append(r.out.Skipped, fmt.Sprintf("form field %s %s", pdf.Quoted(name), fmt.Sprintf(why, args...)))
}

// field adds one field.
func (r *formReader) field(f acroform.Field) {
	flags, _ := r.d.Int(r.inherited(f.Dict, "Ff"))
	out := FormField{
		Name: f.Name, Label: r.text(f.Dict["TU"]), Required: flags&flagRequired != 0, ReadOnly: flags&flagReadOnly != 0,
	}
	widgets := f.Kids
	if len(widgets) == 0 {
		widgets = pdf.Array{f.Ref}
	}
	value := r.inherited(f.Dict, "V")
	var why string
	switch f.Kind {
	case "Tx":
		out.Kind, out.Value = "text", r.text(value)
		if flags&flagPassword != 0 {
			why = "is a password field"
		}
	case "Ch":
		out.Kind, out.Value, out.Options = "dropdown", r.text(value), r.options(f)
		if len(out.Options) == 0 {
			out.Kind = "text"
		} else if !slices.Contains(out.Options, out.Value) {
			out.Value = ""
		}
	case "Btn":
		why = r.button(&out, f, flags, value, widgets)
	case "Sig":
		out.Kind, out.Required = "signature", true
		if value != nil {
			why = "is already signed"
		}
	default:
		why = "has an unknown kind"
	}
	if why == "" {
		out.Box, why = r.place(out.Kind, widgets)
	}
	if out.ReadOnly && out.Value == "" && why == "" {
		why = "is read-only and empty"
	}
	if why != "" {
		r.skip(f.Name, "%s", why)
		return
	}
	r.out.Fields = append(r.out.Fields, out)
}

// button reads check boxes and radio buttons (§12.7.5.2).
func (r *formReader) button(out *FormField, f acroform.Field, flags int64, value pdf.Object, widgets pdf.Array) (why string) {
	switch chosen := r.d.Name(value); {
	case flags&flagPushButton != 0:
		return "is a push button"
	case flags&flagRadio != 0:
		out.Kind = "radio"
		names := r.options(f)
		for i, w := range widgets {
			state := r.onState(w)
			option := state
			if i < len(names) {
				option = names[i]
			}
			if option != "" && !slices.Contains(out.Options, option) {
				out.Options = append(out.Options, option)
			}
			if state != "" && state == string(chosen) {
				out.Value = option
			}
		}
		if len(out.Options) == 0 {
			return "has no buttons"
		}
	default:
		out.Kind = "checkbox"
		if chosen != "" && chosen != "Off" {
			out.Value = "true"
		} else if out.ReadOnly {
			out.Value = "false"
		}
	}
	return ""
}

// onState returns the name of a button's appearance when it is on.
func (r *formReader) onState(widget pdf.Object) string {
	dict, _ := r.d.Dict(widget)
	ap, _ := r.d.Dict(dict["AP"])
	states, _ := r.d.Dict(ap["N"])
	for _, k := range states.SortedKeys() {
		if k != "Off" {
			return plainText(string(k))
		}
	}
	return ""
}

// options reads /Opt: texts, or pairs of what is exported and what is shown (§12.7.5.4).
func (r *formReader) options(f acroform.Field) (out []string) {
	list, _ := r.d.Array(r.inherited(f.Dict, "Opt"))
	for _, o := range list[:min(len(list), 200)] {
		o, _ = r.d.Resolve(o)
		if pair, ok := o.(pdf.Array); ok && len(pair) == 2 {
			o = pair[1]
		}
		if s := r.text(o); s != "" && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// place returns the box around those widgets that are seen, all on the page of the first. Buttons and choices get room for
// their text.
func (r *formReader) place(kind string, widgets pdf.Array) (out Box, why string) {
	var page *pdf.Page
	for _, w := range widgets {
		ref, _ := w.(pdf.Ref)
		p := r.pages[ref]
		dict, _ := r.d.Dict(w)
		rect, ok := r.d.Rect(dict["Rect"])
		flags, _ := r.d.Int(dict["F"])
		if p == nil || !ok || flags&(pdf.FlagHidden|pdf.FlagNoView) != 0 || out.Page != 0 && p.Number != out.Page {
			continue
		}
		b := displayed(*p, rect)
		switch {
		case out.Page == 0:
			out, page = b, p
		case kind == "radio":
			x, y := min(out.X, b.X), min(out.Y, b.Y)
			out = Box{b.Page, x, y, max(out.X+out.W, b.X+b.W) - x, max(out.Y+out.H, b.Y+b.H) - y}
		}
	}
	if out.Page == 0 {
		return out, "is not on a page, or is hidden"
	}
	if kind == "radio" {
		w, h := contentstream.Size(*page)
		room := sized(Box{}, kind, PageSize{w, h})
		out.W, out.H = max(out.W, room.W), max(out.H, room.H)
	}
	x0, y0 := max(0, out.X), max(0, out.Y)
	x1, y1 := min(1, out.X+out.W), min(1, out.Y+out.H)
	if !(x0 < x1 && y0 < y1) {
		return out, "is outside its page"
	}
	return Box{out.Page, x0, y0, x1 - x0, y1 - y0}, ""
}

// displayed takes a rectangle of default user space to the displayed page.
func displayed(p pdf.Page, r pdf.Rect) Box {
	m := contentstream.Inverse(contentstream.Display(p))
	w, h := contentstream.Size(p)
	at := func(x, y float64) (float64, float64) { return m[0]*x + m[2]*y + m[4], m[1]*x + m[3]*y + m[5] }
	ax, ay := at(r.X0, r.Y0)
	bx, by := at(r.X1, r.Y1)
	x0, y0, x1, y1 := min(ax, bx), min(ay, by), max(ax, bx), max(ay, by)
	return Box{p.Number, x0 / w, 1 - y1/h, (x1 - x0) / w, (y1 - y0) / h}
}

// inherited returns an entry of a field, or of the fields above it (§12.7.4.1).
func (r *formReader) inherited(f pdf.Dict, key pdf.Name) pdf.Object {
	for range 32 {
		if v, ok := f[key]; ok {
			v, _ = r.d.Resolve(v)
			return v
		}
		up, err := r.d.Dict(f["Parent"])
		if err != nil || up == nil {
			return nil
		}
		f = up
	}
	return nil
}

// text returns a text string as one line.
func (r *formReader) text(o pdf.Object) string {
	o, _ = r.d.Resolve(o)
	s, ok := o.(pdf.String)
	if !ok || len(s) > 4096 {
		return ""
	}
	return plainText(pdf.DocText(s))
}

// plainText is s as one line that can be shown.
func plainText(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7F {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	return strings.Join(strings.Fields(s), " ")
}
