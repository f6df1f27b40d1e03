package revision

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/acroform"
	"github.com/evaultlib/evault/internal/pdf/contentstream"
)

// maxFillings bounds how many fields one revision may change: each is reported.
const maxFillings = 10_000

// fillings reports the fields of the form that were there, are no signatures, and have another value or look now. What
// a field looks like is not compared with its value; it must stay in the rectangle of its widget.
func (c *comparison) fillings() error {
	var touched []acroform.Field
	var wrong error
	w := acroform.FieldWalk{Document: c.old, Seen: map[pdf.Ref]bool{}, Visit: func(f acroform.Field) {
		if f.Kind == "Sig" || len(touched) > maxFillings || wrong != nil {
			return
		}
		yes, err := c.touched(f)
		if wrong = err; yes {
			touched = append(touched, f)
		}
	}}
	if err := errors.Join(w.All(), wrong); err != nil {
		return err
	}
	if len(touched) > maxFillings {
		c.refuse("more than %d form fields were changed", maxFillings)
		return nil
	}
	for _, f := range touched {
		if err := c.filling(f); err != nil {
			return err
		}
	}
	return c.roles()
}

// touched reports whether an object of which a field consists was changed.
func (c *comparison) touched(f acroform.Field) (bool, error) {
	if c.changed[f.Ref.Num] {
		return true, nil
	}
	for _, k := range f.Kids {
		ref, _ := k.(pdf.Ref)
		if c.changed[ref.Num] {
			return true, nil
		}
		kid, err := c.old.Dict(k)
		if err != nil {
			continue // what is no widget shows nothing
		}
		if yes, err := c.redrawn(kid); yes || err != nil {
			return yes, err
		}
	}
	return c.redrawn(f.Dict)
}

// redrawn reports whether an appearance of a widget was changed in its place.
func (c *comparison) redrawn(widget pdf.Dict) (bool, error) {
	at, _ := widget["AP"].(pdf.Ref)
	found := c.changed[at.Num]
	err := c.eachAppearance(c.old, widget, func(o pdf.Object) error {
		ref, _ := o.(pdf.Ref)
		found = found || c.changed[ref.Num]
		return nil
	})
	return found, err
}

// maxAppearances bounds the appearances that are looked at in one comparison: widgets may share them.
const maxAppearances = 2_000_000

// eachAppearance hands every appearance stream of a widget to f (ISO 32000-2 §12.5.5): one for each of /N, /R, /D, or
// for each of their states.
func (c *comparison) eachAppearance(d *pdf.Document, widget pdf.Dict, f func(pdf.Object) error) error {
	ap, err := d.Dict(widget["AP"])
	if err != nil {
		return err
	}
	for _, o := range ap {
		direct, err := d.Resolve(o)
		if err != nil {
			return err
		}
		states, ok := direct.(pdf.Dict)
		if !ok {
			states = pdf.Dict{"": o}
		}
		if c.appearances += len(states); c.appearances > maxAppearances {
			return &pdf.Refusal{Reason: pdf.ReasonTooManyObjects, Detail: "appearances of form fields"}
		}
		for _, s := range states {
			if err := f(s); err != nil {
				return err
			}
		}
	}
	return nil
}

// widget is where a field stands on a page, before and after.
type widget struct{ old, now pdf.Dict }

func (c *comparison) filling(f acroform.Field) error {
	c.mine(f.Ref, f.Name)
	now, err := c.new.Dict(f.Ref)
	problem := ""
	if err == nil {
		problem, err = c.onlyFilled(f, now)
	}
	switch {
	case pdf.Fatal(err):
		return err
	case err != nil:
		problem = "it is damaged"
	}
	if problem != "" {
		c.refuse("form field %s was changed, not filled in: %s", pdf.Quoted(f.Name), problem)
		return nil
	}
	was, is := valueText(c.old, f.Value), valueText(c.new, now["V"])
	text := fmt.Sprintf("form field %s was changed from %s to %s", pdf.Quoted(f.Name), pdf.Quoted(was), pdf.Quoted(is))
	if was == is {
		text = fmt.Sprintf("form field %s was drawn anew with its value %s", pdf.Quoted(f.Name), pdf.Quoted(is))
	}
	c.changes = append(c.changes, Change{Text: text, Kind: ChangeFilled, Field: f.Name})
	return nil
}

