package pdf

import (
	"math"
)

// flattener turns the annotations of pages into page content.
type flattener struct {
	u         *Update
	resources Object // /DR of the form, for appearances without resources of their own
	need      bool   // the form asks readers to make the appearances
	fonts     Fonts
	set       *fontSet
}

func newFlattener(u *Update, set *fontSet, fonts Fonts) (*flattener, error) {
	f := &flattener{u: u, set: set, fonts: fonts}
	catalog, err := u.d.Catalog()
	if err != nil {
		return nil, err
	}
	form, err := u.d.Dict(catalog["AcroForm"])
	if err != nil || form == nil {
		return f, nil
	}
	f.resources = form["DR"]
	need, err := u.d.Resolve(form["NeedAppearances"])
	f.need = err == nil && need == true
	return f, nil
}

// page returns the appearances of a page's annotations as forms to draw, in order, and the annotations that stay: links
// within the file, and those of which only a reader knows how they look.
func (f *flattener) page(p Page) (forms []placed, stay Array, err error) {
	list, err := f.u.d.Array(p.Dict["Annots"])
	if fatal(err) {
		return nil, nil, err
	}
	for _, o := range list {
		a, err := f.u.d.Dict(o)
		if fatal(err) {
			return nil, nil, err
		}
		flags, _ := f.u.d.Int(a["F"])
		kind := f.u.d.Name(a["Subtype"])
		if a == nil || kind == "Popup" || flags&(flagHidden|flagNoView) != 0 {
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
		case fatal(err):
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
		case a["AP"] == nil && !Active(kind):
			stay = append(stay, a.Without("A", "PA", "AA", "P", "Popup", "Parent", "IRT"))
		}
	}
	return forms, stay, nil
}

// link returns a link annotation that only goes to a place in the file, nil if it does anything else.
func (f *flattener) link(a Dict) Dict {
	out := pick(a, []Name{"Type", "Subtype", "Rect", "Dest", "StructParent", "Contents", "QuadPoints"})
	out["Border"] = Array{int64(0), int64(0), int64(0)}
	if out["Dest"] != nil {
		return out
	}
	act, err := f.u.d.Dict(a["A"])
	if err != nil || f.u.d.Name(act["S"]) != goTo || act["D"] == nil {
		return nil
	}
	out["A"] = Dict{"S": goTo, "D": act["D"]}
	return out
}

// appearance returns the normal appearance of an annotation and where it goes (ISO 32000-2 §12.5.5).
func (f *flattener) appearance(a Dict) (placed, bool, error) {
	d := f.u.d
	ap, err := d.Dict(a["AP"])
	if err != nil {
		return placed{}, false, err
	}
	entry := ap["N"]
	direct, err := d.Resolve(entry)
	if err != nil {
		return placed{}, false, err
	}
	if states, ok := direct.(Dict); ok {
		entry = states[d.Name(a["AS"])]
		if direct, err = d.Resolve(entry); err != nil {
			return placed{}, false, err
		}
		if direct == nil {
			return placed{}, true, nil // a state without appearance, such as an unticked box
		}
	}
	s, ok := direct.(*Stream)
	if !ok {
		return placed{}, false, nil
	}
	rect, ok := d.Rect(a["Rect"])
	box, okBox := d.Rect(s.Dict["BBox"])
	if !ok || !okBox {
		return placed{}, true, nil // nothing to see: the widget of an invisible signature
	}
	m := fitting(d.Matrix(s.Dict["Matrix"]), box, rect)
	return placed{form: f.form(entry, s, a["OC"]), matrix: m}, true, nil
}

// fitting returns the matrix that moves and scales box, transformed by m, onto rect.
func fitting(m [6]float64, box, rect Rect) [6]float64 {
	t := Rect{math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)}
	for _, c := range [4][2]float64{{box.X0, box.Y0}, {box.X0, box.Y1}, {box.X1, box.Y0}, {box.X1, box.Y1}} {
		x, y := m[0]*c[0]+m[2]*c[1]+m[4], m[1]*c[0]+m[3]*c[1]+m[5]
		t = Rect{min(t.X0, x), min(t.Y0, y), max(t.X1, x), max(t.Y1, y)}
	}
	if t.Width() == 0 || t.Height() == 0 {
		return [6]float64{1, 0, 0, 1, rect.X0 - t.X0, rect.Y0 - t.Y0}
	}
	sx, sy := rect.Width()/t.Width(), rect.Height()/t.Height()
	return [6]float64{sx, 0, 0, sy, rect.X0 - sx*t.X0, rect.Y0 - sy*t.Y0}
}

// form returns an appearance stream as a complete form XObject.
func (f *flattener) form(entry Object, s *Stream, layer Object) Ref {
	ref, indirect := entry.(Ref)
	whole := f.u.d.Name(s.Dict["Subtype"]) == "Form" && (s.Dict["Resources"] != nil || f.resources == nil)
	if indirect && whole && layer == nil {
		return ref
	}
	dict := s.Dict.Clone()
	dict["Type"], dict["Subtype"] = Name("XObject"), Name("Form")
	if dict["Resources"] == nil && f.resources != nil {
		dict["Resources"] = f.resources
	}
	if layer != nil {
		dict["OC"] = layer
	}
	return f.u.Add(&Stream{Dict: dict, Raw: s.Raw})
}

// field draws the value of a text or choice field that has no appearance, as readers would.
func (f *flattener) field(a Dict) (placed, bool, error) {
	d := f.u.d
	rect, ok := d.Rect(a["Rect"])
	if !ok {
		return placed{}, false, nil
	}
	var kind Name
	var value Object
	for i, node := 0, a; node != nil && i < 32; i++ {
		if k := d.Name(node["FT"]); kind == "" {
			kind = k
		}
		if v, err := d.Resolve(node["V"]); value == nil && err == nil {
			value = v
		}
		node, _ = d.Dict(node["Parent"])
	}
	s, ok := value.(String)
	if !ok || s == "" || (kind != "Tx" && kind != "Ch") {
		return placed{}, false, nil
	}
	c := newCanvas(rect.Width(), rect.Height(), f.fonts, f.set)
	c.lenient = true
	if err := c.paragraph(frame{2, 0, max(c.w-4, 1), c.h}, s.Text()); err != nil {
		return placed{}, false, err
	}
	return placed{form: c.form([6]float64{1, 0, 0, 1, rect.X0, rect.Y0})}, true, nil
}
