package copymark

import (
	"math"

	"github.com/evaultlib/evault/internal/font"
	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/canvas"
	"github.com/evaultlib/evault/internal/pdf/contentstream"
	"github.com/evaultlib/evault/internal/pdf/overlay"
	"github.com/evaultlib/evault/internal/pdf/pdfinspect"
)

// flattener turns the annotations of pages into page content.
type flattener struct {
	u         *pdf.Update
	resources pdf.Object // /DR of the form, for appearances without resources of their own
	need      bool       // the form asks readers to make the appearances
	fonts     font.Fonts
	set       *font.Set
}

func newFlattener(u *pdf.Update, set *font.Set, fonts font.Fonts) (*flattener, error) {
	f := &flattener{u: u, set: set, fonts: fonts}
	catalog, err := u.Document().Catalog()
	if err != nil {
		return nil, err
	}
	form, err := u.Document().Dict(catalog["AcroForm"])
	if err != nil || form == nil {
		return f, nil
	}
	f.resources = form["DR"]
	need, err := u.Document().Resolve(form["NeedAppearances"])
	f.need = err == nil && need == true
	return f, nil
}

// page returns the appearances of a page's annotations as forms to draw, in order, and the annotations that stay: links
// within the file, and those of which only a reader knows how they look.
func (f *flattener) page(p pdf.Page) (forms []overlay.Placed, stay pdf.Array, err error) {
	list, err := f.u.Document().Array(p.Dict["Annots"])
	if pdf.Fatal(err) {
		return nil, nil, err
	}
	for _, o := range list {
		a, err := f.u.Document().Dict(o)
		if pdf.Fatal(err) {
			return nil, nil, err
		}
		flags, _ := f.u.Document().Int(a["F"])
		kind := f.u.Document().Name(a["Subtype"])
		if a == nil || kind == "Popup" || flags&(pdf.FlagHidden|pdf.FlagNoView) != 0 {
			continue
		}
		if kind == "Link" {
			if link := f.link(a); link != nil {
				stay = append(stay, link)
			}
			continue
		}
		form, ok, err := f.appearance(a)
		switch {
		case pdf.Fatal(err):
			return nil, nil, err
		case err != nil: // readers show nothing either
		case ok:
			forms = append(forms, form)
		case kind == "Widget":
			if form, ok, err = f.field(a); err != nil {
				return nil, nil, err
			} else if ok {
				forms = append(forms, form)
			}
		case a["AP"] == nil && !pdfinspect.Active(kind):
			stay = append(stay, a.Without("A", "PA", "AA", "P", "Popup", "Parent", "IRT"))
		}
	}
	return forms, stay, nil
}

// link returns a link annotation that only goes to a place in the file, nil if it does anything else.
func (f *flattener) link(a pdf.Dict) pdf.Dict {
	out := pick(a, []pdf.Name{"Type", "Subtype", "Rect", "Dest", "StructParent", "Contents", "QuadPoints"})
	out["Border"] = pdf.Array{int64(0), int64(0), int64(0)}
	if out["Dest"] != nil {
		return out
	}
	act, err := f.u.Document().Dict(a["A"])
	if err != nil || f.u.Document().Name(act["S"]) != goTo || act["D"] == nil {
		return nil
	}
	out["A"] = pdf.Dict{"S": goTo, "D": act["D"]}
	return out
}