// mine marks an object of a field as judged.
func (c *comparison) mine(ref pdf.Ref, name string) {
	if c.changed[ref.Num] {
		c.judge(ref)
		c.filled[ref.Num] = name
	}
}

// widgets returns the widgets of a field, those that changed marked as judged, or why they are none of this field
// alone.
func (c *comparison) widgets(f acroform.Field) (out []widget, problem string, _ error) {
	if len(f.Kids) == 0 {
		now, err := c.new.Dict(f.Ref)
		return []widget{{f.Dict, now}}, "", err
	}
	for _, k := range f.Kids {
		ref, ok := k.(pdf.Ref)
		if !ok {
			return nil, "its widgets are no objects of their own", nil
		}
		old, err := c.old.Dict(ref)
		if err != nil {
			return nil, "", err
		}
		now, err := c.new.Dict(ref)
		if err != nil {
			return nil, "", err
		}
		c.mine(ref, f.Name)
		if old["Parent"] != pdf.Object(f.Ref) || old["Subtype"] != pdf.Name("Widget") {
			problem = "its widgets belong to something else"
		}
		out = append(out, widget{old, now})
	}
	return out, problem, nil
}

// Entries that filling in changes: of a field, and of its widgets.
var (
	valueKeys = []pdf.Name{"V", "I", "TI", "M"}
	lookKeys  = []pdf.Name{"AP", "AS", "M"}
)

// onlyFilled says what else than value and appearance of a field was changed, "" for nothing.
func (c *comparison) onlyFilled(f acroform.Field, now pdf.Dict) (string, error) {
	widgets, problem, err := c.widgets(f)
	allowed := valueKeys
	if len(f.Kids) == 0 {
		allowed = slices.Concat(valueKeys, lookKeys)
	}
	switch {
	case err != nil || problem != "":
		return problem, err
	case f.Doubt != "":
		return f.Doubt, nil
	case f.Ref == (pdf.Ref{}) || f.Name == "":
		return "it has no object or no name of its own", nil
	}
	if keys := differing(f.Dict, now, allowed...); len(keys) > 0 {
		return fmt.Sprintf("/%s was changed too", keys[0]), nil
	}
	for _, w := range widgets {
		if keys := differing(w.old, w.now, lookKeys...); len(f.Kids) > 0 && len(keys) > 0 {
			return fmt.Sprintf("/%s of a widget was changed too", keys[0]), nil
		}
		if fits, err := c.drawnWithin(w); err != nil || !fits {
			return "its appearance does not fit its rectangle", err
		}
	}
	return "", nil
}

// drawnWithin reports whether the appearances that a widget got stay in its rectangle.
func (c *comparison) drawnWithin(w widget) (fits bool, _ error) {
	kept := map[pdf.Object]bool{}
	if err := c.eachAppearance(c.old, w.old, func(o pdf.Object) error {
		if ref, ok := o.(pdf.Ref); ok && !c.changed[ref.Num] {
			kept[ref] = true
		}
		return nil
	}); err != nil {
		return false, err
	}
	c.explain(w.old["AP"], "the appearances of a form field", 1)
	fits = true
	err := c.eachAppearance(c.new, w.now, func(o pdf.Object) error {
		if ref, ok := o.(pdf.Ref); ok && kept[ref] {
			return nil
		}
		c.explain(o, "the appearance of a form field", 1)
		s, err := c.new.Stream(o)
		fits = fits && err == nil && (c.invisible(w.now) || staysWithin(c.new, s, w.now["Rect"]))
		return err
	})
	return fits, err
}

