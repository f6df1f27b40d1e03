package overlay

import (
	"fmt"
	"reflect"

	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/canvas"
	"github.com/evaultlib/evault/internal/pdf/contentstream"
)

// Overlays draws forms over pages of an update. What the pages share (resource dictionaries, the streams around the old
// content) is changed or written once, however many pages there are.
type Overlays struct {
	u         *pdf.Update
	resources map[any]*resources
	xobjects  map[pdf.Ref]pdf.Dict // indirect XObject dictionaries, grown
	streams   map[string]pdf.Ref
	scan      contentstream.Scan
	Lenient   bool // what cannot be read is taken as absent, as readers do; else it is an error
}

// unless is err, but nil for damage that is passed over.
func (o *Overlays) unless(err error) error {
	if o.Lenient && !pdf.Fatal(err) {
		return nil
	}
	return err
}

// resources is one resource dictionary that pages share.
type resources struct {
	ref  pdf.Ref
	dict pdf.Dict
	xobj pdf.Dict
	at   pdf.Ref // where xobj stands, if it is an object of its own
}

// NewOverlays draws on pages by u.
func NewOverlays(u *pdf.Update) *Overlays {
	return &Overlays{
		u: u, resources: map[any]*resources{}, xobjects: map[pdf.Ref]pdf.Dict{}, streams: map[string]pdf.Ref{},
	}
}

// Placed is a form XObject and the matrix to draw it with; the zero matrix means as it is.
type Placed struct {
	Form   pdf.Ref
	Matrix [6]float64
}

// draw draws forms, in order, over page p. It may be called once for each page; flush must follow.
func (o *Overlays) draw(p pdf.Page, forms ...Placed) error {
	return o.DrawWithin(p, p.CropBox, forms...)
}

// DrawWithin is draw for a page whose box was enlarged: what it showed stays within the box that it had.
func (o *Overlays) DrawWithin(p pdf.Page, had pdf.Rect, forms ...Placed) error {
	if len(forms) == 0 {
		return nil
	}
	before := "q\n"
	if p.CropBox != had {
		before = fmt.Sprintf(
			"q %s %s %s %s re W n\n", canvas.Num(had.X0), canvas.Num(had.Y0), canvas.Num(had.Width()), canvas.Num(had.Height()),
		)
	}
	dict, err := o.u.Dict(p.Ref)
	if err != nil {
		return err
	}
	dict = dict.Clone()
	parts, err := o.contents(dict["Contents"])
	if err != nil {
		return err
	}
	var res *resources
	if o.scan.Balanced(o.u.Document(), parts) {
		res, err = o.shared(p, dict)
	} else {
		res, parts, err = o.isolate(p, parts)
	}
	if err != nil {
		return err
	}
	tail := ""
	if len(parts) > 0 {
		parts = append(pdf.Array{o.stream(before)}, parts...)
		tail = "\nQ\n"
	}
	for _, f := range forms {
		name := res.name(f.Form)
		if f.Matrix == ([6]float64{}) {
			tail += fmt.Sprintf("/%s Do\n", name)
			continue
		}
		tail += "q "
		for _, v := range f.Matrix {
			tail += canvas.Num(v) + " "
		}
		tail += fmt.Sprintf("cm /%s Do Q\n", name)
	}
	dict["Contents"] = append(parts, o.stream(tail))
	dict["Resources"] = res.ref
	o.u.Put(p.Ref, dict)
	return nil
}

// contents returns the streams of a /Contents entry as references. It goes by the file as it was: a number that the
// file names without having it may be that of an object which the update adds.
func (o *Overlays) contents(entry pdf.Object) (pdf.Array, error) {
	direct, err := o.u.Document().Resolve(entry)
	if err != nil {
		return nil, o.unless(err)
	}
	var parts pdf.Array
	switch v := direct.(type) {
	case nil:
	case pdf.Array:
		for _, part := range v {
			s, err := o.u.Document().Stream(part)
			if err := o.unless(err); err != nil {
				return nil, err
			}
			if s != nil {
				parts = append(parts, part)
			}
		}
	case *pdf.Stream:
		parts = pdf.Array{entry}
	default:
		return nil, o.unless(pdf.Damaged("a page whose content is not a stream"))
	}
	return parts, nil
}