// appearance returns the normal appearance of an annotation and where it goes (ISO 32000-2 §12.5.5).
func (f *flattener) appearance(a pdf.Dict) (overlay.Placed, bool, error) {
	d := f.u.Document()
	ap, err := d.Dict(a["AP"])
	if err != nil {
		return overlay.Placed{}, false, err
	}
	entry := ap["N"]
	direct, err := d.Resolve(entry)
	if err != nil {
		return overlay.Placed{}, false, err
	}
	if states, ok := direct.(pdf.Dict); ok {
		entry = states[d.Name(a["AS"])]
		if direct, err = d.Resolve(entry); err != nil {
			return overlay.Placed{}, false, err
		}
		if direct == nil {
			return overlay.Placed{}, true, nil // a state without appearance, such as an unticked box
		}
	}
	s, ok := direct.(*pdf.Stream)
	if !ok {
		return overlay.Placed{}, false, nil
	}
	rect, ok := d.Rect(a["Rect"])
	box, okBox := d.Rect(s.Dict["BBox"])
	if !ok || !okBox {
		return overlay.Placed{}, true, nil // nothing to see: the widget of an invisible signature
	}
	m := fitting(contentstream.MatrixOf(d, s.Dict["Matrix"]), box, rect)
	return overlay.Placed{Form: f.form(entry, s, a["OC"]), Matrix: m}, true, nil
}

// fitting returns the matrix that moves and scales box, transformed by m, onto rect.
func fitting(m [6]float64, box, rect pdf.Rect) [6]float64 {
	t := pdf.NewRect(math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1))
	for _, c := range [4][2]float64{{box.X0, box.Y0}, {box.X0, box.Y1}, {box.X1, box.Y0}, {box.X1, box.Y1}} {
		x, y := m[0]*c[0]+m[2]*c[1]+m[4], m[1]*c[0]+m[3]*c[1]+m[5]
		t = pdf.NewRect(min(t.X0, x), min(t.Y0, y), max(t.X1, x), max(t.Y1, y))
	}
	if t.Width() == 0 || t.Height() == 0 {
		return [6]float64{1, 0, 0, 1, rect.X0 - t.X0, rect.Y0 - t.Y0}
	}
	sx, sy := rect.Width()/t.Width(), rect.Height()/t.Height()
	return [6]float64{sx, 0, 0, sy, rect.X0 - sx*t.X0, rect.Y0 - sy*t.Y0}
}

// form returns an appearance stream as a complete form XObject.
func (f *flattener) form(entry pdf.Object, s *pdf.Stream, layer pdf.Object) pdf.Ref {
	ref, indirect := entry.(pdf.Ref)
	whole := f.u.Document().Name(s.Dict["Subtype"]) == "Form" && (s.Dict["Resources"] != nil || f.resources == nil)
	if indirect && whole && layer == nil {
		return ref
	}
	dict := s.Dict.Clone()
	dict["Type"], dict["Subtype"] = pdf.Name("XObject"), pdf.Name("Form")
	if dict["Resources"] == nil && f.resources != nil {
		dict["Resources"] = f.resources
	}
	if layer != nil {
		dict["OC"] = layer
	}
	return f.u.Add(&pdf.Stream{Dict: dict, Raw: s.Raw})
}

// field draws the value of a text or choice field that has no appearance, as readers would.
func (f *flattener) field(a pdf.Dict) (overlay.Placed, bool, error) {
	d := f.u.Document()
	rect, ok := d.Rect(a["Rect"])
	if !ok {
		return overlay.Placed{}, false, nil
	}
	var kind pdf.Name
	var value pdf.Object
	for i, node := 0, a; node != nil && i < 32; i++ {
		if k := d.Name(node["FT"]); kind == "" {
			kind = k
		}
		if v, err := d.Resolve(node["V"]); value == nil && err == nil {
			value = v
		}
		node, _ = d.Dict(node["Parent"])
	}
	s, ok := value.(pdf.String)
	if !ok || s == "" || (kind != "Tx" && kind != "Ch") {
		return overlay.Placed{}, false, nil
	}
	c := canvas.New(rect.Width(), rect.Height(), f.fonts, f.set)
	c.Lenient = true
	if err := overlay.Paragraph(c, overlay.Frame{X: 2, W: max(c.Width-4, 1), H: c.Height}, s.Text()); err != nil {
		return overlay.Placed{}, false, err
	}
	return overlay.Placed{Form: c.Form([6]float64{1, 0, 0, 1, rect.X0, rect.Y0})}, true, nil
}