// staysWithin reports whether an appearance stream stays in the rectangle of its annotation: its bounding box, turned and
// scaled by its matrix, is no larger (ISO 32000-2 §12.5.5), so that it does so for readers too that do not scale it.
func staysWithin(d *pdf.Document, s *pdf.Stream, rect pdf.Object) bool {
	if s == nil || d.Name(s.Dict["Subtype"]) != "Form" {
		return false
	}
	r, ok1 := d.Rect(rect)
	box, ok2 := d.Rect(s.Dict["BBox"])
	m := contentstream.Matrix{1, 0, 0, 1, 0, 0}
	if s.Dict["Matrix"] != nil {
		a, err := d.Array(s.Dict["Matrix"])
		if err != nil || len(a) != len(m) {
			return false
		}
		for i := range m {
			v, ok := d.Number(a[i])
			if !ok {
				return false
			}
			m[i] = v
		}
	}
	box = bounds(m, box)
	within := func(a, b float64) bool { return a > 0 && a <= b+max(1, 0.02*b) }
	return ok1 && ok2 && within(box.Width(), r.Width()) && within(box.Height(), r.Height())
}

// bounds returns the smallest upright rectangle around r transformed by m.
func bounds(m contentstream.Matrix, r pdf.Rect) pdf.Rect {
	out := pdf.NewRect(math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1))
	for _, p := range [4][2]float64{{r.X0, r.Y0}, {r.X1, r.Y0}, {r.X0, r.Y1}, {r.X1, r.Y1}} {
		x, y := m[0]*p[0]+m[2]*p[1]+m[4], m[1]*p[0]+m[3]*p[1]+m[5]
		out = pdf.NewRect(min(out.X0, x), min(out.Y0, y), max(out.X1, x), max(out.Y1, y))
	}
	return out
}

// maxValues bounds how many selected options of a field are named.
const maxValues = 20

// valueText returns the value of a form field as a reader would name it: text, the name of a state, the selected
// options.
func valueText(d *pdf.Document, o pdf.Object) string {
	o, err := d.Resolve(o)
	if err != nil {
		return "?"
	}
	switch v := o.(type) {
	case nil:
		return ""
	case pdf.String:
		return pdf.DocText(v[:min(len(v), acroform.MaxFieldName)])
	case pdf.Name:
		return string(v)
	case pdf.Array:
		var all []string
		for _, x := range v[:min(len(v), maxValues)] {
			x, err := d.Resolve(x)
			if s, ok := x.(pdf.String); ok && err == nil {
				all = append(all, pdf.DocText(s[:min(len(s), acroform.MaxFieldName)]))
			}
		}
		return strings.Join(all, ", ")
	case *pdf.Stream:
		b, err := d.DecodeMost(v, acroform.MaxFieldName)
		if err == nil && b != nil {
			return pdf.DocText(pdf.String(b))
		}
	}
	return "?"
}

// roles refuses a changed field whose object also serves as something else than a field: the change may have another
// meaning there.
func (c *comparison) roles() error {
	if len(c.filled) == 0 {
		return nil
	}
	for _, n := range c.old.Numbers() {
		s := c.old.Surveyed(n)
		if s == nil || !slices.ContainsFunc(s.Refs, func(r pdf.Ref) bool { return c.filled[r.Num] != "" }) {
			continue
		}
		o, err := c.old.Object(n)
		if err != nil {
			return err
		}
		eachKey(o, "", func(key pdf.Name, r pdf.Ref) {
			if name := c.filled[r.Num]; name != "" && !slices.Contains(fieldRoles, key) {
				c.refuse("form field %s is also /%s of object %d, and was changed", pdf.Quoted(name), key, n)
			}
		})
	}
	return nil
}

// fieldRoles are the entries that name a field as a field: of widgets, structure, pop-ups and actions. Arrays, which
// list fields and annotations, have no key.
var fieldRoles = []pdf.Name{"", "Parent", "Obj", "T", "IRT", "Popup", "AN"}

// eachKey hands every reference in o to f, with the key of the dictionary that it is the value of.
func eachKey(o pdf.Object, key pdf.Name, f func(pdf.Name, pdf.Ref)) {
	switch v := o.(type) {
	case pdf.Ref:
		f(key, v)
	case pdf.Array:
		for _, x := range v {
			eachKey(x, "", f)
		}
	case pdf.Dict:
		for k, x := range v {
			eachKey(x, k, f)
		}
	case *pdf.Stream:
		eachKey(v.Dict, "", f)
	}
}