// stream returns a content stream with the given text, written once.
func (o *Overlays) stream(text string) pdf.Ref {
	ref, ok := o.streams[text]
	if !ok {
		ref = o.u.AddStream(pdf.Dict{}, []byte(text))
		o.streams[text] = ref
	}
	return ref
}

// shared returns the page's resources for growing. Direct ones become an object of their own.
func (o *Overlays) shared(p pdf.Page, dict pdf.Dict) (*resources, error) {
	entry := p.Resources
	if own, ok := dict["Resources"]; ok {
		entry = own
	}
	old, err := o.u.Dict(entry)
	if err := o.unless(err); err != nil {
		return nil, err
	}
	ref, indirect := entry.(pdf.Ref)
	key := any(ref)
	if !indirect {
		key = reflect.ValueOf(old).Pointer()
	}
	if old == nil {
		key, indirect = p.Ref.String(), false
	}
	if r, ok := o.resources[key]; ok {
		return r, nil
	}
	r := &resources{ref: ref, dict: old.Clone()}
	if !indirect {
		r.ref = o.u.Alloc()
	}
	xobj, err := o.u.Dict(old["XObject"])
	if err := o.unless(err); err != nil {
		return nil, err
	}
	if at, ok := old["XObject"].(pdf.Ref); ok && xobj != nil {
		r.at = at
		if o.xobjects[at] == nil {
			o.xobjects[at] = xobj.Clone()
		}
		r.xobj = o.xobjects[at]
	} else {
		r.xobj = xobj.Clone()
		r.dict["XObject"] = r.xobj
	}
	o.resources[key] = r
	return r, nil
}

// isolate turns content that would disturb what is drawn after it into one form XObject, which hands nothing on.
func (o *Overlays) isolate(p pdf.Page, parts pdf.Array) (*resources, pdf.Array, error) {
	form := pdf.Dict{
		"Type": pdf.Name("XObject"), "Subtype": pdf.Name("Form"), "BBox": p.MediaBox.Array(), "Resources": p.Resources,
	}
	if p.Resources == nil {
		form["Resources"] = pdf.Dict{}
	}
	body, err := o.isolated(parts, form)
	if err != nil {
		return nil, nil, err
	}
	r := &resources{ref: o.u.Alloc(), dict: pdf.Dict{}, xobj: pdf.Dict{}}
	r.dict["XObject"] = r.xobj
	o.resources[p.Ref.String()+" isolated"] = r
	name := r.name(o.u.Add(body))
	return r, pdf.Array{o.stream(fmt.Sprintf("/%s Do\n", name))}, nil
}

// isolated returns the content in parts, which was looked at last, as a form with the entries of dict.
func (o *Overlays) isolated(parts pdf.Array, dict pdf.Dict) (*pdf.Stream, error) {
	if o.scan.Decoded {
		return pdf.Deflate(dict, o.scan.Closed()), nil
	}
	if len(parts) == 1 {
		s, err := o.u.Document().Stream(parts[0])
		if err != nil {
			return nil, err
		}
		for _, k := range []pdf.Name{"Filter", "DecodeParms"} {
			if s.Dict[k] != nil {
				dict[k] = s.Dict[k]
			}
		}
		return &pdf.Stream{Dict: dict, Raw: s.Raw}, nil
	}
	var content []byte
	for _, part := range parts {
		s, err := o.u.Document().Stream(part)
		if err != nil {
			return nil, err
		}
		data, err := o.u.Document().Decode(s)
		if pdf.Fatal(err) {
			return nil, err
		}
		content = append(append(content, data...), '\n') // what cannot be decoded is not shown by readers either
	}
	return pdf.Deflate(dict, content), nil
}

// name returns the name under which form is a resource, making one that is free.
func (r *resources) name(form pdf.Ref) pdf.Name {
	for i := 0; ; i++ {
		name := pdf.Name(fmt.Sprintf("Ev%d", form.Num+i))
		switch r.xobj[name] {
		case nil:
			r.xobj[name] = form
			return name
		case form:
			return name
		}
	}
}

// Flush writes the grown resources.
func (o *Overlays) Flush() {
	for _, r := range o.resources {
		o.u.Put(r.ref, r.dict)
	}
	for ref, dict := range o.xobjects {
		o.u.Put(ref, dict)
	}
}
